package commandline_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
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
		more  = "\nterraform-provider-mesh draw --help says more.\n"
	)
	type answer struct {
		Rest           []string
		All            bool
		Where          string
		Stdout, Stderr string
	}
	for fact, test := range map[string]struct {
		args string
		want answer
	}{
		"nothing":                 {"", answer{}},
		"a flag in front":         {"--all a b", answer{Rest: []string{"a", "b"}, All: true}},
		"a flag between":          {"a -all b", answer{Rest: []string{"a", "b"}, All: true}},
		"a flag at the end":       {"a b --all", answer{Rest: []string{"a", "b"}, All: true}},
		"an end of the flags":     {"a -- --all --none", answer{Rest: []string{"a", "--all", "--none"}}},
		"stdin":                   {"- --all", answer{Rest: []string{"-"}, All: true}},
		"a value":                 {"a --where b c", answer{Rest: []string{"a", "c"}, Where: "b"}},
		"a value with a sign":     {"--where=b c", answer{Rest: []string{"c"}, Where: "b"}},
		"a value like a flag":     {"--where --none c", answer{Rest: []string{"c"}, Where: "--none"}},
		"help":                    {"a --help", answer{Stdout: usage}},
		"help before what is not": {"-h --none", answer{Stdout: usage}},
		"an unknown flag":         {"a --none=1", answer{Stderr: "Error: There is no flag --none." + more}},
		"a misspelt flag": {
			"a --wehre b", answer{Stderr: "Error: There is no flag --wehre; did you mean --where?" + more},
		},
		"a misspelt flag in other words": {
			"-WHERE b", answer{Stderr: "Error: There is no flag -WHERE; did you mean --where?" + more},
		},
		"a value at a letter": {
			"-wfar", answer{Stderr: "Error: There is no flag -wfar; a value stands apart: -w far" + more},
		},
		"a misspelt flag that begins with a letter": {
			"-wher", answer{Stderr: "Error: There is no flag -wher; did you mean --where?" + more},
		},
		"what would colour a terminal": {
			"--\x1b[31m", answer{Stderr: `Error: There is no flag --\x1b[31m.` + more},
		},
		"no value": {"a --where", answer{Stderr: "Error: --where needs a value." + more}},
		"a wrong value": {
			"--all=x", answer{Stderr: `Error: Invalid boolean value "x" for -all: parse error.` + more},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			flags := commandline.New("draw")
			all := flags.Bool("all", false, "")
			where := flags.String("where", "", "")
			flags.StringVar(where, "w", "", "")
			var stdout, stderr strings.Builder
			rest, err := commandline.Parse(flags, strings.Fields(test.args), usage, &stdout, &stderr)
			if err != nil {
				*where = ""
			}
			if diff := cmp.Diff(test.want, answer{rest, *all, *where, stdout.String(), stderr.String()}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if (err != nil) != (stdout.Len()+stderr.Len() > 0) || errors.Is(err, flag.ErrHelp) != (stdout.Len() > 0) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// Every message begins with what it is, and has nothing in it that a terminal would not show.
func TestMessages(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	commandline.Error(&b, "It is \x1b[31mred\u202e.\nAnd\tmore.\n\n")
	commandline.Warning(&b, "It is late\n\nGo to bed.")
	commandline.Warning(&b, "It is early.")
	if diff := cmp.Diff("Error: It is \\x1b[31mred\\u202e.\nAnd\tmore.\n"+
		"Warning: It is late\n\nGo to bed.\n\nWarning: It is early.\n", b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := commandline.Plain("a\nb\tc"); got != `a\nb\tc` {
		t.Errorf("in one line it is %q", got)
	}
}

// full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "/dev/stdout", Err: errors.New("no space left on device")}
}

// What cannot be written is said, help too.
func TestPrint(t *testing.T) {
	t.Parallel()
	const want = "Error: The output cannot be written: no space left on device.\n"
	var stdout, stderr strings.Builder
	if !commandline.Print("text", &stdout, &stderr) || stdout.String() != "text" || stderr.Len() > 0 {
		t.Errorf("it prints %q and says %q", stdout.String(), stderr.String())
	}
	if commandline.Print("text", full{}, &stderr) || stderr.String() != want {
		t.Errorf("it says %q", stderr.String())
	}
	stderr.Reset()
	_, err := commandline.Parse(commandline.New("draw"), []string{"-h"}, "usage", full{}, &stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) || stderr.String() != want {
		t.Errorf("help ends with %v and says %q", err, stderr.String())
	}
}

// A reason has no name of a file in it but the one that is given, however deep the error of the file lies.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	_, missing := os.Open(filepath.Join(t.TempDir(), "none"))
	for want, err := range map[string]error{
		`a\x1b cannot be read: no such file or directory.`: fmt.Errorf("read it: %w", missing),
		`a\x1b cannot be read: unexpected EOF.`:            io.ErrUnexpectedEOF,
		`a\x1b is too large.`:                              commandline.Flaw("is too large"),
	} {
		if got := commandline.Unreadable("a\x1b", err); got != want {
			t.Errorf("of %q it says %q, want %q", err, got, want)
		}
	}
}
