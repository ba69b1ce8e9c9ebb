package binaries

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

const gomod = `module example.com/controlplane

go 1.26.0

require (
	go.etcd.io/etcd/server/v3 v3.6.8 // indirect
	istio.io/istio v0.0.0-20260827124520-eed52ebb66ad // indirect
	k8s.io/kubernetes v1.36.3 // indirect
)
`

func TestPinned(t *testing.T) {
	t.Parallel()
	got, err := pinned([]byte(gomod))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"etcd":           "v3.6.8",
		"kube-apiserver": "v1.36.3",
		"istiod":         "v0.0.0-20260827124520-eed52ebb66ad",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

func TestPinned_missing(t *testing.T) {
	t.Parallel()
	for _, s := range servers {
		without := slices.DeleteFunc(strings.SplitAfter(gomod, "\n"), func(line string) bool {
			return strings.Contains(line, s.modulePath+" v")
		})
		if _, err := pinned([]byte(strings.Join(without, ""))); err == nil ||
			!strings.Contains(err.Error(), s.modulePath) {
			t.Errorf("without %s: got error %v", s.modulePath, err)
		}
	}
}

// The cache must not hand out a build of other versions or of other sums.
func TestKey(t *testing.T) {
	t.Parallel()
	versions, err := pinned([]byte(gomod))
	if err != nil {
		t.Fatal(err)
	}
	base := key(versions, []byte(gomod), []byte("sums"))
	if !strings.HasPrefix(base, "controlplane-kubernetesv1.36.3-etcdv3.6.8-istio-eed52ebb66ad-") {
		t.Errorf("key %q does not name the versions", base)
	}
	for name, other := range map[string]string{
		"other go.mod": key(versions, []byte(gomod+"\n"), []byte("sums")),
		"other go.sum": key(versions, []byte(gomod), []byte("sums2")),
		"a byte moved from one file to the other": key(versions, []byte(gomod+"s"), []byte("ums")),
	} {
		if other == base {
			t.Errorf("%s: same key %q", name, other)
		}
	}
}

func TestLinkerFlags(t *testing.T) {
	t.Parallel()
	got := linkerFlags(server{name: "kube-apiserver"}, "v1.36.3")
	for _, want := range []string{"version.gitVersion=v1.36.3", "version.gitMajor=1", "version.gitMinor=36"} {
		if !strings.Contains(got, "-X k8s.io/component-base/"+want) {
			t.Errorf("flags %q lack %s", got, want)
		}
	}
}

func TestModule_missing(t *testing.T) {
	t.Parallel()
	if _, err := Module(t.TempDir()); err == nil || !strings.Contains(err.Error(), "MESHLAB_CONTROLPLANE_MODULE") {
		t.Errorf("got error %v", err)
	}
}

// A set that is in the cache is returned without running anything.
func TestBuild_cached(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	module := writeModule(t)
	set, err := locate(module)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(set.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	var progress bytes.Buffer
	got, err := Build(t.Context(), module, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set, got); diff != "" || progress.Len() > 0 {
		t.Errorf("set (-want +got):\n%s\nprogress: %q", diff, progress.String())
	}
}

// A build that fails leaves nothing that a later one would take for a result.
func TestBuild_failed(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	fakeGo(t, "echo the compiler says no >&2; exit 1")
	_, err := Build(t.Context(), writeModule(t), &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "build etcd v3.6.8") ||
		!strings.Contains(err.Error(), "the compiler says no") {
		t.Errorf("got error %v", err)
	}
	onlyLocks(t, cache)
}

// An interrupted build ends at once, with everything that the go command started.
func TestBuild_interrupted(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	pids := filepath.Join(t.TempDir(), "pids")
	fakeGo(t, "/bin/sleep 1000 & echo $! >"+pids+"; wait")
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	go func() {
		for {
			if info, err := os.Stat(pids); err == nil && info.Size() > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		cancel(reason)
	}()
	begin := time.Now()
	if _, err := Build(ctx, writeModule(t), &bytes.Buffer{}); !errors.Is(err, reason) {
		t.Errorf("got error %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	onlyLocks(t, cache)
	data, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil &&
		!strings.Contains(string(status), ") Z ") {
		t.Errorf("process %d still runs", pid)
	}
}

// Two processes that need the same build make it once.
func TestBuild_together(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	crds := filepath.Join(dir, "kubernetes", "customresourcedefinitions.gen.yaml")
	if err := os.MkdirAll(filepath.Dir(crds), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(crds, []byte("the CRDs"), 0o600); err != nil {
		t.Fatal(err)
	}
	runs := filepath.Join(dir, "runs")
	fakeGo(t, `echo run >>`+runs+`
if [ $1 = list ]; then echo `+dir+`; exit; fi
/bin/sleep 0.1
while [ "$1" != -o ]; do shift; done
echo binary >"$2"`)
	module := writeModule(t)
	var g errgroup.Group
	sets := make([]Set, 2)
	for i := range sets {
		g.Go(func() error {
			var err error
			sets[i], err = Build(t.Context(), module, io.Discard)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sets[0], sets[1]); diff != "" {
		t.Errorf("sets:\n%s", diff)
	}
	for _, path := range []string{
		sets[0].Path("etcd"), sets[0].Path("kube-apiserver"), sets[0].Path("istiod"), sets[0].CRDs(),
	} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	log, err := os.ReadFile(runs)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(log), "run"); got != len(servers)+1 {
		t.Errorf("the go command ran %d times, want %d", got, len(servers)+1)
	}
}

// fakeGo puts a shell script in place of the go command.
func fakeGo(t *testing.T, script string) {
	t.Helper()
	fake := filepath.Join(t.TempDir(), "go")
	if err := os.WriteFile(fake, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(fake))
}

// onlyLocks fails when there is anything in the cache that a later build could take for a result.
func onlyLocks(t *testing.T, cache string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(cache, "terraform-provider-mesh", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if !strings.HasSuffix(path, ".lock") {
			t.Errorf("left %s", path)
		}
	}
}

func writeModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"go.mod": gomod, "go.sum": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
