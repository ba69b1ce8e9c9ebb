package istio_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func TestPair(t *testing.T) {
	t.Parallel()
	route := &istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{}}
	rule := &istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.DestinationRule{}}
	pair := istio.PairOf(route, rule)
	if pair.VirtualService != route || pair.DestinationRule != rule {
		t.Errorf("the pair of %s and %s is %v", route, rule, pair)
	}
	for _, o := range pair.Objects() {
		if pair.Counterpart(&istio.Object{Namespace: "shop", Name: "reviews", Spec: o.Spec}) != o {
			t.Errorf("%s is not found by its address", o)
		}
	}
	if pair.Counterpart(&istio.Object{Namespace: "web", Name: "reviews", Spec: route.Spec}) != nil {
		t.Error("an object of another namespace is found")
	}
	other := &istio.Object{Namespace: "web", Name: "reviews", Spec: &networking.VirtualService{}}
	changed := istio.PairOf(route).Map(func(*istio.Object) *istio.Object { return other })
	if changed.VirtualService != other || changed.DestinationRule != nil {
		t.Errorf("changed into %v", changed)
	}
}

// A pair as YAML is read back object by object, in the order in which they have to be created.
func TestManifestYAML(t *testing.T) {
	t.Parallel()
	pair := istio.PairOf(
		&istio.Object{
			Namespace: "shop", Name: "reviews", Labels: map[string]string{"team": "a"}, Annotations: map[string]string{"note": "b"},
			Spec: &networking.VirtualService{Hosts: []string{"reviews"}},
		},
		&istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.DestinationRule{Host: "reviews"}},
	)
	text, err := istio.ManifestYAML(pair)
	if err != nil {
		t.Fatal(err)
	}
	var read []*istio.Object
	for document := range strings.SplitSeq(text, "---\n") {
		o, err := istio.ParseManifestYAML(document)
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, o)
	}
	if diff := cmp.Diff(pair.Objects(), read, protocmp.Transform()); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	for name, text := range map[string]string{
		"no YAML":              "{",
		"no object":            "[]",
		"another kind":         "kind: Gateway\napiVersion: networking.istio.io/v1",
		"a kind of others":     "kind: VirtualService\napiVersion: networking.example.com/v1",
		"a spec that is wrong": "kind: VirtualService\napiVersion: networking.istio.io/v1\nspec: {hosts: {}}",
	} {
		if o, err := istio.ParseManifestYAML(text); err == nil {
			t.Errorf("%s: read %v", name, o)
		}
	}
	pair.VirtualService.Spec = &networking.VirtualService{Hosts: []string{"\xff"}}
	if _, err := istio.ManifestYAML(pair); err == nil {
		t.Error("no error for a host that is no UTF-8")
	}
}

// What tools and kubectl keep in labels and annotations is not what somebody wrote.
func TestAuthored(t *testing.T) {
	t.Parallel()
	labels, annotations := istio.Authored(&istio.Object{
		Labels: map[string]string{"team": "a", istio.ManagedByLabel: "Helm", "kiali_wizard": "x", "kustomize.toolkit.fluxcd.io/name": "x"},
		Annotations: map[string]string{
			"note": "b", istio.OwnerAnnotation: "shop/prod", "kubectl.kubernetes.io/last-applied-configuration": "{}", "argocd.argoproj.io/tracking-id": "x",
		},
	})
	if diff := cmp.Diff([]map[string]string{{"team": "a"}, {"note": "b"}}, []map[string]string{labels, annotations}); diff != "" {
		t.Errorf("written by people (-want +got):\n%s", diff)
	}
}
