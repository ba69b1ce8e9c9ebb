package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccList_shared: of several VirtualServices for one DestinationRule a list finds one as a pair, which is the one
// that write makes a pair of: that of the rule's name if a pair can say it, or else the first. So all that a list
// finds can be imported together.
func TestAccList_shared(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k, namespace := newKube(t, lab.Kubeconfig), lab.Service+"-shared"
	k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+namespace+"}\n")
	in := lab.In(namespace)
	create := func(kind, name, labels, spec string) {
		o := in.Create(fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: %s\nmetadata: {name: %s, namespace: "+
			"NAMESPACE, labels: {%s}}\nspec: {%s}\n", kind, name, labels, spec))
		t.Cleanup(func() { k.remove(o.GetAPIVersion(), resourceOf(o), namespace, o.GetName()) })
	}
	rule := func(name, host string) {
		create("DestinationRule", name, "", "host: "+host+", subsets: [{name: v1, labels: {version: v1}}]")
	}
	service := func(name, host, labels, more string) {
		create("VirtualService", name, labels, fmt.Sprintf("hosts: [%s.example], gateways: [edge/web], http: "+
			"[{%sroute: [{destination: {host: %s, subset: v1}}]}]", name, more, host))
	}
	const shop, someRequests = "team: shop", "match: [{uri: {prefix: /beta}}], "
	rule("two", "two")
	service("a-second", "two", shop, "")
	service("two", "two", shop, "")
	rule("of-three", "three")
	service("three-a", "three", "", "")
	service("three-b", "three", shop, "")
	// What no pair says leaves the rule to the others.
	rule("four", "four")
	service("a-four", "four", shop, "")
	service("b-four", "four", "", "")
	service("four", "four", "", "")
	in.Edit(acctest.VirtualService, "four", func(spec map[string]any) { spec["exportTo"] = []any{"."} })
	// What another form says does not.
	rule("five", "five")
	service("a-five", "five", "", "")
	service("five", "five", "", someRequests)

	s := configured(t, fmt.Sprintf("config_path = %q\ndefault_namespace = %q\n", lab.Kubeconfig, namespace))
	called := func(names ...string) (all []string) {
		for _, name := range names {
			all = append(all, namespace+"/"+name)
		}
		return all
	}
	const ofShop = `label_selector = "team=shop"`
	for name, test := range map[string]struct {
		query
		want []string
	}{
		"pairs":            {query{"mesh_canary_route", "", 0, true}, called("a-four", "three-a", "two")},
		"their names":      {query{"mesh_canary_route", "", 0, false}, called("a-four", "three-a", "two")},
		"of another form":  {query{"mesh_weighted_split", "", 0, true}, called("a-four", "five", "three-a", "two")},
		"those of a label": {query{"mesh_canary_route", ofShop, 0, true}, called("a-four", "two")},
		"the first":        {query{"mesh_canary_route", ofShop, 1, true}, called("a-four")},
		"all of a label": {
			query{"mesh_virtual_service", ofShop, 0, true}, called("a-four", "a-second", "three-b", "two"),
		},
	} {
		if diff := cmp.Diff(test.want, s.names(t, test.query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	configuration, said := runWrite(t, 0, "--kubeconfig", lab.Kubeconfig, namespace)
	var written []string
	for _, block := range resourceBlock.FindAllStringSubmatch(configuration, -1) {
		if block[1] == "mesh_canary_route" || block[1] == "mesh_weighted_split" {
			written = append(written, strings.ReplaceAll(block[2], "_", "-"))
		}
	}
	if diff := cmp.Diff([]string{"a-four", "five", "three-a", "two"}, written); diff != "" {
		t.Errorf("pairs that are written (-want +got):\n%s", diff)
	}
	for name, rule := range map[string][2]string{
		"a-second": {"two", "two"}, "three-b": {"of-three", "three-a"}, "b-four": {"four", "a-four"},
		"a-five": {"five", "five"},
	} {
		want := fmt.Sprintf(
			"Warning: VirtualService %q is not written as a mesh_canary_route: its DestinationRule %q is that of %q.",
			namespace+"/"+name, rule[0], rule[1],
		)
		if !slices.Contains(said, want) {
			t.Errorf("it is not said that %s\n%s", want, strings.Join(said, "\n"))
		}
	}

	t.Run("query", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t, lab, form{}, "")
		w.needQuery()
		w.write("")
		w.queryAll(fmt.Sprintf("namespace = %q", namespace), "mesh_canary_route")
		w.must("apply")
		w.unchanged()
	})
}
