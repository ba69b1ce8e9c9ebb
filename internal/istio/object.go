// Package istio knows what a VirtualService and a DestinationRule are: their kinds and addresses, host names, what people put on
// them, how they are written as manifests, what others keep in them, and where something is inside one.
//
// It is pure and has no opinion. Istio's own messages are the domain model; plain messages of istio.io/api go in, plain values
// come out.
package istio

import (
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// ManagedByLabel and ManagedBy mark the objects that this provider writes, with Kubernetes' recommended label.
const (
	ManagedByLabel = "app.kubernetes.io/managed-by"
	ManagedBy      = "terraform-provider-mesh"
)

// Kind is one of the two kinds of object that decide about routes.
type Kind string

// The kinds, by their Kubernetes names.
const (
	KindVirtualService  Kind = "VirtualService"
	KindDestinationRule Kind = "DestinationRule"
)

// Object is an Istio object: its address, what people put on it, and its spec.
// The kind follows from the spec's type.
type Object struct {
	Namespace   string
	Name        string
	Labels      map[string]string
	Annotations map[string]string
	// Spec is a *networking.VirtualService or a *networking.DestinationRule.
	Spec proto.Message
	// Unknown lists fields of a live object's spec that Spec has no place for, such as `.http[0].new`.
	Unknown []string
	// Origin is the JSON of a live object's spec where that has unknown fields, from which [Manifest] writes them along at their
	// places. It is nil otherwise.
	Origin map[string]any
}

// Kind returns the object's kind.
func (o *Object) Kind() Kind {
	if _, ok := o.Spec.(*networking.DestinationRule); ok {
		return KindDestinationRule
	}
	return KindVirtualService
}

// String returns the object's address as `VirtualService "shop/reviews"`.
func (o *Object) String() string {
	return string(o.Kind()) + " \"" + o.Namespace + "/" + o.Name + "\""
}

// Pair is what one route consists of.
type Pair struct {
	VirtualService  *Object
	DestinationRule *Object
	// SubsetsElsewhere says that somebody else declares the subsets: DestinationRule is nil, and one that the pair had
	// before stays where it is.
	SubsetsElsewhere bool
}

// Objects returns the objects of the pair in the order in which they are created.
func (p Pair) Objects() []*Object {
	var objects []*Object
	for _, o := range []*Object{p.DestinationRule, p.VirtualService} {
		if o != nil {
			objects = append(objects, o)
		}
	}
	return objects
}

// PairOf returns the pair of the given objects, at most one of each kind.
func PairOf(objects ...*Object) Pair {
	var pair Pair
	for _, o := range objects {
		if o.Kind() == KindDestinationRule {
			pair.DestinationRule = o
		} else {
			pair.VirtualService = o
		}
	}
	return pair
}

// Map returns the pair with what change makes of each of its objects, which may be nil.
func (p Pair) Map(change func(*Object) *Object) Pair {
	for _, o := range []**Object{&p.DestinationRule, &p.VirtualService} {
		if *o != nil {
			*o = change(*o)
		}
	}
	return p
}

// Counterpart returns the object of the pair that has the kind, the namespace and the name of another one, nil for none.
func (p Pair) Counterpart(other *Object) *Object {
	for _, o := range p.Objects() {
		if o.Kind() == other.Kind() && o.Namespace == other.Namespace && o.Name == other.Name {
			return o
		}
	}
	return nil
}

// VirtualServiceSpec returns the spec of the pair's VirtualService, nil without one.
func (p Pair) VirtualServiceSpec() *networking.VirtualService {
	if p.VirtualService == nil {
		return nil
	}
	return p.VirtualService.Spec.(*networking.VirtualService)
}

// DestinationRuleSpec returns the spec of the pair's DestinationRule, nil without one.
func (p Pair) DestinationRuleSpec() *networking.DestinationRule {
	if p.DestinationRule == nil {
		return nil
	}
	return p.DestinationRule.Spec.(*networking.DestinationRule)
}
