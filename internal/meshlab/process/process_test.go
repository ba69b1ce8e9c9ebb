package process

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProcessErr(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	p, err := Start(Command{Name: "sayer", Argv: []string{"/bin/sh", "-c", "echo last words; exit 3"}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done
	err = p.Err()
	if err == nil || !strings.Contains(err.Error(), "sayer ended: exit status 3") ||
		!strings.Contains(err.Error(), "last words") {
		t.Errorf("got error %v", err)
	}
}

// The end that Kill brings is not reported, and Kill returns only when the process is gone.
func TestProcessKill(t *testing.T) {
	t.Parallel()
	p, err := Start(Command{
		Name: "sleeper",
		Argv: []string{"/bin/sleep", "1000"},
		Log:  filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Err(); err != nil {
		t.Errorf("running process: %v", err)
	}
	p.Kill()
	if err := p.Err(); err != nil {
		t.Errorf("killed process: %v", err)
	}
	p.Kill()
}

func TestTail(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("a\nb\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Tail(log, 2); got != "  b\n  c" {
		t.Errorf("got %q", got)
	}
	if got := Tail(log+"x", 2); !strings.Contains(got, "no such file") {
		t.Errorf("got %q", got)
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	held, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("second lock: %v", err)
	}
	waited := 0
	lock, err := WaitLock(t.Context(), path, func() { waited++; held.Unlock() })
	if err != nil || waited != 1 {
		t.Fatalf("waited %d times, error %v", waited, err)
	}
	lock.Unlock()
}
