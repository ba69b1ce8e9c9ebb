// Package binaries builds the lab's servers from their Go modules, once, into a cache outside the checkout.
package binaries

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/process"
)

// Set is a complete set of servers in the cache.
type Set struct {
	Dir      string
	Servers  []string          // by name
	Versions map[string]string // by server name, as go.mod pins them
}

// Path returns the file of a server.
func (s Set) Path(server string) string { return filepath.Join(s.Dir, server) }

// CRDs returns the file with Istio's CustomResourceDefinitions, of the same version as istiod.
func (s Set) CRDs() string { return s.Path("crds.yaml") }

// String lists the versions.
func (s Set) String() string {
	var parts []string
	for _, server := range s.Servers {
		parts = append(parts, server+" "+s.Versions[server])
	}
	return strings.Join(parts, ", ")
}

// Cache returns the directory that everything built goes to.
func Cache() (string, error) {
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find cache directory: %w", err)
		}
		base = filepath.Join(home, ".cache")
	}
	dir := filepath.Join(base, "terraform-provider-mesh")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make cache directory: %w", err)
	}
	return dir, nil
}

// Module returns the directory of the module: the argument, else what its environment variable says, else the place
// where this source file was when it was compiled.
func (p Pins) Module(dir string) (string, error) {
	if dir == "" {
		dir = os.Getenv(p.Variable)
	}
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(filepath.Dir(file)), p.directory)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", fmt.Errorf("find the module that pins %s (set --%s or %s): %w", p.What, p.Flag, p.Variable, err)
	}
	return dir, nil
}

// Find is Build of the module that Module returns.
func (p Pins) Find(ctx context.Context, dir string, progress io.Writer) (Set, error) {
	module, err := p.Module(dir)
	if err != nil {
		return Set{}, err
	}
	return p.Build(ctx, module, progress)
}

// Build returns the servers that the module pins, building them if the cache does not have them. What happens is
// told on progress. An interrupted build leaves nothing half made: the result appears in the cache in one step.
func (p Pins) Build(ctx context.Context, module string, progress io.Writer) (Set, error) {
	set, err := p.locate(module)
	if err != nil {
		return Set{}, err
	}
	if complete(set) {
		return set, nil
	}
	lock, err := process.WaitLock(ctx, set.Dir+".lock", func() {
		fmt.Fprintf(progress, "waiting for another process that builds %s\n", p.What)
	})
	if err != nil {
		return Set{}, fmt.Errorf("wait for another build: %w", err)
	}
	defer lock.Unlock()
	if complete(set) {
		return set, nil
	}
	unfinished := set.Dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return Set{}, fmt.Errorf("remove an interrupted build: %w", err)
	}
	if err := os.MkdirAll(unfinished, 0o755); err != nil {
		return Set{}, fmt.Errorf("make build directory: %w", err)
	}
	b := builder{pins: p, module: module, out: unfinished, versions: set.Versions, progress: progress}
	if err := b.all(ctx); err != nil {
		return Set{}, errors.Join(err, os.RemoveAll(unfinished))
	}
	if err := os.Rename(unfinished, set.Dir); err != nil {
		return Set{}, fmt.Errorf("move build into the cache: %w", err)
	}
	return set, nil
}

func complete(s Set) bool {
	info, err := os.Stat(s.Dir)
	return err == nil && info.IsDir()
}

// locate reads the versions and derives the place in the cache from everything that decides the result.
func (p Pins) locate(module string) (Set, error) {
	var files [2][]byte
	for i, name := range []string{"go.mod", "go.sum"} {
		var err error
		if files[i], err = os.ReadFile(filepath.Join(module, name)); err != nil {
			return Set{}, fmt.Errorf("read the module that pins %s: %w", p.What, err)
		}
	}
	versions, err := p.pinned(files[0])
	if err != nil {
		return Set{}, err
	}
	cache, err := Cache()
	if err != nil {
		return Set{}, err
	}
	set := Set{Dir: filepath.Join(cache, p.key(versions, files[0], files[1])), Versions: versions}
	for _, s := range p.servers {
		set.Servers = append(set.Servers, s.name)
	}
	return set, nil
}

func (p Pins) pinned(gomod []byte) (map[string]string, error) {
	file, err := modfile.ParseLax("go.mod", gomod, nil)
	if err != nil {
		return nil, fmt.Errorf("parse the module that pins %s: %w", p.What, err)
	}
	versions := map[string]string{}
	for _, s := range p.servers {
		for _, require := range file.Require {
			if require.Mod.Path == s.modulePath {
				versions[s.name] = require.Mod.Version
			}
		}
		if versions[s.name] == "" {
			return nil, fmt.Errorf("parse the module that pins %s: no version of %s", p.What, s.modulePath)
		}
	}
	return versions, nil
}

// key names a build: readable at the front, exact at the end.
func (p Pins) key(versions map[string]string, gomod, gosum []byte) string {
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(p.recipe), []byte(runtime.GOOS), []byte(runtime.GOARCH), gomod, gosum} {
		fmt.Fprintf(hash, "%d:", len(part))
		hash.Write(part)
	}
	return fmt.Sprintf("%s-%x", p.title(versions), hash.Sum(nil)[:4])
}
