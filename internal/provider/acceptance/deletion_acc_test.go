package acceptance_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// snapshot returns both objects as they are.
func snapshot(lab *acctest.Lab) map[string]*unstructured.Unstructured {
	all := map[string]*unstructured.Unstructured{}
	for _, kind := range bothKinds {
		if o := lab.Get(kind, lab.Service); o != nil {
			all[kind] = o
		}
	}
	return all
}

// wantRestored checks that both objects say what they said before, and carry the labels and annotations of then.
func wantRestored(t *testing.T, lab *acctest.Lab, before map[string]*unstructured.Unstructured) {
	t.Helper()
	for kind, was := range before {
		is := lab.MustGet(kind, lab.Service)
		if a, b := asJSON(t, was.Object["spec"]), asJSON(t, is.Object["spec"]); a != b {
			t.Errorf("spec of the %s is\n%s, want\n%s", kind, b, a)
		}
		if !maps.Equal(was.GetLabels(), is.GetLabels()) {
			t.Errorf("labels of the %s are %v, want %v", kind, is.GetLabels(), was.GetLabels())
		}
		if !maps.Equal(was.GetAnnotations(), is.GetAnnotations()) {
			t.Errorf("annotations of the %s are %v, want %v", kind, is.GetAnnotations(), was.GetAnnotations())
		}
	}
	if len(before) == 0 {
		t.Error("there is nothing to compare")
	}
}

// TestAccDeletion_abandon: nothing is asked that changes anything, and not a byte changes.
func TestAccDeletion_abandon(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		proxy := lab.StartProxy(t)
		w := newWorkspace(t, lab, f, "")
		w.block = fmt.Sprintf("host = %q", proxy.URL)
		w.apply(parts{top: `deletion = "abandon"`})
		check := nobodyTouched(t, lab)
		proxy.Take()
		w.must("destroy")
		for _, request := range proxy.Take() {
			if !strings.HasPrefix(request, "GET ") && !strings.HasPrefix(request, "LIST ") {
				t.Errorf("destroy asks %s", request)
			}
		}
		check()
		if w.inState(f.address) {
			t.Error("the resource is still in the state")
		}
		// What was abandoned can be adopted.
		w.apply(parts{top: `adopt = true`})
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccDeletion_change: deletion may change at any time, without a write.
func TestAccDeletion_change(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.apply(parts{top: `deletion = "abandon"`})
		check := nobodyTouched(t, lab)
		w.apply(parts{top: `deletion = "restore"`})
		w.unchanged()
		check()
		// Nothing was adopted, so there is nothing to restore.
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// restored are the attributes of a route that adopts objects, and gives them back what they were.
const restored = "adopt = true\n deletion = \"restore\"\n labels = { team = \"shop\" }\n " +
	"annotations = { note = \"ours\" }"

// TestAccDeletion_restore: adopted objects become what they were, whatever happened in between.
func TestAccDeletion_restore(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		for name, later := range map[string]func(w *workspace, lab *acctest.Lab){
			"at once": func(*workspace, *acctest.Lab) {},
			"after updates": func(w *workspace, _ *acctest.Lab) {
				// Some of the labels and annotations that are changed belong to somebody else.
				w.block += "\n  field_manager = { force_conflicts = true }"
				w.apply(parts{top: "deletion = \"restore\"\n labels = { cost = \"1\", tier = \"edge\" }\n " +
					"annotations = { note = \"ours\" }\n export_to = [\"*\"]",
					match:  `[{ uri = { prefix = "/helloworld" } }]`,
					subset: `traffic_policy = { load_balancer = { simple = "RANDOM" } }`})
				w.apply(parts{
					top:  "deletion = \"restore\"\n annotations = { note = \"ours again\" }",
					rule: `timeout = "1s"`,
				})
			},
			"after drift": func(w *workspace, lab *acctest.Lab) {
				lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
					firstRule(spec)["timeout"] = "8s"
				})
				// The plan that Terraform makes before it destroys would refuse to overwrite what others changed.
				w.block += "\n  field_manager = { force_conflicts = true }"
				w.declare(parts{top: restored})
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				lab := acctest.Start(t)
				f.handMadePair(lab)
				was, before := snapshot(lab), uids(lab)
				w := newWorkspace(t, lab, f, "shop/prod")
				w.apply(parts{top: restored})
				later(w, lab)
				w.must("destroy")
				wantUIDs(t, lab, before)
				wantRestored(t, lab, was)
				lab.Eventually(acctest.Request{Headers: version("200")}, acctest.Only("v2"))
			})
		}
		for kind, manifest := range map[string]string{
			acctest.VirtualService:  handMadeVirtualService,
			acctest.DestinationRule: handMadeDestinationRule,
		} {
			t.Run("only the "+kind, func(t *testing.T) {
				t.Parallel()
				lab := acctest.Start(t)
				lab.Create(f.handMade(manifest))
				was, before := snapshot(lab), uids(lab)
				w := newWorkspace(t, lab, f, "")
				w.apply(parts{top: "adopt = true\n deletion = \"restore\""})
				w.apply(parts{top: "deletion = \"restore\"", rule: `timeout = "1s"`})
				w.must("destroy")
				wantUIDs(t, lab, before)
				wantRestored(t, lab, was)
			})
		}
		t.Run("after a rename", func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			f.handMadePair(lab)
			was := snapshot(lab)
			w := newWorkspace(t, lab, f, "")
			w.apply(parts{top: "adopt = true\n deletion = \"restore\""})
			w.apply(parts{top: "deletion = \"restore\"\n name = \"${local.service}-b\""})
			nothingIn(t, lab)
			w.must("destroy")
			wantRestored(t, lab, was)
			for _, kind := range bothKinds {
				if lab.Get(kind, lab.Service+"-b") != nil {
					t.Errorf("the renamed %s is left", kind)
				}
			}
		})
	})
}

// longestDeletion is what a deletion may take where timeouts say nothing.
const longestDeletion = 2 * time.Minute

// TestAccDeletion_finalizer: an object that is kept by a finalizer is not gone: destroy waits as long as it may, and
// says which finalizer.
func TestAccDeletion_finalizer(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		for _, kind := range bothKinds {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				lab := acctest.Start(t)
				w := newWorkspace(t, lab, f, "")
				w.apply(parts{top: `timeouts = { delete = "3s" }`})
				finalizers := func(list ...string) {
					lab.EditObject(kind, lab.Service, func(o *unstructured.Unstructured) { o.SetFinalizers(list) })
				}
				finalizers("example.com/keep")
				began := time.Now()
				w.fails("Object waits for finalizers",
					[]string{kind, lab.Service, "example.com/keep", "timeouts.delete"}, "destroy")
				if took := time.Since(began); took < 3*time.Second || took > longestDeletion/2 {
					t.Errorf("destroy took %s", took)
				}
				if !w.inState(f.address) {
					t.Error("the resource is not in the state any more")
				}
				w.fails("Object waits for finalizers", []string{"example.com/keep"}, "destroy")
				finalizers()
				w.must("destroy")
				nothingIn(t, lab)
			})
		}
	})
}

// TestAccDeletion_namespaceGone: a namespace that is gone, or about to, is said at once, whatever the timeouts are.
func TestAccDeletion_namespaceGone(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	w := newWorkspace(t, lab, canaryForm, "")
	going := lab.Service + "-going"
	k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+going+"}\n")
	attributes := "timeouts = { create = \"5m\", update = \"5m\" }\n namespace = "
	in := func(namespace string) string {
		return strings.Replace(canaryForm.with(parts{top: attributes + fmt.Sprintf("%q", namespace)}),
			"service = local.service", "service = local.host", 1)
	}
	atOnce := func(summary string, say ...string) {
		t.Helper()
		began := time.Now()
		w.fails(summary, say, "apply")
		if took := time.Since(began); took > time.Minute {
			t.Errorf("the error %q took %s", summary, took)
		}
	}
	w.write(in(lab.Service + "-none"))
	atOnce("Namespace does not exist", lab.Service+"-none")
	w.write(in(going))
	k.remove("v1", "namespaces", "", going)
	k.awaitAnswer("create a DestinationRule", k.rehearsal(going, rehearsedDestinationRule), apierrors.IsForbidden)
	atOnce("Namespace is being deleted", going)
}
