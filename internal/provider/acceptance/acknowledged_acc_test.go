package acceptance_test

import (
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccAcknowledged: a doubt that stands says how it is accepted, and is told no more then. To accept it writes
// nothing to the cluster.
func TestAccAcknowledged(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	alike := func(more string) string {
		return strings.Replace(byRules("v2", more), `{ version = "v2" }`, `{ version = "v1" }`, 1)
	}
	q.configure(q.admin, alike(""))
	q.must("apply").want(t, "warning", "Subsets do not differ", `subsets["v2"]: has the labels version=v1, as the `+
		"subset v1 has, so that both are the same pods.\n\nTo accept it, add \"subsets-alike\" to acknowledged.")
	versions := func() string {
		return q.lab.MustGet(acctest.VirtualService, "greeter").GetResourceVersion() + " " +
			q.lab.MustGet(acctest.DestinationRule, "greeter").GetResourceVersion()
	}
	before := versions()
	w := &workspace{cli: q.cli, lab: q.lab, f: canaryForm}
	// One that does not occur is silent.
	q.configure(q.admin, alike(`acknowledged = ["subsets-alike", "gateway-bypass"]`))
	q.only(q.must("apply"))
	if after := versions(); after != before {
		t.Errorf("to accept a doubt wrote the objects: %s, were %s", after, before)
	}
	w.wantAttribute("acknowledged", `["subsets-alike","gateway-bypass"]`)
	w.unchanged()
	q.configure(q.admin, strings.Replace(alike(`acknowledged = ["subsets-alike"]`), "v1 = 90, v2 = 10",
		"v1 = 80, v2 = 20", 1))
	q.only(q.must("apply"), q.in("Traffic moves in NS/greeter"))
	q.configure(q.admin, alike(`acknowledged = ["subset-alike"]`))
	q.fails("Invalid route", []string{`acknowledged[0]: "subset-alike" is no doubt that a plan tells; is ` +
		`"subsets-alike" meant? The ids are callers-without-sidecar, doubtful-route,`}, "plan")
}

// TestAccAcknowledged_forms: what is doubtful about a configuration itself is accepted in each form. What fails for
// certain, and what is an error, is told all the same.
func TestAccAcknowledged_forms(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	const every = `acknowledged = ["doubtful-route", "route-without-effect", "not-in-cluster"]`
	gone := "gateways = [\"mesh\", \"NS/gone\"]\n"
	for name, test := range map[string]struct {
		config string
		want   []string
	}{
		"a canary": {byRules("v2", gone+every), nil},
		"a split":  {byShares("v2", gone+every), nil},
		"a VirtualService": {
			strings.Replace(sendingTo(`host = "greeter"`, gone+every), "http  = [{", `http  = [{ fault = { delay = { `+
				`fixed_delay = "2s", percent = 100 } }, match = [{ uri = { exact = "no-slash" } }],`, 1), nil,
		},
		"a DestinationRule": {`
resource "mesh_destination_rule" "test" {
  name = "test"
  host = "greeter"
  traffic_policy = { port_level_settings = [{ port = { number = 0 }, load_balancer = { simple = "RANDOM" } }] }
  ` + every + "\n}\n", nil},
		"requests that fail": {
			sendingTo(`host = "greeter", subset = "v9"`, every), []string{"Not in the cluster (VirtualService " +
				"NS/test)"},
		},
	} {
		q.configure(q.admin, q.in(test.config))
		var got []string
		for summary := range q.must("plan").told() {
			got = append(got, summary)
		}
		if got, want := strings.Join(got, ", "), q.in(strings.Join(test.want, ", ")); got != want {
			t.Errorf("%s: told %q, want %q", name, got, want)
		}
	}
}
