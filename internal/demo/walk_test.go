package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func walkExampleText(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../../" + walkExample)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The demo applies the example with other times, and nothing else is another one.
func TestInBrief(t *testing.T) {
	t.Parallel()
	example := walkExampleText(t)
	got, err := inBrief(example)
	if err != nil {
		t.Fatal(err)
	}
	var before, after []string
	was := strings.Split(example, "\n")
	for i, line := range strings.Split(got, "\n") {
		if line != was[i] {
			before, after = append(before, was[i]), append(after, line)
		}
	}
	if diff := cmp.Diff([]string{`    pause    = "5m"`, `    patience = "30m"`}, before); diff != "" {
		t.Errorf("lines of the example (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`    pause    = "4s"`, `    patience = "30s"`}, after); diff != "" {
		t.Errorf("lines of the demo (-want +got):\n%s", diff)
	}
	if _, err := inBrief(got); err == nil ||
		err.Error() != `examples/walk/main.tf does not say once: pause    = "5m"` {
		t.Errorf("%v, want that the pause is missing", err)
	}
}

func TestAtOnce(t *testing.T) {
	t.Parallel()
	example := walkExampleText(t)
	begin, end := strings.Index(example, "  walk = {\n"), strings.LastIndex(example, "}\n")
	if diff := cmp.Diff(example[:begin]+example[end:], atOnce(example)); diff != "" {
		t.Errorf("without walk (-want +got):\n%s", diff)
	}
}

func TestFailuresIn(t *testing.T) {
	t.Parallel()
	series := func(change ...string) string {
		line := `istio_requests_total{reporter="destination",destination_service="` + host +
			`",destination_version="v2",response_code="200",grpc_response_status="14"} 12`
		return strings.NewReplacer(change...).Replace(line) + "\n"
	}
	all := "# HELP istio_requests_total requests\n" + series() + series(`"200"`, `"503"`, " 12", " 3") +
		series("v2", "v1") + series(`"14"`, `"0"`) + series(host, "echo."+host) + series("_total", "_failed")
	got, err := failuresIn(all)
	if err != nil || got != 15 {
		t.Errorf("%d failed (%v), want 15", got, err)
	}
	if _, err := failuresIn(series(" 12", " many")); err == nil {
		t.Error("a count that is no number is taken")
	}
}

// Of what Terraform prints only the progress is shown where no more is asked for, and else all but what every command
// says under a development override.
func TestQuiet(t *testing.T) {
	t.Parallel()
	const printed = `
Warning: Provider development overrides are in effect

The following provider development overrides are set in the CLI
configuration:
 - meshroute/mesh in /tmp

  # mesh_canary_route.a will be created
Changes to Outputs:
  + picture_a = (sensitive value)
Plan: 1 to add, 0 to change, 0 to destroy.
mesh_canary_route.a: Creating...

Warning: Traffic moves in a/b

Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
Destroy complete! Resources: 1 destroyed.
`
	for name, test := range map[string]struct {
		quiet func(*strings.Builder) *quiet
		want  string
	}{
		"all": {func(out *strings.Builder) *quiet { return newQuiet(out, nil) }, `
    # mesh_canary_route.a will be created
  Plan: 1 to add, 0 to change, 0 to destroy.
  mesh_canary_route.a: Creating...

  Warning: Traffic moves in a/b

  Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
  Destroy complete! Resources: 1 destroyed.
`},
		"progress": {
			func(out *strings.Builder) *quiet { return newQuiet(out, progress) },
			`  Plan: 1 to add, 0 to change, 0 to destroy.
  mesh_canary_route.a: Creating...
  Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
  Destroy complete! Resources: 1 destroyed.
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if _, err := test.quiet(&out).Write([]byte(printed)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
		})
	}
}
