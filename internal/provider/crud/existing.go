package crud

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/siblings"
)

// planExisting reports objects of others that a create would find in its way, or shows what adopting them changes.
func (p *objectsResource) planExisting(ctx context.Context, d draft, diagnostics *diag.Diagnostics) {
	live, err := p.findObjects(ctx, d.route.Place(), diagnostics)
	if cluster.IsReason(err, cluster.CRDMissing) {
		diagnostics.AddWarning(istioMissingYet, "The API server does not know "+istio.APIVersion+
			". Apply needs it: Istio has to be installed by then, earlier in the same run at the latest.")
		return
	}
	if err != nil {
		report.Errors(diagnostics, d.route, err)
		return
	}
	if d.life.Adopt {
		p.planAdoption(d, live, diagnostics)
		return
	}
	for _, o := range live.All() {
		p.planInTheWay(d, o, diagnostics)
	}
}

// planRenamed reports objects that are not ours where a resource that exists is going to have its own.
func (p *objectsResource) planRenamed(
	ctx context.Context, d draft, ours []cluster.Address, diagnostics *diag.Diagnostics,
) {
	if len(without(addressesOf(d.route.Place()), ours)) == 0 {
		return
	}
	live, err := p.findObjects(ctx, d.route.Place(), diagnostics)
	if err != nil {
		report.Errors(diagnostics, d.route, err)
		return
	}
	for _, o := range live.All() {
		if !slices.Contains(ours, cluster.AddressOf(&o.Object)) {
			p.planInTheWay(d, o, diagnostics)
		}
	}
}

// planClaims refuses an object that another resource of this plan has too.
func (p *objectsResource) planClaims(c *call, d draft) {
	if c.sum == 0 || c.diagnostics.HasError() || len(d.config.Unknown()) > 0 {
		return
	}
	all, held := addressesOf(d.route.Place()), slices.Collect(maps.Keys(c.private.observed()))
	if d.exists && len(held) == 0 {
		held = addressesOf(p.routeOf(c.prior).Place())
	}
	if d.route.Place().SubsetsElsewhere {
		// What it leaves to somebody else it does not delete.
		held = slices.DeleteFunc(held, func(at cluster.Address) bool { return at.Kind == istio.KindDestinationRule })
	}
	if shared, ok := p.settings.Claims.Note(c.sum, all, held); ok {
		c.diagnostics.AddAttributeError(path.Root(p.NameAttribute(shared.Object.Kind)), siblings.Shared, shared.Text())
	}
}

// without returns the addresses of a list that are not in another.
func without(all, others []cluster.Address) []cluster.Address {
	return slices.DeleteFunc(all, func(at cluster.Address) bool { return slices.Contains(others, at) })
}

// planInTheWay reports an object that stands where a create would make one, unless it is what this provider applied:
// that may be about to go in the same run, as when a resource is replaced, and create looks again.
func (p *objectsResource) planInTheWay(d draft, o *cluster.Live, diagnostics *diag.Diagnostics) {
	at := path.Root(p.NameAttribute(o.Kind()))
	owner := o.Annotations[istio.OwnerAnnotation]
	ways := fmt.Sprintf("To bring it under Terraform, set adopt = true, or import it:\n"+
		"  terraform import mesh_%s.NAME %s/%s", p.TypeName(), o.Namespace, o.Name)
	if d.exists {
		ways = "A resource that gets another name, or another namespace, takes nothing over."
	}
	switch wanted := d.route.Render().Counterpart(&o.Object); {
	case owner != "" && owner != p.settings.Owner:
		ways = report.TakeOver(owner)
	case !o.Applied:
	case wanted != nil && !p.isKept(cluster.AddressOf(&o.Object)) && o.LeftBehind(wanted):
		changes := "It has just the content that is configured."
		if !o.As(wanted) {
			changes = "It is changed to what is configured: " + strings.Join(shortList(canary.Differences(
				istio.ObjectsOf(wanted), istio.ObjectsOf(o.Ours(wanted)))), ", ") + "."
		}
		diagnostics.AddAttributeWarning(at, fmt.Sprintf("%s (%s %s/%s)", takenUp, o.Kind(), o.Namespace, o.Name),
			fmt.Sprintf("%s was applied by this provider's field manager, and is in no state that this plan has "+
				"read so far: an apply was killed before it wrote its state, or another resource has it.%s Apply "+
				"takes it up. %s\n\nIf another resource manages it, take one of the two out, or choose another name.",
				o.String(), report.Owners(o), changes))
		return
	default:
		return
	}
	diagnostics.AddAttributeError(at, existsAlready, fmt.Sprintf(
		"%s exists in the cluster and is not in Terraform's state.%s\n\n%s\nTo leave it alone, choose another name.",
		o.String(), report.Owners(o), ways))
}

// isKept reports whether an object is in a state that this run has read, as far as it has come.
func (p *objectsResource) isKept(at cluster.Address) bool {
	return p.settings.Read.Has(at) || p.settings.Planned.Leaves(at)
}
