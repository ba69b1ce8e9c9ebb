// Package crud says what becomes of a resource: plan, create, read, update, delete, import and move as lists of
// steps, the same for all forms.
package crud

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// objectsResource owns a VirtualService, a DestinationRule or one of each.
type objectsResource struct {
	form.Form
	settings Settings
	// cached is the schema, which is the same for every call.
	cached schema.Schema
}

// New returns the resource of a form.
func New(f form.Form) resource.Resource { return newObjectsResource(f) }

func newObjectsResource(f form.Form) *objectsResource {
	return &objectsResource{Form: f, settings: Unconfigured(), cached: form.SchemaOf(f)}
}

// has reports whether the resource has an attribute.
func (p *objectsResource) has(name string) bool {
	_, ok := p.cached.Attributes[name]
	return ok
}

// routeOf reads the route of a plan or a state, in which everything is known.
func (p *objectsResource) routeOf(object attr.Value) form.Route {
	r := attr.Read(object)
	return p.Route(r, p.settings.Defaults)
}

// errNotConnected is what a request comes to while the provider block holds unknown values, which is only at plan.
var errNotConnected = errors.New("connect to the cluster: the provider block holds values that are not known yet")

// findObjects reads the objects of a route where a list of their namespace says that there are any, or says nothing.
func (p *objectsResource) findObjects(
	ctx context.Context, place *canary.Placement, diagnostics *diag.Diagnostics,
) (liveObjects, error) {
	for _, at := range addressesOf(place) {
		if is, known := p.settings.Cluster.Listed(report.WithWarnings(ctx, diagnostics), at); is != nil || !known {
			return p.getObjects(ctx, place, diagnostics)
		}
	}
	return liveObjects{}, nil
}

// addressesOf returns where the objects of a route are.
func addressesOf(place *canary.Placement) []cluster.Address {
	var all []cluster.Address
	if place.VirtualServiceName != "" {
		all = append(all, cluster.Address{
			Kind:      istio.KindVirtualService,
			Namespace: place.Namespace,
			Name:      place.VirtualServiceName,
		})
	}
	if place.DestinationRuleName != "" && !place.SubsetsElsewhere {
		all = append(all, cluster.Address{
			Kind:      istio.KindDestinationRule,
			Namespace: place.Namespace,
			Name:      place.DestinationRuleName,
		})
	}
	return all
}

// getObjects reads the objects of a route, and passes the API server's warnings on.
func (p *objectsResource) getObjects(
	ctx context.Context, place *canary.Placement, diagnostics *diag.Diagnostics,
) (liveObjects, error) {
	if p.settings.Cluster == nil {
		return liveObjects{}, errNotConnected
	}
	live, err := p.settings.Cluster.GetObjects(report.WithWarnings(ctx, diagnostics), addressesOf(place)...)
	return liveObjects{live}, err
}

// change applies a change of the objects.
func (p *objectsResource) change(
	ctx context.Context, life form.Lifecycle, c cluster.Change, diagnostics *diag.Diagnostics,
) (cluster.Applied, error) {
	if p.settings.Cluster == nil {
		return cluster.Applied{}, errNotConnected
	}
	c.Propagation, c.SharesLists, c.ForceConflicts = life.Propagation, life.HandedOver, life.ForceConflicts
	c.Progress = func(what string) { tflog.Info(ctx, what) }
	// They are of this call alone.
	c.Caller = diagnostics
	return p.settings.Cluster.Apply(p.heard(ctx, diagnostics, append(c.To.All(), c.From.All()...)), c)
}

// heard passes the API server's warnings on, about the first of the objects that are to be written.
func (p *objectsResource) heard(
	ctx context.Context, diagnostics *diag.Diagnostics, objects []*istio.Object,
) context.Context {
	if len(objects) == 0 {
		return report.WithWarnings(ctx, diagnostics)
	}
	o := objects[0]
	return report.WithWarningsOf(ctx, diagnostics, report.Audience{Told: p.settings.Told}, p.called(o), o.Namespace,
		o.Name)
}

// lifecycleOf reads the lifecycle of a plan or a state, which was found to be in order before.
func (p *objectsResource) lifecycleOf(object attr.Value) form.Lifecycle {
	l, _ := form.ReadLifecycle(attr.Read(object), p.settings.Defaults)
	return l
}
