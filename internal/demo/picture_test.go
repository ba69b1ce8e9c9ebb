package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const canary = `---
config:
  flowchart:
    wrappingWidth: 600
---
flowchart LR
  h0(["echo.greeter.svc.cluster.local<br/>at mesh, edge/web"])
  r0["rule 1<br/>testers<br/>header x-tester=yes"]
  d0("v2")
  r1["rule 2<br/>50 #37; aborted with NOT#95;FOUND"]
  d1("v1")
  d2("v2")
  r2["rule 3<br/>all other requests<br/>redirected"]
  h0 --> r0
  r0 -->|"100 %"| d0
  h0 --> r1
  r1 -->|"75 %"| d1
  r1 -.->|"copy of 25 %"| d2
  h0 --> r2
`

func TestInText(t *testing.T) {
	t.Parallel()
	got, err := inText(canary)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"echo.greeter.svc.cluster.local · at mesh, edge/web",
		"├─ rule 1 · testers · header x-tester=yes   ── 100 % ──▶ v2",
		"├─ rule 2 · 50 % aborted with NOT_FOUND     ── 75 % ──▶ v1",
		"│                                           ╌╌ copy of 25 % ╌▶ v2",
		"└─ rule 3 · all other requests · redirected",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("drawn (-want +got):\n%s", diff)
	}
	if _, err := inText("flowchart LR\n  h0([\"x\"])\n"); err == nil {
		t.Error("a picture without rules was drawn")
	}
}

// Each resource of a configuration has its picture, and Terraform's words about it are known.
func TestPictures(t *testing.T) {
	t.Parallel()
	got := pictures(`# resource
resource "mesh_canary_route" "a" {
}

resource "mesh_weighted_split" "b" {
}
`)
	want := `output "picture_a" {
  sensitive = true
  value     = provider::mesh::diagram(mesh_canary_route.a)
}
output "picture_b" {
  sensitive = true
  value     = provider::mesh::diagram(mesh_weighted_split.b)
}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	for _, line := range []string{
		"Changes to Outputs:", "  + picture_a = (sensitive value)", "  ~ picture_a = (sensitive value)",
		"  - picture_b = (sensitive value) -> null", "Outputs:", "picture_a = <sensitive>",
	} {
		if !pictureLine.MatchString(line) {
			t.Errorf("%q is shown", line)
		}
	}
	for line := range strings.Lines("  + name = \"picture_a\"\nPlan: 1 to add, 0 to change, 0 to destroy.\n") {
		if pictureLine.MatchString(line) {
			t.Errorf("%q is hidden", line)
		}
	}
}
