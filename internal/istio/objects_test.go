package istio_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func TestObjects(t *testing.T) {
	t.Parallel()
	route := &istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{}}
	rule := &istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.DestinationRule{}}
	pair := istio.ObjectsOf(route, rule)
	if pair.Routing() != route || pair.Declaring() != rule {
		t.Errorf("the pair of %s and %s is %v", route, rule, pair)
	}
	for _, o := range pair.All() {
		if pair.Counterpart(&istio.Object{Namespace: "shop", Name: "reviews", Spec: o.Spec}) != o {
			t.Errorf("%s is not found by its address", o)
		}
	}
	if pair.Counterpart(&istio.Object{Namespace: "web", Name: "reviews", Spec: route.Spec}) != nil {
		t.Error("an object of another namespace is found")
	}
	other := &istio.Object{Namespace: "web", Name: "reviews", Spec: &networking.VirtualService{}}
	changed := istio.ObjectsOf(route).Map(func(*istio.Object) *istio.Object { return other })
	if changed.Routing() != other || changed.Declaring() != nil {
		t.Errorf("changed into %v", changed)
	}
}

// The list is in the order of creation however it came about, and no method changes it.
func TestObjectsByRole(t *testing.T) {
	t.Parallel()
	route := &istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{}}
	rule := &istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.DestinationRule{}}
	other := &istio.Object{Namespace: "shop", Name: "other", Spec: &networking.VirtualService{}}
	both := istio.ObjectsOf(route, nil, rule)
	for name, test := range map[string]struct {
		got  istio.Objects
		want []*istio.Object
	}{
		"both":                       {both, []*istio.Object{rule, route}},
		"one instead of another":     {both.With(other), []*istio.Object{rule, other}},
		"none added":                 {both.With(nil), []*istio.Object{rule, route}},
		"without what routes":        {both.Without(istio.Routes), []*istio.Object{rule}},
		"without what declares":      {both.Without(istio.DeclaresSubsets), []*istio.Object{route}},
		"declared by somebody else":  {istio.ObjectsOf(route).WithSubsetsElsewhere(true), []*istio.Object{route}},
		"changed into nothing":       {both.Map(func(*istio.Object) *istio.Object { return nil }), nil},
		"what declares comes first":  {istio.ObjectsOf(route).With(rule), []*istio.Object{rule, route}},
		"still both after all these": {both, []*istio.Object{rule, route}},
	} {
		if !slices.Equal(test.got.All(), test.want) {
			t.Errorf("%s: %v, want %v", name, test.got.All(), test.want)
		}
	}
	if both.SubsetsElsewhere() || !both.WithSubsetsElsewhere(true).Without(istio.DeclaresSubsets).SubsetsElsewhere() {
		t.Error("who declares the subsets got lost")
	}
}

// A pair as YAML is read back object by object, in the order in which they have to be created.
func TestManifestYAML(t *testing.T) {
	t.Parallel()
	pair := istio.ObjectsOf(
		&istio.Object{
			Namespace:   "shop",
			Name:        "reviews",
			Labels:      map[string]string{"team": "a"},
			Annotations: map[string]string{"note": "b"},
			Spec:        &networking.VirtualService{Hosts: []string{"reviews"}},
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
	if diff := cmp.Diff(pair.All(), read, protocmp.Transform()); diff != "" {
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
	pair.Routing().Spec = &networking.VirtualService{Hosts: []string{"\xff"}}
	if _, err := istio.ManifestYAML(pair); err == nil {
		t.Error("no error for a host that is no UTF-8")
	}
}

// What tools and kubectl keep in labels and annotations is not what somebody wrote.
func TestAuthored(t *testing.T) {
	t.Parallel()
	labels, annotations := istio.Authored(&istio.Object{
		Labels: map[string]string{
			"team":                             "a",
			istio.ManagedByLabel:               "Helm",
			"kiali_wizard":                     "x",
			"kustomize.toolkit.fluxcd.io/name": "x",
		},
		Annotations: map[string]string{
			"note":                "b",
			istio.OwnerAnnotation: "shop/prod",
			"kubectl.kubernetes.io/last-applied-configuration": "{}",
			"argocd.argoproj.io/tracking-id":                   "x",
		},
	})
	if diff := cmp.Diff([]map[string]string{{"team": "a"}, {"note": "b"}}, []map[string]string{
		labels, annotations,
	}); diff != "" {
		t.Errorf("written by people (-want +got):\n%s", diff)
	}
}
