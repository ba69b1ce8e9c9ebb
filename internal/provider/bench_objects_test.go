package provider

import (
	"context"
	"fmt"
	"testing"
	"time"

	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	networking "istio.io/api/networking/v1"
)

// unchecked is the provider with mesh_virtual_service as a schema and nothing else: what the framework costs.
type unchecked struct{ fwprovider.Provider }

// schemaOnly hides from the framework that a resource checks its configuration.
type schemaOnly struct{ resource.Resource }

// Resources implements provider.Provider.
func (unchecked) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return schemaOnly{newVirtualService()} }}
}

// BenchmarkValidateVirtualServices validates 100 VirtualServices of 20 rules each, by the framework alone and with all
// checks, in turns, and reports how many times the framework's cost all of it is.
func BenchmarkValidateVirtualServices(b *testing.B) {
	objectType := newPairResource(virtualService).cached.Type().TerraformType(context.Background()).(tftypes.Object)
	config, err := tfprotov6.NewDynamicValue(objectType, stateOf(virtualService, objectType, largeVirtualService()))
	if err != nil {
		b.Fatal(err)
	}
	request := &tfprotov6.ValidateResourceConfigRequest{TypeName: "mesh_virtual_service", Config: &config}
	var servers [2]tfprotov6.ProviderServer
	for i, p := range []fwprovider.Provider{unchecked{New("bench")()}, New("bench")()} {
		if servers[i], err = providerserver.NewProtocol6WithError(p)(); err != nil {
			b.Fatal(err)
		}
	}
	var took [2]time.Duration
	for b.Loop() {
		for n := range 2 * 100 {
			begun := time.Now()
			response, err := servers[n%2].ValidateResourceConfig(context.Background(), request)
			took[n%2] += time.Since(begun)
			if err != nil || len(response.Diagnostics) > 0 {
				b.Fatal(err, response.Diagnostics)
			}
		}
	}
	b.ReportMetric(float64(took[0].Milliseconds())/float64(b.N), "ms-framework")
	b.ReportMetric(float64(took[1].Milliseconds())/float64(b.N), "ms-checked")
	b.ReportMetric(float64(took[1])/float64(took[0]), "x-framework")
}

// largeVirtualService has 20 rules of which nothing is to be said.
func largeVirtualService() *networking.VirtualService {
	spec := &networking.VirtualService{Hosts: []string{"reviews.shop.svc.cluster.local"}}
	for i := range 20 {
		spec.Http = append(spec.Http, &networking.HTTPRoute{
			Name: fmt.Sprint("rule-", i),
			Match: []*networking.HTTPMatchRequest{{
				Uri:     &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: fmt.Sprintf("/v%d/[^/]*", i)}},
				Headers: map[string]*networking.StringMatch{"version": {MatchType: &networking.StringMatch_Exact{Exact: fmt.Sprint(i)}}, "x-canary": {}},
			}},
			Route: []*networking.HTTPRouteDestination{
				{Destination: &networking.Destination{Host: "reviews.shop.svc.cluster.local", Subset: "v1"}, Weight: 90},
				{Destination: &networking.Destination{Host: "reviews.shop.svc.cluster.local", Subset: "v2"}, Weight: 10},
			},
			Retries: &networking.HTTPRetry{Attempts: 2, RetryOn: "5xx"},
		})
	}
	return spec
}
