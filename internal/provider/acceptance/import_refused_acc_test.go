package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccImport_refused: of a pair that a canary does not take as it is the import says what is the matter, and which
// resources take it. Those import it without a change, and a query for canaries leaves it out.
func TestAccImport_refused(t *testing.T) {
	t.Parallel()
	const (
		v1    = "{route: [{destination: {host: HOST, subset: v1}}]}"
		v2    = `{match: [{headers: {version: {exact: "200"}}}], route: [{destination: {host: HOST, subset: v2}}]}`
		parts = "{route: [{destination: {host: HOST, subset: v1}, weight: 3}, {destination: {host: HOST, subset: " +
			"v2}, weight: 1}]}"
	)
	for name, test := range map[string]struct {
		spec, severity, summary string
		say                     []string
	}{
		"seen from one namespace": {
			"exportTo: [.], http: [" + v2 + ", " + v1 + "]", "warning", "More than this resource expresses",
			[]string{"would take away or change: DestinationRule spec.exportTo.\n\nTo keep it, import the objects"},
		},
		"a rule behind the one for all requests": {
			"http: [" + v1 + ", " + v2 + "]", "error", "Rules behind the one for all requests", []string{
				"http[0] takes every request, so that none reaches the rules after it, and a mesh_canary_route ends " +
					"with such a rule, default.\n\nInstead of this import, import the objects one by one",
				"\nOr take the rules out that no request reaches, and import again.",
			},
		},
		"two rules for all requests": {
			"http: [" + v2 + ", " + v1 + ", " + v1 + "]", "warning", "Refused by this resource", []string{
				"A configuration of a mesh_canary_route that says what the objects say is an error: rules[1].match: " +
					"needs an entry: what takes every request is default",
				"\n\nTo keep it, import the objects one by one",
			},
		},
		"weights that are no percent": {
			"http: [" + parts + "]", "warning", "Refused by this resource",
			[]string{"default.weights: must sum to 100 percent, got 4;"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			lab.Create(canaryForm.handMade(handMadeDestinationRule))
			lab.Create("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: SERVICE, " +
				"namespace: NAMESPACE, labels: {team: SERVICE}}\nspec: {hosts: [HOST], " + test.spec + "}\n")
			untouched := nobodyTouched(t, lab)
			id := lab.Namespace + "/" + lab.Service
			w := newWorkspace(t, lab, canaryForm, "")
			w.write(fmt.Sprintf("import {\n  to = mesh_canary_route.test\n  id = %q\n}\n", id))
			w.run("plan", "-generate-config-out=canary.tf").want(t, test.severity, test.summary, append(test.say,
				"\n  terraform import mesh_destination_rule.NAME "+id+"\n  terraform import mesh_virtual_service.NAME "+
					id)...)
			for _, resourceType := range []string{"mesh_canary_route", "mesh_weighted_split"} {
				q := query{resourceType, fmt.Sprintf("label_selector = \"team=%s\"", lab.Service), 0, true}
				if found := configured(t, fmt.Sprintf("config_path = %q\n", lab.Kubeconfig)).names(
					t, q); len(found) > 0 {
					t.Errorf("query for %s finds %v", resourceType, found)
				}
			}
			var imports strings.Builder
			for _, resourceType := range []string{"mesh_virtual_service", "mesh_destination_rule"} {
				fmt.Fprintf(&imports, "import {\n  to = %s.test\n  id = %q\n}\n", resourceType, id)
			}
			alone := newWorkspace(t, lab, canaryForm, "")
			alone.write(imports.String())
			alone.must("plan", "-generate-config-out=generated.tf")
			alone.must("apply")
			alone.unchanged()
			untouched()
		})
	}
}
