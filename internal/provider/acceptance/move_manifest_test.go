package acceptance_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// wantMoved are the states of the objects that testdata/moved holds as other providers keep them.
var wantMoved = map[string]string{
	"mesh_virtual_service": `
name      = "reviews"
namespace = "greeter"
labels    = { team = "shop" }
annotations = { "shop.example/contact" = "#shop" }
hosts     = ["reviews.greeter.svc.cluster.local"]
http = [{
  name    = "testers"
  match   = [{ headers = { x-tester = {} }, uri = { prefix = "/helloworld.Greeter/" } }]
  timeout = "5s"
  retries = { attempts = 0 }
  route   = [{ destination = { host = "reviews", subset = "v2" } }]
}, {
  route = [{ destination = { host = "reviews", subset = "v1" }, weight = 90 }, { destination = { host = "reviews", subset = "v2" }, weight = 10 }]
}]
`,
	"mesh_destination_rule": `
name      = "reviews"
namespace = "greeter"
labels    = { team = "shop" }
host      = "reviews"
traffic_policy = {
  port_level_settings = [{ port = { number = 50051 }, connection_pool = { http = { http2_max_requests = 100 } } }]
}
subsets = [
  { name = "v1", labels = { version = "v1" } },
  {
    name           = "v2"
    labels         = { version = "v2" }
    traffic_policy = { outlier_detection = { consecutive_gateway_errors = 0 }, tls = { mode = "DISABLE" } }
  },
]
`,
}

// otherState is one resource in a state file of another provider.
type otherState struct {
	Type, Name, Provider string
	Instances            []struct {
		SchemaVersion int64 `json:"schema_version"`
		Attributes    json.RawMessage
	}
}

// address returns the provider's address.
func (o otherState) address() string {
	return strings.TrimSuffix(strings.TrimPrefix(o.Provider, `provider["`), `"]`)
}

// becomes is the type of the resource that takes the state over; the fixtures are named for it.
func (o otherState) becomes() string { return "mesh_" + o.Name }

// readOtherStates reads the fixtures by name.
func readOtherStates(t testing.TB) map[string][]otherState {
	t.Helper()
	files, err := filepath.Glob("testdata/moved/*.tfstate")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no states to move: %v", err)
	}
	states := map[string][]otherState{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var state struct{ Resources []otherState }
		if err := json.Unmarshal(raw, &state); err != nil {
			t.Fatal(err)
		}
		states[strings.TrimSuffix(filepath.Base(file), ".tfstate")] = state.Resources
	}
	return states
}

// move asks for a state of another provider as that of a resource.
func (s server) move(
	t testing.TB, from, typeName, to string, version int64, attributes []byte,
) *tfprotov6.MoveResourceStateResponse {
	t.Helper()
	resp, err := s.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: from, SourceTypeName: typeName, SourceSchemaVersion: version,
		SourceState: &tfprotov6.RawState{JSON: attributes}, TargetTypeName: to,
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// TestMoveState_manifests: a state of another provider becomes the state of the object, and its first change takes
// the fields.
func TestMoveState_manifests(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, resources := range readOtherStates(t) {
		if len(resources) != len(wantMoved) {
			t.Errorf("%s has %d resources, want one of each kind", name, len(resources))
		}
		for _, source := range resources {
			t.Run(name+"/"+source.Name, func(t *testing.T) {
				t.Parallel()
				is := source.Instances[0]
				resp := s.move(t, source.address(), source.Type, source.becomes(), is.SchemaVersion, is.Attributes)
				for _, d := range resp.Diagnostics {
					t.Fatalf("%s: %s", d.Summary, d.Detail)
				}
				s.wantMoved(t, source.becomes(), resp)
			})
		}
	}
}

// wantMoved checks what a move came to.
func (s server) wantMoved(t *testing.T, to string, resp *tfprotov6.MoveResourceStateResponse) {
	t.Helper()
	objectType := s.schemas.ResourceSchemas[to].ValueType()
	state, err := resp.TargetState.Unmarshal(objectType)
	if err != nil {
		t.Fatal(err)
	}
	if want := parseHCL(t, objectType, wantMoved[to]+"\nforeign_fields = []\n"); !state.Equal(want) {
		t.Errorf("state is\n%s, want\n%s", state, want)
	}
	private := map[string][]byte{}
	if err := json.Unmarshal(resp.TargetPrivate, &private); err != nil || string(private["take"]) != "true" {
		t.Errorf("the private state is %s", resp.TargetPrivate)
	}
	if resp.TargetIdentity == nil {
		t.Error("there is no identity")
	}
}

// TestMoveState_refused: what cannot be moved is refused with what can be.
func TestMoveState_refused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	yamlBody := func(text string) string {
		raw, err := json.Marshal(map[string]string{"yaml_body": text})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	const rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
	const kubernetes, kubectl = "hashicorp/kubernetes kubernetes_manifest", "alekc/kubectl kubectl_manifest"
	tests := map[string]struct{ source, state, say string }{
		"null":          {kubernetes, `null`, "a state is an object"},
		"nothing":       {kubernetes, ``, "unexpected end of JSON input"},
		"no attributes": {kubernetes, `{}`, "it has neither object nor manifest"},
		"null attributes": {
			kubernetes, `{"object":null,"manifest":null}`, "it has neither object nor manifest",
		},
		"null inside": {
			kubernetes,
			`{"object":{"type":"dynamic","value":null},"manifest":{"value":null,"type":"dynamic"}}`,
			"it has neither object nor manifest",
		},
		"a list":               {kubernetes, `[]`, "Value cannot be read"},
		"a text for an object": {kubernetes, `{"object":"text"}`, "read manifest"},
		"no JSON":              {kubernetes, `{"object":`, "Value cannot be read"},
		"a Deployment": {kubernetes, `{"manifest":{"value":{"apiVersion":"apps/v1",` +
			`"kind":"Deployment","metadata":{"name":"reviews"}},"type":"dynamic"}}`, `"Deployment" is neither`},
		"the other kind": {kubernetes, `{"manifest":{"apiVersion":"networking.istio.io/v1",` +
			`"kind":"VirtualService","metadata":{"name":"reviews"}}}`, "it becomes a mesh_virtual_service"},
		"a kind of another project": {
			kubernetes,
			`{"manifest":{"apiVersion":"gateway.example/v1","kind":"DestinationRule","metadata":{"name":"reviews"}}}`,
			"none of networking.istio.io",
		},
		"a spec that is a list": {kubernetes, `{"manifest":{"apiVersion":"networking.istio.io/v1",` +
			`"kind":"DestinationRule","metadata":{"name":"reviews"},"spec":[]}}`, "read manifest"},
		"a number for a host": {kubernetes, `{"manifest":{"apiVersion":"networking.istio.io/v1",` +
			`"kind":"DestinationRule","metadata":{"name":"reviews"},"spec":{"host":1}}}`, "read spec"},
		"no YAML":           {kubectl, yamlBody("{a: [b"), "read manifest"},
		"an empty YAML":     {kubectl, yamlBody(""), "it has no yaml_body"},
		"a YAML text":       {kubectl, yamlBody("text"), "read manifest"},
		"a number for YAML": {kubectl, `{"yaml_body":1}`, "it has no yaml_body"},
		"no name":           {kubectl, yamlBody(rule + "spec: {host: reviews}\n"), "is no object name"},
		"a name of two parts": {
			kubectl, yamlBody(rule + "metadata: {name: a/b}\nspec: {host: reviews}\n"), "is no object name",
		},
		"a namespace with control": {
			kubectl, yamlBody(rule + "metadata: {name: a, namespace: \"a\\e[31m\"}\n"), "is no namespace",
		},
		"aliases of aliases":     {kubectl, yamlBody(bomb), "read manifest"},
		"larger than any object": {kubectl, yamlBody(strings.Repeat("#", 7<<20)), "bytes"},
		"a text larger than any": {kubectl, yamlBody(strings.Repeat("#", 2<<20)), "Must not hold a text"},
		"another resource": {
			"hashicorp/kubernetes kubernetes_deployment", `{}`, "holds no object that is known here",
		},
		"another provider": {
			"example/kubernetes kubernetes_manifest", `{}`, "holds no object that is known here",
		},
		"another address": {
			"xhashicorp/kubernetes kubernetes_manifest", `{}`, "holds no object that is known here",
		},
		"a resource of this provider": {"meshroute/mesh mesh_canary_route", `{}`, "holds no object that is known here"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider, typeName, _ := strings.Cut(test.source, " ")
			resp := s.move(t, "registry.terraform.io/"+provider, typeName, "mesh_destination_rule",
				1, []byte(test.state))
			if len(resp.Diagnostics) != 1 || resp.TargetState != nil {
				t.Fatalf("diagnostics are %v, want one", resp.Diagnostics)
			}
			d := resp.Diagnostics[0]
			if said := d.Summary + ": " + d.Detail; d.Severity != tfprotov6.DiagnosticSeverityError ||
				!strings.Contains(said, test.say) {
				t.Errorf("the error is %s, want %q in it", said, test.say)
			}
			if d.Summary != "State cannot be moved" {
				return
			}
			for _, source := range []string{
				"kubernetes_manifest of hashicorp/kubernetes",
				"kubectl_manifest of alekc/kubectl",
				"kubectl_manifest of gavinbunney/kubectl",

				"k8sconnect_object of jmorris0x0/k8sconnect",
				"a DestinationRule of networking.istio.io/v1",
				"terraform import mesh_destination_rule",
			} {
				if !strings.Contains(d.Detail, source) {
					t.Errorf("the error does not say %q: %s", source, d.Detail)
				}
			}
		})
	}
}

// bomb is a YAML that is huge once its aliases are put in.
var bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + func() string {
	var b strings.Builder
	for c := 'b'; c <= 'z'; c++ {
		b.WriteString(string(c) + ": &" + string(c) + " [" +
			strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ",") + "]\n")
	}
	return b.String()
}()

// TestMoveState_namespace: the state says where an object is, even where its text says something else, and default is
// where it is when nobody says anything.
func TestMoveState_namespace(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const object = `apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\nmetadata: {name: ` +
		`reviews%}\nspec: {host: reviews}\n`
	for name, test := range map[string]struct{ source, namespace, more, want string }{
		"nowhere":     {"alekc/kubectl kubectl_manifest", "", `,"namespace":null`, "default"},
		"in the text": {"alekc/kubectl kubectl_manifest", ", namespace: shop", ``, "shop"},
		"override_namespace": {
			"gavinbunney/kubectl kubectl_manifest",
			", namespace: shop",
			`,"namespace":"prod","override_namespace":"prod"`,
			"prod",
		},
		"object_ref": {
			"jmorris0x0/k8sconnect k8sconnect_object", "", `,"object_ref":{"namespace":"prod","name":"reviews"}`,
			"prod",
		},
		"no object_ref": {"jmorris0x0/k8sconnect k8sconnect_object", ", namespace: shop", `,"object_ref":null`, "shop"},
		"another shape": {"jmorris0x0/k8sconnect k8sconnect_object", ", namespace: shop", `,"object_ref":[1]`, "shop"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider, typeName, _ := strings.Cut(test.source, " ")
			state := `{"yaml_body":"` + strings.Replace(object, "%", test.namespace, 1) + `"` + test.more + `}`
			resp := s.move(t, "registry.opentofu.org/"+provider, typeName, "mesh_destination_rule", 1, []byte(state))
			for _, d := range resp.Diagnostics {
				t.Fatalf("%s: %s", d.Summary, d.Detail)
			}
			objectType := s.schemas.ResourceSchemas["mesh_destination_rule"].ValueType()
			is, err := resp.TargetState.Unmarshal(objectType)
			if err != nil {
				t.Fatal(err)
			}
			if want := parseHCL(t, objectType, "name = \"reviews\"\nhost = \"reviews\"\nnamespace = \""+test.want+
				"\"\nforeign_fields = []\n"); !is.Equal(want) {
				t.Errorf("state is\n%s, want\n%s", is, want)
			}
		})
	}
}
