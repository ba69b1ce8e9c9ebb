package acceptance_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// longestPause is how much later than another one a resource may be begun, as on a busy machine.
const longestPause = 50 * time.Millisecond

// walk runs nodes in a drawn order, as many at the same time as may be. After says which node waits for which.
func (c *core) walk(nodes []func(), after map[int]int) {
	done := make([]chan struct{}, len(nodes))
	for i := range done {
		done[i] = make(chan struct{})
	}
	slots := make(chan struct{}, c.parallelism)
	var wait sync.WaitGroup
	for _, i := range c.Perm(len(nodes)) {
		first, waits := after[i]
		pause := time.Duration(0)
		if c.oneIn(4) {
			pause = time.Duration(c.Int64N(int64(longestPause)))
		}
		if !waits {
			slots <- struct{}{}
		}
		wait.Go(func() {
			if waits {
				<-done[first]
				slots <- struct{}{}
			}
			time.Sleep(pause)
			nodes[i]()
			<-slots
			close(done[i])
		})
	}
	wait.Wait()
}

// apply plans, and does what is planned. What failed is in the outcome.
func (c *core) apply(all []sibling, replaced map[string]bool) *planOutcome {
	o := c.plan(all, replaced)
	for _, s := range o.steps {
		c.note("plan: %s", s)
	}
	if len(o.failed) > 0 || len(o.steps) == 0 {
		return o
	}
	for address, s := range o.refreshed {
		c.set(c.state, address, s)
	}
	c.configure()
	var nodes []func()
	after := map[int]int{}
	for _, s := range o.steps {
		if s.replaced {
			nodes = append(nodes, c.replacement(o, s)...)
			after[len(nodes)-1] = len(nodes) - 2
			continue
		}
		nodes = append(nodes, func() {
			if s.planned.IsNull() {
				o.fails(c.destroys(s))
			} else {
				o.fails(c.makes(s))
			}
		})
	}
	c.walk(nodes, after)
	return o
}

// replacement are the two nodes of a resource that is made anew.
func (c *core) replacement(o *planOutcome, s plannedStep) []func() {
	done := false
	if !s.first {
		return []func(){
			func() { done = !o.fails(c.destroys(s)) },
			func() { _ = done && o.fails(c.makes(s)) },
		}
	}
	old := s
	old.deposed = true
	return []func(){
		func() {
			c.set(c.deposed, s.address, s.prior)
			c.set(c.state, s.address, nil)
			if done = !o.fails(c.makes(s)); !done && !c.has(s.address) {
				c.set(c.state, s.address, s.prior)
				c.set(c.deposed, s.address, nil)
			}
		},
		func() { _ = done && o.fails(c.destroys(old)) },
	}
}

// makes plans a resource once more, and creates or updates it.
func (c *core) makes(s plannedStep) []failed {
	if s.replaced {
		s.prior = nil
	}
	c.note("begin to %s", s)
	if problems := c.propose(&s, "plan of apply", s.prior); len(problems) > 0 {
		return problems
	}
	return c.change(s)
}

func (c *core) destroys(s plannedStep) []failed {
	c.note("begin to destroy %s", s.address)
	if s.replaced {
		s.private = s.prior.private
	}
	s.config, s.planned = c.null(s.kind), c.null(s.kind)
	return c.change(s)
}

// change lets the provider do a step, and keeps what comes of it.
func (c *core) change(s plannedStep) []failed {
	before := c.null(s.kind)
	if s.prior != nil {
		before = c.unwire(s.prior.value, s.kind)
	}
	resp, err := c.ApplyResourceChange(context.WithoutCancel(c.t.Context()), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "mesh_" + s.kind, PriorState: c.wire(before), PlannedState: c.wire(s.planned),
		Config: c.wire(s.config), PlannedPrivate: s.private,
	})
	if err != nil {
		return []failed{{s.address, "apply", "no answer", err.Error()}}
	}
	all := failures(s.address, "apply", resp.Diagnostics)
	for _, d := range resp.Diagnostics {
		c.note("%s: %s: %s: %.300s", s.address, d.Severity, d.Summary, d.Detail)
	}
	c.note("end of %s", s.address)
	part := c.state
	if s.deposed {
		part = c.deposed
	}
	if c.unwire(resp.NewState, s.kind).IsNull() {
		c.set(part, s.address, nil)
		return all
	}
	tainted := len(all) > 0 && (s.prior == nil || s.prior.tainted)
	c.set(part, s.address, &inState{s.kind, resp.NewState, resp.Private, tainted})
	return all
}

// holders are the addresses of those that have an object in their state, by its kind and name.
func (c *core) holders() map[string][]string {
	all := map[string][]string{}
	for deposed, part := range map[bool]map[string]*inState{false: c.state, true: c.deposed} {
		note := ""
		if deposed {
			note = " (deposed)"
		}
		for _, address := range slices.Sorted(maps.Keys(part)) {
			for o := range part[address].objects() {
				all[o] = append(all[o], address+note)
			}
		}
	}
	return all
}
