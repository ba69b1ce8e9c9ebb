package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccWalkActions_cli: the actions as Terraform runs them since 1.14, with each step on the terminal. Another CLI
// refuses the block by itself, and works with the rest of the provider: TestAccWalkActions needs none.
func TestAccWalkActions_cli(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f, w := canaryForm, newWorkspace(t, lab, canaryForm, "walker")
	actions := `
action "mesh_promote" "end" {
  config {
    name = mesh_canary_route.test.name
    to   = "end"
  }
}

action "mesh_abort" "now" {
  config { name = mesh_canary_route.test.name }
}
`
	w.write(f.stepping("100", "0", `pause = "0s"`))
	w.must("apply")
	w.write(f.stepping("0", "100", `pause = "0s"`) + actions)
	if r := w.run("plan"); !r.ok {
		r.want(t, "error", "Unsupported block type", `"action"`)
		t.Skip("this CLI has no actions")
	}
	w.must("apply")
	wantShare(t, lab, 10, true)
	invoke := func(action string, want ...string) {
		t.Helper()
		r := w.must("apply", "-invoke=action."+action)
		for _, text := range want {
			if text = fmt.Sprintf(`is %s`, text); !strings.Contains(r.text, text) {
				t.Errorf("%s does not tell %q:\n%s", action, text, r.text)
			}
		}
	}
	invoke("mesh_promote.end", secondStep+": v1 50 %, v2 50 %", lastStep+": v1 0 %, v2 100 %")
	wantShare(t, lab, 100, true)
	w.wantStep(lastStep, "arrived")
	invoke("mesh_abort.now", "on the way back, "+firstStep+": v1 90 %, v2 10 %",
		"on the way back, at the start: v1 100 %, v2 0 %")
	wantShare(t, lab, 0, true)
	w.fails("Error when invoking action", []string{"No walk under way: No walk of VirtualService", lab.Service},
		"apply", "-invoke=action.mesh_abort.now")
}
