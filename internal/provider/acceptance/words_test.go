package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// unanswered is a server whose cluster does not answer.
func unanswered(t *testing.T) server {
	t.Helper()
	s := newServer(t)
	block := parseHCL(t, s.schemas.Provider.ValueType(), "host = \"http://127.0.0.1:1\"\ndefault_namespace = \"shop\"")
	raw, err := tfprotov6.NewDynamicValue(block.Type(), block)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &raw})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp.Diagnostics)
	}
	return s
}

// textsOf returns the texts of a list, none of a null one, and an unknown one as a question mark.
func textsOf(t *testing.T, list tftypes.Value) []string {
	t.Helper()
	if !list.IsKnown() {
		return []string{"?"}
	}
	var elements []tftypes.Value
	if err := list.As(&elements); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range elements {
		var text string
		if err := e.As(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

// A plan says its words as soon as all that they follow from is known, and not before.
func TestPlanResourceChange_summary(t *testing.T) {
	t.Parallel()
	s := unanswered(t)
	const route, split, object = "mesh_canary_route", "mesh_weighted_split", "mesh_virtual_service"
	with := func(valid, old, other string) string { return strings.Replace(valid, old, other, 1) }
	routeWords := []string{
		"requests with header version=100 go to v1",
		"requests with header version=200 go to v2",
		"all other requests go to v1",
	}
	splitWords := []string{"requests with path /a.B/C: v1 10 %, v2 90 %", "all other requests go to v1"}
	const service = "name = \"a\"\nhosts = [\"a\"]\nhttp = [{ route = [{ destination = { host = \"a\" } }] }]\n"
	serviceWords := []string{"all requests go to a"}
	unknown := []string{"?"}
	for name, c := range map[string]struct {
		resourceType, config string
		want                 []string
	}{
		"a route": {route, validRoute, routeWords},
		"unknown labels of objects": {
			route, validRoute + "labels = unknown\nannotations = unknown", routeWords,
		},
		"unknown labels of a subset": {route, with(validRoute, `{ app = "v2" }`, "unknown"), routeWords},
		"an unknown policy":          {route, validRoute + "traffic_policy = unknown", routeWords},
		"unknown names": {
			route, validRoute + "name = unknown\nvirtual_service_name = unknown", routeWords,
		},
		"unknown gateways": {
			route, validRoute + "gateways = unknown\nexport_to = unknown", routeWords,
		},
		"unknown ways to change": {route, validRoute + "adopt = unknown\ndeletion = " +
			"unknown\ntimeouts = unknown\npropagation = unknown\nmax_weight_step = unknown", routeWords},
		"an unknown service":   {route, with(validRoute, `"greeter"`, "unknown"), unknown},
		"an unknown namespace": {route, validRoute + "namespace = unknown", unknown},
		"an unknown rule": {
			route, with(validRoute, "rules = [", "rules = [ unknown,"), unknown,
		},
		"an unknown header": {route, with(validRoute, `"200"`, "unknown"), unknown},
		"an unknown subset": {
			route, with(validRoute, `default = { subset = "v1" }`, "default = { subset = unknown }"), unknown,
		},
		"an unknown timeout": {
			route, with(validRoute, `subset = "v1" },`, `subset = "v1", timeout = unknown },`), unknown,
		},
		"it is not known who sets the weights": {route, validRoute + "weights_managed_by = unknown", unknown},
		"a split":                              {split, validSplit, splitWords},
		"a weight that is left out":            {split, with(validSplit, ", weight = 90", ""), splitWords},
		"an unknown weight": {
			split, with(validSplit, "weight = 90", "weight = unknown"), unknown,
		},
		"a weight left out beside one not known": {
			split,
			strings.NewReplacer("weight = 10", "weight = unknown", ", weight = 90", "").Replace(validSplit),
			unknown,
		},
		"a subset of which nothing is known": {
			split, with(validSplit, `{ labels = { app = "v2" }, weight = 90 }`, "unknown"), unknown,
		},
		"an unknown match": {
			split, with(validSplit, `[{ uri = { exact = "/a.B/C" } }]`, "unknown"), unknown,
		},
		"who keeps what": {
			split, validSplit + withSticky(`"canary"`, `"24h"`, `["v2", "v1"]`),
			[]string{splitWords[0] + ", who got v1 or v2 keeps it for 24h", splitWords[1]},
		},
		"who keeps what, as a cookie of an unknown name": {
			split, validSplit + withSticky(`unknown`, `"24h"`, `["v2"]`), unknown,
		},
		"it is not known what is kept": {split, validSplit + "sticky = unknown", unknown},
		"weights of others": {
			split,
			validSplit + `weights_managed_by = "other"`,
			[]string{"requests with path /a.B/C go to v1 and v2 in shares that others set", splitWords[1]},
		},
		"a VirtualService": {object, service, serviceWords},
		"a VirtualService with an unknown name": {
			object, with(service, `name = "a"`, "name = unknown") + "labels = unknown", serviceWords,
		},
		"a VirtualService with an unknown host": {
			object, with(service, `hosts = ["a"]`, "hosts = [unknown]"), unknown,
		},
		"a VirtualService of an unknown namespace": {object, service + "namespace = unknown", unknown},
		"a header that is a mark": {
			route,
			with(validRoute, `"200"`, `"\u0338"`),
			[]string{routeWords[0], "requests with header version=\"\u0338\" go to v2", routeWords[2]},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objectType := s.schemas.ResourceSchemas[c.resourceType].ValueType()
			config := parseHCL(t, objectType, c.config)
			plan, _ := planned(t, s, c.resourceType, config, tftypes.NewValue(objectType, nil),
				attackOn(t, s).proposed(c.resourceType, config))
			if diff := cmp.Diff(c.want, textsOf(t, entriesOf(plan)["summary"])); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

// A state of an earlier version, which says nothing of it, is no reason to change anything. With another change the
// words come.
func TestPlanResourceChange_earlier(t *testing.T) {
	t.Parallel()
	s := unanswered(t)
	a := attackOn(t, s)
	for resourceType, c := range map[string][2]string{
		"mesh_canary_route":   {validRoute, strings.Replace(validRoute, "200", "300", 1)},
		"mesh_weighted_split": {validSplit + `weights_managed_by = "other"`, validSplit},
		"mesh_virtual_service": {
			"name = \"a\"\nhosts = [\"a\"]\nhttp = [{ route = [{ destination = { host = \"a\" } }] }]\n",
			"name = \"a\"\nhosts = [\"a\"]\nhttp = [{ route = [{ destination = { host = \"b\" } }] }]\n",
		},
	} {
		objectType := s.schemas.ResourceSchemas[resourceType].ValueType()
		config := parseHCL(t, objectType, c[0])
		state, _ := planned(t, s, resourceType, config, tftypes.NewValue(objectType, nil),
			a.proposed(resourceType, config))
		before := entriesOf(settled(t, state))
		before["summary"] = tftypes.NewValue(before["summary"].Type(), nil)
		state = tftypes.NewValue(objectType, before)
		again, _ := planned(t, s, resourceType, config, state,
			proposedOf(s.schemas.ResourceSchemas[resourceType], config, state))
		if differences, err := state.Diff(again); err != nil || len(differences) > 0 {
			t.Errorf("%s: a plan without a change: %v %v", resourceType, differences, err)
		}
		config = parseHCL(t, objectType, c[1])
		other, _ := planned(t, s, resourceType, config, state,
			proposedOf(s.schemas.ResourceSchemas[resourceType], config, state))
		if words := textsOf(t, entriesOf(other)["summary"]); len(words) == 0 || words[0] == "?" {
			t.Errorf("%s: with another change the words are %q", resourceType, words)
		}
	}
}

// A step is refused as soon as all is known that it depends on, and not before.
func TestPlanResourceChange_step(t *testing.T) {
	t.Parallel()
	s := unanswered(t)
	a := attackOn(t, s)
	const before = `
service = "greeter"
subsets = { v1 = { labels = { app = "v1" } }, v2 = { labels = { app = "v2" } } }
default = { weights = { v1 = 90, v2 = 10 } }
max_weight_step = 20
`
	after := strings.Replace(before, "v1 = 90, v2 = 10", "v1 = 10, v2 = 90", 1)
	objectType := s.schemas.ResourceSchemas["mesh_canary_route"].ValueType()
	config := parseHCL(t, objectType, before)
	state, _ := planned(t, s, "mesh_canary_route", config, tftypes.NewValue(objectType, nil),
		a.proposed("mesh_canary_route", config))
	state = settled(t, state)
	for name, c := range map[string]struct {
		config  string
		refused bool
	}{
		"all is known":                   {after, true},
		"unknown labels and annotations": {after + "labels = unknown\nannotations = { team = unknown }", true},
		"an unknown policy":              {after + "traffic_policy = unknown", true},
		"unknown names":                  {after + "name = unknown\ndestination_rule_name = unknown", true},
		"unknown ways to change": {after + "adopt = unknown\ndeletion = unknown\ntimeouts = " +
			"unknown\npropagation = unknown\nallow_empty_subsets = unknown", true},
		"an unknown policy of a subset": {
			strings.Replace(after, `{ app = "v2" }`, `{ app = "v2" }, traffic_policy = unknown`, 1), true,
		},
		"an unknown step": {
			strings.Replace(after, "max_weight_step = 20", "max_weight_step = unknown", 1), false,
		},
		"unknown labels of a subset": {
			strings.Replace(before, `{ app = "v2" }`, "{ app = unknown }", 1), false,
		},
		"unknown gateways":                      {after + "gateways = unknown", false},
		"who declares the subsets is not known": {after + "manage_destination_rule = unknown", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := parseHCL(t, objectType, c.config)
			_, says := planned(t, s, "mesh_canary_route", config,
				state, proposedOf(s.schemas.ResourceSchemas["mesh_canary_route"], config, state))
			if refused := strings.Contains(says, "Step too large: max_weight_step: allows"); refused != c.refused {
				t.Errorf("the plan is refused: %t, want %t; it says %s", refused, c.refused, says)
			}
		})
	}
}

// A route of a thousand rules is said in words, and its plan in the time that one may take.
func TestPlanResourceChange_manyWords(t *testing.T) {
	t.Parallel()
	s := unanswered(t)
	a := attackOn(t, s)
	var rules strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&rules, "{ match = [{ headers = { version = { exact = \"%d\" } } }], subset = \"v%d\" },", i, 1+i%2)
	}
	config := func(last string) string {
		return fmt.Sprintf("service = \"greeter\"\nmax_weight_step = 20\nsubsets = { v1 = { labels = { app = \"v1\" "+
			"} }, v2 = { labels = { app = \"v2\" } } }\n"+
			"rules = [%s]\ndefault = { subset = %q }\n", rules.String(), last)
	}
	objectType := s.schemas.ResourceSchemas["mesh_canary_route"].ValueType()
	before := parseHCL(t, objectType, config("v1"))
	state, _ := planned(t, s, "mesh_canary_route", before, tftypes.NewValue(objectType, nil),
		a.proposed("mesh_canary_route", before))
	words := textsOf(t, entriesOf(state)["summary"])
	if len(words) != 201 || words[200] != "and 801 more rules" {
		t.Errorf("%d lines, the last %q", len(words), words[len(words)-1])
	}
	state = settled(t, state)
	after := parseHCL(t, objectType, config("v2"))
	_, says := planned(t, s, "mesh_canary_route", after, state,
		proposedOf(s.schemas.ResourceSchemas["mesh_canary_route"], after, state))
	if !strings.Contains(says, "v2 gains 100 percent points: all other requests move from v1 to v2") {
		t.Errorf("the plan says %s", says)
	}
}

// What a resource says of itself is no obstacle to a function that takes a resource.
func TestFunction_manifestOfWords(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	plain, _ := s.call(t, "manifest", anyValue(t, canaryObject))
	text, wrong := s.call(t, "manifest", anyValue(t,
		strings.Replace(canaryObject, "{", "{ max_weight_step = 20, summary = [\"all requests go to v1\"]\n", 1)))
	if wrong != nil || text != plain || plain == "" {
		t.Errorf("%v: %s, want %s", wrong, text, plain)
	}
}
