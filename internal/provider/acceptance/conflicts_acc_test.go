package acceptance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const conflict, taken = "Fields owned by another manager", "Fields taken from another manager"

// A plan whose write would be a conflict says so at the attribute: who wrote the field, when, what it is now and what
// to do. With force_conflicts it says what it takes, and takes it.
func TestAccConflict_plan(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.apply(parts{})
		lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) { firstRule(spec)["timeout"] = "9s" })
		today := time.Now().UTC().Format("2006-01-02T")
		say := []string{
			map[string]string{canaryForm.address: "rules: ", splitForm.address: "subsets: "}[f.address],
			`.spec.http: conflict with "kubectl-edit" using networking.istio.io/v1 at ` + today, `it is [{"match":`,
			"force_conflicts = true in this resource",
		}
		check := nobodyTouched(t, lab)
		w.fails(conflict, say, "plan")
		w.declare(parts{rule: `timeout = "3s"`})
		w.fails(conflict, say, "plan")
		check()
		w.declare(parts{rule: `timeout = "3s"`, top: "force_conflicts = true"})
		w.must("plan").want(t, "warning", taken, say[1:3]...)
		w.apply(parts{rule: `timeout = "3s"`, top: "force_conflicts = true"})
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// A field that somebody else added, and that the change would have to take away, is a conflict at plan too.
func TestAccConflict_planAdded(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.apply(parts{})
		lab.Edit(acctest.DestinationRule, lab.Service, func(spec map[string]any) {
			spec["trafficPolicy"] = map[string]any{"loadBalancer": map[string]any{"simple": "RANDOM"}}
		})
		w.fails(conflict,
			[]string{"traffic_policy", `"kubectl-edit"`, `it is {"loadBalancer":{"simple":"RANDOM"}} now`}, "plan")
		w.apply(parts{top: "force_conflicts = true"})
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// The first change of what kubectl made and an import brought works as the plan says.
func TestAccConflict_imported(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		f.handMadePair(lab)
		w := newWorkspace(t, lab, f, "")
		w.declare(parts{rule: `timeout = "3s"`})
		w.must("import", f.address, lab.Namespace+"/"+lab.Service)
		w.must("plan").want(t, "warning", taken, ".spec.http", `"kubectl-edit"`)
		w.apply(parts{rule: `timeout = "3s"`})
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// What a plan knows that apply needs and has not: a namespace, and the right to write.
func TestAccPlan_cannotWrite(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.configure(q.admin, byRules("v2", `namespace = "nowhere"`))
	q.must("plan").want(t, "warning", "Namespace does not exist yet", "Let this resource depend on the one that does")
	for _, kind := range []string{"virtualservices", "destinationrules"} {
		q.configure(q.without(right{"patch", kind, inRoutes}), byRules("v2", ""))
		q.fails("Permission missing", []string{
			fmt.Sprintf(`cannot patch resource %q in API group "networking.istio.io" in the namespace %q`, kind,
				q.name),
		}, "plan")
	}
}

// A DestinationRule that was deleted by hand is said to be gone, and nothing else.
func TestAccDrift_noDestinationRule(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	w.apply(parts{})
	lab.Delete(acctest.DestinationRule, lab.Service)
	w.wantWords([]string{
		"the DestinationRule is not there: requests to its subsets fail with 503",
		"requests with header version=200 go to v2", "all other requests go to v1",
	}, []string{"requests with header version=200 go to v2", "all other requests go to v1"})
	w.must("apply", "saved.tfplan")
	w.unchanged()
	w.must("destroy")
}
