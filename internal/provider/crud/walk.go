package crud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/stage"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// walkRun is a walk under way.
type walkRun struct {
	*updateRun
	plan  walk.Plan
	terms walk.Terms
	at    walk.Position
	// writer writes the stages, and knows the objects as they were last read or written.
	writer stage.Writer
	// why is the reason of the way back.
	why string
	// state is what walk_state says, empty for what the annotation says.
	state string
	// returned says that the way back has ended at the start.
	returned bool
	// begun says that the first stage is live: everything but the shares is as it is to be.
	begun bool
	// rests says that the apply ends well at the step.
	rests bool
	// judged is what was told of each gate at the step.
	judged map[string]walk.Verdict
}

// now are the objects as they were last read or written.
func (w *walkRun) now() liveObjects { return liveObjects{w.writer.Now} }

// failedGates is why a walk went back, or stays where it is.
type failedGates struct{ why string }

// Error implements error.
func (f failedGates) Error() string { return f.why }

// walks reports whether shares of an update that was prepared go in steps, and prepares those.
func (p *objectsResource) walks(c *call, u *updateRun) bool {
	if u.life.Walk == nil {
		return false
	}
	w, now := &walkRun{updateRun: u}, time.Now()
	var resumed bool
	w.plan, w.at, resumed = walk.Resume(u.change.From, u.wanted, u.life.Walk.Way, u.route.Place().Owner, now)
	if w.plan.Last() == 0 {
		return false
	}
	w.terms, u.walk, w.writer = outlook.TermsOf(u.life.Walk, w.plan), w, p.writerOf(c, u)
	m, _ := walk.Recall(u.change.From.Routing())
	if w.at.Back {
		w.why = m.Why
	}
	// A step that is live with something else than what it is to have has not been looked at.
	if resumed && w.terms.ByApply && sameSpecs(u.change.From, w.plan.Objects(w.at.Stage)) {
		w.at.Since = m.Began(now)
	}
	return true
}

// isPlanned fails where an apply would end elsewhere than its plan said: somebody has changed the annotation since.
func (w *walkRun) isPlanned(planned attr.Value) error {
	said, known := planned.Get("walk_state").Text()
	goal := outlook.Walk{Plan: w.plan, At: w.at}.Goal(w.life.Walk)
	if o := w.writer.Now.Routing(); known && said != goal && o != nil {
		return &cluster.Error{
			Reason: cluster.Stale, Verb: "update", Object: cluster.AddressOf(&o.Object).String(),
			Err: fmt.Errorf("its walk is not where it was when the plan was made.%s", report.Owners(o)),
		}
	}
	return nil
}

// sameSpecs reports whether wanted objects are live, whatever their labels and annotations are.
func sameSpecs(live, wanted istio.Objects) bool {
	return !slices.ContainsFunc(wanted.All(), func(o *istio.Object) bool {
		is := live.Counterpart(o)
		return is == nil || !istio.SameSpec(is.Spec, o.Spec)
	})
}

// walkTo makes the change of an update by the stages of a walk. It waits as long as the context allows; each write
// has the time for an update.
func (p *objectsResource) walkTo(ctx context.Context, c *call, u *updateRun) error {
	err := p.refusedGates(ctx, c, u.walk)
	if err == nil {
		err = u.walk.writeStage(ctx, u.walk.at)
	}
	for done := false; err == nil && !done; {
		done, err = p.walkOn(ctx, u.walk)
	}
	return err
}

// walkOn makes the next move of a walk, and reports whether it was the last.
func (p *objectsResource) walkOn(ctx context.Context, w *walkRun) (bool, error) {
	m := w.terms.Next(time.Now(), w.at, nil)
	if m.Action == walk.Ask {
		answers := p.askGates(ctx, w)
		if ctx.Err() != nil {
			return true, context.Cause(ctx)
		}
		if m = w.terms.Next(time.Now(), w.at, walk.Verdicts(answers)); m.To.Back || m.Action == walk.Stay {
			w.fail(answers, m.Late)
			w.writer.Happened(ctx, stage.Failed, w.why)
		}
	}
	if m.To.Back || w.at.Back {
		// Who stops an apply does not want to keep half of what has failed.
		ctx = context.WithoutCancel(ctx)
	}
	switch m.Action {
	case walk.Wait:
		return false, waitUntil(ctx, m.Until)
	case walk.Go:
		return false, w.writeStage(ctx, m.To)
	case walk.Stay:
		return true, failedGates{w.why}
	case walk.Rest:
		w.wanted, w.rests = walk.Marked(w.plan.Objects(w.at.Stage), w.annotation(w.at)), true
		return true, nil
	case walk.Return:
		if err := w.write(ctx, w.plan.Objects(0)); err != nil {
			return true, err
		}
		w.returned = true
		return true, failedGates{w.why}
	case walk.Arrive, walk.Ask:
	}
	err := w.write(ctx, w.wanted)
	if err == nil {
		w.writer.Happened(ctx, stage.Arrived, w.plan.Words(w.plan.Last()))
	}
	return true, err
}

// waitUntil lets time pass. It fails when the context ends before that.
func waitUntil(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// writeStage makes the shares those of a stage, and the walk's place the new one.
func (w *walkRun) writeStage(ctx context.Context, to walk.Position) error {
	where := w.where(to)
	tflog.Info(ctx, "walk: "+where)
	err := w.write(ctx, walk.Marked(w.plan.Objects(to.Stage), w.annotation(to)))
	if err != nil {
		return err
	}
	if to.Stage != w.at.Stage || to.Back != w.at.Back {
		w.writer.Happened(ctx, stage.Step, where)
	}
	w.at, w.begun, w.judged = to, true, map[string]walk.Verdict{}
	return nil
}

// where says a position and its shares: `at step 1 of 3: v1 90 %, v2 10 %`.
func (w *walkRun) where(at walk.Position) string {
	return w.plan.Called(at) + ": " + w.plan.Words(at.Stage)
}

// annotation is what to write about a position.
func (w *walkRun) annotation(at walk.Position) string {
	m := w.plan.Remember(w.route.Place().Owner, at, w.why)
	if w.terms.ByApply {
		m.Advance = walk.ByApply
	}
	return m.Encode()
}

// writerOf writes the stages of an update.
func (p *objectsResource) writerOf(c *call, u *updateRun) stage.Writer {
	return stage.Writer{
		Now: u.live.LiveObjects, Change: u.change,
		Ours: func(live cluster.LiveObjects) istio.Objects {
			return p.Resolve(live.Ours(u.named), p.settings.ClusterDomain)
		},
		Read: func(ctx context.Context) (cluster.LiveObjects, error) {
			live, err := p.getObjects(ctx, u.route.Place(), &c.diagnostics)
			return live.LiveObjects, err
		},
		Apply: func(ctx context.Context, change cluster.Change) (cluster.Applied, error) {
			applied, err := p.change(ctx, u.life, change, &c.diagnostics)
			u.observed.accept(applied, u.prior.Render())
			return applied, err
		},
		Tell: p.settings.Cluster.Tell,
	}
}

// write makes objects live, in the time for an update.
func (w *walkRun) write(ctx context.Context, to istio.Objects) error {
	ctx, cancel := w.life.Deadline(ctx, "update")
	defer cancel()
	err := w.writer.Write(ctx, to)
	w.applied = w.writer.Applied
	return err
}

// printedWhy is a reason as it may be shown: one that an annotation kept was written by anybody.
func printedWhy(why string) string {
	return report.Printable(cmp.Or(why, "at a step that an earlier apply knew"), 2*report.LongestPath)
}

// walkStopped reports why a walk has ended before its end. The state says what is live, so that the next plan shows
// what is left.
func (p *objectsResource) walkStopped(ctx context.Context, c *call, u *updateRun, err error) {
	w := u.walk
	where := w.where(w.at)
	o := w.wanted.Routing()
	summary := report.Summary("Walk stopped", o.Namespace+"/"+o.Name)
	var gates failedGates
	switch interrupted := context.Canceled; {
	case errors.As(err, &gates) && w.returned:
		w.writer.Happened(ctx, stage.WentBack, "at the start again: "+w.plan.Words(0))
		w.state = "went back to the start, from " + strings.TrimPrefix(printedWhy(gates.why), "at ")
		c.diagnostics.AddError(report.Summary("Walk went back", o.Namespace+"/"+o.Name), fmt.Sprintf(
			"A gate did not pass %s.\n\nThe shares are those of the start again: %s. Everything else of the plan "+
				"has been done. The next plan shows the same walk again; to give it up, plan the shares of the start.",
			printedWhy(gates.why), w.plan.Words(0)))
	case errors.As(err, &gates):
		w.writer.Happened(ctx, stage.Held, where)
		c.diagnostics.AddError(report.Summary("Walk held", o.Namespace+"/"+o.Name), fmt.Sprintf(
			"A gate did not pass %s.\n\nThe shares stay as they are, as on_failure says. The next apply asks again, "+
				"and goes on from there; to go back, plan the shares of the start.", printedWhy(gates.why)))
	case errors.Is(err, stage.ErrForeign):
		w.writer.Happened(ctx, stage.Overtaken, "somebody else changed what the walk had written "+where)
		is := w.writer.Now.Routing()
		c.diagnostics.AddError(report.Summary("Walk ended by somebody else", o.Namespace+"/"+o.Name), fmt.Sprintf(
			"The walk was %s, and then somebody else changed what it had written.%s Nothing was written over "+
				"that.\n\nThe next plan shows a walk from the shares that are live now. Settle first who sets them: "+
				"weights_managed_by = \"other\" leaves them to somebody else.", where, report.Owners(is)))
	case errors.Is(err, interrupted):
		w.writer.Happened(ctx, stage.Stopped, "the apply was interrupted "+where)
		c.diagnostics.AddError(summary, fmt.Sprintf("The apply was interrupted %s. That is live, and stays so.\n\n"+
			"The next apply goes on from there. To go back instead, plan the shares of the start.", where))
	default:
		c.report(u.route, err)
		c.diagnostics.AddWarning(summary, fmt.Sprintf("The walk is %s. That is live, and the next apply goes on "+
			"from there.", where))
	}
	p.keepLive(c, u, err)
}

// keepLive puts what is live into the state of an update that ended half-way.
func (p *objectsResource) keepLive(c *call, u *updateRun, err error) {
	w := u.walk
	leftOver := maps.Clone(u.leftOver)
	maps.Copy(leftOver, u.applied.Identities.Without(u.wanted))
	leftOver = leftOver.Without(u.wanted).Without(u.change.Released())
	c.state = withLeftOver(p.refresh(c.planned, u.route, u.life, w.now(), nil), leftOver)
	p.keepWalk(c, w.now())
	if w.state != "" {
		c.state = c.state.With("walk_state", attr.String(w.state))
	}
	c.place = u.route.Place()
	described := p.routeOf(c.state)
	c.private.set(observedKey, observedIn(w.now(), described.Render()))
	c.private.set(ownerKey, p.settings.Owner)
	c.private.set(leftOverKey, leftOver)
	c.private.owe(err)
}
