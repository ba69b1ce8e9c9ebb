package form

import (
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// OfKind returns the form of one object of a kind.
func OfKind(kind istio.Kind) Object {
	if kind == istio.KindDestinationRule {
		return DestinationRule
	}
	return VirtualService
}

// All are the resources: the two compact ones first.
var All = []Form{CanaryRoute{}, WeightedSplit{}, VirtualService, DestinationRule}

// schemas are those of the forms, which take time to make.
var schemas = sync.OnceValue(func() map[string]schema.Schema {
	made := map[string]schema.Schema{}
	for _, f := range All {
		made[f.TypeName()] = f.Schema()
	}
	return made
})

// SchemaOf returns the schema of a form, which is made once.
func SchemaOf(f Form) schema.Schema { return schemas()[f.TypeName()] }
