package acceptance_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// exampleService is the service that the examples route.
const exampleService = "k8s-combat-service-istio-mesh"

// thirds are the shares of all versions where nothing chooses one.
var thirds = map[string]float64{"v1": 100.0 / 3, "v2": 100.0 / 3, "v3": 100.0 / 3}

// exampleRoutes say for each example what its routes do with requests.
var exampleRoutes = map[string][]struct {
	request acctest.Request
	want    acctest.Want
}{
	"mesh_canary_route": {
		{acctest.Request{Headers: version("100"), Count: 1000}, acctest.Only("v1")},
		{acctest.Request{Headers: version("200"), Count: 1000}, acctest.Only("v2")},
		{acctest.Request{Count: 1000}, acctest.Only("v1")},
	},
	"mesh_destination_rule": {{acctest.Request{Count: 1000}, acctest.Shares(thirds)}},
	"mesh_virtual_service": {
		{acctest.Request{Count: 1000}, acctest.Shares(thirds)},
		{
			acctest.Request{Headers: map[string]string{"x-sleep": "7s"}, Count: 8, Timeout: "9s"},
			acctest.Failing("DeadlineExceeded"),
		},
	},
	"walk": {{acctest.Request{Count: 1000}, acctest.Only("v1")}},
	"mesh_weighted_split": {
		{acctest.Request{Count: 10000}, acctest.Shares(map[string]float64{"v1": 10, "v2": 90})},
		{acctest.Request{Method: againPath, Count: 1000}, acctest.Only("v1")},
		{
			acctest.Request{Headers: map[string]string{"x-sleep": "7s"}, Count: 8, Timeout: "9s"},
			acctest.Failing("DeadlineExceeded"),
		},
	},
}

// TestAccExamples applies every example word for word, one after the other: they are about the same service.
func TestAccExamples(t *testing.T) { //nolint:tparallel // the examples are about the same service, one after the other
	t.Parallel()
	lab := acctest.Start(t)
	files, err := filepath.Glob("../../../examples/resources/*/resource.tf")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	const walk = "../../../examples/walk/main.tf"
	for _, file := range append(files, walk) {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			routes, ok := exampleRoutes[name]
			if !ok {
				t.Fatalf("nothing is known about what the routes of %s do", file)
			}
			example, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var checks []resource.TestCheckFunc
			for _, route := range routes {
				route.request.Host = exampleService + "." + lab.Namespace + ".svc.cluster.local"
				checks = append(checks, lab.Traffic(route.request, route.want))
			}
			steps := []resource.TestStep{{
				Config: lab.Config(string(example)),
				Check:  resource.ComposeTestCheckFunc(checks...),
			}}
			if file == walk {
				// It has a provider block of its own. What it does under load is shown by the demo.
				steps[0].Config = string(example)
				steps = append(steps, resource.TestStep{
					Config:          string(example),
					ConfigVariables: config.Variables{"v2_percent": config.IntegerVariable(100)},
					PlanOnly:        true, ExpectNonEmptyPlan: true,
				})
			}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				CheckDestroy: resource.ComposeTestCheckFunc(
					lab.Missing(acctest.VirtualService, exampleService),
					lab.Missing(acctest.DestinationRule, exampleService)),
				Steps: steps,
			})
		})
	}
}
