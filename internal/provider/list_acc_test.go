package provider_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccList asks for what each resource could own, as terraform query does.
func TestAccList(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	// A form of two objects can say what the pair does, and cannot say tcp.
	canaryForm.handMadePair(lab)
	lab.Create("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: SERVICE-tcp, namespace: NAMESPACE, labels: {team: SERVICE}}\n" +
		"spec: {hosts: [SERVICE.tcp.example], gateways: [NAMESPACE/none], tcp: [{route: [{destination: {host: SERVICE}}]}]}\n")
	for _, kind := range bothKinds {
		lab.EditObject(kind, lab.Service, func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"team": lab.Service}) })
	}
	s := newServer(t)
	configuration := parseHCL(t, s.schemas.Provider.ValueType(), fmt.Sprintf("config_path = %q\ndefault_namespace = %q\n", lab.Kubeconfig, lab.Namespace))
	block, err := tfprotov6.NewDynamicValue(configuration.Type(), configuration)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &block}); err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp)
	}
	list := func(resourceType, attributes string, limit int64) []string {
		t.Helper()
		listType := s.schemas.ListResourceSchemas[resourceType].ValueType()
		config, err := tfprotov6.NewDynamicValue(listType, parseHCL(t, listType, attributes))
		if err != nil {
			t.Fatal(err)
		}
		stream, err := s.ProviderServer.(tfprotov6.ListResourceServer).ListResource(t.Context(), &tfprotov6.ListResourceRequest{
			TypeName: resourceType, Config: &config, Limit: limit, IncludeResource: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for result := range stream.Results {
			for _, d := range result.Diagnostics {
				t.Errorf("%s: %s", d.Summary, d.Detail)
			}
			if result.Resource == nil || result.Identity == nil {
				t.Errorf("%q has no resource or no identity", result.DisplayName)
			}
			names = append(names, result.DisplayName)
		}
		slices.Sort(names)
		return names
	}
	selector := fmt.Sprintf("label_selector = \"team=%s\"", lab.Service)
	pair, tcp := lab.Namespace+"/"+lab.Service, lab.Namespace+"/"+lab.Service+"-tcp"
	for name, test := range map[string]struct {
		resourceType, attributes string
		limit                    int64
		want                     []string
	}{
		"rules":                   {"mesh_destination_rule", selector, 0, []string{pair}},
		"routes":                  {"mesh_virtual_service", selector, 0, []string{pair, tcp}},
		"one of them":             {"mesh_virtual_service", selector + "\nnamespace = \"*\"", 1, []string{pair}},
		"pairs that a form tells": {"mesh_canary_route", selector, 0, []string{pair}},
		"another namespace":       {"mesh_virtual_service", selector + "\nnamespace = \"default\"", 0, nil},
	} {
		if diff := cmp.Diff(test.want, list(test.resourceType, test.attributes, test.limit)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
