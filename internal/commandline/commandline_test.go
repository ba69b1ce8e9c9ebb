package commandline_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
)

// Flags stand before, between and behind other arguments; help is what was asked for, and a mistake stands alone.
func TestParse(t *testing.T) {
	t.Parallel()
	const (
		usage = "usage: terraform-provider-mesh draw\n"
		more  = "\nterraform-provider-mesh draw --help lists the flags.\n"
	)
	type answer struct {
		Rest           []string
		All            bool
		Stdout, Stderr string
	}
	for fact, test := range map[string]struct {
		args string
		want answer
	}{
		"nothing":             {"", answer{}},
		"a flag in front":     {"--all a b", answer{Rest: []string{"a", "b"}, All: true}},
		"a flag between":      {"a -all b", answer{Rest: []string{"a", "b"}, All: true}},
		"a flag at the end":   {"a b --all", answer{Rest: []string{"a", "b"}, All: true}},
		"an end of the flags": {"a -- --all", answer{Rest: []string{"a", "--all"}}},
		"stdin":               {"- --all", answer{Rest: []string{"-"}, All: true}},
		"help":                {"a --help", answer{Stdout: usage}},
		"an unknown flag":     {"a --none", answer{Stderr: "flag provided but not defined: -none" + more}},
		"a wrong value": {
			"--all=x", answer{Stderr: `invalid boolean value "x" for -all: parse error` + more},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			flags := commandline.New("draw")
			all := flags.Bool("all", false, "")
			var stdout, stderr strings.Builder
			rest, err := commandline.Parse(flags, strings.Fields(test.args), usage, &stdout, &stderr)
			if diff := cmp.Diff(test.want, answer{rest, *all, stdout.String(), stderr.String()}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if (err != nil) != (stdout.Len()+stderr.Len() > 0) || errors.Is(err, flag.ErrHelp) != (stdout.Len() > 0) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// A reason has no name of a file in it, however deep the error of the file lies.
func TestReason(t *testing.T) {
	t.Parallel()
	_, missing := os.Open(filepath.Join(t.TempDir(), "none"))
	for want, err := range map[string]error{
		"no such file or directory": fmt.Errorf("read it: %w", missing),
		"it is too large":           errors.New("it is too large"),
	} {
		if got := commandline.Reason(err); got != want {
			t.Errorf("the reason of %q is %q, want %q", err, got, want)
		}
	}
}
