package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccFunctions calls the functions as a configuration does. What manifest says of a resource is what the cluster
// has, and the API server takes it, and keeps it word for word.
func TestAccFunctions(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newCLI(t, reattach(t))
	const yaml = `
output "canary" { value = provider::mesh::manifest(mesh_canary_route.test) }
output "split" { value = provider::mesh::manifest(merge(mesh_weighted_split.test, { owner = "somebody" })) }
output "routes" { value = provider::mesh::manifest(mesh_virtual_service.test) }
output "subsets" { value = provider::mesh::manifest(mesh_destination_rule.test) }
output "fqdn" { value = provider::mesh::fqdn(local.service, local.namespace) }
output "described" {
  value = provider::mesh::manifest({
    name = "${local.service}-d", namespace = local.namespace, host = "described.example", traffic_policy = { connection_pool = { tcp = { connect_timeout = "1500ms" } } }
  })
}
`
	resources := fmt.Sprintf(`locals {
  service   = %q
  namespace = %q
}

resource "mesh_canary_route" "test" {
  service = local.service
  subsets = { v1 = { labels = { app = "k8s-combat-service-v1" } }, v2 = { labels = { app = "k8s-combat-service-v2" } } }
  rules   = [{ match = [{ headers = { x-tester = { present = true } } }], subset = "v2", timeout = "5000ms", retries = { attempts = 0 } }]
  default = { weights = { v1 = 100, v2 = 0 } }
}

resource "mesh_weighted_split" "test" {
  service = "split.${local.service}.example"
  hosts   = ["split.${local.service}.example"]
  name    = "${local.service}-split"
  subsets = { v1 = { labels = { a = "b" }, weight = 10 }, v2 = { labels = { a = "c" }, weight = 90 } }
}

resource "mesh_virtual_service" "test" {
  name     = "${local.service}-v"
  hosts    = ["v.${local.service}.example"]
  gateways = ["none"]
  labels   = { team = "shop" }
  http     = [{ redirect = { uri = "/", redirect_code = 308 } }]
}

resource "mesh_destination_rule" "test" {
  name    = "${local.service}-r"
  host    = "r.${local.service}.example"
  subsets = [{ name = "v1", labels = { version = "1" } }]
}
`, lab.Service, lab.Namespace)
	c.configure(fmt.Sprintf(
		"config_path = %q\n default_namespace = %q\n owner = \"shop/prod\"\n propagation = { settle = \"0s\" }",
		lab.Kubeconfig,
		lab.Namespace,
	), resources+yaml)
	c.must("apply")
	defer c.must("destroy")
	state := &tfjson.State{}
	c.show(state)
	output := func(name string) string { return state.Values.Outputs[name].Value.(string) }
	if got := output("fqdn"); got != lab.Host {
		t.Errorf("fqdn is %q, want %q", got, lab.Host)
	}
	for name, suffix := range map[string]string{"canary": "", "split": "-split", "routes": "-v", "subsets": "-r"} {
		for _, document := range strings.Split(output(name), "---\n") {
			kind := acctest.VirtualService
			if strings.Contains(document, "kind: "+acctest.DestinationRule) {
				kind = acctest.DestinationRule
			}
			live := lab.ManifestYAML(kind, lab.Service+suffix)
			live = strings.ReplaceAll(live, "    app.kubernetes.io/managed-by: terraform-provider-mesh\n", "")
			live = strings.ReplaceAll(live, "  annotations:\n    terraform-provider-mesh/owner: shop/prod\n", "")
			live = strings.ReplaceAll(live, "  labels:\n  name", "  name")
			if diff := cmp.Diff(live, document); diff != "" {
				t.Errorf("%s (-live +got):\n%s", name, diff)
			}
		}
	}
	lab.ApplyAs("kubectl", output("described"))
	defer lab.Delete(acctest.DestinationRule, lab.Service+"-d")
	if diff := cmp.Diff(output("described"), lab.ManifestYAML(acctest.DestinationRule, lab.Service+"-d")); diff != "" {
		t.Errorf("the API server keeps (-said +kept):\n%s", diff)
	}

	for expression, words := range map[string][]string{
		`provider::mesh::manifest({ name = "a", host = "a", subsets = 1 })`: {
			"must be a list",
		},
		`provider::mesh::manifest({ name = "a", hosts = ["a"], http = [{ timeout = "1us", redirect = {} }] })`: {
			"http[0]",
		},
		`provider::mesh::manifest(null)`:      {"route"},
		`provider::mesh::fqdn("a b", "shop")`: {"is no name of a service"},
		`provider::mesh::fqdn("a", null)`:     {"null"},
	} {
		c.configure(fmt.Sprintf("config_path = %q\n default_namespace = %q\n", lab.Kubeconfig, lab.Namespace),
			resources+fmt.Sprintf("output \"wrong\" { value = %s }\n", expression))
		r := c.run("plan")
		if r.ok {
			t.Errorf("%s is planned", expression)
			continue
		}
		var said []string
		for _, d := range r.Diagnostics {
			if d.Severity == "error" {
				said = append(said, d.Summary+": "+d.Detail)
			}
		}
		for _, word := range words {
			if !strings.Contains(strings.Join(said, "\n"), word) {
				t.Errorf("%s does not say %q: %q", expression, word, said)
			}
		}
	}
	c.configure(fmt.Sprintf(
		"config_path = %q\n default_namespace = %q\n owner = \"shop/prod\"\n propagation = { settle = \"0s\" }",
		lab.Kubeconfig,
		lab.Namespace,
	), resources)
}

// TestAccFunctions_examples applies what the pages of the functions show.
func TestAccFunctions_examples(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newCLI(t, reattach(t))
	examples := ""
	for _, name := range []string{
		"manifest", "fqdn", "evaluate", "diagram", "picture", "picture_markdown", "picture_page",
	} {
		examples += readFile(t, "../../../examples/functions/"+name+"/function.tf")
	}
	examples += readFile(t, "../../../examples/functions/evaluate/objects.tf")
	c.configure(fmt.Sprintf("config_path = %q", lab.Kubeconfig), examples)
	c.must("apply")
	state := &tfjson.State{}
	c.show(state)
	if got := state.Values.Outputs["host"].Value; got != "greeter.shop.svc.cluster.local" {
		t.Errorf("fqdn is %q", got)
	}
	if testers, others := state.Values.Outputs["testers"].Value, fmt.Sprint(
		state.Values.Outputs["others"].Value,
	); testers != "v2" || others != "map[v1:75 v2:25]" {
		t.Errorf("testers get %v, others %s", testers, others)
	}
	for name, line := range map[string]string{
		"picture": `-->|"90 %"|`, "change": `-->|"90 % → 75 %"|`,
		"svg": ">partners</tspan>", "svg_change": ">75 %</text>",
		"comment": "!      then ███████████████████████░░░░░░░  v1 75 %, v2 25 %", "page": ">75 %</text>",
	} {
		if got := state.Values.Outputs[name].Value.(string); !strings.Contains(got, line) {
			t.Errorf("%s has no line with %s:\n%s", name, line, got)
		}
	}
	readsBack(t, state.Values.Outputs["greeter"].Value.(string))
	if diff := cmp.Diff(any(map[string]any{
		"plain": `Gateway "edge/web" answers requests for shop.example.com over plain http on port 80 with 301, a ` +
			"redirect to https, before it looks at any rule.",
		"tls":   "Rule http[0]: all requests go to v1.",
		"other": `Gateway "edge/web" does not serve blog.example.org on port 80: it answers 404.`,
	}), state.Values.Outputs["arrivals"].Value); diff != "" {
		t.Errorf("at the gateway (-want +got):\n%s", diff)
	}
}
