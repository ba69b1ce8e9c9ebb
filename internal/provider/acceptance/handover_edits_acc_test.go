package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccHandover_editDuringApply: an edit between two requests of one apply is never overwritten unseen, and the
// error says whose it was.
func TestAccHandover_editDuringApply(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		proxy := lab.StartProxy(t)
		w := newWorkspace(t, lab, f, "")
		w.block = fmt.Sprintf("host = %q", proxy.URL)
		timeouts := []string{"1s", "2s", "3s", "4s", "5s", "6s", "7s"}
		step := func(i int) parts {
			// A policy for a subset and a timeout: both objects are written.
			return parts{rule: fmt.Sprintf("timeout = %q", timeouts[i]),
				subset: fmt.Sprintf("traffic_policy = { connection_pool = { tcp = { max_connections = %d } } }", 10+i)}
		}
		w.apply(step(0))
		// The calls of a change of both objects: two reads, then a write each.
		w.declare(step(1))
		w.plan()
		proxy.Arm(acctest.Trap{})
		w.must("apply", "saved.tfplan")
		calls := proxy.Disarm()
		patches := 0
		for number, call := range calls {
			if !strings.HasPrefix(call, "PATCH") {
				continue
			}
			patches++
			for _, kind := range bothKinds {
				edited := slices.Contains([]string{"PATCH " + strings.ToLower(kind) + "s"}, call)
				if !edited {
					continue
				}
				w.declare(step(2))
				w.plan()
				var check func()
				proxy.Arm(acctest.Trap{Call: number + 1, Meanwhile: func() {
					lab.Edit(kind, lab.Service, func(spec map[string]any) { spec["exportTo"] = []any{"."} })
					check = untouched(t, lab, kind, lab.Service)
				}})
				w.fails("Object changed since the plan", []string{kind, `"kubectl-edit"`, "Nothing was overwritten"},
					"apply", "saved.tfplan")
				proxy.Disarm()
				check()
				// The next plan shows it, and the one who did it is asked for.
				w.fails("Fields owned by another manager", []string{`"kubectl-edit"`, ".spec.exportTo"}, "apply")
				check()
				w.block = fmt.Sprintf("host = %q\n field_manager = { force_conflicts = true }", proxy.URL)
				w.apply(step(1))
				w.block = fmt.Sprintf("host = %q", proxy.URL)
				w.unchanged()
			}
		}
		if patches < 2 {
			t.Errorf("calls are %v", calls)
		}
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccHandover_editDuringWait: an edit while apply waits for the proxies.
func TestAccHandover_editDuringWait(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.apply(parts{})
		moved := strings.NewReplacer("v2",
			"v3").Replace(f.with(parts{top: `propagation = { mode = "settle", settle = "3s" }`}))
		w.write(moved)
		var check func()
		var edit sync.WaitGroup
		k := newKube(t, lab.Kubeconfig)
		edit.Go(func() {
			for deadline := time.Now().Add(
				30 * time.Second,
			); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				if len(specOf(lab.MustGet(acctest.DestinationRule, lab.Service))["subsets"].([]any)) == 3 {
					break
				}
			}
			err := updateAs(t.Context(), k, lab, "kubectl-edit", acctest.VirtualService,
				func(o *unstructured.Unstructured) { firstRule(specOf(o))["timeout"] = "9s" })
			if err != nil {
				t.Error(err)
			}
			check = untouched(t, lab, acctest.VirtualService, lab.Service)
		})
		w.fails(
			"Fields owned by another manager",
			[]string{"VirtualService", `"kubectl-edit"`, ".spec.http", " at 20", "done before", "DestinationRule"},
			"apply",
		)
		edit.Wait()
		check()
		lab.Eventually(acctest.Request{Headers: version("200")}, acctest.Only("v2"))
		w.block = "field_manager = { force_conflicts = true }"
		w.write(moved)
		w.must("apply")
		w.unchanged()
		lab.Eventually(acctest.Request{Headers: version("200")}, acctest.Only("v3"))
		w.must("destroy")
		nothingIn(t, lab)
	})
}
