package acceptance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/acceptance"
)

// fewCalls are as many as are compared by default. MESH_TEST_CALLS says another number, and `make property` 10,000.
const fewCalls = 300

// answered is what a call comes to, in a form that can be compared.
type answered struct {
	State, Private, Identity string
	Replace, Diagnostics     []string
	kind                     string
}

// outOfReach is where no API server answers.
const outOfReach = "out of reach"

// world is the provider and the framework with the same provider block.
type world struct {
	name           string
	guarded, plain server
	// applying is the provider once more: a plan that follows an apply in the same process asks less.
	applying server
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
	numberIn := func(variable string, otherwise uint64) uint64 {
		text := os.Getenv(variable)
		if text == "" {
			return otherwise
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("read %s: %v", variable, err)
		}
		return n
	}
	calls, seed := int(numberIn("MESH_TEST_CALLS", fewCalls)), numberIn("MESH_TEST_SEED", rand.Uint64())
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
	w := world{name, newServer(t), newServer(t), newServer(t)}
	w.plain.ProviderServer = providerserver.NewProtocol6(provider.New("test")())()
	for _, s := range []server{w.guarded, w.plain, w.applying} {
		if block != "" {
			attackOn(t, s).configure(block)
		}
	}
	return w
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

// compare asks both servers, and fails where their answers differ.
func (y *yardstick) compare(call string, guarded server, ask func(server) answered) answered {
	y.t.Helper()
	y.calls++
	want, got := ask(y.plain), ask(guarded)
	y.kinds[call+": "+want.kind]++
	if call == "plan" && notConverted(want) {
		if strings.Contains(want.Diagnostics[0], "Configuration Read Error") && got.kind != want.kind {
			y.t.Errorf("%s: %s: the framework refuses what the provider takes:\n%s\n%s", y.which, call,
				want.Diagnostics, got.Diagnostics)
		}
		return want
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(answered{})); diff != "" {
		y.t.Errorf("%s: %s: (-framework +provider):\n%s", y.which, call, diff)
	}
	return want
}

// isMisled reports whether the framework takes an attribute for missing because the object around it is not known
// yet. What answers at the protocol does not. Source:
// https://github.com/hashicorp/terraform-plugin-framework/issues/186.
func isMisled(config tftypes.Value, d *tfprotov6.Diagnostic) bool {
	if d.Summary != "Missing Configuration for Required Attribute" {
		return false
	}
	steps := d.Attribute.Steps()
	for n := range steps {
		around, _, err := tftypes.WalkAttributePath(config, tftypes.NewAttributePathWithSteps(steps[:n]))
		if v, ok := around.(tftypes.Value); err == nil && ok && !v.IsKnown() {
			return true
		}
	}
	return false
}

// stateUnread is what the framework says of a state with a number that its schema does not take, such as a port that
// is a fraction. No provider wrote it, and with that error nobody comes to another state: a read or an apply puts in
// order what somebody wrote there.
const stateUnread = "State Read Error"

// notConverted reports whether the framework made nothing of a number that its schema does not take, which it says at
// a plan before the provider is asked. Terraform plans no configuration that is refused, and the provider's plan says
// itself what is wrong with it.
func notConverted(a answered) bool {
	return len(a.Diagnostics) == 1 && (strings.Contains(a.Diagnostics[0], "Configuration Read Error") ||
		strings.Contains(a.Diagnostics[0], stateUnread))
}

func (y *yardstick) must(ok bool, err error) {
	y.t.Helper()
	if err != nil || !ok {
		y.t.Fatalf("%s: no answer: %v", y.which, err)
	}
}

func (y *yardstick) answer(
	state *tfprotov6.DynamicValue,
	private []byte,
	identity *tfprotov6.ResourceIdentityData,
	replace []*tftypes.AttributePath,
	said []*tfprotov6.Diagnostic,
) answered {
	y.t.Helper()
	a := answered{State: y.text(state, y.typed), Private: string(private)}
	if identity != nil {
		a.Identity = y.text(identity.IdentityData, identityValue)
	}
	for _, at := range replace {
		a.Replace = append(a.Replace, at.String())
	}
	for _, d := range acceptance.Shown(said) {
		a.Diagnostics = append(a.Diagnostics, fmt.Sprintf("%s at %s: %s: %s", d.Severity, d.Attribute, d.Summary,
			d.Detail))
	}
	// The framework checks attributes in the order of a Go map, which is none.
	slices.Sort(a.Diagnostics)
	return a
}

// text is a value in one spelling: whatever is known of an unknown value counts for nothing, because the framework
// forgets it.
func (y *yardstick) text(v *tfprotov6.DynamicValue, of tftypes.Type) string {
	y.t.Helper()
	if v == nil {
		return "no value"
	}
	value, err := v.Unmarshal(of)
	if err != nil {
		y.t.Fatalf("%s: read an answer: %v", y.which, err)
	}
	return spelled(value)
}

func spelled(v tftypes.Value) string {
	switch {
	case v.IsNull():
		return "null"
	case !v.IsKnown():
		return "unknown"
	case v.Type().Is(tftypes.Object{}), v.Type().Is(tftypes.Map{}):
		entries := entriesOf(v)
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			if inner := spelled(entries[name]); inner != "null" || v.Type().Is(tftypes.Map{}) {
				fields = append(fields, fmt.Sprintf("%q: %s", name, inner))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case v.Type().Is(tftypes.List{}):
		var elements []tftypes.Value
		if err := v.As(&elements); err != nil {
			panic(err)
		}
		texts := make([]string, len(elements))
		for i, e := range elements {
			texts[i] = spelled(e)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case v.Type().Is(tftypes.Number):
		n := new(big.Float)
		if err := v.As(&n); err != nil {
			panic(err)
		}
		if n.Sign() == 0 {
			return "0"
		}
		return n.Text('g', 150)
	case v.Type().Is(tftypes.Bool):
		var yes bool
		if err := v.As(&yes); err != nil {
			panic(err)
		}
		return fmt.Sprint(yes)
	}
	var text string
	if err := v.As(&text); err != nil {
		panic(err)
	}
	return fmt.Sprintf("%q", text)
}

// worst is what an answer says, in one word: otherwise where it says nothing.
func worst(said []*tfprotov6.Diagnostic, otherwise string) string {
	switch {
	case slices.ContainsFunc(said, isError):
		return "error"
	case len(said) > 0:
		return "warned"
	}
	return otherwise
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

// withoutReadOnly leaves out what Terraform takes from no configuration.
func (y *yardstick) withoutReadOnly(config tftypes.Value) tftypes.Value {
	if config.IsNull() || !config.IsKnown() {
		return config
	}
	attributes := entriesOf(config)
	for _, a := range y.schema.Block.Attributes {
		if a.Computed && !a.Optional {
			attributes[a.Name] = tftypes.NewValue(a.ValueType(), nil)
		}
	}
	return tftypes.NewValue(y.typed, attributes)
}

// prior draws a state before a configuration, null for none, and one that there is.
func (y *yardstick) prior(base, config tftypes.Value) (prior, state tftypes.Value) {
	y.t.Helper()
	none := tftypes.NewValue(y.typed, nil)
	if y.oneIn(2) {
		base = config
	}
	planned, _ := planned(y.t, y.plain, y.resource, base, none, y.proposed(base, none))
	if planned.IsNull() {
		return none, blank(y.typed)
	}
	state = settled(y.t, planned)
	switch y.IntN(4) {
	case 0:
		for range 1 + y.IntN(3) {
			state = y.mutated(state, "", false)
		}
		if state.IsNull() || !state.IsFullyKnown() {
			state = blank(y.typed)
		}
	case 1:
		// An earlier version did not know all that is computed.
		attributes := entriesOf(state)
		for _, a := range y.schema.Block.Attributes {
			if a.Computed && y.oneIn(2) {
				attributes[a.Name] = tftypes.NewValue(a.ValueType(), nil)
			}
		}
		state = tftypes.NewValue(y.typed, attributes)
	}
	if y.oneIn(3) {
		return none, state
	}
	return state, state
}

func (y *yardstick) proposed(config, prior tftypes.Value) tftypes.Value {
	return proposedOf(y.schema, config, prior)
}

// proposedOf is what Terraform proposes: a configuration, in which what is computed and not configured is as it was.
// Source: github.com/hashicorp/terraform/internal/plans/objchange, objchange.go.
func proposedOf(schema *tfprotov6.Schema, config, prior tftypes.Value) tftypes.Value {
	if config.IsNull() {
		return prior
	}
	if !config.IsKnown() {
		return config
	}
	if prior.IsNull() {
		prior = blank(config.Type())
	}
	return tftypes.NewValue(config.Type(), proposedAttributes(schema.Block.Attributes, config, prior))
}

func proposedAttributes(attributes []*tfprotov6.SchemaAttribute, config, prior tftypes.Value) map[string]tftypes.Value {
	configured, before := entriesOf(config), entriesOf(prior)
	proposed := map[string]tftypes.Value{}
	for _, a := range attributes {
		v := configured[a.Name]
		was, ok := before[a.Name]
		switch {
		case !ok:
			// There was nothing.
		case a.Computed && v.IsNull():
			v = was
		case a.NestedType != nil:
			v = proposedNested(a.NestedType, v, was)
		}
		proposed[a.Name] = v
	}
	return proposed
}

func proposedNested(of *tfprotov6.SchemaObject, config, prior tftypes.Value) tftypes.Value {
	if config.IsNull() || !config.IsKnown() || prior.IsNull() {
		return config
	}
	inner := func(config, prior tftypes.Value) tftypes.Value {
		if config.IsNull() || !config.IsKnown() || prior.IsNull() {
			return config
		}
		return tftypes.NewValue(config.Type(), proposedAttributes(of.Attributes, config, prior))
	}
	switch of.Nesting {
	case tfprotov6.SchemaObjectNestingModeSingle:
		return inner(config, prior)
	case tfprotov6.SchemaObjectNestingModeMap:
		entries, before := entriesOf(config), entriesOf(prior)
		for key, v := range entries {
			if was, ok := before[key]; ok {
				entries[key] = inner(v, was)
			}
		}
		return tftypes.NewValue(config.Type(), entries)
	case tfprotov6.SchemaObjectNestingModeList:
		var elements, before []tftypes.Value
		if config.As(&elements) != nil || prior.As(&before) != nil {
			return config
		}
		elements = slices.Clone(elements)
		for i := range min(len(elements), len(before)) {
			elements[i] = inner(elements[i], before[i])
		}
		return tftypes.NewValue(config.Type(), elements)
	case tfprotov6.SchemaObjectNestingModeInvalid, tfprotov6.SchemaObjectNestingModeSet:
	}
	panic("no such nesting in a schema of this provider")
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
		RawState: &tfprotov6.RawState{JSON: []byte(y.stored(state, odd))},
	}
	switch y.IntN(16) {
	case 0:
		req.Version = int64(y.IntN(3) - 1)
	case 1:
		req.RawState = &tfprotov6.RawState{Flatmap: map[string]string{"service": "greeter", "subsets.%": "0"}}
	case 2:
		req.RawState = nil
	case 3:
		req.RawState.JSON = []byte(y.one("null", "{}", "", "[]", "{", `"a"`, "1"))
	}
	// What is no state at all the guard refuses in words of its own, before it is decoded.
	isObject := req.RawState == nil || len(req.RawState.JSON) == 0 ||
		json.Unmarshal(req.RawState.JSON, &map[string]any{}) == nil
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
