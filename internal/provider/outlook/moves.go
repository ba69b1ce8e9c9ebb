package outlook

import (
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Moves returns the requests that a change of a pair sends elsewhere. A route that gets another name is told of under
// the one that people know.
func Moves(is, wanted istio.Objects, options traffic.Options) []traffic.Move {
	before := istio.UnderNewNames(is, wanted)
	if before == nil || wanted.Routing() == nil || sameObject(before, wanted.Routing()) {
		return nil
	}
	after := *wanted.Routing()
	after.Name = before.Name // the same one, by another name
	return traffic.Moves([]*istio.Object{before}, []*istio.Object{&after}, options)
}

// sameObject reports whether two VirtualServices in the same namespace mean the same.
func sameObject(a, b *istio.Object) bool {
	return a.Namespace == b.Namespace && istio.SameSpec(a.Spec, b.Spec)
}
