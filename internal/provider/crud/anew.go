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
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/siblings"
)

// planAnew tells of a route that one resource of a plan destroys and another one makes anew, as after a change of the
// keys of for_each. Both ask, and whichever is planned second finds the other one. One that adopts may lose what it
// took over, which is an error.
func planAnew(clash siblings.Clash, found bool, to report.Audience, diagnostics *diag.Diagnostics) {
	if !found {
		return
	}
	const moved = "\n\nIf it is the same resource under another address, as after a change of the keys of for_each " +
		"or the name of a module, say so, and nothing happens to the objects:\n\n  moved {\n    from = " +
		"ADDRESS_BEFORE\n" +
		"    to   = ADDRESS_NOW\n  }"
	if clash.Adopts && clash.Host == "" {
		diagnostics.AddError(report.Summary(madeAnew, ofObject(clash.New)), fmt.Sprintf("One resource of this plan "+
			"destroys %s, and another one adopts it. Terraform does both in no certain order, and what was taken over "+
			"could go.%s\n\nOtherwise set deletion = \"abandon\" in the one that goes, apply that, and take it out of "+
			"the configuration then.", clash.Object, moved))
		return
	}
	text := fmt.Sprintf("One resource of this plan destroys %s, and another one makes an object of the same name. "+
		"Terraform does both in no certain order: for some seconds there is no rule, and requests go to all pods of "+
		"the service, or, with more of them than -parallelism, the new one finds the old one in its way, and is made "+
		"by the next apply only.%s", clash.Object, moved)
	if clash.Host != "" {
		text = fmt.Sprintf("One resource of this plan destroys %s, and another one makes %s for the same host, %s. "+
			"Terraform does both in no certain order, so that there may be no rule for some seconds, and requests go "+
			"to all pods of the service.\n\nTo lose none, do it in two applies: leave the old one in the "+
			"configuration until the new one is made, which takes the requests when the old one goes.",
			clash.Old, clash.New, clash.Host)
	}
	report.Warnings{{
		Kind: madeAnew, Of: ofObject(clash.New), Text: text,
		Names: []string{clash.Object.String(), clash.Old.String(), clash.New.String(), clash.Host},
	}}.Tell(diagnostics, to)
}

func ofObject(at cluster.Address) string { return at.Namespace + "/" + at.Name }

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
