package crud

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/siblings"
)

// planAnew warns of a route that one resource of a plan destroys and another one makes anew, as after a change of the
// keys of for_each. Both ask, and whichever is planned second finds the other one.
func planAnew(clash siblings.Clash, found bool, diagnostics *diag.Diagnostics) {
	if !found {
		return
	}
	text := fmt.Sprintf("One resource of this plan destroys %s, and another one makes an object of the same name. "+
		"Terraform does both in no certain order: for some seconds there is no rule, and requests go to all pods of "+
		"the service, or with -parallelism=1 the new one finds the old one in its way, and is made by the next apply "+
		"only.\n\nIf it is the same resource under another address, as after a change of the keys of for_each or the "+
		"name of a module, say so, and nothing happens to the objects:\n\n  moved {\n    from = ADDRESS_BEFORE\n"+
		"    to   = ADDRESS_NOW\n  }", clash.Object)
	if clash.Host != "" {
		text = fmt.Sprintf("One resource of this plan destroys %s, and another one makes %s for the same host, %s. "+
			"Terraform does both in no certain order, so that there may be no rule for some seconds, and requests go "+
			"to all pods of the service.\n\nTo lose none, do it in two applies: leave the old one in the "+
			"configuration until the new one is made, which takes the requests when the old one goes.",
			clash.Old, clash.New, clash.Host)
	}
	diagnostics.AddWarning(fmt.Sprintf("%s (%s/%s)", madeAnew, clash.New.Namespace, clash.New.Name), text)
}

// siblingOf returns what others of the same run may meet of a route.
func (p *objectsResource) siblingOf(route form.Route) siblings.Route {
	r := siblings.Route{Objects: addressesOf(route.Place())}
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
		at, ours := inTheWay(err)
		if !ours || !p.settings.Going.Await(ctx, at, going) {
			return applied, err
		}
	}
}

// inTheWay returns the object that a create found, and whether our field manager applied it.
func inTheWay(err error) (at cluster.Address, ours bool) {
	var exists *cluster.Error
	if !errors.As(err, &exists) || exists.Reason != cluster.AlreadyExists || exists.Existing == nil {
		return at, false
	}
	return cluster.AddressOf(&exists.Existing.Object), exists.Existing.Applied
}
