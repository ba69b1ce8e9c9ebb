package write

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// TestRun_refused: without a cluster nothing is printed, and what is said says what to do.
func TestRun_refused(t *testing.T) {
	t.Parallel()
	closed := func(context.Context, Connection) (*Source, []*tfprotov6.Diagnostic) {
		return nil, []*tfprotov6.Diagnostic{{
			Severity: tfprotov6.DiagnosticSeverityError, Summary: "No cluster is configured", Detail: "Set one.\n",
		}}
	}
	for name, test := range map[string]struct {
		arguments string
		code      int
		said      string
	}{
		"no namespace": {
			"", failed,
			"Error: Which namespace? Name one, such as\n  terraform-provider-mesh write shop > shop.tf\n" +
				"terraform-provider-mesh write --help says more.\n",
		},
		"an unknown one": {
			"a --null", failed,
			"Error: There is no flag --null.\nterraform-provider-mesh write --help says more.\n",
		},
		"no namespace's name": {
			"Shop", failed,
			"Error: \"Shop\" is no namespace: at most 63 lower-case letters, digits and -, with a letter or digit at " +
				"both ends.\n",
		},
		"no domain": {
			"shop --cluster-domain A", failed,
			"Error: --cluster-domain must be a DNS domain in lower case, such as cluster.local, got \"A\".\n",
		},
		"no object's name": {"shop/a/b", failed, "Error: \"a/b\" is no name of an object.\n"},
		"no cluster":       {"shop", failed, "Error: No cluster is configured\n\nSet one.\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, said bytes.Buffer
			code := Run(strings.Fields(test.arguments), closed, &out, &said)
			if diff := cmp.Diff(test.said, said.String()); diff != "" || code != test.code || out.Len() > 0 {
				t.Errorf("code %d, want %d; prints %q; said (-want +got):\n%s", code, test.code, out.String(), diff)
			}
		})
	}
}

// TestRun_help: help is printed, as what was asked for.
func TestRun_help(t *testing.T) {
	t.Parallel()
	var out, said bytes.Buffer
	if code := Run([]string{"--help"}, nil, &out, &said); code != written || out.String() != usage || said.Len() > 0 {
		t.Errorf("it ends with %d, prints %q and says %q", code, out.String(), said.String())
	}
}

// TestReadOptions: a namespace is read once, and as a whole if one of the arguments says so.
func TestReadOptions(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]map[string][]string{
		"shop":                 {"shop": nil},
		"shop --all":           {"shop": nil},
		"shop shop":            {"shop": nil},
		"shop/a":               {"shop": {"a"}},
		"shop/a shop/b":        {"shop": {"a", "b"}},
		"shop/a shop":          {"shop": nil},
		"shop shop/a":          {"shop": nil},
		"shop shop/a shop/b x": {"shop": nil, "x": nil},
	} {
		t.Run(arguments, func(t *testing.T) {
			t.Parallel()
			o, _, ok := readOptions(strings.Fields(arguments), &bytes.Buffer{}, &bytes.Buffer{})
			if diff := cmp.Diff(want, o.names); diff != "" || !ok || len(o.namespaces) != len(want) {
				t.Errorf("namespaces %v, names (-want +got):\n%s", o.namespaces, diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	n := names{}
	for _, test := range []struct{ typeName, namespace, name, want string }{
		{"a", "shop", "reviews", "reviews"},
		{"b", "shop", "reviews", "reviews"},
		{"a", "web", "reviews", "web_reviews"},
		{"a", "we.b", "reviews", "we_b_reviews"},
		{"a", "we-b", "reviews", "we_b_reviews_2"},
		{"a", "shop", "a.b-c", "a_b_c"},
		{"a", "shop", "a-b.c", "shop_a_b_c"},
		{"a", "shop", "0", "_0"},
		{"a", "shop", "", "_"},
	} {
		if got := n.of(test.typeName, test.namespace, test.name); got != test.want {
			t.Errorf("%s/%s is called %s, want %s", test.namespace, test.name, got, test.want)
		}
	}
}

// TestPropertyNames: every name is one that Terraform takes, and no two are the same.
func TestPropertyNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, given := names{}, map[string]bool{}
		for range rapid.IntRange(1, 20).Draw(t, "objects") {
			text := rapid.StringMatching(`[a-b0.\-]{0,3}`)
			name := n.of("mesh_virtual_service", text.Draw(t, "namespace"), text.Draw(t, "name"))
			if given[name] || !hclsyntax.ValidIdentifier(name) {
				t.Fatalf("the name %q", name)
			}
			given[name] = true
		}
	})
}

// TestDocument: what is not written is a comment, and decides the exit code.
func TestDocument(t *testing.T) {
	t.Parallel()
	live := &cluster.Live{Object: istio.Object{Namespace: "shop", Name: "a"}}
	for name, test := range map[string]struct {
		entry entry
		code  int
		text  string
		said  string
	}{
		"in a state already": {
			entry{leftOut: "It is left out.", notes: []string{"A note."}}, written, "# It is left out.\n# A note.\n",
			"Warning: It is left out.\nWarning: A note.\n",
		},
		"not expressible": {
			entry{leftOut: "It is too\nlarge.", wrong: true, notes: []string{"A note."}}, leftOut,
			"# It is too large.\n# A note.\n", "Error: It is too large.\nWarning: A note.\n",
		},
		"with a long note": {
			entry{leftOut: strings.Repeat("word ", 25), objects: []*cluster.Live{live}}, written,
			"# " + strings.TrimSpace(strings.Repeat("word ", 19)) + "\n# word word word word word word\n",
			"Warning: " + strings.TrimSpace(strings.Repeat("word ", 25)) + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, said := document{names: names{}}, &bytes.Buffer{}
			d.add([]entry{test.entry})
			if diff := cmp.Diff(test.text, string(d.format())); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			code := d.tell(said)
			if diff := cmp.Diff(test.said, said.String()); diff != "" || code != test.code {
				t.Errorf("code %d, want %d, said (-want +got):\n%s", code, test.code, diff)
			}
		})
	}
}
