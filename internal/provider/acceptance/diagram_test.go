package acceptance_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	ctymsgpack "github.com/zclconf/go-cty/cty/msgpack"
)

func TestFunction_diagram(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	moved := strings.Replace(canaryObject, "90", "75", 1)
	served := "[" + rootObject + "," + cartObject + "," + gatewayManifest + "]"
	unserved := strings.Replace(served, "shop/*", "b.example", 1)
	for name, test := range map[string]struct {
		arguments []string
		// want are lines of the picture.
		want []string
	}{
		"a canary": {[]string{canaryObject}, []string{
			"flowchart LR",
			`  h0(["reviews.shop.svc.cluster.local"])`,
			`  r0["rule 1<br/>header x-tester"]`,
			`  r1 -->|"10 %"| d2`,
		}},
		"a list": {
			[]string{"[" + rootObject + "," + cartObject + "," + splitObject + "]"},
			[]string{`  h1(["ratings.default.svc.cluster.local"])`, `  r6 -->|"29 %"| d9`},
		},
		"objects of YAML": {[]string{"[" + quotedYAML(manifestsText) + ", " + gatewayManifest + "]"}, []string{
			`  h0(["reviews.default.svc.cluster.local"])`,
		}},
		"a host that a Gateway does not serve": {
			[]string{unserved},
			[]string{`  h0(["shop.example, not served at edge/web<br/>at edge/web"])`},
		},
		"one that it begins to serve": {
			[]string{
				unserved,
				served,
			},
			[]string{`  h0(["changed: shop.example<br/>at edge/web<br/>was shop.example, not served at edge/web at ` +
				`edge/web"]):::changed`},
		},
		"before and after": {[]string{canaryObject, moved}, []string{
			`  r1 -->|"90 % → 75 %"| d1`,
			`  r1 -->|"10 % → 25 %"| d2`,
			"  linkStyle 3,4 stroke:#bf8700,stroke-width:3px",
		}},
		"a new route": {
			[]string{"[]", canaryObject}, []string{`  h0(["new: reviews.shop.svc.cluster.local"]):::added`},
		},
		"a route that goes": {
			[]string{canaryObject, "[]"}, []string{`  h0(["gone: reviews.shop.svc.cluster.local"]):::removed`},
		},
		"a subset that clients keep goes": {
			[]string{stickyObject("{ v1 = 90, v2 = 10 }"), stickyObject("{ v1 = 100, v2 = 0 }")},
			[]string{
				`  r0["gone: rule 1<br/>sticky-v2<br/>header cookie matching #34;#40;.#42;#65279;#59; ` +
					`#42;#65279;#41;#63;canary=v2#40;#59;.#42;#65279;#41;#63;#34;"]:::removed`,
				`  r0 -->|"gone: 100 %"| d0`,
			},
		},
		"none at all":        {[]string{"[]", "[]"}, []string{"flowchart LR"}},
		"unknown":            {[]string{"unknown"}, []string{"unknown"}},
		"unknown afterwards": {[]string{canaryObject, "unknown"}, []string{"unknown"}},
		"an unknown annotation": {
			[]string{strings.Replace(canaryObject, "{", "{ annotations = unknown\n", 1)}, []string{"flowchart LR"},
		},
		"hostile names": {[]string{strings.NewReplacer(
			`match = [`, `name = "x\"]; click r0 \"javascript:a()\" %%{init: {}}%%", match = [`,
		).Replace(canaryObject)},
			[]string{`  r0["rule 1<br/>x#34;#93;#59; click r0 #34;javascript#58;a#40;#41;#34; #37;#123;init#58; ` +
				`#123;#125;#125;#37;#37;<br/>header x-tester"]`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, wrong := s.call(t, "diagram", anyValues(t, test.arguments)...)
			if wrong != nil {
				t.Fatal(wrong.Text)
			}
			for _, line := range test.want {
				if !slices.Contains(strings.Split(got, "\n"), line) {
					t.Errorf("there is no line %q in\n%s", line, got)
				}
			}
		})
	}
	for name, test := range map[string]struct {
		arguments []string
		argument  int64
		say       string
	}{
		"null":            {[]string{"null"}, 0, "There is no route"},
		"an empty list":   {[]string{"[]"}, 0, "Nothing here claims requests"},
		"a number":        {[]string{"1"}, 0, "A resource of this provider is needed"},
		"null afterwards": {[]string{canaryObject, "null"}, 1, "There is no route"},
		"a wrong one afterward": {
			[]string{canaryObject, `{ service = "a", default = 1 }`}, 1, "default: must be an object",
		},
		"two wrong ones":   {[]string{"1", "2"}, 0, "returns it.\n\nInvalid value for \"after\" parameter: A resource"},
		"three":            {[]string{canaryObject, canaryObject, canaryObject}, 2, "before and after one change"},
		"no delegate":      {[]string{rootObject}, 0, "is not there"},
		"a delegate gone":  {[]string{"[" + rootObject + "," + cartObject + "]", rootObject}, 1, "is not there"},
		"subsets alone":    {[]string{rulesObject}, 0, "Nothing here claims requests"},
		"a key that hides": {[]string{`{ service = "a", "x\u202ey" = 1, default = {} }`}, 0, "is no attribute here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, wrong := s.call(t, "diagram", anyValues(t, test.arguments)...)
			checkFunction(t, got, wrong, "", test.argument, test.say)
		})
	}
}

func anyValues(t *testing.T, expressions []string) []*tfprotov6.DynamicValue {
	t.Helper()
	values := make([]*tfprotov6.DynamicValue, len(expressions))
	for i, expression := range expressions {
		values[i] = anyValue(t, expression)
	}
	return values
}

var updatePictures = flag.Bool("update-pictures", false,
	"write the texts from which make diagrams draws the pictures of the docs")

// TestDocs_pictures: the texts in examples/pictures are what diagram returns for the module that the guide shows, and
// each picture is drawn from the text beside it.
func TestDocs_pictures(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	now, then := testedModule(t, 10), testedModule(t, 25)
	for name, routes := range map[string][]*tfprotov6.DynamicValue{"canary": {now}, "change": {now, then}} {
		got, wrong := s.call(t, "diagram", routes...)
		if wrong != nil {
			t.Fatal(wrong.Text)
		}
		file := "../../../examples/pictures/" + name
		if *updatePictures {
			writeFile(t, file+".mmd", got)
			continue
		}
		if diff := cmp.Diff(readFile(t, file+".mmd"), got); diff != "" {
			t.Errorf("%s.mmd (-is +want):\n%s", file, diff)
		}
		picture := readFile(t, file+".png")
		if drawn := pictureText(t, []byte(picture)); drawn != got {
			t.Errorf("%s.png is drawn from another text, run make diagrams:\n%s", file, cmp.Diff(drawn, got))
		}
		if len(picture) > 100_000 {
			t.Errorf("%s.png has %d bytes", file, len(picture))
		}
	}
}

// testedModule returns the route of the module that the guide shows, with so many percent for the canary.
func testedModule(t *testing.T, percent int64) *tfprotov6.DynamicValue {
	t.Helper()
	parsed, diagnostics := hclsyntax.ParseConfig([]byte(readFile(t, "../../../examples/tested-module/main.tf")),
		"main.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	variables := map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{
		"namespace":      cty.StringVal("greeter"),
		"canary_percent": cty.NumberIntVal(percent),
	})}
	for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
		if block.Type != "resource" {
			continue
		}
		values := map[string]cty.Value{}
		for name, attribute := range block.Body.Attributes {
			value, diagnostics := attribute.Expr.Value(&hcl.EvalContext{Variables: variables})
			if diagnostics.HasErrors() {
				t.Fatal(diagnostics)
			}
			values[name] = value
		}
		raw, err := ctymsgpack.Marshal(cty.ObjectVal(values), cty.DynamicPseudoType)
		if err != nil {
			t.Fatal(err)
		}
		return &tfprotov6.DynamicValue{MsgPack: raw}
	}
	t.Fatal("the module has no resource")
	return nil
}

// pictureText returns the text that make diagrams put into a PNG: an iTXt chunk with the keyword Mermaid,
// uncompressed.
func pictureText(t *testing.T, png []byte) string {
	t.Helper()
	for rest := png[min(8, len(png)):]; len(rest) > 12; {
		length := int(binary.BigEndian.Uint32(rest))
		if len(rest) < 12+length {
			break
		}
		if text, ok := bytes.CutPrefix(rest[4:8+length], []byte("iTXtMermaid\x00\x00\x00\x00\x00")); ok {
			return string(text)
		}
		rest = rest[12+length:]
	}
	t.Error("the picture does not say what it was drawn from: run make diagrams")
	return ""
}
