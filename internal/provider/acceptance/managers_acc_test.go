package acceptance_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccConflict_managers: the error names the manager, the field, the time, the tool that is known by the manager
// or by its marks, and the ways out. The object stays as it is.
func TestAccConflict_managers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f       form
		manager string
		// mark is put on the object; nil for none.
		mark func(o *unstructured.Unstructured)
		say  []string
	}{
		"kubectl-edit":        {f: canaryForm, manager: "kubectl-edit"},
		"flagger":             {f: splitForm, manager: "flagger", say: []string{"Flagger", "field manager"}},
		"rollouts-controller": {f: splitForm, manager: "rollouts-controller", say: []string{"Argo Rollouts"}},
		"kiali":               {f: canaryForm, manager: "kiali", say: []string{"Kiali"}},
		"argocd-controller": {
			f:       canaryForm,
			manager: "argocd-controller",
			say:     []string{"Argo CD", "Git repository"},
		},
		"kustomize-controller": {f: canaryForm, manager: "kustomize-controller", say: []string{"Flux"}},
		"helm":                 {f: splitForm, manager: "helm", say: []string{"Helm", "chart"}},
		"a mark of Helm": {
			f:       canaryForm,
			manager: "somebody",
			say:     []string{"Helm", "meta.helm.sh/release-name"},
			mark: func(o *unstructured.Unstructured) {
				o.SetAnnotations(map[string]string{"meta.helm.sh/release-name": "shop"})
			},
		},
		"a mark of Argo Rollouts": {
			f:       splitForm,
			manager: "dynamic.test",
			say:     []string{"Argo Rollouts", "managed-by-rollouts"},
			mark: func(o *unstructured.Unstructured) {
				o.SetAnnotations(map[string]string{"argo-rollouts.argoproj.io/managed-by-rollouts": "shop"})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			k := newKube(t, lab.Kubeconfig)
			w := newWorkspace(t, lab, c.f, "")
			w.apply(parts{})
			if err := updateAs(
				t.Context(), k, lab, c.manager, acctest.VirtualService, func(o *unstructured.Unstructured) {
					firstRule(specOf(o))["timeout"] = "9s"
					if c.mark != nil {
						c.mark(o)
					}
				},
			); err != nil {
				t.Fatal(err)
			}
			var when string
			for _, entry := range lab.MustGet(acctest.VirtualService, lab.Service).GetManagedFields() {
				if entry.Manager == c.manager {
					when = entry.Time.UTC().Format("2006-01-02T15:04:05Z")
				}
			}
			check := nobodyTouched(t, lab)
			w.declare(parts{rule: `timeout = "3s"`})
			say := append([]string{
				lab.Service,
				`"` + c.manager + `"`,
				".spec.http",
				when,
				"force_conflicts",
				`weights_managed_by = "other"`,

				"into your configuration",
				map[string]string{canaryForm.address: "rules: ", splitForm.address: "subsets: "}[c.f.address],
			}, c.say...)
			w.fails("Fields owned by another manager", say, "apply")
			check()
			w.block = "field_manager = { force_conflicts = true }"
			w.apply(parts{rule: `timeout = "3s"`})
			w.unchanged()
			w.must("destroy")
			nothingIn(t, lab)
		})
	}
}
