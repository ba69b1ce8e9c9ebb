package acceptance_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

// replanning is a change of a configuration; without from it is a new resource.
type replanning struct{ resourceType, from, to string }

var replannings = func() map[string]replanning {
	timed := func(first, second string) string {
		return strings.Replace(validRoute, `subset = "v1" },`,
			`subset = "v1", timeout = "`+first+`", retries = { attempts = 2, per_try_timeout = "`+second+`" } },`, 1)
	}
	policy := func(interval string) string {
		return strings.Replace(
			validSplit,
			`weight = 10`,
			`weight = 10, traffic_policy = { outlier_detection = { interval = "`+interval+`" } }`,
			1,
		) + "timeout = \"" + interval + "\"\n"
	}
	const (
		route = "mesh_canary_route"
		split = "mesh_weighted_split"
	)
	return map[string]replanning{
		"a new route":        {route, "", validRoute},
		"a new split":        {split, "", validSplit},
		"a route that stays": {route, validRoute, validRoute},
		"a split that stays": {split, validSplit, validSplit},
		"a changed header":   {route, validRoute, strings.Replace(validRoute, "200", "300", 1)},
		"a rule more": {route, validRoute, strings.Replace(validRoute, "rules = [",
			`rules = [ { match = [{ uri = { prefix = "/a" } }], subset = "v2" },`, 1)},
		"no rules any more": {
			route,
			validRoute,
			"service = \"greeter\"\nsubsets = { v1 = { labels = { app = \"v1\" } } }\ndefault = { subset = \"v1\" }",
		},
		"a subset of another name":         {route, validRoute, strings.ReplaceAll(validRoute, "v2", "v3")},
		"another service":                  {route, validRoute, strings.Replace(validRoute, "greeter", "reviews", 1)},
		"hosts":                            {route, validRoute, validRoute + "hosts = [\"a\", \"b\"]"},
		"durations":                        {route, validRoute, timed("5s", "1s")},
		"durations in another spelling":    {route, timed("5s", "1s"), timed("5000ms", "1000ms")},
		"one duration in another spelling": {route, timed("5s", "1s"), timed("5000ms", "2s")},
		"other durations":                  {route, timed("5s", "1s"), timed("6s", "2s")},
		"a split's durations":              {split, policy("5s"), policy("5000ms")},
		"a split's other durations":        {split, policy("5s"), policy("6s")},
		"other weights": {
			split, validSplit, strings.NewReplacer("10", "20", "90", "80").Replace(validSplit),
		},
		"a weight that is left out":     {split, validSplit, strings.Replace(validSplit, ", weight = 90", "", 1)},
		"a new weight that is left out": {split, "", strings.Replace(validSplit, ", weight = 90", "", 1)},
		"a weight left out as before": {
			split,
			strings.Replace(validSplit, ", weight = 90", "", 1),
			strings.Replace(validSplit, ", weight = 90", "", 1),
		},
		"a weight that is not known": {
			split, validSplit, strings.Replace(validSplit, "weight = 10", "weight = unknown", 1),
		},
		"a weight beside one not known": {
			split, "", strings.NewReplacer("weight = 10", "weight = unknown", ", weight = 90", "").Replace(validSplit),
		},
		"a subset that is not known": {
			split,
			validSplit,
			strings.Replace(validSplit, `v2 = { labels = { app = "v2" }, weight = 90 }`, "v2 = unknown", 1),
		},
		"rules that are not known": {route, validRoute, "service = \"greeter\"\nsubsets = { v1 = { labels = { app " +
			"= \"v1\" } } }\nrules = unknown\ndefault = { subset = \"v1\" }"},
		"subsets that are not known": {split, "", "service = \"greeter\"\nsubsets = unknown"},
		"nothing is known": {
			route, "", "service = unknown\nsubsets = unknown\nrules = unknown\ndefault = unknown\nnamespace = unknown",
		},
		"weights of somebody else": {split, validSplit, validSplit + `weights_managed_by = "other"`},
		"an error": {
			route,
			validRoute,
			strings.Replace(validRoute, `default = { subset = "v1" }`, `default = { subset = "v9" }`, 1),
		},
	}
}()

// Changes of a configuration are planned as the framework plans them.
func TestPlanResourceChange_asFramework(t *testing.T) {
	t.Parallel()
	guarded, plain := newServer(t), providerserver.NewProtocol6(provider.New("test")())()
	for name, c := range replannings {
		schema := guarded.schemas.ResourceSchemas[c.resourceType]
		objectType := schema.ValueType()
		prior := tftypes.NewValue(objectType, nil)
		if c.from != "" {
			config := parseHCL(t, objectType, c.from)
			prior, _ = planned(t, plain, c.resourceType, config, prior, proposedOf(schema, config, prior))
			prior = settled(t, prior)
		}
		config := parseHCL(t, objectType, c.to)
		proposed := proposedOf(schema, config, prior)
		want, complaints := planned(t, plain, c.resourceType, config, prior, proposed)
		got, said := planned(t, guarded, c.resourceType, config, prior, proposed)
		if diff := cmp.Diff(complaints, said); diff != "" {
			t.Errorf("%s: says (-framework +guard):\n%s", name, diff)
		}
		if differences, err := want.Diff(got); err != nil || len(differences) > 0 && complaints == "" {
			t.Errorf("%s: plans something else than the framework: %v %v", name, differences, err)
		}
	}
}

// planned returns what a server plans, and what it says.
func planned(
	t *testing.T, s tfprotov6.ProviderServer, resourceType string, config, prior, proposed tftypes.Value,
) (plan tftypes.Value, says string) {
	t.Helper()
	req := tfprotov6.PlanResourceChangeRequest{TypeName: resourceType}
	for to, v := range map[**tfprotov6.DynamicValue]tftypes.Value{
		&req.Config:           config,
		&req.PriorState:       prior,
		&req.ProposedNewState: proposed,
	} {
		raw, err := tfprotov6.NewDynamicValue(v.Type(), v)
		if err != nil {
			t.Fatal(err)
		}
		*to = &raw
	}
	resp, err := s.PlanResourceChange(t.Context(), &req)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		if isError(d) {
			says += d.Summary + ": " + d.Detail + "\n"
		}
	}
	if plan, err = resp.PlannedState.Unmarshal(config.Type()); err != nil {
		t.Fatal(err)
	}
	return plan, says
}

// settled is a plan after apply: what was unknown has a value.
func settled(t *testing.T, plan tftypes.Value) tftypes.Value {
	t.Helper()
	state, err := tftypes.Transform(plan, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if !v.IsKnown() {
			return blank(v.Type()), nil
		}
		return v, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return state
}
