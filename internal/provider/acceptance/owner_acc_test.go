package acceptance_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const ownerAnnotation = "terraform-provider-mesh/owner"

func wantOwner(t *testing.T, lab *acctest.Lab, want string) {
	t.Helper()
	for _, kind := range bothKinds {
		if got := lab.MustGet(kind, lab.Service).GetAnnotations()[ownerAnnotation]; got != want {
			t.Errorf("the %s is marked %q, want %q", kind, got, want)
		}
	}
}

// TestAccOwner_mark: the owner is on both objects and in the state, and follows the provider block in place.
func TestAccOwner_mark(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "shop/prod")
		w.apply(parts{})
		wantOwner(t, lab, "shop/prod")
		w.wantAttribute("owner", `"shop/prod"`)
		w.unchanged()
		before := uids(lab)
		for _, owner := range []string{"shop/live ⛵", "", "shop/prod"} {
			w.own(owner)
			w.declare(parts{})
			if change, _ := w.plan(); !change.Actions.Update() ||
				of(t, change.After, "owner") != asJSON(t, orNull(owner)) {
				t.Errorf("plan with owner %q: %v, owner %s", owner, change.Actions, of(t, change.After, "owner"))
			}
			w.must("apply", "saved.tfplan")
			wantOwner(t, lab, owner)
			wantUIDs(t, lab, before)
			w.unchanged()
		}
		// Somebody takes the marks away: they come back.
		for _, kind := range bothKinds {
			lab.EditObject(kind, lab.Service, func(o *unstructured.Unstructured) { o.SetAnnotations(nil) })
		}
		w.must("apply")
		wantOwner(t, lab, "shop/prod")
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// TestAccOwner_leftBehind: what a killed apply left is taken up when mark, manager and content say that it is ours,
// and is left alone when one of them does not.
func TestAccOwner_leftBehind(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		t.Run("equal", func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			w := newWorkspace(t, lab, f, "shop/prod")
			w.apply(parts{})
			before := uids(lab)
			for _, gone := range [][]string{nil, {acctest.VirtualService}} {
				w.must("state", "rm", f.address)
				for _, kind := range gone {
					lab.Delete(kind, lab.Service)
					delete(before, kind)
				}
				r := w.must("apply")
				for kind := range before {
					r.want(t, "warning", "Warning from the cluster", kind, "left behind", "shop/prod")
				}
				for kind, uid := range before {
					if uids(lab)[kind] != uid {
						t.Errorf("the %s was made anew", kind)
					}
				}
				w.unchanged()
				before = uids(lab)
			}
			w.must("destroy")
			nothingIn(t, lab)
		})
		for name, c := range map[string]struct {
			left, next string
			change     func(lab *acctest.Lab)
			p          parts
			// summary is that of the error, by default that the object exists.
			summary string
			say     []string
		}{
			"other mark":   {left: "shop/prod", next: "shop/test", say: []string{`adopt_from = "shop/prod"`}},
			"no owner now": {left: "shop/prod", next: "", say: []string{`adopt_from = "shop/prod"`}},
			"no owner then": {
				left: "", next: "shop/prod", say: []string{"adopt = true", "import"},
			},
			"no owner, and other content": {
				p: parts{rule: `timeout = "3s"`}, say: []string{"adopt = true", "create_before_destroy"},
			},
			"no owner, and edited content": {
				change: editTimeout, summary: conflict, say: []string{`"kubectl-edit"`},
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				lab := acctest.Start(t)
				w := newWorkspace(t, lab, f, c.left)
				w.apply(parts{})
				w.must("state", "rm", f.address)
				if c.change != nil {
					c.change(lab)
				}
				check := nobodyTouched(t, lab)
				w.own(c.next)
				w.declare(c.p)
				w.fails(cmp.Or(c.summary, "Object exists already"), append([]string{lab.Service}, c.say...), "apply")
				check()
				if w.inState(f.address) {
					t.Error("what is not ours is in the state")
				}
			})
		}
	})
}

// What a killed apply left is taken up too where the configuration has changed since, if the owner's mark tells that
// it is of this workspace, and where there is no owner, if the whole content does. The plan says so.
func TestAccOwner_takenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		owner string
		next  parts
		say   []string
	}{
		"other content": {"shop/prod", parts{rule: `timeout = "3s"`}, []string{
			"It is changed to what is configured", "VirtualService spec.http[0].timeout",
		}},
		"no owner": {"", parts{}, []string{"It has just the content that is configured"}},
	} {
		t.Run(name, func(t *testing.T) {
			bothForms(t, func(t *testing.T, f form) {
				lab := acctest.Start(t)
				w := newWorkspace(t, lab, f, c.owner)
				w.apply(parts{})
				before := uids(lab)
				w.must("state", "rm", f.address)
				w.declare(c.next)
				say := append([]string{lab.Service, "an apply was killed before it wrote its state"}, c.say...)
				w.must("plan").want(t, "warning", "Object is taken up", say...)
				w.must("apply").want(t, "warning", "Warning from the cluster", "left behind", "it was taken up")
				wantUIDs(t, lab, before)
				w.unchanged()
				w.must("destroy")
				nothingIn(t, lab)
			})
		})
	}
}

// Of two resources for one object the second is not made, and with create_before_destroy under one name the object
// stays.
func TestAccOwner_oneName(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "shop/prod")
	two := canaryForm.with(parts{}) + strings.Replace(canaryForm.with(parts{}), `"test"`, `"second"`, 1)
	w.write(two)
	w.fails("Object exists already", []string{lab.Service, "belongs to another resource"}, "apply")
	w.must("destroy")
	nothingIn(t, lab)
	w.apply(parts{top: "lifecycle { create_before_destroy = true }"})
	before := uids(lab)
	w.must("apply", "-replace="+w.f.address).want(t, "warning", "Warning from the cluster", "stays",
		"create_before_destroy")
	wantUIDs(t, lab, before)
	w.unchanged()
	w.must("destroy")
	nothingIn(t, lab)
}

// editTimeout changes a rule as `kubectl edit` does.
func editTimeout(lab *acctest.Lab) {
	lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) { firstRule(spec)["timeout"] = "9s" })
}

// TestAccOwner_twoWorkspaces: two workspaces that mean the same objects are told of each other in the plan.
func TestAccOwner_twoWorkspaces(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		ours, theirs := newWorkspace(t, lab, f, "shop/prod"), newWorkspace(t, lab, f, "web/prod")
		ours.apply(parts{})
		check := nobodyTouched(t, lab)
		theirs.declare(parts{})
		theirs.fails("Object exists already", []string{`adopt_from = "shop/prod"`, "another name"}, "plan")
		theirs.declare(parts{top: "adopt = true"})
		theirs.fails("Owned by another workspace", []string{`adopt_from = "shop/prod"`}, "plan")
		theirs.declare(parts{})
		theirs.must("import", f.address, lab.Namespace+"/"+lab.Service)
		two := []string{`"shop/prod"`, `"web/prod"`, "terraform state rm", `adopt_from = "`}
		theirs.fails("Owned by another workspace", two, "plan")
		theirs.fails("Owned by another workspace", two, "apply")
		theirs.fails("Owned by another workspace", two, "destroy")
		theirs.own("")
		theirs.declare(parts{})
		theirs.fails("Owned by another workspace", []string{`"shop/prod"`}, "plan")
		check()
		ours.unchanged()

		before := uids(lab)
		theirs.own("web/prod")
		theirs.apply(parts{top: `adopt_from = "shop/prod"`})
		wantOwner(t, lab, "web/prod")
		wantUIDs(t, lab, before)
		theirs.unchanged()
		check = nobodyTouched(t, lab)
		for _, command := range []string{"plan", "apply", "destroy"} {
			ours.fails("Owned by another workspace", two[:2], command)
		}
		check()
		// Neither with adopt, nor by removing the resource.
		ours.declare(parts{top: "adopt = true"})
		ours.fails("Owned by another workspace", two[:2], "plan")
		ours.write("")
		ours.fails("Owned by another workspace", two[:1], "apply")
		check()
		// The way out that the error names.
		ours.must("state", "rm", f.address)
		theirs.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccOwner_otherName: two VirtualServices for one host is nothing that Istio says a word about, so the plan does.
func TestAccOwner_otherName(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		ours, theirs := newWorkspace(t, lab, f, "shop/prod"), newWorkspace(t, lab, f, "web/prod")
		ours.apply(parts{})
		theirs.declare(parts{top: `name = "${local.service}-b"`})
		theirs.must("plan").want(t, "warning", rivalry, fmt.Sprintf("VirtualService %q", lab.Namespace+"/"+lab.Service),
			lab.Host, `"shop/prod"`)
		ours.must("destroy")
		lab.Create(f.handMade(handMadeVirtualService))
		theirs.must("plan").want(t, "warning", rivalry, `"kubectl-create"`, lab.Host)
		lab.EditObject(acctest.VirtualService, lab.Service, func(o *unstructured.Unstructured) {
			o.SetLabels(map[string]string{"kiali_wizard": "request_routing"})
		})
		theirs.must("plan").want(t, "warning", rivalry, "Kiali", "wizard")
		// At a gateway it is another matter: only sidecars take one of several.
		theirs.declare(parts{top: "name = \"${local.service}-b\"\n gateways = [\"istio-system/edge\"]"})
		if r := theirs.must("plan"); strings.Contains(r.text, rivalry) {
			t.Errorf("a warning at a gateway:\n%s", r)
		}
		lab.Delete(acctest.VirtualService, lab.Service)
	})
}

// TestAccOwner_withoutList: without the right to list, the plan says that it did not look for others.
func TestAccOwner_withoutList(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	token := k.token(lab.Namespace, lab.Service, "get", "create", "patch", "delete")
	w := newWorkspace(t, lab, canaryForm, "")
	w.block = fmt.Sprintf("host = %q\n  token = %q\n  cluster_ca_certificate = %q", k.config.Host, token, k.authority)
	w.declare(parts{})
	w.must("plan").want(t, "warning", unlooked, "list", "virtualservices")
	w.must("apply")
	w.unchanged()
	w.must("state", "rm", canaryForm.address)
	for _, kind := range bothKinds {
		lab.ApplyAs("somebody", strings.NewReplacer("KIND", kind).Replace(
			"apiVersion: networking.istio.io/v1\nkind: KIND\nmetadata: {name: SERVICE, namespace: NAMESPACE, "+
				"annotations: {terraform-provider-mesh/owner: web}}\n",
		))
	}
	w.fails("Object exists already", []string{`"web"`}, "plan")
}
