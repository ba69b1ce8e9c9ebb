package acceptance_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

type managedFields = metav1.ManagedFieldsEntry

// ours reports whether the entry is of our field manager.
func ours(entry managedFields) bool {
	return entry.Manager == faultManager && entry.Operation == metav1.ManagedFieldsOperationApply
}

// crash is a fault at one call of a transition.
type crash struct {
	transition string
	call       int
	fault      string
}

// String is the name of the crash's test within that of its transition.
func (c crash) String() string { return fmt.Sprintf("k=%d/%s", c.call, c.fault) }

// matrix runs every crash, and counts.
type matrix struct {
	elsewhere string
	// busy and idle bound how many runs go on at the same time.
	busy, idle chan struct{}

	mutex sync.Mutex
	// runs and failed count the runs, and those whose faulted apply failed, by transition and fault.
	runs, failed map[[2]string]int
}

// TestAccFaults lets one call of an apply go wrong, or the provider or Terraform die at it, for every call of every
// transition: whatever happened, the next apply converges, and nothing is lost, left over, taken over or tainted.
// Every second transition runs with one of the faults by default, everything with MESH_TEST_FAULTS=all, as `make
// faults` does.
func TestAccFaults(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	newKube(t, lab.Kubeconfig).create("namespaces",
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: "+lab.Service+"}\n")
	m := &matrix{
		elsewhere: lab.Service, busy: make(chan struct{}, 4), idle: make(chan struct{}, 12),
		runs: map[[2]string]int{}, failed: map[[2]string]int{},
	}
	var group sync.WaitGroup
	for i, name := range slices.Sorted(maps.Keys(transitions)) {
		if i%2 == 1 && !everyFault() {
			continue
		}
		group.Go(func() { t.Run(name, func(t *testing.T) { m.transition(t, i, name) }) })
	}
	group.Wait()
	m.print()
}

// transition makes a transition without a fault, and then again with each of its crashes. Every time it must come to
// the same.
func (m *matrix) transition(t *testing.T, number int, name string) {
	t.Helper()
	m.busy <- struct{}{}
	clean := func() outcome {
		defer func() { <-m.busy }()
		return newFaultedRun(t, transitions[name], m.elsewhere).do(0, fault{})
	}()
	if t.Failed() {
		t.Errorf("without a fault %s fails already", name)
		return
	}
	var group sync.WaitGroup
	for _, c := range crashes(number, name, len(clean.calls)) {
		group.Go(func() {
			slots := m.busy
			if faults[c.fault].idle {
				slots = m.idle
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(c.String(), func(t *testing.T) { m.crash(t, c, clean) })
		})
	}
	group.Wait()
}

func (m *matrix) crash(t *testing.T, c crash, clean outcome) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("to run it again: MESH_TEST_FAULTS=all go test ./internal/provider/acceptance -run "+
				"'^TestAccFaults$/^%s$/^k=%d$/^%s$'",
				strings.ReplaceAll(c.transition, " ", "_"), c.call, c.fault)
		}
	})
	r := newFaultedRun(t, transitions[c.transition], m.elsewhere)
	r.count = func(failed bool) { m.count(c, failed) }
	o := r.do(c.call, faults[c.fault])
	if diff := cmp.Diff(clean.picture, o.picture); diff != "" {
		t.Errorf("what it comes to without and with the fault (-without +with):\n%s", diff)
	}
}

// count counts a run whose fault has happened.
func (m *matrix) count(c crash, failed bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.runs[[2]string{c.transition, c.fault}]++
	if failed {
		m.failed[[2]string{c.transition, c.fault}]++
	}
}

// everyFault reports whether more than a sample was asked for.
func everyFault() bool { return os.Getenv("MESH_TEST_FAULTS") == "all" }

// crashes returns every fault at every call of a transition, or one in which, over the transitions of a sample, each
// fault has its turn.
func crashes(number int, name string, calls int) []crash {
	kinds := slices.Sorted(maps.Keys(faults))
	var all []crash
	if !everyFault() {
		return []crash{{name, 1 + (number*number/4)%calls, kinds[number/2%len(kinds)]}}
	}
	for call := 1; call <= calls; call++ {
		for _, kind := range kinds {
			all = append(all, crash{name, call, kind})
		}
	}
	return all
}

// print shows how many runs there were, and how many of the faulted applies failed before the next one converged.
func (m *matrix) print() {
	kinds := slices.Sorted(maps.Keys(faults))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "runs (failed applies)\t%s\tall\n", strings.Join(kinds, "\t"))
	total := map[string][2]int{}
	line := func(name string, cell func(kind string) [2]int) {
		fmt.Fprintf(w, "%s", name)
		var sum [2]int
		for _, kind := range kinds {
			c := cell(kind)
			sum[0], sum[1] = sum[0]+c[0], sum[1]+c[1]
			fmt.Fprintf(w, "\t%d (%d)", c[0], c[1])
		}
		fmt.Fprintf(w, "\t%d (%d)\n", sum[0], sum[1])
	}
	for _, name := range slices.Sorted(maps.Keys(transitions)) {
		line(name, func(kind string) [2]int {
			at := [2]string{name, kind}
			total[kind] = [2]int{total[kind][0] + m.runs[at], total[kind][1] + m.failed[at]}
			return [2]int{m.runs[at], m.failed[at]}
		})
	}
	line("all", func(kind string) [2]int { return total[kind] })
	w.Flush()
}
