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

	"github.com/meshroute/terraform-provider-mesh/internal/provider/crud"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form/formtest"
)

// unchecked is the provider with mesh_virtual_service as a schema and nothing else: what the framework costs.
type unchecked struct{ fwprovider.Provider }

// schemaOnly hides from the framework that a resource checks its configuration.
type schemaOnly struct{ resource.Resource }

// Resources implements provider.Provider.
func (unchecked) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return schemaOnly{crud.New(form.VirtualService)} }}
}

// validations validate a VirtualService of 20 rules: by the framework alone, and with all checks.
func validations(tb testing.TB) [2]func() {
	tb.Helper()
	objectType := form.SchemaOf(form.VirtualService).Type().TerraformType(context.Background()).(tftypes.Object)
	config, err := tfprotov6.NewDynamicValue(objectType,
		formtest.State(form.VirtualService, largeVirtualService()).ToTerraform(objectType))
	if err != nil {
		tb.Fatal(err)
	}
	request := &tfprotov6.ValidateResourceConfigRequest{TypeName: "mesh_virtual_service", Config: &config}
	var both [2]func()
	for i, p := range []fwprovider.Provider{unchecked{New("bench")()}, New("bench")()} {
		server, err := providerserver.NewProtocol6WithError(p)()
		if err != nil {
			tb.Fatal(err)
		}
		both[i] = func() {
			response, err := server.ValidateResourceConfig(context.Background(), request)
			if err != nil || len(response.Diagnostics) > 0 {
				tb.Fatal(err, response.Diagnostics)
			}
		}
	}
	return both
}

// BenchmarkValidateVirtualServices validates 100 VirtualServices of 20 rules each, by the framework alone and with
// all checks, in turns, and reports how many times the framework's cost all of it is.
func BenchmarkValidateVirtualServices(b *testing.B) {
	validate := validations(b)
	var took [2]time.Duration
	for b.Loop() {
		for n := range 2 * 100 {
			begun := time.Now()
			validate[n%2]()
			took[n%2] += time.Since(begun)
		}
	}
	b.ReportMetric(float64(took[0].Milliseconds())/float64(b.N), "ms-framework")
	b.ReportMetric(float64(took[1].Milliseconds())/float64(b.N), "ms-checked")
	b.ReportMetric(float64(took[1])/float64(took[0]), "x-framework")
}

// TestValidate_cost: with all checks a configuration takes less than three times what the framework takes for the
// same schema alone. Turns that the machine interrupts say nothing, so it compares the best ones, and takes more turns
// before it fails.
func TestValidate_cost(t *testing.T) {
	t.Parallel()
	validate := validations(t)
	best, ratio := [2]time.Duration{time.Hour, time.Hour}, 0.0
	for turn := range 100 {
		for i := range best {
			begun := time.Now()
			validate[i]()
			best[i] = min(best[i], time.Since(begun))
		}
		if ratio = float64(best[1]) / float64(best[0]); turn >= 7 && ratio < 3 {
			return
		}
	}
	t.Errorf("validate takes %.2f times what the framework takes, want less than 3", ratio)
}

// largeVirtualService has 20 rules of which nothing is to be said.
func largeVirtualService() *networking.VirtualService {
	spec := &networking.VirtualService{Hosts: []string{"reviews.shop.svc.cluster.local"}}
	for i := range 20 {
		spec.Http = append(spec.Http, &networking.HTTPRoute{
			Name: fmt.Sprint("rule-", i),
			Match: []*networking.HTTPMatchRequest{{
				Uri: &networking.StringMatch{
					MatchType: &networking.StringMatch_Regex{Regex: fmt.Sprintf("/v%d/[^/]*", i)},
				},
				Headers: map[string]*networking.StringMatch{
					"version":  {MatchType: &networking.StringMatch_Exact{Exact: fmt.Sprint(i)}},
					"x-canary": {},
				},
			}},
			Route: []*networking.HTTPRouteDestination{
				{
					Destination: &networking.Destination{Host: "reviews.shop.svc.cluster.local", Subset: "v1"},
					Weight:      90,
				},
				{
					Destination: &networking.Destination{Host: "reviews.shop.svc.cluster.local", Subset: "v2"},
					Weight:      10,
				},
			},
			Retries: &networking.HTTPRetry{Attempts: 2, RetryOn: "5xx"},
		})
	}
	return spec
}
