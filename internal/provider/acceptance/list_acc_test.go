package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// configured is a server that knows a cluster.
func configured(t testing.TB, attributes string) server {
	t.Helper()
	s := newServer(t)
	configuration := parseHCL(t, s.schemas.Provider.ValueType(), attributes)
	block, err := tfprotov6.NewDynamicValue(configuration.Type(), configuration)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &block}); err != nil ||
		len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp)
	}
	return s
}

// query is a list block, and what Terraform asks besides.
type query struct {
	resourceType, attributes string
	limit                    int64
	withResource             bool
}

// listConfig returns the configuration of the list block.
func (s server) listConfig(t testing.TB, q query) *tfprotov6.DynamicValue {
	t.Helper()
	listType := s.schemas.ListResourceSchemas[q.resourceType].ValueType()
	config, err := tfprotov6.NewDynamicValue(listType, parseHCL(t, listType, q.attributes))
	if err != nil {
		t.Fatal(err)
	}
	return &config
}

// list asks for all results.
func (s server) list(t testing.TB, q query) []tfprotov6.ListResourceResult {
	t.Helper()
	stream, err := s.ProviderServer.(tfprotov6.ListResourceServer).ListResource(t.Context(),
		&tfprotov6.ListResourceRequest{
			TypeName: q.resourceType, Config: s.listConfig(t, q), Limit: q.limit, IncludeResource: q.withResource,
		})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(stream.Results)
}

// names checks that each result is whole, and returns what it is called.
func (s server) names(t *testing.T, q query) []string {
	t.Helper()
	var names []string
	for _, result := range s.list(t, q) {
		for _, d := range result.Diagnostics {
			t.Errorf("%s: %s", d.Summary, d.Detail)
		}
		if result.Identity == nil || q.withResource != (result.Resource != nil) {
			t.Errorf("%q: identity %v, resource %v", result.DisplayName, result.Identity, result.Resource)
			continue
		}
		identity, err := result.Identity.IdentityData.Unmarshal(tftypes.Object{
			AttributeTypes: map[string]tftypes.Type{"namespace": tftypes.String, "name": tftypes.String},
		})
		if err != nil {
			t.Fatal(err)
		}
		if is := textIn(t, identity, "namespace") + "/" + textIn(t, identity, "name"); is != result.DisplayName {
			t.Errorf("%q has the identity %s", result.DisplayName, is)
		}
		names = append(names, result.DisplayName)
	}
	slices.Sort(names)
	return names
}

// textIn returns a text in an object.
func textIn(t *testing.T, object tftypes.Value, name string) string {
	t.Helper()
	var attributes map[string]tftypes.Value
	var text string
	if err := object.As(&attributes); err != nil {
		t.Fatal(err)
	}
	if err := attributes[name].As(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAccList asks for what each resource could own, as terraform query does.
func TestAccList(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	// A form of two objects can say what the pair does, and cannot say tcp.
	canaryForm.handMadePair(lab)
	lab.Create("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: SERVICE-tcp, namespace: " +
		"NAMESPACE, labels: {team: SERVICE}}\n" +
		"spec: {hosts: [SERVICE.tcp.example], gateways: [NAMESPACE/none], tcp: [{route: [{destination: {host: " +
		"SERVICE}}]}]}\n")
	for _, kind := range bothKinds {
		lab.EditObject(kind, lab.Service, func(o *unstructured.Unstructured) {
			o.SetLabels(map[string]string{"team": lab.Service})
		})
	}
	s := configured(t, fmt.Sprintf("config_path = %q\ndefault_namespace = %q\n", lab.Kubeconfig, lab.Namespace))
	selector := fmt.Sprintf("label_selector = \"team=%s\"", lab.Service)
	pair, tcp := lab.Namespace+"/"+lab.Service, lab.Namespace+"/"+lab.Service+"-tcp"
	for name, test := range map[string]struct {
		query
		want []string
	}{
		"rules":       {query{"mesh_destination_rule", selector, 0, true}, []string{pair}},
		"routes":      {query{"mesh_virtual_service", selector, 0, true}, []string{pair, tcp}},
		"names alone": {query{"mesh_virtual_service", selector, 0, false}, []string{pair, tcp}},
		"one of them": {
			query{"mesh_virtual_service", selector + "\nnamespace = \"*\"", 1, true}, []string{pair},
		},
		"pairs that a form tells": {query{"mesh_canary_route", selector, 0, true}, []string{pair}},
		"another namespace": {
			query{"mesh_virtual_service", selector + "\nnamespace = \"default\"", 0, true}, nil,
		},
		"a set of labels": {query{
			"mesh_virtual_service", fmt.Sprintf("label_selector = \"team in (%s, web),!cost\"", lab.Service), 0, false,
		}, []string{pair, tcp}},
	} {
		if diff := cmp.Diff(test.want, s.names(t, test.query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	everywhere := configured(t, fmt.Sprintf("config_path = %q\n", lab.Kubeconfig))
	if diff := cmp.Diff([]string{pair, tcp}, everywhere.names(t, query{
		"mesh_virtual_service", selector, 0, false,
	})); diff != "" {
		t.Errorf("without any namespace (-want +got):\n%s", diff)
	}
	for _, resourceType := range []string{"mesh_virtual_service", "mesh_destination_rule", "mesh_canary_route"} {
		for _, result := range s.list(t, query{resourceType, selector, 0, true}) {
			s.plansEmpty(t, resourceType, result)
		}
	}
}

// plansEmpty checks that a configuration that says what a result does is valid, and leaves nothing to do.
func (s server) plansEmpty(t *testing.T, resourceType string, result tfprotov6.ListResourceResult) {
	t.Helper()
	schema := s.schemas.ResourceSchemas[resourceType]
	state, err := result.Resource.Unmarshal(schema.ValueType())
	if err != nil {
		t.Fatal(err)
	}
	attributes := map[string]tftypes.Value{}
	if err := state.As(&attributes); err != nil {
		t.Fatal(err)
	}
	attributes = maps.Clone(attributes)
	for _, attribute := range schema.Block.Attributes {
		if attribute.Computed && !attribute.Optional {
			attributes[attribute.Name] = tftypes.NewValue(attribute.ValueType(), nil)
		}
	}
	config, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), attributes))
	if err != nil {
		t.Fatal(err)
	}
	valid, err := s.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: resourceType, Config: &config,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range valid.Diagnostics {
		if isError(d) {
			t.Errorf("%s: %s: %s", result.DisplayName, d.Summary, d.Detail)
		}
	}
	resp, err := s.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: result.Resource, ProposedNewState: result.Resource, Config: &config,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		t.Errorf("%s: %s: %s", result.DisplayName, d.Summary, d.Detail)
	}
	planned, err := resp.PlannedState.Unmarshal(schema.ValueType())
	if err != nil {
		t.Fatal(err)
	}
	if !planned.Equal(state) {
		t.Errorf("the plan for %s is\n%s, want\n%s", result.DisplayName, planned, state)
	}
}

// TestAccList_withoutDestinationRule: a VirtualService whose subsets somebody else declares is found as what a
// configuration can say of it.
func TestAccList_withoutDestinationRule(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	lab.Create("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: SERVICE, namespace: " +
		"NAMESPACE, labels: {team: SERVICE}}\nspec: {hosts: [HOST], http: [{route: [{destination: {host: HOST, " +
		"subset: v1}, weight: 90}, {destination: {host: HOST, subset: v2}, weight: 10}]}]}\n")
	s := configured(t, fmt.Sprintf("config_path = %q\n", lab.Kubeconfig))
	for _, resourceType := range []string{"mesh_canary_route", "mesh_weighted_split"} {
		results := s.list(t, query{resourceType, fmt.Sprintf("label_selector = \"team=%s\"", lab.Service), 0, true})
		if len(results) != 1 {
			t.Fatalf("%s: %d results", resourceType, len(results))
		}
		s.plansEmpty(t, resourceType, results[0])
	}
}

// TestAccList_pages lists more objects than a request asks for, and no more than are wanted.
func TestAccList_pages(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	var all []string
	for i := range 12 {
		name := fmt.Sprintf("%s-%02d", lab.Service, i)
		lab.Create(fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: %s, "+
			"namespace: NAMESPACE, labels: {team: SERVICE}}\n"+
			"spec: {host: %s.example}\n", name, name))
		t.Cleanup(func() { lab.Delete(acctest.DestinationRule, name) })
		all = append(all, lab.Namespace+"/"+name)
	}
	proxy := lab.StartProxy(t)
	s := configured(t, fmt.Sprintf("host = %q\ndefault_namespace = %q\n", proxy.URL, lab.Namespace))
	q := query{
		resourceType: "mesh_destination_rule",
		attributes:   fmt.Sprintf("label_selector = \"team=%s\"", lab.Service),
	}
	for limit, want := range map[int64][]string{0: all, 5: all[:5], 12: all, 100: all} {
		q.limit = limit
		proxy.Take()
		if diff := cmp.Diff(want, s.names(t, q)); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
		if requests := proxy.Take(); len(requests) != 1 {
			t.Errorf("limit %d takes %v, want one request", limit, requests)
		}
	}
	connection, err := cluster.Connect(cluster.Config{Host: proxy.URL, FieldManager: "test"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for live, err := range connection.Each(t.Context(), cluster.Query{
		Kind: istio.KindDestinationRule, Namespace: lab.Namespace, LabelSelector: "team=" + lab.Service, Few: 5,
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, live.Namespace+"/"+live.Name)
	}
	if diff := cmp.Diff(all, got); diff != "" {
		t.Errorf("pages of five (-want +got):\n%s", diff)
	}
	if requests := proxy.Take(); len(requests) != 3 {
		t.Errorf("12 objects in pages of five take %v, want three requests", requests)
	}
}

// TestAccList_refused: what is wrong with a list block stands at its attribute, and what the cluster refuses says
// what it was.
func TestAccList_refused(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	s := configured(t, fmt.Sprintf("config_path = %q\n", lab.Kubeconfig))
	for attributes, want := range map[string]string{
		`label_selector = "team in"`: "label_selector",
		`label_selector = "=shop"`:   "label_selector",
		`namespace = "Shop"`:         "namespace",
		`namespace = "a/b"`:          "namespace",
	} {
		for _, resourceType := range []string{"mesh_virtual_service", "mesh_canary_route"} {
			q := query{resourceType: resourceType, attributes: attributes}
			resp, err := s.ProviderServer.(tfprotov6.ListResourceServer).ValidateListResourceConfig(t.Context(),
				&tfprotov6.ValidateListResourceConfigRequest{
					TypeName: resourceType, Config: s.listConfig(t, q),
				})
			if err != nil {
				t.Fatal(err)
			}
			said := resp.Diagnostics
			for _, result := range s.list(t, q) {
				said = append(said, result.Diagnostics...)
			}
			if len(said) != 2 {
				t.Errorf("%s: validate and list say %v, want an error each", attributes, said)
			}
			for _, d := range said {
				if d.Attribute == nil || d.Attribute.String() != `AttributeName("`+want+`")` {
					t.Errorf("%s: the error is at %s: %s", attributes, d.Attribute, d.Detail)
				}
			}
		}
	}
	if lab.Nobody == "" {
		t.Log("the cluster has nobody without rights to list as")
		return
	}
	s = configured(t, fmt.Sprintf("config_path = %q\n", lab.Nobody))
	const (
		forbidden = `virtualservices.networking.istio.io is forbidden: User "nobody" cannot list resource ` +
			`"virtualservices" in API group "networking.istio.io" `
		all = "List every VirtualService in all namespaces: " + forbidden + "at the cluster scope.\n\nTo list " +
			"objects in all namespaces the user needs a ClusterRole with the verb list on virtualservices and " +
			"destinationrules of the API group networking.istio.io. To look in one that the user may list, set " +
			"namespace in the list block."
	)
	for attributes, want := range map[string]string{
		"":                all,
		`namespace = "*"`: all,
		`namespace = "web"`: `List every VirtualService in namespace "web": ` + forbidden + `in the namespace "web".` +
			"\n\nThe user needs a Role in that namespace with the verbs get, list, create, patch and delete on " +
			"virtualservices and destinationrules of the API group networking.istio.io. The cause above names the " +
			"verb that is missing.",
	} {
		results := s.list(t, query{resourceType: "mesh_virtual_service", attributes: attributes})
		if len(results) != 1 || len(results[0].Diagnostics) != 1 {
			t.Fatalf("%s: results are %v, want one error", attributes, results)
		}
		d := results[0].Diagnostics[0]
		// A service account is called so, and not only by its name.
		detail := strings.ReplaceAll(d.Detail, "system:serviceaccount:greeter:", "")
		if diff := cmp.Diff("Permission missing\n"+want, d.Summary+"\n"+detail); diff != "" {
			t.Errorf("%s (-want +got):\n%s", attributes, diff)
		}
	}
}
