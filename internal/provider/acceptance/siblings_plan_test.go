package acceptance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// inState is a resource in a state.
type inState struct {
	kind    string
	value   *tfprotov6.DynamicValue
	private []byte
	tainted bool
}

// objects are the UIDs of the objects that a resource last saw, by kind and name.
func (s *inState) objects() map[string]string {
	all := map[string]string{}
	var kept map[string][]byte
	if s == nil || json.Unmarshal(s.private, &kept) != nil {
		return all
	}
	var seen map[string]struct{ UID string }
	if json.Unmarshal(kept["seen"], &seen) != nil {
		return all
	}
	for at, is := range seen {
		kind, rest, _ := strings.Cut(at, "/")
		_, name, _ := strings.Cut(rest, "/")
		all[kind+"/"+name] = is.UID
	}
	return all
}

// failed is an error that is told of a resource.
type failed struct{ address, phase, summary, detail string }

// String says it as Terraform shows it, in one line.
func (f failed) String() string {
	return fmt.Sprintf("%s, %s: %s: %s", f.address, f.phase, f.summary, f.detail)
}

func failures(address, phase string, diagnostics []*tfprotov6.Diagnostic) (all []failed) {
	for _, d := range diagnostics {
		if isError(d) {
			all = append(all, failed{address, phase, d.Summary, d.Detail})
		}
	}
	return all
}

// core does with the resources of a configuration what Terraform's core does, in an order that is drawn.
// Source: github.com/hashicorp/terraform/internal/terraform, node_resource_*.go.
type core struct {
	drawer
	server
	t     *testing.T
	block string
	// parallelism is how many resources are worked on at the same time.
	parallelism int

	mutex sync.Mutex
	// state has resources by address, and deposed what a replacement has made anew and not destroyed yet.
	state, deposed map[string]*inState
	log            []string
}

func (c *core) note(format string, arguments ...any) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.log = append(c.log, time.Now().Format("04:05.000 ")+fmt.Sprintf(format, arguments...))
}

// set puts a resource into one of the two parts of the state, or takes it out.
func (c *core) set(part map[string]*inState, address string, s *inState) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if part[address] = s; s == nil {
		delete(part, address)
	}
}

// has reports whether a resource is in the state.
func (c *core) has(address string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.state[address] != nil
}

func (c *core) wire(v tftypes.Value) *tfprotov6.DynamicValue {
	raw, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		c.t.Error(err)
	}
	return &raw
}

func (c *core) configure() {
	c.t.Helper()
	config := parseHCL(c.t, c.schemas.Provider.ValueType(), c.block)
	answer, err := c.ConfigureProvider(c.t.Context(),
		&tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: c.wire(config)})
	if err != nil || len(answer.Diagnostics) > 0 {
		c.t.Fatal(err, answer)
	}
}

func (c *core) schema(kind string) *tfprotov6.Schema { return c.schemas.ResourceSchemas["mesh_"+kind] }

func (c *core) null(kind string) tftypes.Value {
	return tftypes.NewValue(c.schema(kind).ValueType(), nil)
}

func (c *core) unwire(v *tfprotov6.DynamicValue, kind string) tftypes.Value {
	value, err := v.Unmarshal(c.schema(kind).ValueType())
	if err != nil {
		c.t.Error(err)
		return c.null(kind)
	}
	return value
}

// refreshed reads a resource; nil for one that is gone.
func (c *core) refreshed(address string, s *inState) (*inState, []failed) {
	resp, err := c.ReadResource(c.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: "mesh_" + s.kind, CurrentState: s.value, Private: s.private,
	})
	if err != nil {
		return s, []failed{{address, "read", "no answer", err.Error()}}
	}
	if all := failures(address, "read", resp.Diagnostics); len(all) > 0 {
		return s, all
	}
	if c.unwire(resp.NewState, s.kind).IsNull() {
		return nil, nil
	}
	return &inState{s.kind, resp.NewState, resp.Private, s.tainted}, nil
}

// plannedStep is what is planned for a resource.
type plannedStep struct {
	address, kind string
	// config and planned are null for what goes, and prior is nil for what is new.
	config, planned tftypes.Value
	prior           *inState
	private         []byte
	// replaced is made anew: first, or after it was destroyed. What is deposed is what is left of that.
	replaced, first, deposed bool
}

// String says what is done to which resource.
func (s plannedStep) String() string {
	what := "update "
	switch {
	case s.deposed:
		what = "destroy the deposed "
	case s.replaced && s.first:
		what = "create and destroy "
	case s.replaced:
		what = "destroy and create "
	case s.prior == nil:
		what = "create "
	case s.planned.IsNull():
		what = "destroy "
	}
	return what + s.address
}

// propose asks for the plan of a step, from a state.
func (c *core) propose(s *plannedStep, phase string, prior *inState) []failed {
	before, private := c.null(s.kind), []byte(nil)
	if prior != nil {
		before, private = c.unwire(prior.value, s.kind), prior.private
	}
	proposed := s.config
	if !proposed.IsNull() {
		proposed = proposedOf(c.schema(s.kind), s.config, before)
	}
	resp, err := c.PlanResourceChange(c.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "mesh_" + s.kind, PriorState: c.wire(before), ProposedNewState: c.wire(proposed),
		Config: c.wire(s.config), PriorPrivate: private,
	})
	if err != nil {
		return []failed{{s.address, phase, "no answer", err.Error()}}
	}
	s.planned, s.private = c.unwire(resp.PlannedState, s.kind), resp.PlannedPrivate
	return failures(s.address, phase, resp.Diagnostics)
}

// planOutcome is what a plan comes to.
type planOutcome struct {
	mutex sync.Mutex
	steps []plannedStep
	// idle are the addresses of what stays as it is, and refreshed is the state.
	idle      []string
	refreshed map[string]*inState
	failed    []failed
}

// fails notes errors, if there are any.
func (o *planOutcome) fails(all []failed) bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.failed = append(o.failed, all...)
	return len(all) > 0
}

func (o *planOutcome) add(s plannedStep) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.steps = append(o.steps, s)
}

func (o *planOutcome) refresh(address string, s *inState) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.refreshed[address] = s
}

func (o *planOutcome) rests(address string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.idle = append(o.idle, address)
}

// plan asks what is to be done. Replaced are addresses to be made anew, true for those that are made first.
func (c *core) plan(all []sibling, replaced map[string]bool) *planOutcome {
	c.configure()
	o := &planOutcome{refreshed: map[string]*inState{}}
	var nodes []func()
	wanted := map[string]bool{}
	for _, s := range all {
		wanted[s.address()] = true
		config := parseHCL(c.t, c.schema(s.kind).ValueType(), s.config())
		first, replace := replaced[s.address()]
		next := plannedStep{
			address: s.address(), kind: s.kind, config: config, replaced: replace, first: first,
			prior: c.state[s.address()],
		}
		nodes = append(nodes, func() { c.planOne(o, next) })
	}
	for deposed, part := range map[bool]map[string]*inState{false: c.state, true: c.deposed} {
		for _, address := range slices.Sorted(maps.Keys(part)) {
			if s := part[address]; deposed || !wanted[address] {
				nodes = append(nodes, func() {
					c.planGone(o, plannedStep{
						address: address, kind: s.kind, config: c.null(s.kind), prior: s, deposed: deposed,
					})
				})
			}
		}
	}
	c.walk(nodes, nil)
	return o
}

// planOne plans a resource of the configuration.
func (c *core) planOne(o *planOutcome, s plannedStep) {
	if s.prior != nil {
		var problems []failed
		if s.prior, problems = c.refreshed(s.address, s.prior); o.fails(problems) {
			return
		}
	}
	o.refresh(s.address, s.prior)
	from := s.prior
	if from != nil && from.tainted {
		s.replaced, from = true, nil
	}
	if o.fails(c.propose(&s, "plan", from)) {
		return
	}
	if s.replaced = s.replaced && s.prior != nil; s.replaced && from != nil && o.fails(c.propose(&s, "plan", nil)) {
		return
	}
	if !s.replaced && s.prior != nil && s.planned.Equal(c.unwire(s.prior.value, s.kind)) {
		o.rests(s.address)
		return
	}
	o.add(s)
}

// planGone plans what goes: first, and then it looks whether that is still there.
func (c *core) planGone(o *planOutcome, s plannedStep) {
	if o.fails(c.propose(&s, "plan", s.prior)) {
		return
	}
	var problems []failed
	if s.prior, problems = c.refreshed(s.address, s.prior); o.fails(problems) {
		return
	}
	switch {
	case s.prior != nil:
		o.add(s)
	case s.deposed:
		c.set(c.deposed, s.address, nil)
	}
	if !s.deposed {
		o.refresh(s.address, s.prior)
	}
}
