package acceptance_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// handMade are objects that somebody made with kubectl, with short host names.
const (
	handMadeVirtualService = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  hosts: [SERVICE]
  http:
  - match: [{headers: {version: {exact: "200"}}}]
    route: ROUTE
  - route: [{destination: {host: SERVICE, subset: v1}}]
`
	handMadeDestinationRule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  host: SERVICE
  subsets:
  - {name: v1, labels: {app: k8s-combat-service-v1}}
  - {name: v2, labels: {app: k8s-combat-service-v2}}
`
)

// untouched remembers an object, and returns a check that not a byte of it has changed.
func untouched(t *testing.T, lab *acctest.Lab, kind, name string) func() {
	t.Helper()
	before := lab.MustGet(kind, name)
	return func() {
		t.Helper()
		if diff := cmp.Diff(before, lab.Get(kind, name)); diff != "" {
			t.Errorf("%s %q (-before +after):\n%s", kind, name, diff)
		}
	}
}

// testConflict lets other field managers change what Terraform owns: apply says who, what and when, and changes
// nothing.
func testConflict(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	config, changed := f.with(parts{}), f.with(parts{rule: `timeout = "3s"`})
	var check func()
	refused := func(manager, field string, change func()) []resource.TestStep {
		return []resource.TestStep{
			{
				PreConfig: func() {
					change()
					check = untouched(t, lab, acctest.VirtualService, lab.Service)
				},
				Config: lab.Config(changed),
				ExpectError: regexp.MustCompile(`Fields owned by another manager(?s:.*)` + regexp.QuoteMeta(field) +
					`(?s:.*)conflict\s+with\s+"` + manager + `"(?s:[^:]*)\sat\s+\d{4}-\d{2}-(?s:.*)force_conflicts`),
			},
			{
				PreConfig:        func() { check() },
				Config:           lab.ConfigForced(config),
				ConfigPlanChecks: f.action(plancheck.ResourceActionUpdate),
				Check:            f.routed(lab),
			},
		}
	}
	steps := []resource.TestStep{{Config: lab.Config(config), Check: f.routed(lab)}}
	steps = append(steps, refused("kubectl-edit", ".spec.http", func() {
		lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) { firstRule(spec)["timeout"] = "9s" })
	})...)
	steps = append(steps, refused("flagger", ".spec.http", func() {
		lab.ApplyAs("flagger", `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  http: [{name: primary, route: [{destination: {host: HOST, subset: v1}}]}]
`)
	})...)
	// A field that was only added is no less the other manager's.
	steps = append(steps, refused("kubectl-edit", ".spec.exportTo", func() {
		lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) { spec["exportTo"] = []any{"."} })
	})...)
	run(t, lab, steps...)
}

// testCollision finds objects in the way that are not in the state: they are refused in the plan, and at apply when
// they came after it, and stay as they are.
func testCollision(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	config := lab.Config(f.with(parts{}))
	var check func()
	refuse := func(kind, manifest string) []resource.TestStep {
		return []resource.TestStep{
			{
				PreConfig: func() {
					lab.Create(f.handMade(manifest))
					check = untouched(t, lab, kind, lab.Service)
				},
				Config: config,
				ExpectError: regexp.MustCompile(`Object exists already(?s:.*)` + kind +
					`(?s:.*)kubectl-create(?s:.*)import`),
			},
			{
				PreConfig: func() {
					check()
					lab.Delete(kind, lab.Service)
				},
				Config: config,
				// The object appears after the plan was made.
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{whilePlanned(func(*tfjson.Plan) {
						lab.Create(f.handMade(manifest))
						check = untouched(t, lab, kind, lab.Service)
					})},
				},
				ExpectError: regexp.MustCompile(`Object exists already(?s:.*)` + kind),
			},
			{
				PreConfig: func() {
					check()
					lab.Delete(kind, lab.Service)
					for _, left := range []string{acctest.VirtualService, acctest.DestinationRule} {
						if lab.Get(left, lab.Service) != nil {
							t.Errorf("half a pair is left: the %s", left)
						}
					}
				},
				Config: config, Check: f.routed(lab),
			},
			{Config: config, Destroy: true},
		}
	}
	run(t, lab, append(
		refuse(acctest.VirtualService, handMadeVirtualService),
		refuse(acctest.DestinationRule, handMadeDestinationRule)...,
	)...)
}

// handMade returns a manifest with the form's destinations.
func (f form) handMade(manifest string) string {
	return regexp.MustCompile(`ROUTE`).ReplaceAllString(manifest, f.route)
}

// testUnmanagedDestinationRule routes to subsets that somebody else declares: their object is never touched.
func testUnmanagedDestinationRule(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	declared := strings.ReplaceAll(handMadeDestinationRule, "host: SERVICE", "host: HOST")
	unmanaged := regexp.MustCompile(`labels = .*\n`).ReplaceAllString(
		f.with(parts{top: "manage_destination_rule = false"}), "\n",
	)
	var check func()
	same := lab.Live(func() error {
		check()
		return nil
	})
	run(t, lab,
		resource.TestStep{
			PreConfig: func() {
				lab.Create(declared)
				check = untouched(t, lab, acctest.DestinationRule, lab.Service)
			},
			Config: lab.Config(unmanaged), Check: resource.ComposeTestCheckFunc(f.routed(lab), same),
		},
		resource.TestStep{Config: lab.Config(unmanaged), Destroy: true, Check: same},
		resource.TestStep{
			PreConfig: func() { lab.Delete(acctest.DestinationRule, lab.Service) },
			Config:    lab.Config(f.with(parts{})), Check: f.routed(lab),
		},
		// Letting go of the rule leaves it where it is: requests go to its subsets.
		resource.TestStep{
			PreConfig: func() { check = sameSpec(t, lab, acctest.DestinationRule) },
			Config:    lab.Config(unmanaged), Check: resource.ComposeTestCheckFunc(same, f.routed(lab)),
		},
		resource.TestStep{Config: lab.Config(unmanaged), Destroy: true, Check: same},
		resource.TestStep{
			PreConfig: func() { lab.Delete(acctest.DestinationRule, lab.Service) },
			Config:    lab.Config(f.with(parts{})),
		},
	)
}

// sameSpec remembers what an object says, and returns a check that it is still there and says so.
func sameSpec(t *testing.T, lab *acctest.Lab, kind string) func() {
	t.Helper()
	spec := func() any {
		object := lab.Get(kind, lab.Service)
		if object == nil {
			return nil
		}
		found, _, err := unstructured.NestedMap(object.Object, "spec")
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	before := spec()
	return func() {
		t.Helper()
		if diff := cmp.Diff(before, spec()); diff != "" {
			t.Errorf("spec of %s %q (-before +after):\n%s", kind, lab.Service, diff)
		}
	}
}
