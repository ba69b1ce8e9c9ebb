package main

import "testing"

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
