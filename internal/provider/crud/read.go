package crud

import (
	"bytes"
	"context"
	"maps"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// readState answers with the state that describes what is live.
func (p *objectsResource) readState(ctx context.Context, c *call) {
	route, life := p.routeOf(c.prior), p.lifecycleOf(c.prior)
	c.state, c.place = c.prior, route.Place()
	p.settings.Read.Add(addressesOf(route.Place())...)
	if p.settings.Cluster == nil {
		c.diagnostics.AddWarning("Cluster not known yet",
			"The provider block holds values that are known only after apply. The state was not compared with the "+
				"cluster.")
		return
	}
	ctx, cancel := life.Deadline(ctx, "read")
	defer cancel()
	found, unserved, err := p.settings.Cluster.GetServed(report.WithWarnings(ctx, &c.diagnostics),
		addressesOf(route.Place())...)
	if err != nil {
		c.report(route, err)
		return
	}
	report.WarnOfUnserved(&c.diagnostics, p.settings.Cluster.Host(), unserved)
	live := liveObjects{found}
	if len(live.All()) == 0 {
		c.state = attr.Null()
		return
	}
	p.warnOfUnknown(live.whole(), &c.diagnostics)
	unknown := c.keepUnknownFields(live.whole())
	leftOver, err := p.findLeftOver(ctx, c, live)
	if err != nil {
		c.report(route, err)
		return
	}
	c.private.set(leftOverKey, leftOver)
	facts := p.delegateFacts(ctx, live.Ours(route.Render()), false, &c.diagnostics)
	c.state = withLeftOver(p.refresh(c.prior, route, life, live, facts), leftOver)
	p.keepWalk(c, live)
	if isFirstRead(c.prior) {
		if live.Routing() != nil && p.lacksDefault(c.state) {
			p.refuseWithoutDefault(live, &c.diagnostics)
			return
		}
		p.warnOfEmpty(c.state, live, &c.diagnostics)
		p.warnOfForeign(c.state, live, &c.diagnostics)
		// Whoever made the object owns its fields: the first change takes over what was imported.
		c.private.set(forceKey, true)
	}
	described := p.routeOf(c.state)
	c.private.set(observedKey, observedIn(live, described.Render()))
	p.settle(c, !unknown && facts == nil && len(leftOver) == 0 &&
		len(live.All()) == len(addressesOf(described.Place())))
}

// findLeftOver returns which objects that are ours and not those of the state still exist: those that an earlier
// change knew of, and what one that was killed left behind. That can only be where the DestinationRule is not as it
// was last seen, or nothing is known of that: Terraform forgets the private state when a provider is killed.
func (p *objectsResource) findLeftOver(ctx context.Context, c *call, live liveObjects) (cluster.Identities, error) {
	leftOver := c.private.leftOver()
	ctx = report.WithWarnings(ctx, &c.diagnostics)
	if rule := live.Declaring(); rule != nil {
		if c.private.observed()[cluster.AddressOf(&rule.Object)].Spec != istio.Fingerprint(rule.Spec) {
			other, err := p.settings.Cluster.StandIn(ctx, rule)
			if err != nil {
				return nil, err
			}
			maps.Copy(leftOver, other)
		}
	}
	return p.settings.Cluster.Remaining(ctx, leftOver)
}

// asLastSeen reports whether the state describes what is live, because every object has the version in which it did:
// the state need not even be read then. It asks a list that one request brings for all resources of a namespace.
func (p *objectsResource) asLastSeen(ctx context.Context, c *call) bool {
	if p.settings.Cluster == nil || !bytes.Equal(c.private[settledKey], encodeJSON(p.settings.Stamp)) {
		return false
	}
	place := &canary.Placement{}
	seen := c.private.observed()
	for at, was := range seen {
		is, known := p.settings.Cluster.Listed(report.WithWarnings(ctx, &c.diagnostics), at)
		if !known || is == nil || *is != (cluster.Identity{UID: was.UID, ResourceVersion: was.Version}) {
			return false
		}
		p.settings.Read.Add(at)
		if place.Namespace = at.Namespace; at.Kind == istio.KindVirtualService {
			place.VirtualServiceName = at.Name
		} else {
			place.DestinationRuleName = at.Name
		}
	}
	c.place = place
	return len(seen) > 0
}
