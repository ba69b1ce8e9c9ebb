package guard

import (
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// wirePath returns a path as the protocol has it, nil for the empty one.
func wirePath(at path.Path) *tftypes.AttributePath {
	wire := tftypes.NewAttributePath()
	for _, step := range at.Steps() {
		switch s := step.(type) {
		case path.PathStepAttributeName:
			wire = wire.WithAttributeName(string(s))
		case path.PathStepElementKeyInt:
			wire = wire.WithElementKeyInt(int(s))
		case path.PathStepElementKeyString:
			wire = wire.WithElementKeyString(string(s))
		}
	}
	return sendableSteps(wire)
}

// sendableSteps returns a path as far as it can be sent to Terraform: a key of a map that is no UTF-8 cannot.
func sendableSteps(at *tftypes.AttributePath) *tftypes.AttributePath {
	for i, step := range at.Steps() {
		if key, ok := step.(tftypes.ElementKeyString); ok && !utf8.ValidString(string(key)) {
			return tftypes.NewAttributePathWithSteps(at.Steps()[:i])
		}
	}
	return at
}

// elementOf returns as much of a path in a resource as Terraform before 1.15 and OpenTofu find: the attribute, or one
// element of it. For a longer path they show the first line of the resource; the text has all of it in any case.
func elementOf(at *tftypes.AttributePath) *tftypes.AttributePath {
	steps := at.Steps()
	if len(steps) < 2 {
		return at
	}
	if _, inside := steps[1].(tftypes.AttributeName); inside {
		return tftypes.NewAttributePathWithSteps(steps[:1])
	}
	return tftypes.NewAttributePathWithSteps(steps[:2])
}
