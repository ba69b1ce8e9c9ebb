package acceptance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/acceptance"
)

// fewCalls are as many as are compared by default. MESH_TEST_CALLS says another number, and `make property` 10,000.
const fewCalls = 300

// world is the provider and the framework with the same provider block.
type world struct {
	name, block    string
	guarded, plain server
	// applying is the provider once more: a plan that follows an apply in the same process asks less. And aside makes
	// the states to begin with: what is told once in a process would be missing in an answer that is compared.
	applying, aside server
}

// yardstick asks the provider and the framework the same.
type yardstick struct {
	drawer
	world
	t        *testing.T
	which    string
	resource string
	schema   *tfprotov6.Schema
	typed    tftypes.Type
	kinds    map[string]int
	calls    int
}

// kinds are what an answer may be; in a big run each of them occurs.
var kinds = func() []string {
	var all []string
	for call, kinds := range map[string]string{
		"validate": "accepted, warned, error",
		"plan":     "create, no change, spelled as before, update, delete, error",
		"upgrade":  "as stored, made anew, refused, nothing",
		"read":     "gone, warned, error",
		"create":   "error",
		"update":   "error",
		"delete":   "done, error",
	} {
		for kind := range strings.SplitSeq(kinds, ", ") {
			all = append(all, call+": "+kind)
		}
	}
	return slices.Sorted(slices.Values(all))
}()

// TestPropertyProtocolAsFramework: what the provider answers for its resources at the protocol, it would have
// answered through the framework too. MESH_TEST_SEED draws the same requests again.
func TestPropertyProtocolAsFramework(t *testing.T) {
	t.Parallel()
	calls, seed := int(numberIn(t, "MESH_TEST_CALLS", fewCalls)), numberIn(t, "MESH_TEST_SEED", rand.Uint64())
	t.Logf("to draw the same requests again: MESH_TEST_SEED=%d", seed)

	worlds := []world{
		newWorld(t, "nowhere", ""), newWorld(t, "in an empty cluster", fmt.Sprintf("host = %q", emptyCluster(t))),
		newWorld(t, outOfReach, `host = "http://127.0.0.1:1"`),
	}
	names, configs := []string{
		"mesh_canary_route", "mesh_weighted_split", "mesh_virtual_service", "mesh_destination_rule",
	}, validConfigs(t, worlds[0].guarded)
	counted := map[string]int{}
	for done := 0; done < calls && !t.Failed(); seed++ {
		d := drawer{rand.New(rand.NewPCG(seed, 0))}
		name, w := names[d.IntN(len(names))], worlds[[]int{0, 0, 0, 0, 1, 1, 1, 2}[d.IntN(8)]]
		y := yardstick{
			drawer:   d,
			t:        t,
			world:    w,
			which:    fmt.Sprintf("MESH_TEST_SEED=%d MESH_TEST_CALLS=1: %s %s", seed, name, w.name),
			resource: name,
			kinds:    counted,
			schema:   w.guarded.schemas.ResourceSchemas[name],
		}
		y.typed = y.schema.ValueType()
		w.configure(t)
		y.ask(configs[name][d.IntN(len(configs[name]))])
		done += y.calls
	}
	for _, kind := range kinds {
		t.Logf("%6d %s", counted[kind], kind)
		if counted[kind] == 0 && calls >= 10_000 {
			t.Errorf("no answer was %s", kind)
		}
	}
	for kind := range counted {
		if !slices.Contains(kinds, kind) {
			t.Errorf("%d answers were %s, which is none of the kinds", counted[kind], kind)
		}
	}
}

func newWorld(t *testing.T, name, block string) world {
	t.Helper()
	w := world{name, block, newServer(t), newServer(t), newServer(t), newServer(t)}
	w.plain.ProviderServer = providerserver.NewProtocol6(provider.New("test")())()
	w.configure(t)
	return w
}

// configure begins a run, in which no two resources may have one object.
func (w world) configure(t *testing.T) {
	t.Helper()
	for _, s := range []server{w.guarded, w.plain, w.applying, w.aside} {
		if w.block != "" {
			attackOn(t, s).configure(w.block)
		}
	}
}

// validConfigs are configurations in which nothing is wrong, by the name of the resource.
func validConfigs(t *testing.T, s server) map[string][]tftypes.Value {
	t.Helper()
	configs := acceptance.ObjectConfigs(t)
	for _, name := range slices.Sorted(maps.Keys(replannings)) {
		c := replannings[name]
		configs[c.resourceType] = append(configs[c.resourceType],
			parseHCL(t, s.schemas.ResourceSchemas[c.resourceType].ValueType(), c.to))
	}
	return configs
}

// ask sends one configuration through the calls of a resource.
func (y *yardstick) ask(config tftypes.Value) {
	y.t.Helper()
	base := config
	if y.oneIn(3) {
		config = respelled(y.t, config)
	}
	for range max(0, y.IntN(8)-2) {
		config = y.mutated(config, "", true)
	}
	if !y.oneIn(20) {
		config = y.withoutReadOnly(config)
	}
	encoded := y.encoded(y.t, config)
	validated := y.compare("validate", y.guarded, func(s server) answered {
		resp, err := s.ValidateResourceConfig(y.t.Context(),
			&tfprotov6.ValidateResourceConfigRequest{TypeName: y.resource, Config: encoded})
		y.must(resp != nil, err)
		resp.Diagnostics = slices.DeleteFunc(resp.Diagnostics, func(d *tfprotov6.Diagnostic) bool {
			return isMisled(config, d)
		})
		a := y.answer(nil, nil, nil, nil, resp.Diagnostics)
		a.kind = worst(resp.Diagnostics, "accepted")
		return a
	})
	// Terraform asks no more for a configuration that is refused: what the schema refuses may not be planned.
	if validated.kind == "error" && !y.oneIn(4) {
		return
	}
	prior, state := y.prior(base, config)
	y.upgrade(state)
	y.read(state)
	// There a plan and an apply try for as long as they may, and what they say depends on the time.
	if y.name != outOfReach {
		y.plan(config, encoded, prior)
		y.apply(config, encoded, prior)
	}
}

var identityValue = tftypes.Object{
	AttributeTypes: map[string]tftypes.Type{"namespace": tftypes.String, "name": tftypes.String},
}

// identity draws what Terraform knows of where the objects are: mostly nothing, as before 1.12.
func (y *yardstick) identity() *tfprotov6.ResourceIdentityData {
	values := map[string]tftypes.Value{
		"namespace": tftypes.NewValue(tftypes.String, "shop"),
		"name":      tftypes.NewValue(tftypes.String, "reviews"),
	}
	v := tftypes.NewValue(identityValue, values)
	switch y.IntN(6) {
	case 0:
		return &tfprotov6.ResourceIdentityData{IdentityData: y.encoded(y.t, v)}
	case 1:
		return &tfprotov6.ResourceIdentityData{IdentityData: y.encoded(y.t, tftypes.NewValue(identityValue, nil))}
	}
	return nil
}

func (y *yardstick) plan(config tftypes.Value, encoded *tfprotov6.DynamicValue, prior tftypes.Value) {
	y.t.Helper()
	proposed := y.proposed(config, prior)
	if !prior.IsNull() && y.oneIn(6) {
		none := tftypes.NewValue(y.typed, nil)
		proposed, encoded = none, y.encoded(y.t, none)
	}
	was, next, private, identity := y.encoded(y.t, prior), y.encoded(y.t, proposed), y.private(), y.identity()
	y.compare("plan", y.guarded, func(s server) answered {
		resp, err := s.PlanResourceChange(y.t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName:         y.resource,
			Config:           encoded,
			PriorState:       was,
			ProposedNewState: next,
			PriorPrivate:     private,
			PriorIdentity:    identity,
		})
		y.must(resp != nil, err)
		a := y.answer(resp.PlannedState, resp.PlannedPrivate, resp.PlannedIdentity, resp.RequiresReplace,
			resp.Diagnostics)
		kind := "update"
		switch {
		case prior.IsNull():
			kind = "create"
		case proposed.IsNull():
			kind = "delete"
		case a.State == spelled(prior):
			kind = "no change"
			if spelled(proposed) != a.State {
				kind = "spelled as before"
			}
		}
		if a.kind = kind; slices.ContainsFunc(resp.Diagnostics, isError) {
			a.kind = "error"
		}
		return a
	})
}

func (y *yardstick) read(state tftypes.Value) {
	y.t.Helper()
	encoded, private, identity := y.encoded(y.t, state), y.private(), y.identity()
	y.compare("read", y.guarded, func(s server) answered {
		resp, err := s.ReadResource(y.t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName:        y.resource,
			CurrentState:    encoded,
			Private:         private,
			CurrentIdentity: identity,
		})
		y.must(resp != nil, err)
		resp.Diagnostics = slices.DeleteFunc(resp.Diagnostics, func(d *tfprotov6.Diagnostic) bool {
			return d.Summary == stateUnread
		})
		a := y.answer(resp.NewState, resp.Private, resp.NewIdentity, nil, resp.Diagnostics)
		a.kind = worst(resp.Diagnostics, "gone")
		return a
	})
}

func (y *yardstick) apply(config tftypes.Value, encoded *tfprotov6.DynamicValue, prior tftypes.Value) {
	y.t.Helper()
	next, call := y.proposed(config, prior), "update"
	switch {
	case prior.IsNull():
		call = "create"
	case y.oneIn(2):
		none := tftypes.NewValue(y.typed, nil)
		next, encoded, call = none, y.encoded(y.t, none), "delete"
	}
	planned, was, private, identity := y.encoded(y.t, next), y.encoded(y.t, prior), y.private(), y.identity()
	y.compare(call, y.applying, func(s server) answered {
		resp, err := s.ApplyResourceChange(y.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName:        y.resource,
			Config:          encoded,
			PriorState:      was,
			PlannedState:    planned,
			PlannedPrivate:  private,
			PlannedIdentity: identity,
		})
		y.must(resp != nil, err)
		a := y.answer(resp.NewState, resp.Private, resp.NewIdentity, nil, resp.Diagnostics)
		a.kind = worst(resp.Diagnostics, "done")
		return a
	})
}

func (y *yardstick) upgrade(state tftypes.Value) {
	y.t.Helper()
	odd := []int{0, 0, 200, 20}[y.IntN(4)]
	req := tfprotov6.UpgradeResourceStateRequest{
		TypeName: y.resource,
		Version:  y.schema.Version,
		RawState: &tfprotov6.RawState{JSON: []byte(y.stored(state, odd))},
	}
	switch y.IntN(16) {
	case 0, 4:
		req.Version = int64(y.IntN(4) - 1)
	case 1:
		req.RawState = &tfprotov6.RawState{Flatmap: map[string]string{"service": "greeter", "subsets.%": "0"}}
	case 2:
		req.RawState = nil
	case 3:
		req.RawState.JSON = []byte(y.one("null", "{}", "", "[]", "{", `"a"`, "1"))
	}
	// What is no state at all the guard refuses in words of its own, before it is decoded.
	var object map[string]any
	isObject := req.RawState == nil || len(req.RawState.JSON) == 0 ||
		json.Unmarshal(req.RawState.JSON, &object) == nil && (object != nil || req.Version == y.schema.Version)
	y.compare("upgrade", y.guarded, func(s server) answered {
		resp, err := s.UpgradeResourceState(y.t.Context(), &req)
		y.must(resp != nil, err)
		a := y.answer(resp.UpgradedState, nil, nil, nil, resp.Diagnostics)
		switch {
		case slices.ContainsFunc(resp.Diagnostics, isError):
			a.kind = "refused"
			if !isObject {
				a.Diagnostics = nil
			}
		case resp.UpgradedState == nil:
			a.kind = "nothing"
		case a.State == spelled(state):
			a.kind = "as stored"
		default:
			a.kind = "made anew"
		}
		return a
	})
}
