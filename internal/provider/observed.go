package provider

import (
	"bytes"
	"context"
	"fmt"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// observed is what was last seen of each object: enough to tell whether somebody changed it since.
type observed map[cluster.Address]observation

type observation struct {
	UID string `json:"uid"`
	// Version is the resource version, empty in what earlier versions of the provider kept.
	Version string `json:"version,omitempty"`
	Spec    string `json:"spec"`
	// Rest is the spec without what another controller of weights sets, and without what it put in besides what is configured.
	Rest string `json:"rest"`
}

// observe returns what is seen of an object whose resource has the given configuration.
func observe(is cluster.Identity, o *istio.Object, configured istio.Pair) observation {
	rest := istio.WithoutOthersIn(o, configured.Counterpart(o))
	return observation{
		UID: is.UID, Version: is.ResourceVersion, Spec: istio.Fingerprint(o.Spec), Rest: istio.Fingerprint(istio.WithoutWeights(rest.Spec)),
	}
}

// like reports whether the object is the same one as another time, with the same spec. What another controller of weights sets may
// change at any time.
func (o observation) like(other observation, handedOver bool) bool {
	return o.UID == other.UID && (o.Spec == other.Spec || handedOver && o.Rest == other.Rest)
}

func (o observed) identities() cluster.Identities {
	identities := cluster.Identities{}
	for at, is := range o {
		identities[at] = cluster.Identity{UID: is.UID}
	}
	return identities
}

// observedAfter returns what is there after a change that made a pair.
func observedAfter(pair, configured istio.Pair, identities cluster.Identities) observed {
	all := observed{}
	for _, o := range pair.Objects() {
		at := cluster.AddressOf(o)
		if is, ok := identities[at]; ok {
			all[at] = observe(is, o, configured)
		}
	}
	return all
}

func observedIn(live livePair, configured istio.Pair) observed {
	all := observed{}
	for _, o := range live.Objects() {
		all[cluster.AddressOf(&o.Object)] = observe(o.Identity, &o.Object, configured)
	}
	return all
}

// accept counts what a try of a change wrote as seen. The configured pair is the one that [observed.unchanged] is asked about.
func (o observed) accept(applied cluster.Applied, configured istio.Pair) {
	for at := range applied.Identities {
		if wrote := applied.Wrote(at); wrote != nil {
			o[at] = observe(wrote.Identity, &wrote.Object, configured)
		}
	}
}

// livePair is a pair in the cluster.
type livePair struct{ cluster.LivePair }

// unchanged returns the live pair without the objects that were made since they were last looked for: those are
// somebody else's, and in the way. It fails when an object is not as it was last seen. Where nothing was kept, everything
// counts as seen. The configured pair tells what another controller of weights may have changed.
func (o observed) unchanged(live livePair, configured istio.Pair, handedOver bool) (livePair, error) {
	if len(o) == 0 {
		return live, nil
	}
	for _, is := range []**cluster.Live{&live.VirtualService, &live.DestinationRule} {
		if *is == nil {
			continue
		}
		at := cluster.AddressOf(&(*is).Object)
		was, known := o[at]
		switch {
		case !known:
			*is = nil
		case !was.like(observe((*is).Identity, &(*is).Object, configured), handedOver):
			return live, &cluster.Error{Reason: cluster.Stale, Verb: "update", Object: at.String(),
				Err: fmt.Errorf("it was changed after the plan was made.%s", ownersText(*is))}
		}
	}
	return live, nil
}

// asLastSeen reports whether the state describes what is live, because every object has the version in which it did: the state need not
// even be read then. It asks a list that one request brings for all resources of a namespace.
func (p *pairResource) asLastSeen(ctx context.Context, c *call) bool {
	if p.settings.cluster == nil || !bytes.Equal(c.private[settledKey], encodeJSON(p.settings.stamp)) {
		return false
	}
	place := &canary.Placement{}
	seen := c.private.observed()
	for at, was := range seen {
		is, known := p.settings.cluster.Listed(withWarnings(ctx, &c.diagnostics), at)
		if !known || is == nil || *is != (cluster.Identity{UID: was.UID, ResourceVersion: was.Version}) {
			return false
		}
		if place.Namespace = at.Namespace; at.Kind == istio.KindVirtualService {
			place.VirtualServiceName = at.Name
		} else {
			place.DestinationRuleName = at.Name
		}
	}
	c.place = place
	return len(seen) > 0
}
