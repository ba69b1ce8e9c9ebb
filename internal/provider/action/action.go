// Package action moves a walk without a plan: mesh_promote goes on, mesh_abort goes back. Both write as an apply
// does.
package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/stage"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// Settings are what actions get from the provider block.
type Settings struct {
	form.Defaults
	// Cluster is nil while the connection holds values that are known only after apply.
	Cluster *cluster.Cluster
	// Owner is the name of the workspace, empty without one.
	Owner string
}

// All returns the actions.
func All() []func() action.Action {
	return []func() action.Action{
		func() action.Action { return &promote{} },
		func() action.Action { return &abort{} },
	}
}

// configured is what both actions have in common.
type configured struct{ settings Settings }

// Configure implements action.ActionWithConfigure.
func (c *configured) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	if s, ok := req.ProviderData.(Settings); ok {
		c.settings = s
	}
}

// routeAttributes say which route it is.
func routeAttributes(more map[string]schema.Attribute) map[string]schema.Attribute {
	all := map[string]schema.Attribute{
		"namespace": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Namespace of the VirtualService. Defaults to the provider's `default_namespace`.",
		},
		"name": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Name of the VirtualService, which is the `name` of the resource, such as " +
				"`mesh_canary_route.reviews.name`.",
		},
	}
	for name, a := range more {
		all[name] = a
	}
	return all
}

// checkRoute says what is wrong with the attributes that say which route it is.
func checkRoute(r *attr.Reader, diagnostics *diag.Diagnostics) {
	if namespace := r.String("namespace"); r.Known("namespace") && namespace != "" {
		for _, problem := range check.Namespace(namespace) {
			at := report.Path(problem.At)
			diagnostics.AddAttributeError(at, "Invalid namespace", report.Located(at, problem.Reason))
		}
	}
	if name := r.String("name"); r.Known("name") && !istio.IsObjectName(name) {
		at := path.Root("name")
		diagnostics.AddAttributeError(at, "Invalid name", report.Located(at,
			fmt.Sprintf("must be the name of a VirtualService, got %.80q", name)))
	}
}

// route is the VirtualService of an action.
type route struct {
	settings Settings
	life     form.Lifecycle
	at       cluster.Address
	live     *cluster.Live
	writer   stage.Writer
	resp     *action.InvokeResponse
}

// open reads the VirtualService. It reports why there is nothing to do with it: nil.
func (c *configured) open(ctx context.Context, r *attr.Reader, resp *action.InvokeResponse) *route {
	at := cluster.Address{
		Kind: istio.KindVirtualService, Namespace: cmp.Or(r.String("namespace"), c.settings.Namespace),
		Name: r.String("name"),
	}
	if c.settings.Cluster == nil {
		resp.Diagnostics.AddError("Cluster not known yet", "The provider block holds values that are not known.")
		return nil
	}
	life, _ := form.ReadLifecycle(attr.Read(attr.Object(nil)), c.settings.Defaults)
	to := &route{settings: c.settings, life: life, at: at, resp: resp}
	live, err := to.read(ctx)
	o := live.Routing()
	if err != nil || o == nil {
		report.Errors(&resp.Diagnostics, nil, err)
		if err == nil {
			resp.Diagnostics.AddError("No such route", fmt.Sprintf("There is no %s. The name is that of the "+
				"VirtualService: see the attribute name of the resource.", at))
		}
		return nil
	}
	if owner := o.Annotations[istio.OwnerAnnotation]; owner != "" && owner != c.settings.Owner {
		to.refuse("Owned by another workspace", "%s carries the owner %q in its annotation %s, and the owner of this "+
			"provider block is %q. Nothing was written. Run the action where the route is managed.", at, owner,
			istio.OwnerAnnotation, c.settings.Owner)
		return nil
	}
	to.live = o
	to.writer = stage.Writer{Now: live, Ours: to.ours, Read: to.read, Apply: to.apply, Tell: c.settings.Cluster.Tell}
	return to
}

func (r *route) read(ctx context.Context) (cluster.LiveObjects, error) {
	ctx, cancel := r.life.Deadline(ctx, "read")
	defer cancel()
	return r.settings.Cluster.GetObjects(report.WithWarnings(ctx, &r.resp.Diagnostics), r.at)
}

// ours returns what a write starts from: all that our field manager applied, and the mark of the walk.
func (r *route) ours(live cluster.LiveObjects) istio.Objects {
	return live.Ours(istio.ObjectsOf(&istio.Object{
		Spec: live.Routing().Spec, Annotations: map[string]string{istio.WalkAnnotation: ""},
	}))
}

func (r *route) apply(ctx context.Context, change cluster.Change) (cluster.Applied, error) {
	change.Propagation, change.Progress = r.settings.Propagation, func(string) {}
	return r.settings.Cluster.Apply(report.WithWarnings(ctx, &r.resp.Diagnostics), change)
}

// told returns the walk that is under way, its memory and its position. It reports why there is none that an action
// can move: false.
func (r *route) told() (walk.Plan, walk.Memory, walk.Position, bool) {
	p, m, at, err := walk.Told(r.ours(r.writer.Now), time.Now())
	switch {
	case errors.Is(err, walk.ErrNone):
		r.refuse("No walk under way", "No walk of %s is under way: it carries no annotation %s of one that goes "+
			"on.\n\nA walk begins when a plan changes the shares of a resource whose walk has advance = \"apply\".",
			r.at, istio.WalkAnnotation)
	case err != nil:
		r.refuse("Walk ended by somebody else", "The live shares of %s are not those that its walk has set.%s Nothing "+
			"was written over that. The next plan of the resource shows what is live.", r.at, report.Owners(r.live))
	case m.Advance == walk.Auto:
		r.refuse("Walk goes by itself", "The walk of %s is made by an apply, and goes on without anybody: an action "+
			"would end it. To stop it, interrupt that apply. With advance = \"apply\" a walk is moved by actions.",
			r.at)
		err = walk.ErrNone
	}
	return p, m, at, err == nil
}

func (r *route) refuse(summary, text string, parts ...any) {
	r.resp.Diagnostics.AddError(summary, fmt.Sprintf(text, parts...))
}

// move moves the walk until nothing is left to do, and tells of each step.
func (r *route) move(ctx context.Context, p walk.Plan, m walk.Memory, at walk.Position, terms walk.Terms) {
	// Who sets the weights of others says so himself.
	r.writer.Change.SharesLists = m.Advance == walk.ByAction
	for {
		next := terms.Next(time.Now(), at, nil)
		if next.Action != walk.Go {
			return
		}
		if !next.To.Back && ctx.Err() != nil {
			r.refuse("Interrupted", "The action was interrupted %s: %s. That is live, and stays so.", p.Called(at),
				p.Words(at.Stage))
			return
		}
		memory := p.Remember(m.Owner, next.To, m.Why)
		memory.Advance, memory.Ended = m.Advance, next.To.Back && next.To.Stage == 0
		if err := r.write(ctx, p, next.To, memory); err != nil {
			return
		}
		at = next.To
		where := p.Place(at) + ": " + p.Words(at.Stage)
		r.resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("%s is %s", r.at, where)})
		if memory.Ended {
			r.writer.Happened(ctx, stage.WentBack, memory.String()+": "+p.Words(0))
			continue
		}
		r.writer.Happened(ctx, stage.Step, where)
	}
}

// write makes the shares those of a stage, and reports why it could not.
func (r *route) write(ctx context.Context, p walk.Plan, to walk.Position, memory walk.Memory) error {
	ctx, cancel := r.life.Deadline(context.WithoutCancel(ctx), "update")
	defer cancel()
	err := r.writer.Write(ctx, walk.Marked(p.Objects(to.Stage), memory.Encode()))
	switch {
	case errors.Is(err, stage.ErrForeign):
		r.refuse("Walk ended by somebody else", "Somebody else changed %s meanwhile.%s Nothing was written over that. "+
			"The next plan of the resource shows what is live.", r.at, report.Owners(r.writer.Now.Routing()))
	case err != nil:
		report.Errors(&r.resp.Diagnostics, nil, err)
	}
	return err
}
