package istio

import networking "istio.io/api/networking/v1"

// AsVirtualService returns the spec of a VirtualService, nil for an object of another kind.
func (o *Object) AsVirtualService() *networking.VirtualService {
	spec, _ := o.Spec.(*networking.VirtualService)
	return spec
}

// AsDestinationRule returns the spec of a DestinationRule, nil for an object of another kind.
func (o *Object) AsDestinationRule() *networking.DestinationRule {
	spec, _ := o.Spec.(*networking.DestinationRule)
	return spec
}
