package acceptance_test

import (
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// wantMetadata checks that both objects carry these labels and annotations, whatever else they carry.
func wantMetadata(t *testing.T, lab *acctest.Lab, labels, annotations map[string]string) {
	t.Helper()
	for _, kind := range bothKinds {
		o := lab.MustGet(kind, lab.Service)
		for key, want := range labels {
			if got := o.GetLabels()[key]; got != want {
				t.Errorf("label %s of the %s is %q, want %q", key, kind, got, want)
			}
		}
		for key, want := range annotations {
			if got := o.GetAnnotations()[key]; got != want {
				t.Errorf("annotation %s of the %s is %q, want %q", key, kind, got, want)
			}
		}
	}
}

// TestAccAdopt_handMade: the plan shows whose objects change in which places, and apply takes the same objects over.
func TestAccAdopt_handMade(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		f.handMadePair(lab)
		before := uids(lab)
		w := newWorkspace(t, lab, f, "shop/prod")
		w.declare(parts{top: "adopt = true\n labels = { team = \"shop\" }"})
		change, _ := w.plan()
		if !change.Actions.Create() {
			t.Errorf("the plan does %v", change.Actions)
		}
		rule, routes := lab.MustGet(bothKinds[0], lab.Service), lab.MustGet(bothKinds[1], lab.Service)
		want := asJSON(t, []string{
			lab.Expand(`DestinationRule "NAMESPACE/SERVICE" of "kubectl-create", resource version `) +
				rule.GetResourceVersion() +
				`: changes metadata.labels["team"]`,
			lab.Expand(
				`VirtualService "NAMESPACE/SERVICE" of "kubectl-create" and of "kubectl-edit", resource version `,
			) + routes.GetResourceVersion() +
				`: changes spec.http[0].timeout, metadata.labels["team"]`,
		})
		if got := of(t, change.After, "adopted"); got != want {
			t.Errorf("adopted is planned as\n%s, want\n%s", got, want)
		}
		w.must("apply", "saved.tfplan")
		w.wantAttribute("adopted", want)
		wantUIDs(t, lab, before)
		wantMetadata(t, lab,
			map[string]string{"cost": "42", "team": "shop", "app.kubernetes.io/managed-by": "terraform-provider-mesh"},
			map[string]string{"note": "by hand", ownerAnnotation: "shop/prod"})
		if err := f.routed(lab)(nil); err != nil {
			t.Error(err)
		}
		w.unchanged()
		// From now on it is like any other.
		w.apply(parts{top: "adopt = true", rule: `timeout = "3s"`})
		w.apply(parts{rule: `timeout = "4s"`})
		w.wantAttribute("adopted", want)
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccAdopt_nothing: where there is nothing to adopt, adopt makes no difference.
func TestAccAdopt_nothing(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.declare(parts{top: "adopt = true"})
		if change, _ := w.plan(); of(t, change.After, "adopted") != "[]" {
			t.Errorf("adopted is planned as %s", of(t, change.After, "adopted"))
		}
		w.must("apply", "saved.tfplan")
		w.wantAttribute("adopted", "[]")
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccAdopt_half: one of the two objects is there, the other one is made.
func TestAccAdopt_half(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		for kind, manifest := range map[string]string{
			acctest.VirtualService:  handMadeVirtualService,
			acctest.DestinationRule: handMadeDestinationRule,
		} {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				lab := acctest.Start(t)
				uid := lab.Create(f.handMade(manifest)).GetUID()
				w := newWorkspace(t, lab, f, "")
				w.declare(parts{top: "adopt = true"})
				change, _ := w.plan()
				if got := of(t, change.After, "adopted"); strings.Count(got, "resource version") != 1 ||
					!strings.Contains(got, kind) || !strings.Contains(got, "changes nothing") {
					t.Errorf("adopted is planned as %s", got)
				}
				w.must("apply", "saved.tfplan")
				if uids(lab)[kind] != uid {
					t.Errorf("the %s was made anew", kind)
				}
				if err := f.routed(lab)(nil); err != nil {
					t.Error(err)
				}
				w.unchanged()
				w.must("destroy")
				nothingIn(t, lab)
			})
		}
	})
}

// TestAccAdopt_changedAfterPlan: what is not what the plan showed is left alone, and the error says who was there.
func TestAccAdopt_changedAfterPlan(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		f.handMadePair(lab)
		w := newWorkspace(t, lab, f, "")
		w.declare(parts{top: "adopt = true"})
		w.plan()
		lab.Edit(acctest.DestinationRule, lab.Service, func(spec map[string]any) { spec["exportTo"] = []any{"."} })
		check := nobodyTouched(t, lab)
		// Terraform plans again when it applies, and does not ask the provider what to say when that comes to
		// something else.
		const another = "Provider produced inconsistent final plan"
		w.fails(another, []string{".adopted", "DestinationRule", `kubectl-edit`}, "apply", "saved.tfplan")
		check()
		if list := w.must("state", "list").text; strings.Contains(list, f.address) {
			t.Errorf("what was not adopted is in the state:\n%s\n%s", list,
				readFile(t, filepath.Join(w.dir, "terraform.tfstate")))
		}
		// An object that came, and one that went.
		w.plan()
		lab.Delete(acctest.DestinationRule, lab.Service)
		w.fails(another, []string{"DestinationRule"}, "apply", "saved.tfplan")
		w.plan()
		lab.Create(handMadeDestinationRule)
		check = nobodyTouched(t, lab)
		w.fails(another, []string{"DestinationRule"}, "apply", "saved.tfplan")
		check()
		w.must("apply")
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccAdopt_tools: the plan says which tool an object belongs to, and what to do about it.
func TestAccAdopt_tools(t *testing.T) {
	t.Parallel()
	type marks struct {
		labels, annotations map[string]string
		ownerKind           string
		say                 []string
	}
	for name, m := range map[string]marks{
		"flagger": {
			ownerKind: "Canary",
			say:       []string{"Flagger", "owner of kind Canary", "delete the Canary first"},
		},
		"argo rollouts": {
			annotations: map[string]string{"argo-rollouts.argoproj.io/managed-by-rollouts": "shop"},
			say:         []string{"Argo Rollouts", "managed-by-rollouts", `weights_managed_by = "other"`},
		},
		"kiali": {
			labels: map[string]string{"kiali_wizard": "request_routing"},
			say:    []string{"Kiali", `label "kiali_wizard"`, "remove it there"},
		},
		"argo cd": {
			annotations: map[string]string{"argocd.argoproj.io/tracking-id": "shop:x"},
			say:         []string{"Argo CD", "tracking-id", "out of that repository"},
		},
		"flux kustomize": {labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "shop"},
			say: []string{"Flux", "kustomize.toolkit.fluxcd.io/name", "out of that repository"}},
		"flux helm": {
			labels: map[string]string{"helm.toolkit.fluxcd.io/namespace": "shop"},
			say:    []string{"Flux", "helm.toolkit.fluxcd.io/namespace"},
		},
		"helm": {
			labels:      map[string]string{"app.kubernetes.io/managed-by": "Helm"},
			annotations: map[string]string{"meta.helm.sh/release-name": "shop"},

			say: []string{"Helm", "meta.helm.sh/release-name", "out of the chart"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			f := canaryForm
			for _, manifest := range []string{handMadeDestinationRule, handMadeVirtualService} {
				lab.Create(f.handMade(manifest))
			}
			lab.EditObject(acctest.VirtualService, lab.Service, func(o *unstructured.Unstructured) {
				o.SetLabels(m.labels)
				o.SetAnnotations(m.annotations)
				if m.ownerKind != "" {
					o.SetOwnerReferences([]metav1.OwnerReference{{
						APIVersion: "flagger.app/v1beta1",
						Kind:       m.ownerKind,
						Name:       "shop",
						UID:        "4711",
					}})
				}
			})
			w := newWorkspace(t, lab, f, "")
			w.declare(parts{})
			w.fails("Object exists already", m.say, "plan")
			w.declare(parts{top: "adopt = true"})
			w.must("plan").want(t, "warning", "Object of another tool",
				append([]string{"VirtualService", lab.Service}, m.say...)...)
			w.must("apply")
			o := lab.MustGet(acctest.VirtualService, lab.Service)
			for key, want := range m.annotations {
				if o.GetAnnotations()[key] != want {
					t.Errorf("annotation %s is %q", key, o.GetAnnotations()[key])
				}
			}
			delete(m.labels, "app.kubernetes.io/managed-by")
			for key, want := range m.labels {
				if o.GetLabels()[key] != want {
					t.Errorf("label %s is %q", key, o.GetLabels()[key])
				}
			}
			w.unchanged()
			w.must("destroy")
			nothingIn(t, lab)
		})
	}
}

// TestAccAdopt_unknown: what is known only at apply, adopt itself included, is adopted then.
func TestAccAdopt_unknown(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		for name, c := range map[string]struct{ late, top string }{
			"a value": {`value = "shop"`, "adopt = true\n labels = { team = terraform_data.late.output.value }"},
			"adopt":   {`value = true`, "adopt = terraform_data.late.output.value"},
			"a name":  {`value = local.service`, "adopt = true\n name = terraform_data.late.output.value"},
			"all": {`value = true`, "adopt = terraform_data.late.output.value\n deletion = " +
				"terraform_data.late.output.value ? \"restore\" : \"delete\"\n weights_managed_by = " +
				"terraform_data.late.output.value ? \"other\" : \"terraform\"\n timeouts = { create = " +
				"terraform_data.late.output.value ? \"1m\" : \"2m\" }\n propagation = { settle = " +
				"terraform_data.late.output.value ? \"0s\" : \"2m\" }"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				lab := acctest.Start(t)
				f.handMadePair(lab)
				before := uids(lab)
				w := newWorkspace(t, lab, f, "")
				w.write(late(c.late) + f.with(parts{top: c.top}))
				change, _ := w.plan()
				if got := of(t, change.AfterUnknown, "adopted"); got != "true" {
					t.Errorf("adopted is planned as %s, unknown %s", of(t, change.After, "adopted"), got)
				}
				w.must("apply", "saved.tfplan")
				wantUIDs(t, lab, before)
				if got := w.attribute("adopted"); strings.Count(got, "resource version")+
					strings.Count(got, "apart from") != 2 {
					t.Errorf("adopted is %s", got)
				}
				w.unchanged()
				w.must("destroy")
			})
		}
	})
}

// Adoption may rename: the old spelling of a host is kept where it means the same, and everything else is written.
func TestAccAdopt_otherNames(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f := canaryForm
	named := func(manifest, name string) string {
		return strings.Replace(f.handMade(manifest), "name: SERVICE,", "name: SERVICE-"+name+",", 1)
	}
	lab.Create(named(handMadeVirtualService, "vs"))
	lab.Create(named(handMadeDestinationRule, "dr"))
	w := newWorkspace(t, lab, f, "")
	w.apply(parts{top: "adopt = true\n virtual_service_name = \"${local.service}-vs\"\n destination_rule_name = " +
		"\"${local.service}-dr\""})
	if got := w.attribute("adopted"); !strings.Contains(got, lab.Service+"-vs") ||
		!strings.Contains(got, lab.Service+"-dr") {
		t.Errorf("adopted is %s", got)
	}
	w.unchanged()
	w.must("destroy")
	if err := lab.Destroyed(nil); err != nil {
		t.Error(err)
	}
}
