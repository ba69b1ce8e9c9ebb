package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// acceptance is where the acceptance tests run, as go test would have it.
const acceptance = "internal/provider/acceptance"

// try starts a lab of its own for a row and returns its cells.
func (o options) try(ctx context.Context, p *part, r row) (*result, error) {
	fmt.Printf("== %s/%s\n", p.name, r.name)
	env, label, err := o.tools(ctx, r)
	if err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, o.meshlab, "build")
	build.Env, build.Stderr = env, os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("meshlab build: %w", err)
	}
	l, err := o.startLab(ctx, env)
	if err != nil {
		return nil, err
	}
	done := &result{Label: label}
	for i, c := range p.columns {
		log := filepath.Join(o.logs, fmt.Sprintf("%s-%s-%d.log", p.name, r.name, i))
		fmt.Printf("%-40s ", c.title)
		began := time.Now()
		command := exec.CommandContext(ctx, o.demo)
		if c.tests != "" {
			arguments := []string{o.tests, "-test.v", "-test.count=1", "-test.timeout=1h", "-test.run=" + c.tests}
			command = exec.CommandContext(ctx, "../../tools/testenv.sh", append(arguments, c.flags...)...)
			command.Dir = acceptance
		}
		command.Env = l.env
		output, err := logged(command, log)
		if ctx.Err() != nil {
			return nil, errors.Join(context.Cause(ctx), l.stop())
		}
		filled := demoCell(err)
		if c.tests != "" {
			filled = testsCell(output, err)
		}
		done.Cells = append(done.Cells, filled)
		fmt.Printf("%s (%.0f s)\n", filled, time.Since(began).Seconds())
	}
	return done, l.stop()
}

// tools returns the environment of a row, and what to call it.
func (o options) tools(ctx context.Context, r row) (env []string, label string, err error) {
	env = append(os.Environ(), r.env...)
	if len(r.cli) == 0 {
		return env, r.label, nil
	}
	command := exec.CommandContext(ctx, r.cli[0], r.cli[1:]...)
	command.Stderr = os.Stderr
	path, err := command.Output()
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", strings.Join(r.cli, " "), err)
	}
	cli := strings.TrimSpace(string(path))
	env = append(env, "TERRAFORM="+cli, "TF_CLI_CONFIG_FILE="+os.DevNull)
	command = exec.CommandContext(ctx, cli, "version")
	command.Env = env
	said, err := command.Output()
	if err != nil {
		return nil, "", fmt.Errorf("%s version: %w", cli, err)
	}
	first, _, _ := strings.Cut(string(said), "\n")
	return env, strings.Replace(first, " v", " ", 1) + r.origin, nil
}

// logged runs a command in a process group of its own, so that what it started gets its signal too, and returns what
// it printed, which is in the file as well.
func logged(command *exec.Cmd, file string) (string, error) {
	log, err := os.Create(file)
	if err != nil {
		return "", err
	}
	defer log.Close()
	var text strings.Builder
	command.Stdout = io.MultiWriter(log, &text)
	command.Stderr = command.Stdout
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGINT) }
	command.WaitDelay = time.Minute
	err = command.Run()
	return text.String(), err
}

// lab is a running one.
type lab struct {
	process *exec.Cmd
	dir     string
	// env is the environment for what uses the lab.
	env []string
}

// startLab starts one and waits until it is ready.
func (o options) startLab(ctx context.Context, env []string) (*lab, error) {
	dir, err := os.MkdirTemp("", "mesh-matrix-")
	if err != nil {
		return nil, err
	}
	l := &lab{process: exec.CommandContext(ctx, o.meshlab, "up", "--dir", dir), dir: dir}
	l.process.Env, l.process.Stderr = env, os.Stderr
	l.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	l.process.Cancel = func() error { return l.process.Process.Signal(syscall.SIGTERM) }
	l.process.WaitDelay = time.Minute
	stdout, err := l.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := l.process.Start(); err != nil {
		return nil, err
	}
	// It says something when it is ready, and no more.
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		return nil, errors.Join(errors.New("the lab did not start"), l.stop())
	}
	exports, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		return nil, errors.Join(err, l.stop())
	}
	l.env = slices.Concat(env, exported(string(exports)), []string{"TF_ACC=1"})
	return l, nil
}

// stop stops the lab and waits until all of it has ended.
func (l *lab) stop() error {
	err := l.process.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return errors.Join(err, l.process.Wait(), os.RemoveAll(l.dir))
}

// exported reads a file of lines such as export NAME='value'.
func exported(text string) []string {
	var env []string
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "="); ok {
			env = append(env, name+"="+strings.Trim(value, "'"))
		}
	}
	return env
}
