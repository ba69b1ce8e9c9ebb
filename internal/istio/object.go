// Package istio knows what a VirtualService and a DestinationRule are: their kinds and addresses, host names, what
// people put on them, how they are written as manifests, what others keep in them, and where something is inside one.
// Of a Gateway and a ServiceEntry it knows how they are read, and which hosts they have.
//
// It is pure and has no opinion. Istio's own messages are the domain model; plain messages of istio.io/api go in,
// plain values come out.
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

// Kind is a kind of object that has to do with routes.
type Kind string

// The kinds, by their Kubernetes names. The first two decide about routes; the others, which are only read, say where
// requests come in and which names there are.
const (
	KindVirtualService  Kind = "VirtualService"
	KindDestinationRule Kind = "DestinationRule"
	KindGateway         Kind = "Gateway"
	KindServiceEntry    Kind = "ServiceEntry"
)

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{KindVirtualService, KindDestinationRule, KindGateway, KindServiceEntry}
}

// Object is an Istio object: its address, what people put on it, and its spec.
// The kind follows from the spec's type.
type Object struct {
	Namespace   string
	Name        string
	Labels      map[string]string
	Annotations map[string]string
	// Spec is a *networking.VirtualService or a *networking.DestinationRule, and of what is only read also a
	// *networking.Gateway or a *networking.ServiceEntry.
	Spec proto.Message
	// Unknown lists fields of a live object's spec that Spec has no place for, such as `.http[0].new`.
	Unknown []string
	// RawSpec is the JSON of a live object's spec where that has unknown fields, from which [Manifest] writes them
	// along at their places. It is nil otherwise.
	RawSpec map[string]any
}

// Kind returns the object's kind.
func (o *Object) Kind() Kind {
	switch o.Spec.(type) {
	case *networking.DestinationRule:
		return KindDestinationRule
	case *networking.Gateway:
		return KindGateway
	case *networking.ServiceEntry:
		return KindServiceEntry
	}
	return KindVirtualService
}

// String returns the object's address as `VirtualService "shop/reviews"`.
func (o *Object) String() string {
	return string(o.Kind()) + " \"" + o.Namespace + "/" + o.Name + "\""
}

// VirtualServiceSpec returns the object's spec where that is a VirtualService's, nil otherwise and without an object.
func (o *Object) VirtualServiceSpec() *networking.VirtualService {
	if o == nil {
		return nil
	}
	spec, _ := o.Spec.(*networking.VirtualService)
	return spec
}

// DestinationRuleSpec returns the object's spec where that is a DestinationRule's, nil otherwise and without an
// object.
func (o *Object) DestinationRuleSpec() *networking.DestinationRule {
	if o == nil {
		return nil
	}
	spec, _ := o.Spec.(*networking.DestinationRule)
	return spec
}
