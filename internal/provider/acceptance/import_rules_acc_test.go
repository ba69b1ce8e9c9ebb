package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccImport_otherNames: a pair of two names is imported by that of the VirtualService if one DestinationRule is
// for its host, and the rules of a namespace are listed once for all imports.
func TestAccImport_otherNames(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	namespace := pairsOfTwoNames(t, lab, "names")
	proxy := lab.StartProxy(t)
	s := configured(t, fmt.Sprintf("host = %q\n", proxy.URL))
	proxy.Take()
	lists := 0
	for name, want := range map[string]string{
		"a-vs": "a-dr", "b-vs": "b-dr", "c-vs": "c-dr",
		"twice-vs": fmt.Sprintf("Several DestinationRules\nNamespace %q has several DestinationRules for "+
			"twice.%s.svc.cluster.local: twice, twice-dr.\n\nName the one to import: %s/twice-vs/DESTINATION_RULE.",
			namespace, namespace, namespace),
	} {
		is := s.importRule(t, namespace+"/"+name)
		if diff := cmp.Diff(want, is); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, request := range proxy.Take() {
		if request == "LIST destinationrules" {
			lists++
		}
	}
	if lists != 1 {
		t.Errorf("the DestinationRules are listed %d times, want once", lists)
	}
}

// TestAccImport_rulesAnyway: where the list that plans keep has failed, which they do not wait for, each import still
// makes its own.
func TestAccImport_rulesAnyway(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	namespace := pairsOfTwoNames(t, lab, "anyway")
	proxy := lab.StartProxy(t)
	s := configured(t, fmt.Sprintf("host = %q\n", proxy.URL))
	// The objects of the import's name are read before.
	proxy.Arm(acctest.Trap{Call: 3, Fault: acctest.Disown})
	for _, service := range []string{"a", "b"} {
		if is, want := s.importRule(t, namespace+"/"+service+"-vs"), service+"-dr"; is != want {
			t.Errorf("%s: %s, want %s", service, is, want)
		}
	}
	read := []string{"GET destinationrules", "GET virtualservices"}
	list := "LIST destinationrules"
	seen := proxy.Disarm()
	want := slices.Concat(read, []string{list, list}, read, []string{list})
	if len(seen) == len(want) {
		// These two are read at the same time.
		slices.Sort(seen[:2])
		slices.Sort(seen[4:6])
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}

	proxy.Arm(acctest.Trap{Call: 3, Fault: acctest.Disown, Lasting: true})
	is := s.importRule(t, namespace+"/c-vs")
	proxy.Disarm()
	if !strings.HasPrefix(is, "Not a Kubernetes API server\n") || !strings.Contains(is, "DestinationRule") {
		t.Errorf("without any list: %s", is)
	}
}

// pairsOfTwoNames makes a namespace with pairs whose objects have names of their own, such as a-vs and a-dr.
func pairsOfTwoNames(t *testing.T, lab *acctest.Lab, name string) (namespace string) {
	t.Helper()
	k, namespace := newKube(t, lab.Kubeconfig), lab.Service+"-"+name
	k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+namespace+"}\n")
	create := func(kind, name, spec string) {
		k.create(strings.ToLower(kind)+"s", fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: %s\nmetadata: "+
			"{name: %s, namespace: %s}\nspec: {%s}\n", kind, name, namespace, spec))
	}
	for _, service := range []string{"a", "b", "c", "twice"} {
		create("VirtualService", service+"-vs", fmt.Sprintf(
			"hosts: [%s], http: [{route: [{destination: {host: %s}}]}]", service, service))
		create("DestinationRule", service+"-dr", "host: "+service)
	}
	create("DestinationRule", "twice", "host: twice."+namespace+".svc.cluster.local")
	create("DestinationRule", "all", "host: \"*."+namespace+".svc.cluster.local\"")
	return namespace
}

// importRule imports a pair, and returns the name of its DestinationRule, or what is wrong.
func (s server) importRule(t *testing.T, id string) (is string) {
	t.Helper()
	resp, err := s.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: "mesh_canary_route", ID: id,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		is += d.Summary + "\n" + d.Detail
	}
	for _, imported := range resp.ImportedResources {
		state, err := imported.State.Unmarshal(s.schemas.ResourceSchemas["mesh_canary_route"].ValueType())
		if err != nil {
			t.Fatal(err)
		}
		is += textIn(t, state, "destination_rule_name")
	}
	return is
}
