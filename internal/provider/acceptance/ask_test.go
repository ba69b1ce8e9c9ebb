package acceptance_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest/tables"
	"github.com/meshroute/terraform-provider-mesh/internal/ask"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// askFor runs the command ask, and returns what it answers as JSON.
func askFor(t *testing.T, args ...string) map[string]any {
	t.Helper()
	var stdout, stderr strings.Builder
	code := ask.Run(append(args, "--json"), provider.Connector("test"), strings.NewReader(""), &stdout, &stderr)
	var outcome map[string]any
	if err := json.Unmarshal([]byte(stdout.String()), &outcome); err != nil {
		t.Fatalf("ask %q ends with %d: %v\n%s%s", args, code, err, &stdout, &stderr)
	}
	if want := map[bool]int{true: 1}[outcome["kind"] == "unclaimed"]; code != want {
		t.Errorf("ask %q ends with %d, want %d: %s", args, code, want, &stderr)
	}
	return outcome
}

// asFlags returns a request as flags of ask, and as evaluate takes it.
func asFlags(r traffic.Request) (flags []string, object string) {
	attributes := map[string]cty.Value{}
	add := func(flag, attribute, value string) {
		if value != "" {
			flags, attributes[attribute] = append(flags, flag, value), cty.StringVal(value)
		}
	}
	add("--host", "authority", r.Authority)
	add("--path", "path", r.Path)
	add("--method", "method", r.Method)
	add("--scheme", "scheme", r.Scheme)
	add("--gateway", "gateway", r.Gateway)
	add("--source-namespace", "source_namespace", r.SourceNamespace)
	if r.Port != 0 {
		add("--port", "port", fmt.Sprint(r.Port))
	}
	headers, labels := map[string]cty.Value{}, map[string]cty.Value{}
	for name, values := range r.Headers {
		var all []cty.Value
		for _, value := range values {
			flags, all = append(flags, "-H", name+": "+value), append(all, cty.StringVal(value))
		}
		headers[name] = cty.TupleVal(all)
	}
	for key, value := range r.SourceLabels {
		flags, labels[key] = append(flags, "--source-label", key+"="+value), cty.StringVal(value)
	}
	if len(headers) > 0 {
		attributes["headers"] = cty.ObjectVal(headers)
	}
	if len(labels) > 0 {
		attributes["source_labels"] = cty.ObjectVal(labels)
	}
	return flags, string(hclwrite.TokensForValue(cty.ObjectVal(attributes)).Bytes())
}

// TestAsk_asEvaluate: of random tables and requests the command says what the function says.
func TestAsk_asEvaluate(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	options := tables.Options{
		Service: "greeter", Namespace: "shop", Elsewhere: "front", Port: 80, OtherPort: 8080, Gateway: "edge/web",
		GatewayPort: 80, GatewayTLSPort: 443, Callers: []tables.Caller{
			{Namespace: "shop", Labels: map[string]string{"app": "a"}},
			{Namespace: "front", Labels: map[string]string{"app": "b"}},
			{Namespace: "edge", Labels: map[string]string{"app": "c"}, Gateway: true},
		},
	}
	kinds := map[any]int{}
	for seed := range uint64(24) {
		drawn := tables.Draw(seed, options)
		file := filepath.Join(t.TempDir(), "routes.yaml")
		var text strings.Builder
		for _, o := range append(drawn.Services, drawn.Rules...) {
			manifest, err := istio.ManifestYAML(istio.ObjectsOf(o))
			if err != nil {
				t.Fatal(err)
			}
			text.WriteString("---\n" + manifest)
		}
		if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		route := string(hclwrite.TokensForValue(cty.StringVal(text.String())).Bytes())
		for range 8 {
			flags, request := asFlags(drawn.Request())
			evaluated, wrong := s.evaluate(t, anyValue(t, route), anyValue(t, request))
			if wrong != nil {
				continue // a request that no proxy takes
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(asWritten(t, evaluated)), &want); err != nil {
				t.Fatal(err)
			}
			got := askFor(t, append([]string{"-f", file}, flags...)...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d, ask %q (-evaluate +ask)\n%s\n%s", seed, flags, diff, &text)
			}
			kinds[got["kind"]]++
		}
	}
	if len(kinds) < 4 {
		t.Errorf("not every kind of outcome is compared: %v", kinds)
	}
	t.Log(kinds)
}
