package crud

import (
	"fmt"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// observed is what was last seen of each object: enough to tell whether somebody changed it since.
type observed map[cluster.Address]observation

type observation struct {
	UID string `json:"uid"`
	// Version is the resource version, empty in what earlier versions of the provider kept.
	Version string `json:"version,omitempty"`
	Spec    string `json:"spec"`
	// Rest is the spec without what another controller of weights sets, and without what it put in besides what is
	// configured.
	Rest string `json:"rest"`
}

// observe returns what is seen of an object whose resource has the given configuration.
func observe(is cluster.Identity, o *istio.Object, configured istio.Objects) observation {
	rest := istio.WithoutOthersIn(o, configured.Counterpart(o))
	return observation{
		UID:     is.UID,
		Version: is.ResourceVersion,
		Spec:    istio.Fingerprint(o.Spec),
		Rest:    istio.Fingerprint(istio.WithoutWeights(rest.Spec)),
	}
}

// like reports whether the object is the same one as another time, with the same spec. What another controller of
// weights sets may change at any time.
func (o observation) like(other observation, handedOver bool) bool {
	return o.UID == other.UID && (o.Spec == other.Spec || handedOver && o.Rest == other.Rest)
}

// declared returns objects without a DestinationRule that was not there when it was last looked for.
func (o observed) declared(objects istio.Objects) istio.Objects {
	if rule := objects.Declaring(); rule != nil && len(o) > 0 {
		if _, there := o[cluster.AddressOf(rule)]; !there {
			return objects.Without(istio.DeclaresSubsets)
		}
	}
	return objects
}

func (o observed) identities() cluster.Identities {
	identities := cluster.Identities{}
	for at, is := range o {
		identities[at] = cluster.Identity{UID: is.UID}
	}
	return identities
}

// observedAfter returns what is there after a change that made these objects.
func observedAfter(objects, configured istio.Objects, identities cluster.Identities) observed {
	all := observed{}
	for _, o := range objects.All() {
		at := cluster.AddressOf(o)
		if is, ok := identities[at]; ok {
			all[at] = observe(is, o, configured)
		}
	}
	return all
}

func observedIn(live liveObjects, configured istio.Objects) observed {
	all := observed{}
	for _, o := range live.All() {
		all[cluster.AddressOf(&o.Object)] = observe(o.Identity, &o.Object, configured)
	}
	return all
}

// accept counts what a try of a change wrote as seen. The configured objects are those that [observed.unchanged] is
// asked about.
func (o observed) accept(applied cluster.Applied, configured istio.Objects) {
	for at := range applied.Identities {
		if wrote := applied.Wrote(at); wrote != nil {
			o[at] = observe(wrote.Identity, &wrote.Object, configured)
		}
	}
}

// unchanged returns the live objects without those that were made since they were last looked for: those are
// somebody else's, and in the way. It fails when an object is not as it was last seen. Where nothing was kept,
// everything counts as seen. The configured objects tell what another controller of weights may have changed.
func (o observed) unchanged(live liveObjects, configured istio.Objects, handedOver bool) (liveObjects, error) {
	if len(o) == 0 {
		return live, nil
	}
	for _, is := range live.All() {
		at := cluster.AddressOf(&is.Object)
		was, known := o[at]
		switch {
		case !known:
			live.LiveObjects = live.Without(is.Role())
		case !was.like(observe(is.Identity, &is.Object, configured), handedOver):
			return live, &cluster.Error{Reason: cluster.Stale, Verb: "update", Object: at.String(),
				Err: fmt.Errorf("it was changed after the plan was made.%s", report.Owners(is))}
		}
	}
	return live, nil
}
