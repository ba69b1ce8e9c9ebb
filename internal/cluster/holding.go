package cluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Written is what became of an object that a change wrote: the identity that it has since, or had before it was
// deleted.
type Written struct {
	Identity
	Deleted bool
}

// written are the objects that a wait is about.
type written map[Address]Written

// sorted returns the addresses of the objects, in the order of their texts.
func (w written) sorted() []Address {
	return slices.SortedFunc(maps.Keys(w), func(a, b Address) int { return strings.Compare(a.String(), b.String()) })
}

// holding is what one istiod holds of the objects that a wait is about. An object that it does not hold has no
// identity in it.
type holding map[Address]Identity

// lacks returns the objects of which an istiod does not know yet what became of them, in the order of their names.
func (h holding) lacks(of written) []Address {
	var missing []Address
	for _, at := range of.sorted() {
		is, held := h[at]
		if !of[at].known(is, held) {
			missing = append(missing, at)
		}
	}
	return missing
}

// known reports whether an istiod that holds an object, or none, knows what became of it.
func (w Written) known(is Identity, held bool) bool {
	newer := precedes(w.ResourceVersion, is.ResourceVersion)
	switch {
	case !w.Deleted:
		return held && (newer || is.ResourceVersion == w.ResourceVersion)
	case held && is.UID != "" && w.UID != "":
		return is.UID != w.UID
	}
	return !held || newer
}

// precedes reports whether a resource version is older than another one. Those that are no numbers are not
// comparable. Source: Kubernetes API concepts, "Resource versions": clients may compare those of one resource as
// numbers.
func precedes(version, other string) bool {
	a, err := strconv.ParseUint(version, 10, 64)
	if err != nil {
		return false
	}
	b, err := strconv.ParseUint(other, 10, 64)
	return err == nil && a < b
}

// readHolding reads an answer of /debug/configz, the list of all objects that an istiod holds, of which it keeps the
// identities of some. It has one object in memory at a time. Source: istio.io/istio pilot/pkg/xds, configz; the
// objects are in Kubernetes' form.
func readHolding(decoder *json.Decoder, of written) (holding, error) {
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		if err == nil {
			err = unaskable{fmt.Errorf("the answer begins with %v, and not with a list", token)}
		}
		return nil, err
	}
	held := holding{}
	for decoder.More() {
		var object struct {
			Kind     istio.Kind `json:"kind"`
			Metadata struct {
				Namespace       string `json:"namespace"`
				Name            string `json:"name"`
				UID             string `json:"uid"`
				ResourceVersion string `json:"resourceVersion"`
			} `json:"metadata"`
		}
		if err := decoder.Decode(&object); err != nil {
			return nil, err
		}
		at := Address{Kind: object.Kind, Namespace: object.Metadata.Namespace, Name: object.Metadata.Name}
		if _, wanted := of[at]; wanted {
			held[at] = Identity{UID: object.Metadata.UID, ResourceVersion: object.Metadata.ResourceVersion}
		}
	}
	// A list that was cut off holds less than istiod does.
	_, err := decoder.Token()
	return held, err
}

// unaskable is why istiod cannot be asked at all, which trying again does not change.
type unaskable struct{ error }

// Unwrap returns the cause.
func (u unaskable) Unwrap() error { return u.error }
