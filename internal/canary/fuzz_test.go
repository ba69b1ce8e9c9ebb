package canary_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// FuzzRecognizeRoute recognises whatever pair an API server could hold: neither that nor checking the result panics,
// and where no difference is reported, the recognised route says the same as the pair.
func FuzzRecognizeRoute(f *testing.F) {
	f.Add([]byte(`{}`), []byte(`{}`), true)
	f.Add([]byte(
		`{"hosts":["reviews"],"http":[{"redirect":{"uri":"/"}},{"route":[{"destination":{"host":"reviews"}}]}]}`,
	),
		[]byte(`{"host":"reviews"}`), false)
	goldens, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, golden := range goldens {
		virtualService, destinationRule := goldenSpecs(f, golden)
		f.Add(virtualService, destinationRule, destinationRule != nil)
	}
	f.Fuzz(func(t *testing.T, virtualService, destinationRule []byte, both bool) {
		live := istio.ObjectsOf(objectOf(t, istio.KindVirtualService, virtualService))
		if both {
			live = live.With(objectOf(t, istio.KindDestinationRule, destinationRule))
		}
		route, differences := recognizeRoute(live)
		if len(differences) == 0 {
			checkSame(t, route.Render(), canary.Resolve(live, domain))
		}
		split, differences := recognizeSplit(live)
		if len(differences) == 0 {
			checkSame(t, split.Render(), canary.Resolve(live, domain))
		}
		if len(virtualService)+len(destinationRule) < 2000 {
			route.Problems()
			split.Problems()
		}
	})
}

func objectOf(t *testing.T, kind istio.Kind, data []byte) *istio.Object {
	t.Helper()
	var spec map[string]any
	if json.Unmarshal(data, &spec) != nil {
		t.Skip("no JSON object")
	}
	message, _, err := istio.ParseSpec(kind, spec)
	if err != nil {
		t.Skip(err)
	}
	return &istio.Object{Namespace: "shop", Name: "reviews", Spec: message}
}

// goldenSpecs returns the specs of the objects in a golden file as JSON, nil for the one that it does not hold.
func goldenSpecs(t testing.TB, file string) (virtualService, destinationRule []byte) {
	t.Helper()
	for _, document := range documents(t, file) {
		var object struct {
			Kind string         `json:"kind"`
			Spec map[string]any `json:"spec"`
		}
		if err := yaml.Unmarshal(document, &object); err != nil {
			t.Fatalf("read %s: %v", file, err)
		}
		spec, err := json.Marshal(object.Spec)
		if err != nil {
			t.Fatalf("read %s: %v", file, err)
		}
		if istio.Kind(object.Kind) == istio.KindVirtualService {
			virtualService = spec
		} else {
			destinationRule = spec
		}
	}
	return virtualService, destinationRule
}

func documents(t testing.TB, file string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return splitDocuments(data)
}
