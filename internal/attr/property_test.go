package attr_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// A message that was encoded as a Terraform value and decoded again is the same message, whatever is set in it.
func TestPropertyEncodeThenDecodeIsTheIdentity(t *testing.T) {
	t.Parallel()
	shapes := map[string]struct {
		shape *attr.Message
		empty proto.Message
		only  []protoreflect.Name
	}{
		"a VirtualService":                {shape: virtualService, empty: &networking.VirtualService{}},
		"a DestinationRule":               {shape: destinationRule, empty: &networking.DestinationRule{}},
		"a rule without its destinations": {shape: httpRoute, empty: &networking.HTTPRoute{}, only: ruleFields},
		"a VirtualService without kept zeroes": {
			shape: shapeOf(&networking.VirtualService{}, attr.Options{}),
			empty: &networking.VirtualService{},
		},
	}
	for name, test := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				want := istiotest.Fill(t, proto.Clone(test.empty), test.only...)
				got := proto.Clone(test.empty)
				reader := attr.Read(test.shape.Encode(want))
				reader.Message(test.shape, got)
				if len(reader.Problems()) > 0 || len(reader.Unknown()) > 0 {
					t.Fatalf("problems %v, unknown %v", reader.Problems(), reader.Unknown())
				}
				if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
					t.Fatalf("decoded message (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
