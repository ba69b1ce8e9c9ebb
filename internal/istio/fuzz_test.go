package istio_test

import (
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// FuzzParseSpec reads whatever an API server could hold as a spec: reading never panics, and what was understood is
// understood the same after it was written again.
func FuzzParseSpec(f *testing.F) {
	for _, spec := range []string{
		`{}`, `null`, `{"hosts":null}`,
		`{"hosts":["reviews"],"http":[{"match":[{"headers":{"version":{"exact":"200"}}}],"timeout":"5s",` +
			`"route":[{"destination":{"host":"reviews","subset":"v1"},"weight":0},` +
			`{"destination":{"host":"reviews"}}]}]}`,
		`{"http":[{"retries":{},"fault":{"abort":{"percentage":{},"httpStatus":503}},"mirror_percent":3,` +
			`"corsPolicy":{"allowCredentials":false}}]}`,
		`{"host":"reviews","subsets":[{"name":"v1","labels":{"version":"v1"},"trafficPolicy":{"tls":{},` +
			`"loadBalancer":{"consistentHash":{"maglev":{"tableSize":"65537"}}}}}]}`,
		`{"host":"reviews","trafficPolicy":{"tls":{"mode":"NEWER"},"novelty":{"a":[{"b":1}]},` +
			`"connectionPool":{"http":{"h2UpgradePolicy":7}}}}`,
	} {
		f.Add(true, []byte(spec))
		f.Add(false, []byte(spec))
	}
	f.Fuzz(func(t *testing.T, isDestinationRule bool, data []byte) {
		var spec map[string]any
		if json.Unmarshal(data, &spec) != nil {
			t.Skip("no JSON object")
		}
		kind := istio.KindVirtualService
		if isDestinationRule {
			kind = istio.KindDestinationRule
		}
		first, _, err := istio.ParseSpec(kind, spec)
		if err != nil {
			return
		}
		manifest, err := istio.Manifest(&istio.Object{Name: "reviews", Namespace: "shop", Spec: first})
		if err != nil {
			t.Fatalf("write %v: %v", first, err)
		}
		again, unknown, err := istio.ParseSpec(kind, manifest["spec"].(map[string]any))
		if err != nil || len(unknown) > 0 {
			t.Fatalf("read %v again: unknown %v, error %v", manifest["spec"], unknown, err)
		}
		if !proto.Equal(first, again) {
			t.Fatalf("read %v, then %v", first, again)
		}
	})
}
