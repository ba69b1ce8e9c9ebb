package acceptance_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// late makes values that are known only at apply. Its output is unknown in every plan that changes its input.
func late(input string) string {
	return "resource \"terraform_data\" \"late\" {\n  input = {\n" + input + "\n  }\n}\n"
}

// shared is the form's configuration with weights for the requests that match.
func (f form) shared(v1, v2 string, p parts) string {
	return strings.NewReplacer(
		`subset = "v2"`, "weights = { v1 = "+v1+", v2 = "+v2+" }",
		"weight = 0", "weight = "+v1,
		"weight = 100", "weight = "+v2,
	).Replace(f.with(p))
}

// testUnknown gives values that are known only at apply. What is wrong with them is said before anything is written.
func testUnknown(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	const out = "terraform_data.late.output."
	known := late(`service = local.service, namespace = local.namespace, value = "200", v1 = 30, v2 = 70`)
	config := strings.Replace(f.shared(out+"v1", out+"v2", parts{
		match: `[{ headers = { version = { exact = ` + out + `value } } }]`, top: "namespace = " + out + "namespace",
	}), "local.service", out+"service", 1)
	split := lab.Spec(acctest.VirtualService, lab.Service, `
hosts: [HOST]
http:
- match: [{headers: {version: {exact: "200"}}}]
  route:
  - {destination: {host: HOST, subset: v1}, weight: 30}
  - {destination: {host: HOST, subset: v2}, weight: 70}
- route: [{destination: {host: HOST, subset: v1}}]
`)
	routed := resource.ComposeTestCheckFunc(split,
		lab.Traffic(acctest.Request{Headers: version("200"), Count: 2000},
			acctest.Shares(map[string]float64{"v1": 30, "v2": 70})),
		lab.Traffic(acctest.Request{}, acctest.Only("v1")),
	)
	wholeMatch := f.shared("30", "70", parts{match: "terraform_data.late.output"})
	wrong := strings.Replace(known, "v2 = 70", "v2 = 80", 1)
	unknown := func(attribute string) plancheck.PlanCheck {
		return plancheck.ExpectUnknownValue(f.address, tfjsonpath.New(attribute))
	}
	run(t, lab,
		resource.TestStep{
			Config:      lab.Config(wrong + config),
			ExpectError: regexp.MustCompile(`(?s)with ` + f.address + `.*[Mm]ust sum to 100\s+percent,\s+got\s+110`),
		},
		resource.TestStep{
			PreConfig: func() {
				for _, kind := range []string{acctest.VirtualService, acctest.DestinationRule} {
					if lab.Get(kind, lab.Service) != nil {
						t.Errorf("a %s was written before the error", kind)
					}
				}
			},
			// The failed apply made the values known: another input makes them unknown again.
			Config: lab.Config(known + config),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				unknown("host"), unknown("namespace"), unknown("name"), unknown("hosts"),
			}},
			Check: routed,
		},
		resource.TestStep{
			Config: lab.Config("resource \"terraform_data\" \"late\" {\n  input = " + byVersion + "\n}\n" + wholeMatch),
			Check:  routed,
		},
		// The same wrong value in a change: the objects stay as they are.
		resource.TestStep{
			Config:      lab.Config(late(`v1 = 30, v2 = 80`) + f.shared(out+"v1", out+"v2", parts{})),
			ExpectError: regexp.MustCompile(`(?s)with ` + f.address + `.*[Mm]ust sum to 100\s+percent,\s+got\s+110`),
		},
		resource.TestStep{
			Config: lab.Config(late(`v1 = 30, v2 = 70`) + f.shared(out+"v1", out+"v2", parts{})),
			Check:  routed,
		},
	)
}
