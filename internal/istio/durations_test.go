package istio_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Objects hold durations as people wrote them, which istiod reads too.
func TestParseSpec_readsDurationsAsIstiodDoes(t *testing.T) {
	t.Parallel()
	for text, seconds := range map[string]string{
		"100ms": "0.100s",
		"24h":   "86400s",
		"1m30s": "90s",
		"5s":    "5s",
		"1.5s":  "1.500s",
		"0s":    "0s",
		"-1.5s": "-1.500s",
		"1us":   "0.000001s",
	} {
		spec := func(timeout string) map[string]any {
			return map[string]any{"http": []any{map[string]any{"timeout": timeout, "name": "5m"}}}
		}
		got, unknown, err := istio.ParseSpec(istio.KindVirtualService, spec(text))
		if err != nil || len(unknown) > 0 {
			t.Errorf("%s: %v %v", text, err, unknown)
			continue
		}
		want, _, err := istio.ParseSpec(istio.KindVirtualService, spec(seconds))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" ||
			got.(*networking.VirtualService).Http[0].Name != "5m" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if _, _, err := istio.ParseSpec(istio.KindVirtualService, map[string]any{
		"http": []any{map[string]any{"timeout": "soon"}},
	}); err == nil {
		t.Error("a duration that is none was read")
	}
}
