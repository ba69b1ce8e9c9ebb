package acceptance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const (
	rivalry  = "Host is routed already"
	overlap  = "Subsets are declared elsewhere too"
	idle     = "Nobody answers in a subset"
	absent   = "Not in the cluster"
	unlooked = "Not checked against the cluster"
)

// situation is something in a cluster that a plan tells of.
type situation struct {
	make   func(*quarter)
	config string
	// severity is empty for a warning.
	severity, summary string
	// words are in the text, which begins with the attribute.
	words []string
	// resource is what cannot be listed where the plan cannot tell, and question what it does not know then.
	resource, question string
}

const greeterHost = "greeter.NS.svc.cluster.local"

// toGreeter are rules of a VirtualService in YAML.
const toGreeter = "http: [{route: [{destination: {host: " + greeterHost + "}}]}]"

var situations = map[string]situation{
	"another VirtualService for the host": {
		make: func(q *quarter) {
			q.virtualService(
				"name: theirs, namespace: NS, annotations: {flagger.kubernetes.io/original-configuration: '{}'}",
				"hosts: [greeter], "+toGreeter,
			)
		},
		config: byRules("v2", ""), summary: rivalry,
		words: []string{
			`service: VirtualService "NS/theirs" routes ` + greeterHost + " in the mesh already",
			"takes the oldest one", "for every caller the rules of",
			`VirtualService "NS/greeter" have no effect`, "It belongs to Flagger",
		},
		resource: "virtualservices", question: "whether another VirtualService routes these hosts already",
	},
	"a wildcard in another namespace": {
		make: func(q *quarter) {
			q.virtualService("name: theirs, namespace: NS-b",
				"hosts: ['*.NS.svc.cluster.local'], gateways: [mesh], "+toGreeter)
		},
		config: byRules("v2", `hosts = ["greeter"]`), summary: rivalry,
		words: []string{
			`hosts[0]: VirtualService "NS-b/theirs" routes *.NS.svc.cluster.local in the mesh already; the more ` +
				`specific host goes first`,
			`requests to ` + greeterHost + ` follow the rules of VirtualService "NS/greeter"`,
		},
		resource: "virtualservices", question: "whether another VirtualService routes these hosts already",
	},
	"another namespace that exports to few": {
		make: func(q *quarter) {
			q.virtualService("name: theirs, namespace: NS-b", "hosts: ["+greeterHost+"], exportTo: ['.'], "+toGreeter)
		},
		config: byShares("v2", `hosts = ["greeter"]`), summary: rivalry,
		words: []string{
			`hosts[0]: VirtualService "NS-b/theirs"`,
			"exported to fewer namespaces",
			"for callers in namespace NS-b the rules of",
		},
		resource: "virtualservices", question: "whether another VirtualService routes these hosts already",
	},
	"a shared gateway": {
		make: func(q *quarter) {
			q.put("gateways", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge, "+
				"namespace: NS}\n"+
				"spec: {selector: {app: none}, servers: [{hosts: ['*'], port: {number: 80, name: http, protocol: "+
				"HTTP}}]}")
			q.virtualService("name: theirs, namespace: NS", "hosts: [NS.example], gateways: [edge], "+toGreeter)
		},
		config: byRules("v2", "hosts = [\"NS.example\"]\n gateways = [\"NS/edge\"]"), summary: rivalry,
		words: []string{`hosts[0]: VirtualService "NS/theirs" routes NS.example at the gateway NS/edge already; a ` +
			`gateway merges both`},
		resource: "virtualservices", question: "whether another VirtualService routes these hosts already",
	},
	"a subset that is declared twice": {
		make: func(q *quarter) {
			q.destinationRule("name: theirs, namespace: NS, labels: {kiali_wizard: request_routing}",
				"host: greeter, subsets: [{name: v2, labels: {version: v2b}}]")
		},
		config: byRules("v2", ""), summary: overlap,
		words: []string{
			`subsets["v2"]: DestinationRule "NS/theirs" declares a subset v2 of the same host too, with the labels ` +
				`version=v2b`,
			`that of DestinationRule "NS/greeter" has no effect`, "It belongs to Kiali",
		},
		resource: "destinationrules", question: "whether another DestinationRule hides or doubles the subsets",
	},
	"a DestinationRule in the callers' namespace": {
		make: func(q *quarter) {
			q.destinationRule("name: theirs, namespace: NS-b",
				"host: '*.NS.svc.cluster.local', trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}")
		},
		config: byShares("v2", ""), summary: overlap,
		words: []string{
			`subsets: DestinationRule "NS-b/theirs", for the host *.NS.svc.cluster.local, stands in the place of ` +
				`DestinationRule "NS/greeter" for callers in namespace NS-b`,
			"has no subset v1 or v2", "503",
		},
		resource: "destinationrules", question: "whether another DestinationRule hides or doubles the subsets",
	},
	"a subset without workloads": {
		make: func(*quarter) {}, config: byRules("v3", ""), severity: "error", summary: idle,
		words: []string{
			`subsets["v3"]: http[0] sends requests to the subset v3`, "no ready pod or WorkloadEntry of namespace NS",
			"version=v3", "app=greeter", "allow_empty_subsets = true",
		},
		resource: "workloadentries", question: "whether WorkloadEntries stand in subsets",
	},
	"a subset without workloads, in a split": {
		make: func(*quarter) {}, config: byShares("v3", ""), severity: "error", summary: idle,
		words:    []string{`subsets["v3"]: http[0] sends requests to the subset v3`},
		resource: "pods", question: "whether pods are ready",
	},
	"a subset without workloads that somebody else declares": {
		make: func(q *quarter) {
			q.destinationRule("name: theirs, namespace: NS",
				"host: greeter, subsets: [{name: v3, labels: {version: v3}}]")
		},
		config: sendingTo(`host = "greeter", subset = "v3"`, ""), summary: idle,
		words: []string{`http[0].route[0].destination.subset: http[0] sends requests to the subset v3 ` +
			`(DestinationRule "NS/theirs" declares it)`},
		resource: "pods", question: "whether pods are ready",
	},
	"a subset that nobody declares": {
		make: func(*quarter) {}, config: sendingTo(`host = "greeter", subset = "v9"`, ""), summary: absent,
		words: []string{`http[0].route[0].destination.subset: no DestinationRule declares a subset v9 of ` +
			greeterHost, "in the same apply"},
		resource: "destinationrules", question: "whether another DestinationRule",
	},
	"a service that is not there": {
		make: func(*quarter) {}, config: strings.Replace(byRules("v2", ""), `"greeter"`, `"gone"`, 1), summary: absent,
		words: []string{
			"service: there is no Service, and no ServiceEntry, for gone.NS.svc.cluster.local", "in the same apply",
		},
		resource: "services", question: "whether the services and ports exist",
	},
	"a destination that is not there": {
		make: func(*quarter) {}, config: sendingTo(`host = "gone.NS-b.svc.cluster.local"`, ""), summary: absent,
		words: []string{"http[0].route[0].destination.host: there is no Service, and no ServiceEntry, for " +
			"gone.NS-b.svc.cluster.local"},
		resource: "serviceentries", question: "whether a ServiceEntry has a host",
	},
	"a port that is not there": {
		make: func(*quarter) {}, config: byRules("v2", "port = 80"), summary: absent,
		words:    []string{"port: the Service of " + greeterHost + " has no port 80", "it has 50051"},
		resource: "services", question: "whether the services and ports exist",
	},
	"a gateway that is not there": {
		make:     func(*quarter) {},
		config:   byRules("v2", "hosts = [\"NS.example\"]\n gateways = [\"NS/gone\"]"),
		summary:  absent,
		words:    []string{`gateways[0]: there is no Gateway "NS/gone"`, "in the same apply"},
		resource: "gateways", question: "whether the gateways exist",
	},
}

// TestAccChecks: a plan tells of each situation at the attribute. Somebody who may not look is told so once, with the
// verb and the resource, and the plan goes on.
func TestAccChecks(t *testing.T) {
	t.Parallel()
	for name, s := range situations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQuarter(t)
			s.make(q)
			words := make([]string, len(s.words))
			for i, text := range s.words {
				words[i] = q.in(text)
			}
			q.configure(q.admin, q.in(s.config))
			if s.severity == "error" {
				q.fails(s.summary, words, "plan")
			} else {
				q.must("plan").want(t, "warning", s.summary, words...)
			}
			q.configure(q.without(right{"list", s.resource, inRoutes}), q.in(s.config))
			r := q.must("plan")
			r.want(t, "warning", unlooked, s.question, `cannot list resource "`+s.resource+`"`,
				"The verb list on "+s.resource+" lets it look")
			for _, d := range r.Diagnostics {
				if withoutObject(d.Summary) == s.summary {
					t.Errorf("the plan tells what it cannot know:\n%s", r)
				}
			}
		})
	}
}

// TestAccChecks_several: of each route everything is told, under a summary of its own: Terraform shows one of several
// warnings that have the same.
func TestAccChecks_several(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.virtualService("name: one, namespace: NS", "hosts: [greeter], "+toGreeter)
	q.virtualService("name: two, namespace: NS-b", "hosts: ['*.NS.svc.cluster.local'], gateways: [mesh], "+toGreeter)
	second := strings.Replace(byRules("v2", `name = "second"`), `"test"`, `"second"`, 1)
	q.configure(q.admin, q.in(byRules("v2", `gateways = ["mesh", "NS/gone", "NS/lost"]`)+second))
	r := q.must("plan")
	var got []string
	for _, d := range r.Diagnostics {
		got = append(got, d.Summary)
	}
	slices.Sort(got)
	got = slices.Compact(got)
	want := []string{
		"Doubtful route (greeter)", q.in(rivalry + " (NS/greeter)"),
		q.in(rivalry + " (NS/second)"), q.in(absent + " (NS/greeter)"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	r.want(t, "warning", absent, q.in(`gateways[1]: there is no Gateway "NS/gone"`),
		q.in(`gateways[2]: there is no Gateway "NS/lost"`))
	r.want(t, "warning", rivalry, q.in(`service: VirtualService "NS/one"`), q.in(`service: VirtualService "NS-b/two"`))
}

// TestAccChecks_quiet: where everything is in order nothing is said, also to somebody who has the shipped Role and
// may not look at other namespaces.
func TestAccChecks_quiet(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.put("services", "apiVersion: v1\nkind: Service\nmetadata: {name: outside, namespace: NS}\nspec: {type: "+
		"ExternalName, externalName: example.com}")
	q.put("services",
		"apiVersion: v1\nkind: Service\nmetadata: {name: bare, namespace: NS}\nspec: {ports: [{port: 50051}]}")
	q.put("serviceentries", "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: entry, "+
		"namespace: NS}\n"+
		"spec: {hosts: [entry.NS.svc.cluster.local], ports: [{number: 50051, name: grpc, protocol: GRPC}], "+
		"resolution: NONE}")
	q.virtualService("name: theirs, namespace: NS-b", "hosts: ["+greeterHost+"], "+toGreeter)
	narrow := q.without(right{})
	for _, block := range []string{q.admin, narrow} {
		for _, name := range []string{"outside", "bare", "entry"} {
			q.configure(block, strings.Replace(byRules("v3", ""), `"greeter"`, `"`+name+`"`, 1))
			q.only(q.must("plan"))
		}
	}
	q.configure(q.without(right{"list", "gateways", inRoutes}), byRules("v2", ""))
	// Who may not look beyond the namespace is not told of it again and again.
	q.only(q.must("plan"))
	q.configure(q.without(right{"list", "pods", inRoutes}), byRules("v2", ""))
	q.must("plan").want(t, "warning", unlooked, "what other namespaces than "+q.name+
		" have: list in all of them is not allowed on destinationrules, virtualservices")
	// What is not in one namespace may be in another one.
	for _, destination := range []string{`host = "greeter", subset = "v9"`, `host = "gone.NS-b.svc.cluster.local"`} {
		q.configure(narrow, q.in(sendingTo(destination, "")))
		q.only(q.must("plan"))
	}
}

// TestAccChecks_workloads: who counts as one that answers.
func TestAccChecks_workloads(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.put("serviceaccounts", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner, namespace: NS}")
	q.workload("sick", "", "False")
	q.workload("well", "", "True")
	q.pod("unready", "unready", "False")
	q.pod("ready", "ready", "True")
	ending := q.pod("ending", "ending", "True")
	pods := q.k.objects("v1", "pods", q.name)
	edit := func(change func(*unstructured.Unstructured)) {
		t.Helper()
		live, err := pods.Get(contextOf(t), ending.GetName(), metav1.GetOptions{})
		if err == nil {
			change(live)
			_, err = pods.Update(contextOf(t), live, metav1.UpdateOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	edit(func(o *unstructured.Unstructured) { o.SetFinalizers([]string{"test.example/keep"}) })
	t.Cleanup(func() { edit(func(o *unstructured.Unstructured) { o.SetFinalizers(nil) }) })
	if err := pods.Delete(t.Context(), ending.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for version, answers := range map[string]bool{
		"v2": true, "sick": false, "well": true, "unready": false, "ready": true, "ending": false,
	} {
		q.configure(q.admin, byRules(version, ""))
		if answers {
			q.only(q.must("plan"))
		} else {
			q.fails(idle, []string{`subsets["` + version + `"]`}, "plan")
		}
	}
	q.configure(q.admin, byRules("sick", "allow_empty_subsets = true"))
	q.only(q.must("plan"))
	q.configure(q.admin, byRules("sick", "weights_managed_by = \"other\""))
	q.must("plan")
}

// TestAccChecks_meanwhile: a workload that starts in the same apply answers, also when somebody else looked a moment
// before.
func TestAccChecks_meanwhile(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	begin, end := filepath.Join(t.TempDir(), "begin"), filepath.Join(t.TempDir(), "end")
	q.configure(q.admin, byRules("v2", "")+fmt.Sprintf(`
resource "terraform_data" "start" {
  input = "v3"
  provisioner "local-exec" { command = "touch %s; until [ -e %s ]; do sleep 0.1; done" }
  depends_on = [mesh_canary_route.test]
}
resource "mesh_canary_route" "later" {
  name    = "later"
  hosts   = ["later.example"]
  service = "greeter"
  subsets = { later = { labels = { version = terraform_data.start.output } } }
  default = { weights = { later = 100 } }
}
`, begin, end))
	started := make(chan struct{})
	go func() {
		defer close(started)
		// The apply waits for it, whatever comes.
		defer func() { _ = os.WriteFile(end, nil, 0o600) }()
		for t.Context().Err() == nil {
			if _, err := os.Stat(begin); err == nil {
				q.workload("v3", "", "")
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	q.must("apply")
	<-started
}

// TestAccChecks_changes: an object that does not change is not looked at, and one that does is looked at again.
func TestAccChecks_changes(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.workload("v3", "", "")
	q.configure(q.admin, byRules("v3", ""))
	q.only(q.must("apply"))
	q.k.remove("networking.istio.io/v1", "workloadentries", q.name, "v3")
	q.only(q.must("plan", "-detailed-exitcode"))
	shifted := strings.NewReplacer("90", "80", "= 10 }", "= 20 }").Replace(byRules("v3", ""))
	q.configure(q.admin, shifted)
	q.fails(idle, []string{`subsets["v3"]`}, "plan")
	q.configure(q.admin, strings.NewReplacer("90", "95", "= 10 }", "= 5 }").Replace(byRules("v3", "")))
	q.must("plan").want(t, "warning", idle, `subsets["v3"]: http[0] sends requests to the subset v3`,
		"they fail with 503")
	q.configure(q.admin, shifted)
	q.workload("v3", "again", "")
	q.lab.EditObject(acctest.DestinationRule, "greeter", func(o *unstructured.Unstructured) {
		o.SetAnnotations(map[string]string{"meta.helm.sh/release-name": "shop"})
	})
	q.lab.EditObject(acctest.VirtualService, "greeter", func(o *unstructured.Unstructured) {
		o.SetAnnotations(map[string]string{
			"argo-rollouts.argoproj.io/managed-by-rollouts": "greeter",
			"meta.helm.sh/release-name":                     "shop",
		})
	})
	r := q.must("plan")
	r.want(t, "warning", "Object of another tool", `DestinationRule "`+q.name+`/greeter" belongs to Helm`,
		"the next upgrade")
	r.want(t, "warning", "Object of another tool", `VirtualService "`+q.name+`/greeter" belongs to Argo Rollouts`)
	q.configure(q.admin,
		strings.Replace(shifted, "default =", "weights_managed_by = \"other\"\n port = 50051\n default =", 1))
	q.only(q.must("plan"), "Traffic moves in "+q.name+"/greeter",
		"Object of another tool (Helm, DestinationRule "+q.name+"/greeter)",
		"Object of another tool (Helm, VirtualService "+q.name+"/greeter)")
	// Among what was there before is the route itself, under whatever name.
	q.configure(q.admin, strings.Replace(shifted, "default =", "name = \"renamed\"\n default =", 1))
	q.only(q.must("apply"), "Traffic moves in "+q.name+"/greeter")
	q.must("destroy")
}
