package acceptance_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccVirtualService_callers: for callers that no rule is for it is as if there were no VirtualService. Requests
// are counted before there is one and afterwards, and evaluate and summary say what becomes of them.
func TestAccVirtualService_callers(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, form{address: "mesh_virtual_service.test"}, "")
	subsets := `
resource "mesh_destination_rule" "test" {
  name    = local.service
  host    = local.host
  subsets = [{ name = "v2", labels = { app = "k8s-combat-service-v2" } }]
}
`
	asked := map[string]acctest.Request{
		"trigger": {Labels: "app=tester", Headers: version("200")},
		"tester":  {Labels: "app=tester"},
		"other":   {Labels: "app=other", Headers: version("200")},
	}
	everyVersion := func(a acctest.Answers) error {
		if len(a.Versions) != len(allVersions) || len(a.Errors) > 0 {
			return errors.New("want answers of every version, and no other")
		}
		return nil
	}
	w.write(subsets)
	w.must("apply")
	for _, request := range asked {
		lab.Eventually(request, everyVersion)
	}
	w.write(subsets + `
resource "mesh_virtual_service" "test" {
  name  = local.service
  hosts = [local.host]
  http = [{
    match = [{ source_labels = { app = "tester" }, headers = { version = { exact = "200" } } }]
    route = [{ destination = { host = local.host, subset = "v2" } }]
  }]
}

locals {
  answers = { for name, request in {
    trigger = { source_labels = { app = "tester" }, headers = { version = "200" } }
    tester  = { source_labels = { app = "tester" } }
    other   = { source_labels = { app = "other" }, headers = { version = "200" } }
  } : name => provider::mesh::evaluate(mesh_virtual_service.test, merge(request, { authority = local.host })) }
}

output "answers" { value = { for name, answer in local.answers : name => "${answer.kind}: ${answer.summary}" } }
`)
	w.must("apply")
	lab.Eventually(asked["trigger"], acctest.Only("v2"))
	lab.Eventually(asked["tester"], acctest.Failing("Unavailable"))
	lab.Eventually(asked["other"], everyVersion)
	w.wantAttribute("summary", asJSON(t, []string{
		"requests with header version=200 and source label app=tester go to v2",
		"all other requests from these callers have no route",
		"requests from all other callers go to the service itself, as if there were no VirtualService",
	}))
	w.wantOutput("answers", map[string]any{
		"trigger": lab.Expand("forward: Rule http[0]: requests with header version=200 and source label app=tester " +
			"go to v2."),
		"tester": lab.Expand(`no_route: VirtualService "NAMESPACE/SERVICE" claims requests for HOST and none of its ` +
			`rules takes this one: the proxy answers 404.`),
		"other": lab.Expand(`unclaimed: VirtualService "NAMESPACE/SERVICE" claims requests for HOST and has no rule ` +
			`for this caller, so that they go to the service of that name, whatever its version, as if there were ` +
			`no VirtualService.`),
	})
	w.must("destroy")
}

// wantOutput checks an output in the state.
func (w *workspace) wantOutput(name string, want any) {
	w.t.Helper()
	state := &tfjson.State{}
	w.show(state)
	if diff := cmp.Diff(want, state.Values.Outputs[name].Value); diff != "" {
		w.t.Errorf("output %s (-want +got):\n%s", name, diff)
	}
}
