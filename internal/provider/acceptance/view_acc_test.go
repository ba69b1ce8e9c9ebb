package acceptance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/view"
)

// view plans, and returns how the command view draws the plan.
func (w *workspace) view(args ...string) string {
	w.t.Helper()
	w.must("plan", "-out=saved.tfplan")
	shown := w.must("show", "-json", "saved.tfplan").text
	var stdout, stderr strings.Builder
	code := view.Run(args, strings.NewReader(shown), &stdout, &stderr, provider.Look("test"), provider.OwnsKubeconfig)
	if code != 0 {
		w.t.Fatalf("view ends with %d: %s", code, stderr.String())
	}
	return stdout.String()
}

// TestAccView_demo: what the demo plans is drawn as the tests of the command view have it, whose plan is a stored
// one.
func TestAccView_demo(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, acctest.Start(t), canaryForm, "")
	example := func(name string) string {
		return strings.NewReplacer(`"k8s-combat-service-istio-mesh"`, strconv.Quote(w.lab.Service), `"greeter"`,
			strconv.Quote(w.lab.Namespace), `"mesh_canary_route" `+strconv.Quote(w.lab.Namespace),
			`"mesh_canary_route" "greeter"`).Replace(readFile(t, "../../../examples/"+name))
	}
	w.write(example("resources/mesh_canary_route/resource.tf"))
	w.must("apply")
	w.write(example("policies/main.tf"))
	got := w.view("--markdown")

	const heading = "\n#### "
	_, got, _ = strings.Cut(got, heading)
	want := readFile(t, "../../view/testdata/demo_change.md")
	want = want[strings.LastIndex(want, heading)+len(heading):]
	want = strings.ReplaceAll(want, "k8s-combat-service-istio-mesh.greeter.svc.cluster.local", w.lab.Host)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the route (-want +got)\n%s", diff)
	}
}

// TestAccView_live: beside a plan stands what is live: the rules, the ready pods and the rates of each subset.
func TestAccView_live(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	prometheus := lab.Prometheus()
	w := newWorkspace(t, lab, canaryForm, "")
	w.write(w.f.shared("60", "40", parts{}))
	w.must("apply")
	time.Sleep(2 * acctest.Pushed)
	load := lab.StartLoad(walkRate, []acctest.Stream{{
		Name: "testers", Host: lab.Host, Via: "sidecar", Protocol: "grpc", Headers: version("200"),
	}})
	w.write(w.f.shared("10", "90", parts{}))
	rate := regexp.MustCompile(`v2: [1-9]\d* ready, \d+\.\d\d requests a second, 0.00 % fail`)
	var text string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Second) {
		if text = w.view("--live", "--prometheus", prometheus, "--markdown"); rate.MatchString(text) {
			break
		}
	}
	load.Mark("all")
	for _, want := range []string{
		"Live now, ` " + lab.Host + " `:",
		fmt.Sprintf("%s/%s\n  requests with header version=200: v1 60 %%, v2 40 %%\n", lab.Namespace, lab.Service),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if !rate.MatchString(text) {
		t.Errorf("it says no ready pods and rate:\n%s", text)
	}
	if page := w.view("--live"); !strings.Contains(page, "<h3>Live now: <bdi>"+lab.Host+"</bdi></h3>") {
		t.Errorf("the page says nothing of what is live:\n%s", page)
	}
}

// TestAccView_liveRights: who may not look everywhere is told what is not known, and not that there is nothing.
func TestAccView_liveRights(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	if lab.Nobody == "" || lab.Developer == "" {
		t.Skip("the environment names no users with fewer rights")
	}
	w := newWorkspace(t, lab, canaryForm, "")
	w.write(w.f.shared("60", "40", parts{}))
	w.must("apply")
	w.write(w.f.shared("10", "90", parts{}))
	for kubeconfig, wants := range map[string][]string{
		lab.Nobody: {"which VirtualServices route it is not known\n", "v2: ready pods not known\n"},
		lab.Developer: {
			"Of what is live this is not known: what other namespaces than " + lab.Namespace + " have: ",
			lab.Namespace + "/" + lab.Service + "\n",
		},
	} {
		text := w.view("--live", "--markdown", "--kubeconfig", kubeconfig)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
	}
}

// TestAccView_liveBlocks: each route is looked for in the cluster that its provider block names in the plan of a real
// Terraform, in modules too. Where a block says it by a variable, the page says that it is not known.
func TestAccView_liveBlocks(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	// Of a server that Terraform does not start itself both blocks would configure the same one.
	w := &workspace{cli: newCLI(t), lab: lab, f: canaryForm}
	route := func(name, provider string) string {
		return fmt.Sprintf("resource \"mesh_canary_route\" %q {\n  provider = %s\n  service = \"%s-%s\"\n"+
			"  namespace = %q\n  subsets = { v1 = { labels = { version = \"v1\" } } }\n"+
			"  default = { subset = \"v1\" }\n}\n", name, provider, lab.Service, name, lab.Namespace)
	}
	required := fmt.Sprintf("terraform {\n  required_providers {\n    mesh = {\n      source = %q\n"+
		"      configuration_aliases = [mesh.there]\n    }\n  }\n}\n", sourceAddress)
	if err := os.Mkdir(filepath.Join(w.dir, "routes"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.cli.write("routes/main.tf", required+route("east", "mesh")+route("west", "mesh.there"))
	w.write(fmt.Sprintf(`variable "kubeconfig" { default = %q }
provider "mesh" {
  alias          = "west"
  config_path    = var.kubeconfig
  cluster_domain = "west.example"
}
module "routes" {
  source    = "./routes"
  for_each  = toset(["a.b[0]"])
  providers = { mesh = mesh, mesh.there = mesh.west }
}
`, lab.Kubeconfig))
	w.must("get")
	text := w.view("--live", "--markdown")
	east, west, ok := strings.Cut(text, "\n#### ` module.routes[\"a.b[0]\"].mesh_canary_route.west `")
	if !ok {
		t.Fatalf("there is no route west:\n%s", text)
	}
	host := func(name, domain string) string {
		return fmt.Sprintf("%s-%s.%s.svc.%s", lab.Service, name, lab.Namespace, domain)
	}
	for _, test := range []struct{ part, want string }{
		{east, "Live now, ` " + host("east", "cluster.local") + " `:\n\n```\nthere is no such service\n```"},
		{east, "in the cluster of the provider block mesh\n"},
		{west, host("west", "west.example")},
		{west, "what is live is not shown: which cluster the provider block mesh.west means is not known"},
	} {
		if !strings.Contains(test.part, test.want) {
			t.Errorf("it does not say %q:\n%s", test.want, text)
		}
	}
	if strings.Contains(west, "Live now") {
		t.Errorf("it looks for the route in a cluster that it does not know:\n%s", text)
	}
}
