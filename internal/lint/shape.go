package lint

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// shape is what a value may hold, nil where that makes no difference: attributes for an object, an element for a
// list, a set or a map. It is compared by its address.
type shape struct {
	attributes map[string]*shape
	element    *shape
}

func shapeOf(t tftypes.Type) *shape {
	switch t := t.(type) {
	case tftypes.Object:
		s := &shape{attributes: map[string]*shape{}}
		for name, inner := range t.AttributeTypes {
			s.attributes[name] = shapeOf(inner)
		}
		return s
	case tftypes.List:
		return &shape{element: shapeOf(t.ElementType)}
	case tftypes.Set:
		return &shape{element: shapeOf(t.ElementType)}
	case tftypes.Map:
		return &shape{element: shapeOf(t.ElementType)}
	}
	return nil
}

// names are those of the attributes, sorted.
func (s *shape) names() []string { return slices.Sorted(maps.Keys(s.attributes)) }
