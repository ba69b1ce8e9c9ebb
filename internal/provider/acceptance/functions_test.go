package acceptance_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/zclconf/go-cty/cty"
	ctymsgpack "github.com/zclconf/go-cty/cty/msgpack"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// call calls a function with encoded arguments.
func (s server) call(
	t testing.TB, name string, arguments ...*tfprotov6.DynamicValue,
) (string, *tfprotov6.FunctionError) {
	t.Helper()
	resp, err := s.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: name, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil {
		return "", resp.Error
	}
	value, err := resp.Result.Unmarshal(tftypes.String)
	if err != nil {
		t.Fatal(err)
	}
	if !value.IsKnown() {
		return "unknown", nil
	}
	var text string
	if err := value.As(&text); err != nil {
		t.Fatal(err)
	}
	return text, nil
}

// anyValue encodes an expression as Terraform does for a parameter of any type. In it, `unknown` is a value that is
// not known yet.
func anyValue(t testing.TB, expression string) *tfprotov6.DynamicValue {
	t.Helper()
	parsed, diagnostics := hclsyntax.ParseExpression([]byte(expression), "test.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		t.Fatalf("%s\n%s", diagnostics.Error(), expression)
	}
	value, diagnostics := parsed.Value(&hcl.EvalContext{Variables: map[string]cty.Value{"unknown": cty.DynamicVal}})
	if diagnostics.HasErrors() {
		t.Fatalf("%s\n%s", diagnostics.Error(), expression)
	}
	raw, err := ctymsgpack.Marshal(value, cty.DynamicPseudoType)
	if err != nil {
		t.Fatal(err)
	}
	return &tfprotov6.DynamicValue{MsgPack: raw}
}

// textValue encodes a text, "null" as null and "unknown" as unknown.
func textValue(t testing.TB, text string) *tfprotov6.DynamicValue {
	t.Helper()
	value := tftypes.NewValue(tftypes.String, text)
	switch text {
	case "null":
		value = tftypes.NewValue(tftypes.String, nil)
	case "unknown":
		value = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	}
	dynamic, err := tfprotov6.NewDynamicValue(tftypes.String, value)
	if err != nil {
		t.Fatal(err)
	}
	return &dynamic
}

func TestFunction_fqdn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := strings.Repeat("a", 300<<10)
	tests := map[string]struct {
		arguments []string
		want      string
		// wrong is the argument that is refused, -1 for none.
		wrong int64
	}{
		"a short name":        {[]string{"reviews", "shop"}, "reviews.shop.svc.cluster.local", -1},
		"another cluster":     {[]string{"reviews", "shop", "mesh.example"}, "reviews.shop.svc.mesh.example", -1},
		"a name of two parts": {[]string{"reviews.shop", "web"}, "reviews.shop", -1},
		"a full name": {
			[]string{"reviews.shop.svc.cluster.local", "web"}, "reviews.shop.svc.cluster.local", -1,
		},
		"a wildcard":                {[]string{"*.example", "shop"}, "*.example", -1},
		"all hosts":                 {[]string{"*", "shop"}, "*", -1},
		"an address":                {[]string{"10.0.0.1", "shop"}, "10.0.0.1", -1},
		"an address of version 6":   {[]string{"2001:db8::1", "shop"}, "2001:db8::1", -1},
		"no service":                {[]string{"", "shop"}, "", 0},
		"a null service":            {[]string{"null", "shop"}, "", 0},
		"a service of words":        {[]string{"a b", "shop"}, "", 0},
		"a service of control":      {[]string{"a\x1b[31m", "shop"}, "", 0},
		"a service beyond all":      {[]string{long, "shop"}, "", 0},
		"no namespace":              {[]string{"reviews", ""}, "", 1},
		"a null namespace":          {[]string{"reviews", "null"}, "", 1},
		"a namespace in capitals":   {[]string{"reviews", "Shop"}, "", 1},
		"a namespace of parts":      {[]string{"reviews", "shop.web"}, "", 1},
		"a namespace beyond all":    {[]string{"reviews", long}, "", 1},
		"an empty domain":           {[]string{"reviews", "shop", ""}, "", 2},
		"a null domain":             {[]string{"reviews", "shop", "null"}, "", 2},
		"a domain that begins so":   {[]string{"reviews", "shop", ".local"}, "", 2},
		"two domains":               {[]string{"reviews", "shop", "a", "b"}, "", 3},
		"a domain with end of line": {[]string{"reviews", "shop", "a\nb"}, "", 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arguments := make([]*tfprotov6.DynamicValue, len(test.arguments))
			for i, text := range test.arguments {
				arguments[i] = textValue(t, text)
			}
			got, wrong := s.call(t, "fqdn", arguments...)
			checkFunction(t, got, wrong, test.want, test.wrong, "")
		})
	}
}

// checkFunction compares what a function returns, or which argument it refuses with which words.
func checkFunction(t *testing.T, got string, wrong *tfprotov6.FunctionError, want string, argument int64, say string) {
	t.Helper()
	switch {
	case wrong == nil && argument >= 0:
		t.Errorf("it returns %q, want an error at argument %d", got, argument)
	case wrong == nil:
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
	case wrong.FunctionArgument == nil || *wrong.FunctionArgument != argument:
		t.Errorf("the error is not at argument %d: %s", argument, wrong.Text)
	case !strings.Contains(wrong.Text, say):
		t.Errorf("the error does not say %q: %s", say, wrong.Text)
	case strings.HasSuffix(wrong.Text, "."):
		t.Errorf("Terraform puts a full stop behind the error, which has one: %q", wrong.Text)
	case len(wrong.Text) > 4<<10 || strings.ContainsFunc(wrong.Text, unprintable):
		t.Errorf("the error cannot be read: %q", wrong.Text)
	}
}

const canaryObject = `{
  service   = "reviews"
  namespace = "shop"
  subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
  rules     = [{ match = [{ headers = { x-tester = { present = true } } }], subset = "v2" }]
  default   = { weights = { v1 = 90, v2 = null } }
}`

const canaryYAML = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
  namespace: shop
spec:
  host: reviews.shop.svc.cluster.local
  subsets:
  - labels:
      version: v1
    name: v1
  - labels:
      version: v2
    name: v2
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: shop
spec:
  hosts:
  - reviews.shop.svc.cluster.local
  http:
  - match:
    - headers:
        x-tester: {}
    route:
    - destination:
        host: reviews.shop.svc.cluster.local
        subset: v2
  - route:
    - destination:
        host: reviews.shop.svc.cluster.local
        subset: v1
      weight: 90
    - destination:
        host: reviews.shop.svc.cluster.local
        subset: v2
      weight: 10
`

func TestFunction_manifest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	many := func(n int, entry string) string { return "[" + strings.Repeat(entry+",", n) + "]" }
	tests := map[string]struct {
		argument, want string
		wrong          int64
		say            string
	}{
		"a canary": {canaryObject, canaryYAML, -1, ""},
		"a canary with an owner": {
			strings.Replace(canaryObject, "{", "{ owner = \"shop/prod\"\n", 1), canaryYAML, -1, "",
		},
		"a canary of rules alone": {
			`{ service = "reviews", subsets = { v1 = { labels = { a = "b" } } }, rules = [{ match = [{ port = 80 }],` +
				` subset = "v1" }] }`,
			"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: reviews\n  namespace: " +
				"default\nspec:\n  host: reviews.default.svc.cluster.local\n" +
				"  subsets:\n  - labels:\n      a: b\n    name: v1\n---\napiVersion: networking.istio.io/v1\nkind: " +
				"VirtualService\nmetadata:\n  name: reviews\n  namespace: default\n" +
				"spec:\n  hosts:\n  - reviews.default.svc.cluster.local\n  http:\n  - match:\n    - port: 80\n    " +
				"route:\n    - destination:\n        host: reviews.default.svc.cluster.local\n        subset: v1\n",
			-1, "",
		},
		"a DestinationRule": {
			`{ name = "reviews", host = "reviews", subsets = [{ name = "v1", labels = { version = 1 } }] }`,
			"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: reviews\n  namespace: " +
				"default\nspec:\n  host: reviews\n  subsets:\n  - labels:\n" +
				"      version: \"1\"\n    name: v1\n",
			-1, "",
		},
		"a VirtualService": {
			`{ name = "reviews", hosts = ["a.example"], gateways = ["web"], http = [{ redirect = { uri = "/",` +
				` redirect_code = "308" } }] }`,
			"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: reviews\n  namespace: " +
				"default\nspec:\n  gateways:\n  - web\n  hosts:\n  - a.example\n" +
				"  http:\n  - redirect:\n      redirectCode: 308\n      uri: /\n",
			-1, "",
		},
		"a VirtualService with a rule without effect": {
			`{ name = "reviews", hosts = ["reviews"], http = [{ match = [{ uri = { exact = "no-path" } }],` +
				` route = [{ destination = { host = "reviews" } }] }] }`,
			"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: reviews\n  namespace: " +
				"default\nspec:\n  hosts:\n  - reviews\n  http:\n" +
				"  - match:\n    - uri:\n        exact: no-path\n    route:\n    - destination:\n        host: " +
				"reviews\n",
			-1, "",
		},
		"a canary with a rule without effect": {
			`{ service = "reviews", subsets = { v1 = { labels = { a = "b" } } }, default = { subset = "v1" },` +
				` rules = [{ match = [{ uri = { exact = "no-path" } }], subset = "v1" }] }`,
			"", 0, "rules[0].match[0].uri: no request can have path no-path",
		},
		"what is not known yet":    {`unknown`, "unknown", -1, ""},
		"an attribute that is not": {`{ name = "reviews", host = unknown }`, "unknown", -1, ""},
		"null":                     {`null`, "", 0, "There is no route to render"},
		"a text":                   {`"reviews"`, "", 0, "an object with the attributes of one"},
		"a number":                 {`1`, "", 0, "an object with the attributes of one"},
		"a list":                   {`[]`, "", 0, "an object with the attributes of one"},
		"an empty object":          {`{}`, "", 0, "Which resource this is cannot be told"},
		"an object of another kind": {
			`{ name = "reviews", ports = [80] }`, "", 0, "Which resource this is cannot be told",
		},
		"an attribute too many": {`{ name = "reviews", host = "reviews", hosst = "a" }`, "", 0, "hosst"},
		"a text for a list": {
			`{ name = "reviews", host = "reviews", subsets = "v1" }`, "", 0, "must be a list",
		},
		"a list for a text": {`{ name = "reviews", host = ["reviews"] }`, "", 0, "must be a string"},
		"a text for a number": {
			`{ name = "reviews", host = "reviews",` +
				` traffic_policy = { load_balancer = { warmup = { minimum_percent = "x" } } } }`,
			"",
			0,
			"must be a number",
		},
		"no name": {`{ host = "reviews" }`, "", 0, "name"},
		"a namespace that is none": {
			`{ name = "reviews", namespace = "Shop", host = "reviews" }`, "", 0, "is no namespace",
		},
		"what istiod refuses": {`{ name = "reviews", hosts = ["a.example"],` +
			` http = [{ route = [{ destination = { host = "a" } }], timeout = "1us" }] }`, "", 0, "http[0].timeout"},
		"what a plan refuses": {
			strings.Replace(canaryObject, `subset = "v2"`, `subset = "v3"`, 1), "", 0, "v3",
		},
		"two problems": {`{ name = "A", namespace = "B", host = "reviews" }`, "", 0, "\n"},
		"more values than are taken": {
			`{ name = "reviews", hosts = ` + many(11000, `"a.example"`) + ` }`, "", 0, "at most",
		},
		"a text that is too long": {
			`{ name = "reviews", host = "` + strings.Repeat("a", 300<<10) + `" }`, "", 0, "host: must not hold a text",
		},
		"a host of control characters": {`{ name = "reviews", host = "a\u001b[31m" }`, "", 0, ""},
		"a key that hides":             {`{ name = "reviews", host = "a", "x\u202ey" = 1 }`, "", 0, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			argument := anyValue(t, test.argument)
			got, wrong := s.call(t, "manifest", argument)
			checkFunction(t, got, wrong, test.want, test.wrong, test.say)
			for range 20 {
				if again, _ := s.call(t, "manifest", argument); again != got {
					t.Fatalf("the same argument gives\n%s\nand then\n%s", got, again)
				}
			}
			if wrong == nil && got != "unknown" {
				readsBack(t, got)
			}
		})
	}
}

// readsBack checks that YAML says the same when it is read and written again.
func readsBack(t *testing.T, text string) {
	t.Helper()
	var pair istio.Objects
	for _, document := range strings.Split(text, "---\n") {
		o, err := istio.ParseManifestYAML(document)
		if err != nil || len(o.Unknown) > 0 {
			t.Fatalf("%v, unknown %v:\n%s", err, o, document)
		}
		pair = pair.With(o)
	}
	again, err := istio.ManifestYAML(pair)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, again, protocmp.Transform()); diff != "" {
		t.Errorf("written again (-was +is):\n%s", diff)
	}
}

// TestFunction_encoded: bytes that are no encoding of an argument are an error at it, in no time.
func TestFunction_encoded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	valid := anyValue(t, canaryObject).MsgPack
	nested := func(depth int) []byte {
		kind, err := json.Marshal("string")
		if err != nil {
			t.Fatal(err)
		}
		for range depth {
			kind = fmt.Appendf(nil, `["list",%s]`, kind)
		}
		return encode(t, func(e *msgpack.Encoder) error {
			if err := e.EncodeArrayLen(2); err != nil {
				return err
			}
			if err := e.EncodeBytes(kind); err != nil {
				return err
			}
			return e.EncodeNil()
		})
	}
	values := encodedValues(t, valid)
	values["a type of 1000 lists in each other"] = nested(1000)
	values["a type of 9000 lists in each other"] = nested(9000)
	values["a type of 20000 lists in each other"] = nested(20000)
	began := time.Now()
	for _, function := range []string{"manifest", "fqdn"} {
		for name, raw := range values {
			began := time.Now()
			arguments := []*tfprotov6.DynamicValue{{MsgPack: raw}}
			if function == "fqdn" {
				arguments = append(arguments, textValue(t, "shop"))
			}
			_, _ = s.call(t, function, arguments...)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("%s of %s takes %s", function, name, took)
			}
		}
	}
	t.Logf("%d values in %s", 2*len(values), time.Since(began).Round(time.Millisecond))
	for _, arguments := range [][]*tfprotov6.DynamicValue{
		nil, {nil}, {{}}, {{JSON: []byte("{")}}, slices.Repeat([]*tfprotov6.DynamicValue{textValue(t, "a")}, 5),
	} {
		for _, function := range []string{"manifest", "fqdn", "none"} {
			if got, wrong := s.call(t, function, arguments...); wrong == nil {
				t.Errorf("%s of %d arguments returns %q", function, len(arguments), got)
			}
		}
	}
}
