package istio_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// TestEncodeManifest: whatever is in a text, a reader of YAML takes it for what it is.
func TestEncodeManifest(t *testing.T) {
	t.Parallel()
	want := map[string]any{"key \u0085\u007f": "🦊"}
	for r := rune(0); r <= 0xffff; r += 0x100 {
		var text strings.Builder
		for low := range rune(0x100) {
			text.WriteRune(r + low)
		}
		want[fmt.Sprintf("%04x", r)] = text.String()
	}
	encoded, err := istio.EncodeManifest(want)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := yaml.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := istio.EncodeManifest(map[string]any{"spec": math.NaN()}); err == nil {
		t.Error("no error for what JSON does not have")
	}
}

// TestManifestYAML_texts: what a text has survives the way to YAML and back.
func TestManifestYAML_texts(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for r := range rune(0x10000) {
		text.WriteRune(r)
	}
	o := &istio.Object{
		Namespace: "shop", Name: "a", Annotations: map[string]string{"note": text.String()},
		Spec: &networking.DestinationRule{Host: text.String()},
	}
	manifest, err := istio.ManifestYAML(istio.ObjectsOf(o))
	if err != nil {
		t.Fatal(err)
	}
	got, err := istio.ParseManifestYAML(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if host := got.DestinationRuleSpec().GetHost(); host != text.String() || got.Annotations["note"] != host {
		t.Error("the text is another one")
	}
	live, err := istio.LiveYAML(o, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err = istio.ParseManifestYAML(live); err != nil || got.DestinationRuleSpec().GetHost() != text.String() {
		t.Errorf("the text of a live object is another one: %v", err)
	}
}

func TestReadYAML(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		want  []any
		wrong string
	}{
		"one document":            {text: "a: 1", want: []any{map[string]any{"a": json.Number("1")}}},
		"a mark before the first": {text: "---\na: b\n", want: []any{map[string]any{"a": "b"}}},
		"several": {
			text: "# first\n---\na: b\n--- # second\nc: d\n---\n\n---\r\n[e]\n...\n--- f\n---",
			want: []any{map[string]any{"a": "b"}, map[string]any{"c": "d"}, []any{"e"}, "f"},
		},
		"dashes inside": {
			text: "a: |\n  ---\nb: ----\n---c: d\n",
			want: []any{map[string]any{"a": "---\n", "b": "----", "---c": "d"}},
		},
		"JSON":      {text: `{"a": [true, null]}`, want: []any{map[string]any{"a": []any{true, nil}}}},
		"nothing":   {},
		"a comment": {text: "# nothing"},
		"no YAML":   {text: "a: b\n---\na: [", wrong: "read document 2 of YAML: "},
		"lines of the whole": {text: "# one\n---\na: b\n---\nc: d\ne: [", wrong: "read document 3 of YAML: yaml: " +
			"line 6: "},
		"JSON with tabs": {text: "{\n\t\"a\": [\n\t\t1\n\t]\n}",
			want: []any{map[string]any{"a": []any{json.Number("1")}}}},
		"a key twice":    {text: "a: b\na: c", wrong: `key "a" already set`},
		"too many words": {text: bomb(), wrong: "excessive aliasing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := istio.ReadYAML(test.text)
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Errorf("error %v, want one with %q", err, test.wrong)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("error %v, trees (-want +got):\n%s", err, diff)
			}
		})
	}
}

// An object of a cluster is written with what it takes to read it, and reads as it is.
func TestLiveYAML(t *testing.T) {
	t.Parallel()
	o, err := istio.ParseManifestYAML("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, " +
		"namespace: b, labels: {c: d}, annotations: {secret: x}}\nspec: {hosts: [e]}\n")
	if err != nil {
		t.Fatal(err)
	}
	text, err := istio.LiveYAML(o, time.Date(2026, 1, 31, 13, 0, 0, 0, time.FixedZone("", 3600)))
	want := "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  creationTimestamp: " +
		"\"2026-01-31T12:00:00Z\"\n" +
		"  name: a\n  namespace: b\nspec:\n  hosts:\n  - e\n"
	if diff := cmp.Diff(want, text); diff != "" || err != nil {
		t.Errorf("error %v (-want +got)\n%s", err, diff)
	}
	if text, err = istio.LiveYAML(o, time.Time{}); err != nil || strings.Contains(text, "creation") {
		t.Errorf("without a time: %v, %s", err, text)
	}
}

// bomb is a small text that stands for a billion words.
func bomb() string {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		at, of := string(rune('1'+i)), string(rune('0'+i))
		text += "a" + at + ": &a" + at + " [" + strings.Repeat("*a"+of+", ", 9) + "*a" + of + "]\n"
	}
	return text
}

// All kinds are read, and those that decide about routes alone where a route is read.
func TestParseAny(t *testing.T) {
	t.Parallel()
	for _, kind := range istio.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			raw := []byte(`{"apiVersion": "networking.istio.io/v1beta1", "kind": "` + string(kind) +
				`", "metadata": {"name": "a", "namespace": "b"}, "spec": {}}`)
			o, err := istio.ParseAny(raw)
			if err != nil || o.Kind() != kind || o.String() != string(kind)+` "b/a"` {
				t.Errorf("got %v, %v", o, err)
			}
			if _, err := istio.ParseManifest(raw); (err == nil) != (kind == istio.KindVirtualService ||
				kind == istio.KindDestinationRule) {
				t.Errorf("as a route: %v", err)
			}
		})
	}
	for of, want := range map[string]string{
		`"v1", "kind": "Service"`: `read manifest: "Service" is neither a VirtualService, DestinationRule, ` +
			`Gateway nor a ServiceEntry`,
		`"gateway.networking.k8s.io/v1", "kind": "Gateway"`: `read manifest: a Gateway of ` +
			`"gateway.networking.k8s.io/v1" is none of networking.istio.io`,
	} {
		if _, err := istio.ParseAny([]byte(`{"apiVersion": ` + of + `}`)); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
