package crud

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/siblings"
)

// siblingOf returns what others of the same run may meet of a route.
func (p *objectsResource) siblingOf(route form.Route, life form.Lifecycle) siblings.Route {
	r := siblings.Route{Objects: addressesOf(route.Place()), Adopts: life.Adopt}
	o := route.Render().Routing()
	if o == nil {
		return r
	}
	spec := o.VirtualServiceSpec()
	if gateways := spec.GetGateways(); len(gateways) > 0 && !slices.Contains(gateways, "mesh") {
		return r
	}
	for _, host := range spec.GetHosts() {
		r.Hosts = append(r.Hosts, istio.FullHost(host, o.Namespace, p.settings.ClusterDomain))
	}
	return r
}

// changeAnew makes a change. Where an object is in the way of what it creates that another resource of this run is
// deleting, it waits for that and tries again. What the change is to delete itself, going, others may wait for: two
// that wait for each other fail.
func (p *objectsResource) changeAnew(
	ctx context.Context, going []cluster.Address, change func() (cluster.Applied, error),
) (applied cluster.Applied, err error) {
	for {
		applied, err = change()
		at, ours := p.inTheWay(err)
		if !ours || !p.settings.Going.Await(ctx, at, going) {
			return applied, err
		}
	}
}

// inTheWay returns the object that a create found, and whether it is one that this workspace applied.
func (p *objectsResource) inTheWay(err error) (at cluster.Address, ours bool) {
	var exists *cluster.Error
	if !errors.As(err, &exists) || exists.Reason != cluster.AlreadyExists || exists.Existing == nil {
		return at, false
	}
	is := exists.Existing
	return cluster.AddressOf(&is.Object), is.Applied && is.Annotations[istio.OwnerAnnotation] == p.settings.Owner
}

// withoutTaken returns live objects without those that another resource of this run has taken up: it has their names
// from now on, and what this one still makes of them would be made of the other one's.
func (p *objectsResource) withoutTaken(live liveObjects, diagnostics *diag.Diagnostics) liveObjects {
	for _, o := range live.All() {
		if p.settings.Cluster.TakenFrom(diagnostics, o.UID) {
			live.LiveObjects = live.Without(o.Role())
		}
	}
	return live
}
