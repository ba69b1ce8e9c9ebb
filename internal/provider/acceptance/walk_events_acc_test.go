package acceptance_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// eventsOf returns the Events of the route's VirtualService, in the order in which they were made.
func eventsOf(t *testing.T, lab *acctest.Lab) []string {
	t.Helper()
	list, err := newKube(t, lab.Kubeconfig).objects("events.k8s.io/v1", "events", lab.Namespace).
		List(t.Context(), metav1.ListOptions{
			FieldSelector: "regarding.kind=VirtualService,regarding.name=" + lab.Service,
		})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list.Items, func(a, b unstructured.Unstructured) int {
		return cmpText(a.Object["eventTime"], b.Object["eventTime"])
	})
	var all []string
	for _, e := range list.Items {
		regarding, _ := e.Object["regarding"].(map[string]any)
		if o := lab.Get(acctest.VirtualService, lab.Service); o != nil && regarding["uid"] != string(o.GetUID()) {
			t.Errorf("an Event regards %v", regarding)
		}
		all = append(all, fmt.Sprintf("%s %s: %s", e.Object["type"], e.Object["reason"], e.Object["note"]))
	}
	return all
}

// cmpText compares two texts of an object.
func cmpText(a, b any) int {
	first, _ := a.(string)
	second, _ := b.(string)
	switch {
	case first < second:
		return -1
	case first > second:
		return 1
	}
	return 0
}

// TestAccWalkEvents: each step, verdict and end of a walk is an Event of the VirtualService, by whomever it goes on.
func TestAccWalkEvents(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f, w := canaryForm, newWorkspace(t, lab, canaryForm, "walker")
	fails := int64(50)
	j := newJudge(t, func(v2 int64) int {
		if v2 == fails {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	var told []string
	wantEvents := func(want ...string) {
		t.Helper()
		all := eventsOf(t, lab)
		if diff := cmp.Diff(want, all[min(len(told), len(all)):]); diff != "" {
			t.Errorf("Events (-want +got):\n%s", diff)
		}
		told = all
	}
	const (
		first  = "Normal WalkStep: at step 1 of 3: v1 90 %, v2 10 %"
		second = "Normal WalkStep: at step 2 of 3: v1 50 %, v2 50 %"
		passed = "Normal WalkJudged: at step 1 of 3: gate checks: pass: it answered 200"
		broken = "at step 2 of 3: v1 50 %, v2 50 %: checks: fail: it answered 500"
	)
	w.write(f.judged("100", "0", j.URL, ""))
	w.must("apply")
	wantEvents()
	w.write(f.judged("0", "100", j.URL, ""))
	if r := w.run("apply"); r.ok {
		t.Fatal("the apply succeeds")
	}
	wantEvents(first, passed, second, "Normal WalkJudged: at step 2 of 3: gate checks: fail: it answered 500",
		"Warning WalkFailed: "+broken, "Normal WalkStep: on the way back, at step 1 of 3: v1 90 %, v2 10 %",
		"Normal WalkStep: on the way back, at the start: v1 100 %, v2 0 %",
		"Warning WalkWentBack: at the start again: v1 100 %, v2 0 %")

	w.write(f.stepping("0", "100", `pause = "0s"`))
	w.must("apply")
	w.succeeds("mesh_promote", "", secondStep+": v1 50 %, v2 50 %")
	w.must("apply")
	wantEvents(first, "Normal WalkStep: "+secondStep+": v1 50 %, v2 50 %",
		"Normal WalkStep: at step 3 of 3: v1 0 %, v2 100 %", "Normal WalkArrived: v1 0 %, v2 100 %")

	w.write(f.stepping("100", "0", `pause = "0s"`))
	w.must("apply")
	w.succeeds("mesh_abort", "", "on the way back, at the start: v1 0 %, v2 100 %")
	wantEvents("Normal WalkStep: at step 1 of 3: v1 10 %, v2 90 %",
		"Warning WalkWentBack: taken back to the start by mesh_abort: v1 0 %, v2 100 %")
}
