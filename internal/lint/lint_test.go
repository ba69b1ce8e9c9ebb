package lint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/lint"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

// answer is what the command says.
type answer struct {
	Code           int
	Stdout, Stderr string
}

// run looks at folders. The name of the first is left out of what is said.
func run(args ...string) answer {
	dir := ""
	if len(args) > 0 {
		dir = args[0]
	}
	return runIn(dir, args...)
}

// runIn looks at folders and files. The name of a folder is left out of what is said.
func runIn(dir string, args ...string) answer {
	var stdout, stderr strings.Builder
	code := lint.Run(args, provider.LintSchema(), &stdout, &stderr)
	short := func(b strings.Builder) string {
		if dir == "" {
			return b.String()
		}
		return strings.ReplaceAll(b.String(), dir+string(filepath.Separator), "")
	}
	return answer{code, short(stdout), short(stderr)}
}

func check(t *testing.T, got, want answer) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What the repository shows has no misspelt name.
func TestRun_examples(t *testing.T) {
	t.Parallel()
	check(t, run("../../examples"), answer{})
}

// What the guide shows has none either, until one is misspelt.
func TestRun_guide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/catch-misspelt-names.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "```terraform\n")
	text, _, _ := strings.Cut(rest, "```")
	check(t, run(folder(t, map[string]string{"main.tf": text})), answer{})

	text = strings.Replace(text, "timeout =", "time_out =", 1)
	check(t, run(folder(t, map[string]string{"main.tf": text})), answer{
		Code: 1, Stdout: "main.tf:9:99: rules[0] of mesh_canary_route.greeter has no attribute \"time_out\"; " +
			"did you mean \"timeout\"?\n",
	})
}
