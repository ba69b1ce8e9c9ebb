package istio_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

func randomSpec(t *rapid.T) proto.Message {
	if rapid.Bool().Draw(t, "DestinationRule") {
		return istiotest.Fill(t, &networking.DestinationRule{})
	}
	return istiotest.Fill(t, &networking.VirtualService{})
}

// A spec that was written as a manifest is read back as the same spec, with nothing unknown in it.
func TestPropertyParseSpecInvertsManifest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := &istio.Object{Namespace: "shop", Name: "reviews", Spec: randomSpec(t)}
		manifest, err := istio.Manifest(o)
		if err != nil {
			t.Fatal(err)
		}
		got, unknown, err := istio.ParseSpec(o.Kind(), manifest["spec"].(map[string]any))
		if err != nil || len(unknown) > 0 {
			t.Fatalf("unknown %v, error %v", unknown, err)
		}
		if diff := cmp.Diff(o.Spec, got, protocmp.Transform()); diff != "" {
			t.Fatalf("spec (-written +read):\n%s", diff)
		}
	})
}

// Every spec means the same as itself and as a copy of itself, and has the same fingerprint.
func TestPropertySameSpecIsReflexive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := randomSpec(t)
		if same := proto.Clone(spec); !istio.SameSpec(spec, same) ||
			istio.Fingerprint(spec) != istio.Fingerprint(same) {
			t.Fatalf("differs from itself at %v", istio.Differences(spec, same))
		}
	})
}

// Whether two specs mean the same does not depend on which comes first. Equal fingerprints, no differences and the
// same meaning are one thing.
func TestPropertySameSpecIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := randomPair(t)
		same := istio.SameSpec(a, b)
		if same != istio.SameSpec(b, a) {
			t.Fatalf("same: %v one way only", same)
		}
		if there, back := istio.Differences(a, b), istio.Differences(b, a); !slices.Equal(there, back) ||
			same != (len(there) == 0) {
			t.Fatalf("same: %v, differences: %v and %v", same, there, back)
		}
		if same != (istio.Fingerprint(a) == istio.Fingerprint(b)) {
			t.Fatalf("same: %v, but not by fingerprint", same)
		}
	})
}

// Specs of which each means the same as the next all mean the same.
func TestPropertySameSpecIsTransitive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := randomPair(t)
		c := shuffled(t, b)
		if istio.SameSpec(a, b) && istio.SameSpec(b, c) && !istio.SameSpec(a, c) {
			t.Fatalf("a and c differ at %v", istio.Differences(a, c))
		}
	})
}

// randomPair returns two specs of the same kind: mostly the second is the first in another order or slightly changed.
func randomPair(t *rapid.T) (a, b proto.Message) {
	a = istiotest.Fill(t, &networking.VirtualService{})
	switch rapid.IntRange(0, 3).Draw(t, "second") {
	case 0:
		return a, istiotest.Fill(t, &networking.VirtualService{})
	case 1:
		b = proto.Clone(a)
		proto.Merge(b, istiotest.Fill(t, &networking.VirtualService{}, "hosts", "gateways"))
		return a, b
	}
	return a, shuffled(t, a)
}

func shuffled(t *rapid.T, spec proto.Message) proto.Message {
	s := proto.Clone(spec).(*networking.VirtualService)
	if slices.Equal(s.Gateways, []string{"mesh"}) {
		s.Gateways = nil
	}
	for _, rule := range s.Http {
		if len(rule.Route) > 0 {
			rule.Route = rapid.Permutation(rule.Route).Draw(t, "destinations")
		}
	}
	return s
}

// A full name is its own full name.
func TestPropertyFullHostIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		host := rapid.OneOf(rapid.StringMatching(`[a-z*.]{0,6}`), rapid.String()).Draw(t, "host")
		once := istio.FullHost(host, "shop", "cluster.local")
		if twice := istio.FullHost(once, "shop", "cluster.local"); twice != once {
			t.Fatalf("%q is %q, and that is %q", host, once, twice)
		}
	})
}
