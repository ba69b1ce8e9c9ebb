package lint_test

import (
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
	var stdout, stderr strings.Builder
	code := lint.Run(args, provider.LintSchema(), &stdout, &stderr)
	short := func(b strings.Builder) string {
		if len(args) == 0 {
			return b.String()
		}
		return strings.ReplaceAll(b.String(), args[0]+string(filepath.Separator), "")
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
