package write

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

type values map[string]attr.Value

func object(v values) attr.Value { return attr.Object(v) }

func texts(t ...string) attr.Value { return attr.Strings(t) }

// TestText: a resource reads as people write one.
func TestText(t *testing.T) {
	t.Parallel()
	to := func(subset string) attr.Value { return object(values{"subset": attr.String(subset)}) }
	match := attr.List([]attr.Value{object(values{"uri": object(values{"prefix": attr.String("/a")})})})
	long := texts("one.shop.svc.cluster.local", "two.shop.svc.cluster.local", "three.shop.svc.cluster.local")
	for name, test := range map[string]struct {
		attributes values
		want       string
	}{
		"what the resource is about comes first": {
			values{
				"default": to("v1"), "gateways": texts("mesh"), "timeout": attr.String("5s"),
				"service": attr.String("a"),
			},
			"  service  = \"a\"\n  gateways = [\"mesh\"]\n  timeout  = \"5s\"\n  default  = { subset = \"v1\" }\n",
		},
		"what is null is left out": {
			values{"port": attr.Null(), "default": object(values{"timeout": attr.Null(), "subset": attr.String("v1")})},
			"  default = { subset = \"v1\" }\n",
		},
		"what is empty is not": {
			values{"labels": attr.Map(nil), "hosts": attr.List(nil), "otherwise": attr.String("")},
			"  hosts     = []\n  labels    = {}\n  otherwise = \"\"\n",
		},
		"an attribute of several lines stands alone": {
			values{
				"subsets": attr.Map(values{"v2": object(nil), "v1": object(nil)}), "service": attr.String("a"),
				"default": to("v1"),
			},
			"  service = \"a\"\n\n  subsets = {\n    v1 = {}\n    v2 = {}\n  }\n\n  default = { subset = \"v1\" }\n",
		},
		"an only element stands in its brackets": {
			values{"rules": attr.List([]attr.Value{object(values{
				"match": match, "headers": attr.Map(values{"a": attr.Map(nil)}), "subset": attr.String("v1"),
			})})},
			"  rules = [{\n    match   = [{ uri = { prefix = \"/a\" } }]\n    headers = { a = {} }\n" +
				"    subset  = \"v1\"\n  }]\n",
		},
		"a line that is too long is broken": {
			values{"hosts": long},
			"  hosts = [\n    \"one.shop.svc.cluster.local\",\n    \"two.shop.svc.cluster.local\",\n" +
				"    \"three.shop.svc.cluster.local\",\n  ]\n",
		},
		"keys and texts that are no HCL": {
			values{"labels": attr.Map(values{
				"for": attr.String("${a}"), "a/b": attr.String("%{ if }"), ":path": attr.String("\"\\\n"),
			})},
			"  labels = { \":path\" = \"\\\"\\\\\\n\", \"a/b\" = \"%%{ if }\", \"for\" = \"$${a}\" }\n",
		},
		"numbers and switches": {
			values{"a": attr.Int(12), "b": attr.Bool(true), "c": attr.Bool(false)},
			"  a = 12\n  b = true\n  c = false\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bytes.NewBufferString("a {\n")
			writeAttributes(b, object(test.attributes))
			b.WriteString("}\n")
			if diff := cmp.Diff("a {\n"+test.want+"}\n", string(hclwrite.Format(b.Bytes()))); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

// drawValue draws a value and what Terraform makes of it.
func drawValue(t *rapid.T, depth int) (attr.Value, cty.Value) {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if depth == 0 {
		kind %= 3
	}
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`([$%]{1,3}\{|[a-z"\\ ~}\n\t]){0,20}`))
	switch kind {
	case 0:
		s := text.Draw(t, "text")
		return attr.String(s), cty.StringVal(s)
	case 1:
		n := rapid.Int64().Draw(t, "number")
		return attr.Int(n), cty.NumberIntVal(n)
	case 2:
		b := rapid.Bool().Draw(t, "switch")
		return attr.Bool(b), cty.BoolVal(b)
	case 3:
		var list []attr.Value
		tuple := []cty.Value{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			v, want := drawValue(t, depth-1)
			list, tuple = append(list, v), append(tuple, want)
		}
		return attr.List(list), cty.TupleVal(tuple)
	default:
		entries, want := values{}, map[string]cty.Value{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			name := rapid.OneOf(text, rapid.SampledFrom([]string{"for", "null", "true", "match", "a.b"})).Draw(t, "key")
			entries[name], want[cty.StringVal(name).AsString()] = drawValue(t, depth-1)
		}
		return attr.Map(entries), cty.ObjectVal(want)
	}
}

// TestPropertyTextReadsBack: what is written of a value is that value, whatever texts and keys are in it, and is
// formatted.
func TestPropertyTextReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value, want := drawValue(t, 4)
		written := text(value, 0, 0)
		expr, diagnostics := hclsyntax.ParseExpression([]byte(written), "", hcl.InitialPos)
		if diagnostics.HasErrors() {
			t.Fatalf("%v\n%s", diagnostics, written)
		}
		got, diagnostics := expr.Value(nil)
		if diagnostics.HasErrors() || !got.RawEquals(want) {
			t.Fatalf("%v\n%s\nis %#v, want %#v", diagnostics, written, got, want)
		}
	})
}

// TestPropertyComment: a comment is one, whatever it says.
func TestPropertyComment(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		writeComment(&b, rapid.String().Draw(t, "text"))
		file, diagnostics := hclsyntax.ParseConfig(b.Bytes(), "", hcl.InitialPos)
		if diagnostics.HasErrors() {
			t.Fatalf("%v\n%s", diagnostics, b.String())
		}
		body, _ := file.Body.(*hclsyntax.Body)
		if len(body.Attributes)+len(body.Blocks) > 0 {
			t.Fatalf("a comment has content:\n%s", b.String())
		}
	})
}

// TestChanged: a text that Terraform would change is found wherever it is.
func TestChanged(t *testing.T) {
	t.Parallel()
	const composed, apart = "\u00e9", "e\u0301"
	a := func(v attr.Value) attr.Value { return object(values{"a": v}) }
	entry := func(name, text string) attr.Value { return attr.Map(values{name: attr.String(text)}) }
	for want, value := range map[string]attr.Value{
		"":                 a(attr.List([]attr.Value{entry(composed, composed), attr.Bool(true)})),
		"a":                a(attr.String(apart)),
		"a[1].a":           a(attr.List([]attr.Value{attr.String(composed), a(attr.String(apart))})),
		`a["x-user"]`:      a(entry("x-user", apart)),
		`a["e\u0301"]`:     a(entry(apart, composed)),
		`a[0].a["\u00e9"]`: a(attr.List([]attr.Value{a(entry(composed, apart))})),
	} {
		if got := changed("", value); got != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
}
