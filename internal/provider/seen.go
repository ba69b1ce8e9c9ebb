package provider

import (
	"encoding/json"
	"fmt"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// seenKey is where the private state keeps what was last seen of the objects.
const seenKey = "seen"

// seen is what was last seen of each object: enough to tell whether somebody changed it since.
type seen map[cluster.Address]sighting

type sighting struct {
	UID  string `json:"uid"`
	Spec string `json:"spec"`
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

func (s seen) bytes() []byte {
	raw, err := json.Marshal(s)
	if err != nil {
		return []byte("{}")
	}
	return raw
}

func seenAfter(pair routing.Pair, identities cluster.Identities) []byte {
	s := seen{}
	for _, o := range pair.Objects() {
		at := cluster.AddressOf(o)
		if id, ok := identities[at]; ok {
			s[at] = sighting{UID: id.UID, Spec: routing.Fingerprint(o.Spec)}
		}
	}
	return s.bytes()
}

func seenIn(live livePair) []byte {
	s := seen{}
	for _, o := range live.Objects() {
		s[cluster.AddressOf(&o.Object)] = sighting{UID: o.UID, Spec: routing.Fingerprint(o.Spec)}
	}
	return s.bytes()
}

// livePair is a pair in the cluster.
type livePair struct{ cluster.LivePair }

// unchanged returns the live pair without the objects that were made since they were last looked for: those are
// somebody else's, and in the way. It fails when an object is not as it was last seen. Where nothing was kept, everything
// counts as seen.
func (s seen) unchanged(live livePair) (livePair, error) {
	if len(s) == 0 {
		return live, nil
	}
	for _, o := range []**cluster.Live{&live.VirtualService, &live.DestinationRule} {
		if *o == nil {
			continue
		}
		at := cluster.AddressOf(&(*o).Object)
		was, known := s[at]
		switch {
		case !known:
			*o = nil
		case was.UID != (*o).UID || was.Spec != routing.Fingerprint((*o).Spec):
			return live, &cluster.Error{Reason: cluster.Stale, Verb: "update", Object: at.String(),
				Err: fmt.Errorf("it was changed after the plan was made.%s", ownersText(*o))}
		}
	}
	return live, nil
}
