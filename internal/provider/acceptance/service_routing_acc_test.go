package acceptance_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const serviceRoutingAddress = "data.mesh_service_routing.test"

// asks is a data source for a service, with further attributes.
func asks(service, more string) string {
	return fmt.Sprintf("data \"mesh_service_routing\" \"test\" {\n  service = %s\n  %s\n}\n", service, more)
}

// answer returns what the data source says, without the times at which objects were made, of which it checks that
// they are there.
func (q *quarter) answer() map[string]any {
	q.t.Helper()
	state := &tfjson.State{}
	q.show(state)
	for _, r := range state.Values.RootModule.Resources {
		if r.Address != serviceRoutingAddress {
			continue
		}
		raw, err := json.Marshal(r.AttributeValues)
		if err != nil {
			q.t.Fatal(err)
		}
		var values map[string]any
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), q.name, "NS")), &values); err != nil {
			q.t.Fatal(err)
		}
		for _, kind := range []string{"virtual_services", "destination_rules"} {
			objects, _ := values[kind].([]any)
			for _, o := range objects {
				if created, _ := o.(map[string]any)["created"].(string); !strings.HasSuffix(created, "Z") {
					q.t.Errorf("made at %q", created)
				}
				delete(o.(map[string]any), "created")
			}
		}
		return values
	}
	q.t.Fatalf("%s is not in the state", serviceRoutingAddress)
	return nil
}

// TestAccServiceRouting: the data source shows what routes a service, who answers, and what contradicts what.
func TestAccServiceRouting(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.destinationRule("name: greeter, namespace: NS, annotations: {meta.helm.sh/release-name: shop}",
		"host: greeter, subsets: [{name: v1, labels: {version: v1}}, {name: v9, labels: {version: v9}}]")
	q.virtualService("name: a-first, namespace: NS, annotations: {terraform-provider-mesh/owner: shop/prod}",
		"hosts: [greeter], http: [{name: canary, route: [{destination: {host: greeter, subset: v1}, weight: 90}, "+
			"{destination: {host: greeter, subset: v9}, weight: 10}]}]")
	q.virtualService("name: b-later, namespace: NS-b", "hosts: ["+greeterHost+"], "+toGreeter)
	q.virtualService("name: c-edge, namespace: NS", "hosts: [NS.example], gateways: [NS/gone], "+toGreeter)
	q.virtualService("name: d-other, namespace: NS", "hosts: [other], http: [{route: [{destination: {host: other}}]}]")
	q.configure(q.admin, asks(`"greeter"`, "")+
		"output \"weights\" { value = data.mesh_service_routing.test.virtual_services[0].weights }\n")
	q.only(q.must("apply"))
	object := func(namespace, name string, owner any, more map[string]any) map[string]any {
		o := map[string]any{"namespace": namespace, "name": name, "owner": owner, "managed_by": []any{}}
		for key, value := range more {
			o[key] = value
		}
		return o
	}
	got := q.answer()
	conflicts, _ := got["conflicts"].([]any)
	delete(got, "conflicts")
	manifests, _ := got["manifests"].([]any)
	delete(got, "manifests")
	for i, name := range []string{"a-first", "b-later", "c-edge", "greeter"} {
		if len(manifests) != 4 || !strings.Contains(fmt.Sprint(manifests[i]), "\n  name: "+name+"\n") ||
			strings.Contains(fmt.Sprint(manifests[i]), "annotations") {
			t.Errorf("manifest %d is not %s: %v", i, name, manifests)
		}
	}
	want := map[string]any{
		"service": "greeter", "namespace": "NS", "host": greeterHost, "ready_endpoints": 2.0,
		"ports": []any{map[string]any{"name": "grpc", "number": 50051.0}},
		"virtual_services": []any{
			object("NS", "a-first", "shop/prod", map[string]any{
				"hosts": []any{"greeter"}, "gateways": []any{"mesh"}, "effective": true,
				"weights": map[string]any{"canary": map[string]any{"v1": 90.0, "v9": 10.0}},
				"summary": []any{"all requests: v1 90 %, v9 10 %"},
			}),
			object("NS-b", "b-later", nil, map[string]any{
				"hosts": []any{greeterHost}, "gateways": []any{"mesh"}, "effective": false, "weights": map[string]any{},
				"summary": []any{"all requests go to greeter.NS"},
			}),
			object("NS", "c-edge", nil, map[string]any{
				"hosts":     []any{"NS.example"},
				"gateways":  []any{"NS/gone"},
				"effective": true,
				"weights":   map[string]any{},
				"summary":   []any{"all requests go to greeter"},
			}),
		},
		"destination_rules": []any{object("NS", "greeter", nil, map[string]any{
			"host": "greeter", "managed_by": []any{"Helm"}, "subsets": map[string]any{
				"v1": map[string]any{"labels": map[string]any{"version": "v1"}, "ready_endpoints": 1.0},
				"v9": map[string]any{"labels": map[string]any{"version": "v9"}, "ready_endpoints": 0.0},
			},
		})},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what routes the service (-want +got):\n%s", diff)
	}
	for i, words := range []string{
		`sends requests to the subset v9 (DestinationRule "NS/greeter" declares it)`,
		`VirtualService "NS/c-edge" sends requests from the gateway NS/gone straight to ` + greeterHost,
		`the rules of VirtualService "NS-b/b-later" have no effect`,
		`There is no Gateway "NS/gone"`,
	} {
		if len(conflicts) != 4 || !strings.Contains(fmt.Sprint(conflicts[i]), words) {
			t.Errorf("conflict %d does not say %q: %q", i, words, conflicts)
		}
	}

	q.put("serviceentries",
		"apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: entry, namespace: NS}\n"+
			"spec: {hosts: [NS.example.com], ports: [{number: 50051, name: grpc, protocol: GRPC}], resolution: NONE}")
	q.configure(q.admin, asks(`"`+q.name+`.example.com"`, ""))
	q.only(q.must("apply"))
	if got := q.answer(); got["host"] != "NS.example.com" || got["ports"] != nil || got["ready_endpoints"] != nil ||
		!strings.Contains(fmt.Sprint(got["manifests"]), "kind: ServiceEntry") {
		t.Errorf("a host of a ServiceEntry: %v", got)
	}
}

// TestAccServiceRouting_rights: what may not be read is null, and a warning names the right.
func TestAccServiceRouting_rights(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.destinationRule("name: greeter, namespace: NS", "host: greeter, subsets: [{name: v1, labels: {version: v1}}]")
	q.virtualService("name: greeter, namespace: NS", "hosts: [greeter], "+toGreeter)
	for resource, missing := range map[string][]string{
		"virtualservices":  {"virtual_services", "conflicts", "manifests"},
		"destinationrules": {"destination_rules", "conflicts", "manifests"},
		"services":         {"ports", "ready_endpoints"},
		"pods":             {"ready_endpoints"}, "workloadentries": {"ready_endpoints"},
	} {
		q.configure(q.without(right{"list", resource, inRoutes}), asks(`"greeter"`, ""))
		r := q.must("apply")
		r.want(t, "warning", "Not everything could be read", `cannot list resource "`+resource+`"`,
			"The verb list on "+resource)
		got := q.answer()
		for _, attribute := range []string{
			"ports", "ready_endpoints", "virtual_services", "destination_rules", "conflicts", "manifests",
		} {
			null := false
			for _, name := range missing {
				null = null || name == attribute
			}
			if (got[attribute] == nil) != null {
				t.Errorf("without list on %s: %s is %v", resource, attribute, got[attribute])
			}
		}
	}
	if q.lab.Nobody == "" {
		return
	}
	q.configure(fmt.Sprintf("config_path = %q\n  default_namespace = %q", q.lab.Nobody, q.name), asks(`"greeter"`, ""))
	q.must("apply").want(t, "warning", "Not everything could be read", "virtualservices", "destinationrules",
		"services", "pods", "workloadentries")
}

// TestAccServiceRouting_owner: two routes of one workspace contradict each other as any two do.
func TestAccServiceRouting_owner(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	first := sendingTo(`host = "greeter"`, "")
	second := strings.NewReplacer(`"mesh_virtual_service" "test"`, `"mesh_virtual_service" "second"`, `"test"`,
		`"second"`).Replace(
		sendingTo(`host = "greeter"`, "depends_on = [mesh_virtual_service.test]"))
	q.configure(q.admin+"  owner = \"shop/prod\"\n",
		first+second+asks(`"greeter"`, "depends_on = [mesh_virtual_service.second]"))
	q.must("apply")
	if conflicts := fmt.Sprint(q.answer()["conflicts"]); !strings.Contains(conflicts, `VirtualService "NS/second"`) ||
		!strings.Contains(conflicts, "in the mesh already") {
		t.Errorf("conflicts %s", conflicts)
	}
}

// TestAccServiceRouting_narrow: who may list in the namespace of the service only gets what is there, wherever the
// provider is at home, and is told that it is not all.
func TestAccServiceRouting_narrow(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.virtualService("name: greeter, namespace: NS", "hosts: [greeter], "+toGreeter)
	q.virtualService("name: unseen, namespace: NS-b", "hosts: ["+greeterHost+"], "+toGreeter)
	block := strings.Replace(q.without(right{}), fmt.Sprintf("default_namespace = %q", q.name),
		`default_namespace = "default"`, 1)
	const summary = "Not everything could be read"
	for service, routes := range map[string]int{greeterHost: 1, "gone.NS.svc.cluster.local": 0} {
		q.configure(block, asks(quote(q.in(service)), ""))
		r := q.must("apply")
		q.only(r, summary)
		r.want(t, "warning", summary, "what other namespaces than "+q.name+" have", "destinationrules",
			"virtualservices")
		got := q.answer()
		if found, ok := got["virtual_services"].([]any); !ok || len(found) != routes || got["conflicts"] == nil {
			t.Errorf("what routes %s: %v", service, got)
		}
	}
}

// TestAccServiceRouting_invalid: what is no service is an error at the attribute, and nothing that a name holds
// reaches the terminal.
func TestAccServiceRouting_invalid(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	for name, test := range map[string]struct {
		config, summary string
		words           []string
	}{
		"a service that is not there": {
			asks(`"gone"`, ""),
			"Service does not exist",
			[]string{"service: there is no Service, and no ServiceEntry, for gone.NS.svc.cluster.local"},
		},
		"a host that nothing has": {
			asks(`"gone.example"`, ""), "Service does not exist", []string{"service: ", "gone.example"},
		},
		"a name of two parts": {
			asks(`"greeter.NS"`, ""),
			"Service does not exist",
			[]string{"for greeter.NS in the cluster", "A name with a dot is taken as it is"},
		},
		"an empty name": {asks(`""`, ""), "Invalid service", []string{"service: "}},
		"a name with a path": {
			asks(`"../../secrets"`, ""), "Invalid service", []string{`"../../secrets" is no name of a service`},
		},
		"a name with control bytes": {asks(`"a\u001b[31m"`, ""), "Invalid service", []string{`\x1b[31m`}},
		"a name with a query":       {asks(`"a?watch=1"`, ""), "Invalid service", []string{"service: "}},
		"a very long name": {
			asks(`"`+strings.Repeat("a.", 5000)+`a"`, ""), "Invalid service", []string{"service: "},
		},
		"a namespace that is a path": {
			asks(`"greeter"`, `namespace = "../kube-system"`), "Invalid namespace", []string{"namespace: "},
		},
		"a namespace that does not exist": {
			asks(`"greeter"`, `namespace = "NS-c"`),
			"Service does not exist",
			[]string{"service: ", "greeter.NS-c.svc.cluster.local"},
		},
	} {
		q.configure(q.admin, q.in(test.config))
		words := make([]string, len(test.words))
		for i, text := range test.words {
			words[i] = q.in(text)
		}
		if r := q.fails(test.summary, words, "plan"); strings.ContainsRune(r.text, '\x1b') {
			t.Errorf("%s: an escape sequence reaches the terminal", name)
		}
	}
}

// TestAccServiceRouting_unknown: what is known only after apply is read then.
func TestAccServiceRouting_unknown(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	unknown := "resource \"terraform_data\" \"name\" { input = \"greeter\" }\n"
	q.configure(q.admin, unknown+asks("terraform_data.name.output", "")+byRules("v2", ""))
	q.must("plan")
	q.must("apply")
	if got := q.answer(); got["host"] != greeterHost {
		t.Errorf("the host is %v", got["host"])
	}
	q.must("plan", "-detailed-exitcode")
	q.must("destroy")

	other := newQuarter(t)
	block := strings.Replace(other.admin, fmt.Sprintf("%q", other.lab.Kubeconfig), "terraform_data.name.output", 1)
	other.configure(block,
		"resource \"terraform_data\" \"name\" { input = "+quote(other.lab.Kubeconfig)+" }\n"+asks(`"greeter"`, ""))
	other.fails("Cluster not known yet", []string{"depends_on"}, "plan")
	other.configure(block, "resource \"terraform_data\" \"name\" { input = "+quote(other.lab.Kubeconfig)+" }\n"+
		asks(`"greeter"`, "depends_on = [terraform_data.name]"))
	other.must("apply")
	if got := other.answer(); got["host"] != greeterHost {
		t.Errorf("the host is %v", got["host"])
	}
}

// TestAccServiceRouting_example: the example works word for word.
func TestAccServiceRouting_example(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.configure(q.admin, readFile(t, "../../../examples/data-sources/mesh_service_routing/data-source.tf"))
	q.must("apply")
}

// TestAccServiceRouting_drift: the data source is read anew by each plan.
func TestAccServiceRouting_drift(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.configure(q.admin, asks(`"greeter"`, ""))
	q.must("apply")
	if got := q.answer(); len(got["virtual_services"].([]any)) != 0 || len(got["conflicts"].([]any)) != 0 {
		t.Errorf("a service that nothing routes: %v", got)
	}
	q.virtualService("name: greeter, namespace: NS", "hosts: [greeter], "+toGreeter)
	q.must("apply")
	if got := q.answer(); len(got["virtual_services"].([]any)) != 1 {
		t.Errorf("a service that is routed: %v", got)
	}
	if q.lab.Get(acctest.VirtualService, "greeter") == nil {
		t.Error("reading removed the VirtualService")
	}
}
