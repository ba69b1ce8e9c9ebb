// Package process runs the lab's child processes so that none of them outlives the lab.
package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Command says what to run. Env is the whole environment of the child; nothing is inherited. Both output streams
// are appended to the file Log.
type Command struct {
	Name string
	Argv []string
	Env  []string
	Log  string
}

// Process is a running child. Done is closed when it has ended, for whatever reason.
type Process struct {
	Command
	PID  int
	Done <-chan struct{}

	cmd   *exec.Cmd
	err   error
	asked atomic.Bool
}

// Start runs the command in a process group of its own, so that Ctrl-C in a terminal does not reach it. On Linux
// the kernel kills it when this process dies, however it dies.
func Start(c Command) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", c.Name, err)
	}
	defer log.Close()
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Env = c.Env
	cmd.Stdout = log
	cmd.Stderr = log
	cmd.SysProcAttr = boundToParent(syscall.SIGKILL)
	cmd.SysProcAttr.Setpgid = true
	if err := startBound(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	done := make(chan struct{})
	p := &Process{Command: c, PID: cmd.Process.Pid, Done: done, cmd: cmd}
	go func() {
		p.err = cmd.Wait()
		close(done)
	}()
	return p, nil
}

// Err describes the end of a process that Kill did not cause: its name, its exit status and its last log lines. It is
// nil while the process runs.
func (p *Process) Err() error {
	select {
	case <-p.Done:
	default:
		return nil
	}
	if p.asked.Load() {
		return nil
	}
	end := "exit status 0"
	if p.err != nil {
		end = p.err.Error()
	}
	return fmt.Errorf("%s ended: %s; its last log lines (%s):\n%s", p.Name, end, p.Log, Tail(p.Log, 15))
}

// Kill ends the process at once and returns when it is gone, which it may have been before. There is nothing to save
// in a lab.
func (p *Process) Kill() {
	p.asked.Store(true)
	_ = p.cmd.Process.Kill()
	<-p.Done
}

// Tail returns the last lines of a log file, indented, or what kept it from being read.
func Tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return "  " + err.Error()
	}
	all := strings.Split(string(bytes.TrimSpace(data)), "\n")
	return "  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}

// starter runs functions on one operating system thread that lives as long as the process. The kernel's parent
// death signal is bound to the thread that started the child, not to the process.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// startBound starts cmd from a thread that does not end before the process does.
func startBound(cmd *exec.Cmd) error {
	result := make(chan error)
	starter() <- func() { result <- cmd.Start() }
	return <-result
}

// Background starts cmd in a process group of its own, whose number is the child's process id. On Linux the child
// receives SIGTERM when this process dies.
func Background(cmd *exec.Cmd) error {
	cmd.SysProcAttr = boundToParent(syscall.SIGTERM)
	cmd.SysProcAttr.Setpgid = true
	return startBound(cmd)
}

// Foreground starts cmd in the process group of the caller, so that it owns the terminal and Ctrl-C reaches it.
// On Linux it receives SIGTERM when this process dies.
func Foreground(cmd *exec.Cmd) error {
	cmd.SysProcAttr = boundToParent(syscall.SIGTERM)
	return startBound(cmd)
}

// ParentGone is closed when the process that started this one has ended. It is found out by asking every 200 ms:
// a parent death signal would also fire when only the parent's starting thread ends.
func ParentGone() <-chan struct{} {
	gone := make(chan struct{})
	parent := os.Getppid()
	go func() {
		for os.Getppid() == parent {
			time.Sleep(200 * time.Millisecond)
		}
		close(gone)
	}()
	return gone
}
