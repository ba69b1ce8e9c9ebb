package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Help and the version are asked for in many ways, and no command is taken for them.
func TestAsked(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]string{
		"help": "help", "--help": "help", "-help": "help", "-h": "help",
		"version": "version", "--version": "version", "-version": "version", "-v": "version",
		"view": "", "-debug": "", "": "", "-": "",
	} {
		if got := asked(argument); got != want {
			t.Errorf("%q asks for %q, not for %q", argument, got, want)
		}
	}
}

// What is no command is told, and the provider is started by Terraform and by debuggers alone.
func TestStart(t *testing.T) {
	t.Parallel()
	type answer struct {
		Stdout, Stderr string
		Code           int
		Serve, Debug   bool
	}
	const more = "terraform-provider-mesh --help says more.\n"
	for fact, test := range map[string]struct {
		args     []string
		isPlugin bool
		want     answer
	}{
		"Terraform":          {nil, true, answer{Code: 1, Serve: true}},
		"a debugger":         {[]string{"-debug"}, false, answer{Serve: true, Debug: true}},
		"a person":           {nil, false, answer{Stderr: usage(), Code: 1}},
		"help":               {[]string{"--help"}, true, answer{Stdout: usage()}},
		"help twice":         {[]string{"help", "--help"}, true, answer{Stdout: usage()}},
		"help of a flag":     {[]string{"help", "-debug"}, true, answer{Stdout: usage()}},
		"help behind a flag": {[]string{"-debug", "-h"}, true, answer{Stdout: usage(), Debug: true}},
		"a misspelt command": {
			[]string{"lintt", "."}, false,
			answer{Stderr: "Error: There is no command \"lintt\"; did you mean \"lint\"?\n" + more, Code: 2},
		},
		"help of what is no command": {
			[]string{"help", "drawing"}, false,
			answer{Stderr: "Error: There is no command \"drawing\".\n" + more, Code: 2},
		},
		"an empty command": {
			[]string{""}, false, answer{Stderr: "Error: There is no command \"\".\n" + more, Code: 2},
		},
		"a flag before a command": {
			[]string{"-debug", "lint"}, false, answer{
				Stderr: "Error: The command stands first, and -debug is for the provider alone: " +
					"terraform-provider-mesh lint.\n" + more,
				Code: 2, Debug: true,
			},
		},
		"an unknown flag": {
			[]string{"--debugg"}, true,
			answer{Stderr: "Error: There is no flag --debugg; did you mean --debug?\n" + more, Code: 2},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr strings.Builder
			debug, code, serve := start(test.args, test.isPlugin, &stdout, &stderr)
			got := answer{stdout.String(), stderr.String(), code, serve, debug}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// The word help asks a command for help, unless it is the name of something.
func TestHelped(t *testing.T) {
	t.Chdir(t.TempDir())
	for args, want := range map[string]string{
		"lint help": "--help", "view help": "--help", "write help": "help", "lint help more": "help more", "ask": "",
	} {
		words := strings.Fields(args)
		if got := strings.Join(helped(words[0], words[1:]), " "); got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
	if err := os.Mkdir("help", 0o700); err != nil {
		t.Fatal(err)
	}
	if got := helped("lint", []string{"help"}); got[0] != "help" {
		t.Errorf("a folder help is %q", got)
	}
}
