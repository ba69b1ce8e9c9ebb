package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccWords_object: a VirtualService of every kind of rule, field by field, whose delegate is another resource.
func TestAccWords_object(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, form{address: "mesh_virtual_service.test"}, "")
	config := func(v1, v2, mysql string) string {
		return fmt.Sprintf(`
resource "mesh_virtual_service" "test" {
  name            = local.service
  hosts           = ["reviews.example"]
  max_weight_step = 20
  http = [
    { match = [{ uri = { prefix = "/ratings" } }], delegate = { name = mesh_virtual_service.ratings.name } },
    { route = [
      { destination = { host = "reviews", subset = "v2" }, weight = %s },
      { destination = { host = "reviews", subset = "v1" }, weight = %s },
    ] },
  ]
  tcp = [{ match = [{ port = 3306 }], route = [{ destination = { host = %q } }] }]
  tls = [{ match = [{ sni_hosts = ["reviews.example"], port = 443 }], route = [{ destination = { host = "reviews" } }] }]
}

resource "mesh_virtual_service" "ratings" {
  name = "${local.service}-ratings"
  http = [{ match = [{ uri = { prefix = "/ratings/new" } }], route = [{ destination = { host = "ratings" } }] }]
}
`, v2, v1, mysql)
	}
	words := func(shares, mysql string) []string {
		return []string{
			lab.Expand(
				"requests with path starting with /ratings are handed to VirtualService NAMESPACE/SERVICE-ratings",
			),
			"all other requests: v1 of reviews " + shares,
			"TLS connections with SNI reviews.example on port 443 go to reviews",
			"TCP connections on port 3306 go to " + mysql,
		}
	}
	w.write(config("90", "10", "mysql"))
	w.wantWords(nil, words("90 %, v2 of reviews 10 %", "mysql"))
	w.must("apply", "saved.tfplan")
	w.unchanged()
	w.f.address = "mesh_virtual_service.ratings"
	w.wantAttribute("summary", asJSON(t, []string{
		"requests with path starting with /ratings/new go to ratings",
		"all other requests go on with the rules of the VirtualService that hands over",
	}))
	w.f.address = "mesh_virtual_service.test"
	w.write(config("50", "50", "mysql"))
	w.fails("Step too large", []string{"v2 of reviews gains 40 percent points"}, "plan")
	w.write(config("90", "10", "maria"))
	w.fails("Step too large",
		[]string{"maria gains 100 percent points: TCP connections on port 3306 move from mysql to maria"}, "plan")
	w.write(config("80", "20", "mysql"))
	w.wantWords(words("90 %, v2 of reviews 10 %", "mysql"), words("80 %, v2 of reviews 20 %", "mysql"),
		"all other requests: v2 of reviews 10 % → 20 % (v1 of reviews 90 % → 80 %)")
	w.must("apply", "saved.tfplan")
	w.unchanged()
	w.must("destroy")
}

// TestAccWords_several: each resource says what moves, under a summary of its own: Terraform shows one warning of
// each.
func TestAccWords_several(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	config := func(weights string) string {
		other := strings.Replace(canaryOf("", weights, `name = "${local.service}-other"`), `"test"`, `"other"`, 1)
		return canaryOf("", weights, "") + other
	}
	w.write(config(nineToOne))
	w.must("apply")
	w.write(config(oneToOne))
	r := w.must("plan")
	if len(r.moved()) != 2 {
		t.Errorf("of two routes that move, the plan says %q", r.moved())
	}
	r.want(t, "warning", lab.Expand("Traffic moves in NAMESPACE/SERVICE"), "10 % → 50 %")
	r.want(t, "warning", lab.Expand("Traffic moves in NAMESPACE/SERVICE-other"), "10 % → 50 %")
	w.must("destroy")
}

// TestAccWords_unknown: an annotation that is not known yet keeps nothing from being told that does not depend on it.
func TestAccWords_unknown(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	annotated := late(`team = "shop"`) + canaryOf("", threeToOne, lab.Expand(`
hosts           = ["SERVICE.example"]
gateways        = ["NAMESPACE/gone"]
max_weight_step = 20
annotations     = { team = terraform_data.late.output.team }
`))
	gone := lab.Expand(`there is no Gateway "NAMESPACE/gone"`)
	w.write(annotated)
	w.must("plan").want(t, "warning", absent, gone)
	w.write(canaryOf("", nineToOne, lab.Expand("hosts = [\"SERVICE.example\"]\ngateways = [\"NAMESPACE/gone\"]")))
	w.must("apply")
	w.write(annotated)
	w.must("plan").want(t, "warning", absent, gone)
	if diff := cmp.Diff([]string{"all requests: v2 10 % → 25 % (v1 90 % → 75 %)"}, w.must("plan").moved()); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
	w.write(strings.Replace(annotated, threeToOne, oneToOne, 1))
	w.fails("Step too large", []string{"v2 gains 40 percent points"}, "plan")
	w.must("destroy", "-refresh=false")
	nothingIn(t, lab)
}
