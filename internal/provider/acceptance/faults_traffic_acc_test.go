package acceptance_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccFaults_traffic interrupts Terraform at the calls of an update while requests are sent all the time, until
// the next apply has converged: none of them fails. By default that is each write, with MESH_TEST_FAULTS=all every
// call.
func TestAccFaults_traffic(t *testing.T) {
	t.Parallel()
	// Writes take longer than in the other runs: the proxies have to follow for real.
	const settle = "2s"
	renamed := transitions["a subset is called otherwise"]
	patient := strings.NewReplacer(`"4s"`, `"20s"`)
	renamed.before.config, renamed.after.config = patient.Replace(
		renamed.before.config,
	), patient.Replace(renamed.after.config)
	clean := newFaultedRun(t, renamed, "")
	clean.settle = settle
	for i, call := range clean.do(0, fault{}).calls {
		if write := strings.Contains(call, "PATCH") && !strings.Contains(call, "dry run"); !write && !everyFault() {
			continue
		}
		t.Run(fmt.Sprintf("k=%d", i+1), func(t *testing.T) {
			t.Parallel()
			r := newFaultedRun(t, renamed, "")
			r.settle = settle
			var stop func() acctest.Answers
			r.meanwhile = func(lab *acctest.Lab) {
				lab.Eventually(acctest.Request{}, acctest.Shares(map[string]float64{"v1": 90, "v2": 10}))
				stop = lab.Background(acctest.Request{Rate: 100})
			}
			r.converged = func() {
				answers := stop()
				t.Logf("%s: %s", call, answers)
				maps.DeleteFunc(answers.Errors, func(text string, _ int) bool {
					return strings.Contains(text, lostRace)
				})
				if answers.Total < 100 || len(answers.Errors) > 0 {
					t.Errorf("want hundreds of calls without error, got %s", answers)
				}
			}
			r.do(i+1, faults["sigint"])
		})
	}
}
