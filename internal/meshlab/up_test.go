package main

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// start runs a shell script and delivers how it ended, as runIn does. It returns when the script has said that it is
// ready.
func start(t *testing.T, script string) (*exec.Cmd, <-chan error) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return cmd, done
}

func TestAwait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script  string
		reasons []stopped
		want    exitError
	}{
		"its own exit code":          {"echo; exit 7", nil, 7},
		"its own signal":             {"echo; kill -KILL $$", nil, 137},
		"after Ctrl-C it may finish": {"echo; sleep 0.3; exit 5", []stopped{{syscall.SIGINT}}, 5},
		"a second Ctrl-C terminates it": {
			"echo; exec sleep 100", []stopped{{syscall.SIGINT}, {syscall.SIGINT}}, 143,
		},
		"SIGTERM is passed on":               {"echo; exec sleep 100", []stopped{{syscall.SIGTERM}}, 143},
		"terminated when the parent is gone": {"echo; exec sleep 100", []stopped{{}}, 143},
		"what it makes of SIGTERM is its answer": {
			"trap 'exit 9' TERM; echo; while :; do sleep 0.05; done", []stopped{{syscall.SIGHUP}}, 9,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, done := start(t, c.script)
			reasons := make(chan stopped, len(c.reasons))
			for _, reason := range c.reasons {
				reasons <- reason
			}
			begin := time.Now()
			if got := exitOf(await(cmd.Process, done, reasons)); !errors.Is(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}
