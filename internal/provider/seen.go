package provider

import (
	"encoding/json"
	"fmt"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// seen is what was last seen of each object: enough to tell whether somebody changed it since.
type seen map[cluster.Address]sighting

type sighting struct {
	UID  string `json:"uid"`
	Spec string `json:"spec"`
	// Rest is the spec without what another controller of weights sets, and without what it put in besides what is configured.
	Rest string `json:"rest"`
}

// sightingOf is what is seen of an object whose resource has the given configuration.
func sightingOf(uid string, o *routing.Object, configured routing.Pair) sighting {
	rest := routing.WithoutOthersIn(o, configured.Counterpart(o))
	return sighting{UID: uid, Spec: routing.Fingerprint(o.Spec), Rest: routing.Fingerprint(routing.WithoutWeights(rest.Spec))}
}

func readSeen(raw []byte) seen {
	s := seen{}
	// What cannot be read was not written by this version; it is read anew at the next refresh.
	_ = json.Unmarshal(raw, &s)
	return s
}

func (s seen) identities() cluster.Identities {
	identities := cluster.Identities{}
	for at, o := range s {
		identities[at] = cluster.Identity{UID: o.UID}
	}
	return identities
}

func seenAfter(pair, configured routing.Pair, identities cluster.Identities) []byte {
	s := seen{}
	for _, o := range pair.Objects() {
		at := cluster.AddressOf(o)
		if id, ok := identities[at]; ok {
			s[at] = sightingOf(id.UID, o, configured)
		}
	}
	return encodeJSON(s)
}

func seenIn(live livePair, configured routing.Pair) []byte {
	s := seen{}
	for _, o := range live.Objects() {
		s[cluster.AddressOf(&o.Object)] = sightingOf(o.UID, &o.Object, configured)
	}
	return encodeJSON(s)
}

// accept counts those live objects as seen that an earlier try of the same change wrote. Somebody else may have set weights in
// them since. The configured pair is the one that [seen.unchanged] is asked about.
func (s seen) accept(live livePair, configured routing.Pair, change cluster.Change, written cluster.Identities) {
	for _, o := range live.Objects() {
		at := cluster.AddressOf(&o.Object)
		if is := written[at]; is.UID != o.UID || is == change.Identities[at] {
			continue
		}
		for _, step := range cluster.Steps(change.From, change.To) {
			if step.Object == nil || cluster.AddressOf(step.Object) != at {
				continue
			}
			wrote := routing.PairOf(step.Object)
			if sightingOf(o.UID, &o.Object, wrote).Rest == sightingOf(o.UID, step.Object, wrote).Rest {
				s[at] = sightingOf(o.UID, &o.Object, configured)
			}
		}
	}
}

// livePair is a pair in the cluster.
type livePair struct{ cluster.LivePair }

// unchanged returns the live pair without the objects that were made since they were last looked for: those are
// somebody else's, and in the way. It fails when an object is not as it was last seen. Where nothing was kept, everything
// counts as seen. What another controller of weights sets may change at any time: the configured pair tells what that is.
func (s seen) unchanged(live livePair, configured routing.Pair, handedOver bool) (livePair, error) {
	if len(s) == 0 {
		return live, nil
	}
	for _, o := range []**cluster.Live{&live.VirtualService, &live.DestinationRule} {
		if *o == nil {
			continue
		}
		at := cluster.AddressOf(&(*o).Object)
		was, known := s[at]
		is := sightingOf((*o).UID, &(*o).Object, configured)
		same := was == is || handedOver && was.UID == is.UID && was.Rest == is.Rest
		switch {
		case !known:
			*o = nil
		case !same:
			return live, &cluster.Error{Reason: cluster.Stale, Verb: "update", Object: at.String(),
				Err: fmt.Errorf("it was changed after the plan was made.%s", ownersText(*o))}
		}
	}
	return live, nil
}
