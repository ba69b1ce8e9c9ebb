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
	got, err := ControlPlane.pinned([]byte(gomod))
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
	for _, s := range ControlPlane.servers {
		without := slices.DeleteFunc(strings.SplitAfter(gomod, "\n"), func(line string) bool {
			return strings.Contains(line, s.modulePath+" v")
		})
		if _, err := ControlPlane.pinned([]byte(strings.Join(without, ""))); err == nil ||
			!strings.Contains(err.Error(), s.modulePath) {
			t.Errorf("without %s: got error %v", s.modulePath, err)
		}
	}
}

// The cache must not hand out a build of other versions or of other sums.
func TestKey(t *testing.T) {
	t.Parallel()
	versions, err := ControlPlane.pinned([]byte(gomod))
	if err != nil {
		t.Fatal(err)
	}
	base := ControlPlane.key(versions, []byte(gomod), []byte("sums"))
	if !strings.HasPrefix(base, "controlplane-kubernetesv1.36.3-etcdv3.6.8-istio-eed52ebb66ad-") {
		t.Errorf("key %q does not name the versions", base)
	}
	for name, other := range map[string]string{
		"other go.mod": ControlPlane.key(versions, []byte(gomod+"\n"), []byte("sums")),
		"other go.sum": ControlPlane.key(versions, []byte(gomod), []byte("sums2")),
		"a byte moved from one file to the other": ControlPlane.key(versions, []byte(gomod+"s"), []byte("ums")),
	} {
		if other == base {
			t.Errorf("%s: same key %q", name, other)
		}
	}
}

func TestLinkerFlags(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server, version string
		want            []string
	}{
		"the API server": {"kube-apiserver", "v1.36.3", []string{
			"k8s.io/component-base/version.gitVersion=v1.36.3", "k8s.io/component-base/version.gitMajor=1",
			"k8s.io/component-base/version.gitMinor=36",
		}},
		"Prometheus": {PrometheusServer, "v0.316.2", []string{"github.com/prometheus/common/version.Version=3.16.2"}},
		"Prometheus with a small minor version": {PrometheusServer, "v0.305.0", []string{
			"github.com/prometheus/common/version.Version=3.5.0",
		}},
		"etcd": {"etcd", "v3.6.8", nil},
	} {
		got := strings.Split(linkerFlags(server{name: c.server}, c.version), " -X ")
		slices.Sort(got[1:])
		slices.Sort(c.want)
		if diff := cmp.Diff(append([]string{"-s -w"}, c.want...), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestModule_missing(t *testing.T) {
	t.Parallel()
	for want, pins := range map[string]Pins{
		"find the module that pins the control plane (set --module or MESHLAB_CONTROLPLANE_MODULE)":   ControlPlane,
		"find the module that pins Prometheus (set --prometheus-module or MESHLAB_PROMETHEUS_MODULE)": Prometheus,
	} {
		if _, err := pins.Module(t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

// Prometheus is built without its ways to discover targets, under a key that says its version.
func TestBuild_prometheus(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	runs := filepath.Join(t.TempDir(), "runs")
	fakeGo(t, `echo "$@" >>`+runs+`
while [ "$1" != -o ]; do shift; done
echo binary >"$2"`)
	module, err := Prometheus.Module("")
	if err != nil {
		t.Fatal(err)
	}
	var progress bytes.Buffer
	set, err := Prometheus.Build(t.Context(), module, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if got := filepath.Base(set.Dir); !strings.HasPrefix(got, "prometheus-v0.316.0-") {
		t.Errorf("key %q does not name the version", got)
	}
	if got := set.String(); got != "prometheus v0.316.0" {
		t.Errorf("set %q", got)
	}
	if _, err := os.Stat(set.Path(PrometheusServer)); err != nil {
		t.Error(err)
	}
	log, err := os.ReadFile(runs)
	if err != nil {
		t.Fatal(err)
	}
	want := "build -tags remove_all_sd -ldflags -s -w -X github.com/prometheus/common/version.Version=3.16.0 -o " +
		filepath.Join(set.Dir+".unfinished", PrometheusServer) + " github.com/prometheus/prometheus/cmd/prometheus\n"
	if diff := cmp.Diff(want, string(log)); diff != "" {
		t.Errorf("what the go command was told (-want +got):\n%s", diff)
	}
	first, _, _ := strings.Cut(progress.String(), "\n")
	want = "building Prometheus; the first time takes 4 to 6 minutes on two cores, later times seconds"
	if first != want {
		t.Errorf("progress %q, want %q", first, want)
	}
}

// A set that is in the cache is returned without running anything.
func TestBuild_cached(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	module := writeModule(t)
	set, err := ControlPlane.locate(module)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(set.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	var progress bytes.Buffer
	got, err := ControlPlane.Build(t.Context(), module, &progress)
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
	_, err := ControlPlane.Build(t.Context(), writeModule(t), &bytes.Buffer{})
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
	if _, err := ControlPlane.Build(ctx, writeModule(t), &bytes.Buffer{}); !errors.Is(err, reason) {
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
			sets[i], err = ControlPlane.Build(t.Context(), module, io.Discard)
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
	if got := strings.Count(string(log), "run"); got != len(ControlPlane.servers)+1 {
		t.Errorf("the go command ran %d times, want %d", got, len(ControlPlane.servers)+1)
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
