package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccWrite_said: what cannot be read or written is said with what to do, and decides how the command ends.
func TestAccWrite_said(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	namespace, empty := lab.Service+"-one", lab.Service+"-two"
	for _, name := range []string{namespace, empty} {
		k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+name+"}\n")
	}
	for _, o := range []string{
		"{name: web}, spec: {hosts: [web], http: [{route: [{destination: {host: web, subset: v1}}]}]}",
		"{name: web}, spec: {host: web, subsets: [{name: v1, labels: {version: v1}}]}",
		"{name: far}, spec: {hosts: [far], http: [{route: [{destination: {host: far." + namespace + ".svc.mesh.test, " +
			"subset: v1}}]}]}",
		"{name: far}, spec: {host: far." + namespace + ".svc.mesh.test, subsets: [{name: v1, labels: {version: v1}}]}",
		`{name: apart, annotations: {note: "e\u0301"}}, spec: {host: apart.example}`,
		"{name: taken, labels: {app.kubernetes.io/managed-by: terraform-provider-mesh}}, spec: {host: taken.example}",
		// Envoy refuses the routes; nobody but the namespace gets them.
		`{name: wrong}, spec: {exportTo: [.], hosts: [wrong.example], http: [{match: [{queryParams: ` +
			`{"": {exact: a}}}], redirect: {uri: /}}]}`,
	} {
		kind := acctest.VirtualService
		if !strings.Contains(o, "hosts:") {
			kind = acctest.DestinationRule
		}
		k.create(strings.ToLower(kind)+"s", strings.Replace("{apiVersion: networking.istio.io/v1, kind: "+kind+
			", metadata: "+o+"}", "{name:", "{namespace: "+namespace+", name:", 1))
	}
	wrong := fmt.Sprintf("VirtualService \"%s/wrong\" is left out: a plan refuses what it says. "+
		`http[0].match[0].query_params[""]: a query parameter needs a name; Envoy refuses the whole route table `+
		"without.", namespace)
	taken := fmt.Sprintf("DestinationRule \"%s/taken\" is left out: this provider has applied it, so that a state has "+
		"it already. --all writes it.", namespace)
	apart := fmt.Sprintf("DestinationRule \"%s/apart\" is left out: Terraform keeps a text in Unicode's normal form "+
		"C, so that the first change of the object would change annotations[\"note\"], too.", namespace)
	for name, test := range map[string]struct {
		arguments []string
		code      int
		resources []string
		said      string
	}{
		"a namespace": {
			[]string{namespace}, 1, []string{"mesh_canary_route.far", "mesh_canary_route.web"},
			"Error: " + apart + "\nWarning: " + taken + "\nError: " + wrong + "\nWritten: 2 mesh_canary_route.",
		},
		"a name": {
			[]string{namespace + "/web"}, 0, []string{"mesh_canary_route.web"}, "Written: 1 mesh_canary_route.",
		},
		"what is in a state": {
			[]string{"--all", namespace + "/taken"}, 0, []string{"mesh_destination_rule.taken"},
			"Written: 1 mesh_destination_rule.",
		},
		"another domain": {
			[]string{"--cluster-domain", "mesh.test", namespace + "/far"}, 0, []string{"mesh_canary_route.far"},
			"Written: 1 mesh_canary_route.",
		},
		"not that domain": {
			[]string{namespace + "/far"}, 0, []string{"mesh_canary_route.far"}, "Written: 1 mesh_canary_route.",
		},
		"no such name": {
			[]string{namespace + "/nothing"}, 2, nil,
			fmt.Sprintf("Error: Namespace %q has no VirtualService and no DestinationRule \"nothing\".", namespace),
		},
		"nothing": {
			[]string{empty}, 0, nil,
			fmt.Sprintf("Warning: Namespace %q has no VirtualService and no DestinationRule.", empty),
		},
		"one of two is empty": {
			[]string{empty, namespace + "/web"}, 0, []string{"mesh_canary_route.web"},
			fmt.Sprintf("Warning: Namespace %q has no VirtualService and no DestinationRule.\n"+
				"Written: 1 mesh_canary_route.", empty),
		},
		"no such namespace": {
			[]string{namespace, lab.Service + "-none"}, 2, nil, fmt.Sprintf(
				"Error: There is no namespace \"%s-none\" in the cluster. kubectl get namespaces lists them; "+
					"--context chooses another cluster.", lab.Service),
		},
		"no such context": {
			[]string{"--context", "none", namespace}, 2, nil,
			fmt.Sprintf("Error: Could not read kubeconfig %s: context \"none\" does not exist.\nCheck --kubeconfig "+
				"and --context, and the KUBE_* environment variables.", lab.Kubeconfig),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			configuration, said := runWrite(t, test.code,
				slices.Concat([]string{"--kubeconfig", lab.Kubeconfig}, test.arguments)...)
			var resources []string
			for _, block := range resourceBlock.FindAllStringSubmatch(configuration, -1) {
				resources = append(resources, block[1]+"."+block[2])
			}
			if diff := cmp.Diff(test.resources, resources); diff != "" {
				t.Errorf("resources (-want +got):\n%s\n%s", diff, configuration)
			}
			isShort := strings.Contains(configuration, "  service   = \"far\"\n")
			if isShort != (name == "another domain") {
				t.Errorf("the domain is not that of the cluster:\n%s", configuration)
			}
			if text := strings.Join(said, "\n"); text != test.said && !strings.HasPrefix(text, test.said+"\n\n") {
				t.Errorf("said (-want +got):\n%s", cmp.Diff(test.said, text))
			}
		})
	}
	// Only the embedded lab has somebody without rights.
	if lab.Nobody == "" {
		return
	}
	_, said := runWrite(t, 2, "--kubeconfig", lab.Nobody, namespace)
	if text := strings.Join(said, "\n"); !strings.HasPrefix(text, "Error: Permission missing\n\nList every "+
		"VirtualService in namespace \""+namespace+"\": ") || !strings.Contains(text, "The verbs get and list on ") {
		t.Errorf("without rights it is said that %s", text)
	}
}
