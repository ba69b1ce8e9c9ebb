package guard

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A place is cut to what Terraform finds: an attribute, or one element of it.
func TestElementOf(t *testing.T) {
	t.Parallel()
	root := tftypes.NewAttributePath()
	for name, test := range map[string]struct{ at, want *tftypes.AttributePath }{
		"nothing":      {root, root},
		"an attribute": {root.WithAttributeName("service"), root.WithAttributeName("service")},
		"an element": {
			root.WithAttributeName("rules").WithElementKeyInt(1), root.WithAttributeName("rules").WithElementKeyInt(1),
		},
		"inside an element of a list": {
			root.WithAttributeName("rules").WithElementKeyInt(1).WithAttributeName("timeout"),
			root.WithAttributeName("rules").WithElementKeyInt(1),
		},
		"inside an element of a map": {
			root.WithAttributeName("subsets").WithElementKeyString("v2").WithAttributeName("labels"),
			root.WithAttributeName("subsets").WithElementKeyString("v2"),
		},
		"inside an attribute": {
			root.WithAttributeName("default").WithAttributeName("weights").WithElementKeyString("v1"),
			root.WithAttributeName("default"),
		},
	} {
		if got := elementOf(test.at); !got.Equal(test.want) {
			t.Errorf("%s: %s is cut to %s, want %s", name, test.at, got, test.want)
		}
	}
}
