// Package binaries builds the control plane's servers from their Go modules, once, into a cache outside the checkout.
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

// recipe is part of the cache key. It changes when the way of building changes and old results must not be used.
const recipe = "1"

// server is one binary of the control plane.
type server struct {
	name        string // the file in the cache
	packagePath string
	modulePath  string
}

var servers = []server{
	{"etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3"},
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes"},
	{"istiod", "istio.io/istio/pilot/cmd/pilot-discovery", "istio.io/istio"},
}

// Set is a complete set of servers in the cache.
type Set struct {
	Dir      string
	Versions map[string]string // by server name, as go.mod pins them
}

// Path returns the file of a server.
func (s Set) Path(server string) string { return filepath.Join(s.Dir, server) }

// CRDs returns the file with Istio's CustomResourceDefinitions, of the same version as istiod.
func (s Set) CRDs() string { return s.Path("crds.yaml") }

// String lists the versions.
func (s Set) String() string {
	var parts []string
	for _, server := range servers {
		parts = append(parts, server.name+" "+s.Versions[server.name])
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

// Module returns the directory of the module that pins the servers: the argument, else the environment variable
// MESHLAB_CONTROLPLANE_MODULE, else the place where this source file was when it was compiled.
func Module(dir string) (string, error) {
	if dir == "" {
		dir = os.Getenv("MESHLAB_CONTROLPLANE_MODULE")
	}
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(filepath.Dir(file)), "controlplane")
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", fmt.Errorf(
			"find the module that pins the control plane (set --module or MESHLAB_CONTROLPLANE_MODULE): %w", err,
		)
	}
	return dir, nil
}

// Build returns the servers that the module pins, building them if the cache does not have them. What happens is
// told on progress. An interrupted build leaves nothing half made: the result appears in the cache in one step.
func Build(ctx context.Context, module string, progress io.Writer) (Set, error) {
	set, err := locate(module)
	if err != nil {
		return Set{}, err
	}
	if complete(set) {
		return set, nil
	}
	lock, err := process.WaitLock(ctx, set.Dir+".lock", func() {
		fmt.Fprintln(progress, "waiting for another process that builds the control plane")
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
	b := builder{module: module, out: unfinished, versions: set.Versions, progress: progress}
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
func locate(module string) (Set, error) {
	gomod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return Set{}, fmt.Errorf("read control plane module: %w", err)
	}
	gosum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		return Set{}, fmt.Errorf("read control plane module: %w", err)
	}
	versions, err := pinned(gomod)
	if err != nil {
		return Set{}, err
	}
	cache, err := Cache()
	if err != nil {
		return Set{}, err
	}
	return Set{Dir: filepath.Join(cache, key(versions, gomod, gosum)), Versions: versions}, nil
}

func pinned(gomod []byte) (map[string]string, error) {
	file, err := modfile.ParseLax("go.mod", gomod, nil)
	if err != nil {
		return nil, fmt.Errorf("parse control plane module: %w", err)
	}
	versions := map[string]string{}
	for _, s := range servers {
		for _, require := range file.Require {
			if require.Mod.Path == s.modulePath {
				versions[s.name] = require.Mod.Version
			}
		}
		if versions[s.name] == "" {
			return nil, fmt.Errorf("parse control plane module: no version of %s", s.modulePath)
		}
	}
	return versions, nil
}

// key names a build: readable at the front, exact at the end.
func key(versions map[string]string, gomod, gosum []byte) string {
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(recipe), []byte(runtime.GOOS), []byte(runtime.GOARCH), gomod, gosum} {
		fmt.Fprintf(hash, "%d:", len(part))
		hash.Write(part)
	}
	istio := versions["istiod"]
	return fmt.Sprintf("controlplane-kubernetes%s-etcd%s-istio-%s-%x",
		versions["kube-apiserver"], versions["etcd"], istio[strings.LastIndex(istio, "-")+1:], hash.Sum(nil)[:4])
}
