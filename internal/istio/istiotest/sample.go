package istiotest

import (
	"embed"
	"path"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Sample is an object of samples/invalid or samples/valid: the spec of one of the two kinds. NAMESPACE stands for the
// namespace that it is in.
type Sample struct {
	VirtualService  map[string]any    `json:"VirtualService,omitempty"`
	DestinationRule map[string]any    `json:"DestinationRule,omitempty"`
	Annotations     map[string]string `json:"annotations,omitempty"`
	// Accepted says why the provider speaks up where the API server does not: `refused by Envoy` or `without effect`.
	Accepted string `json:"accepted,omitempty"`
}

// Kind returns the kind of the object.
func (s Sample) Kind() istio.Kind {
	if s.DestinationRule != nil {
		return istio.KindDestinationRule
	}
	return istio.KindVirtualService
}

// Spec returns the object's spec.
func (s Sample) Spec() map[string]any {
	if s.DestinationRule != nil {
		return s.DestinationRule
	}
	return s.VirtualService
}

//go:embed samples
var samples embed.FS

// Samples reads all samples of a folder, `invalid` or `valid`, by name.
func Samples(t *testing.T, dir, namespace string) map[string]Sample {
	t.Helper()
	folder := path.Join("samples", dir)
	files, err := samples.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]Sample{}
	for _, file := range files {
		text, err := samples.ReadFile(path.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		read := map[string]Sample{}
		if err := yaml.UnmarshalStrict(
			[]byte(strings.ReplaceAll(string(text), "NAMESPACE", namespace)), &read,
		); err != nil {
			t.Fatalf("read %s: %v", file.Name(), err)
		}
		for name, s := range read {
			if _, taken := all[name]; taken {
				t.Fatalf("two samples are called %q", name)
			}
			all[name] = s
		}
	}
	return all
}
