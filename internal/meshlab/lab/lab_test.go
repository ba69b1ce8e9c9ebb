package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/process"
)

// A directory that a user names by mistake is left as it is.
func TestLabClaim_foreign(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&Lab{}).claim(dir); err == nil || !strings.Contains(err.Error(), "thesis.txt") {
		t.Errorf("got error %v", err)
	}
	if got := names(t, dir); got != "thesis.txt" {
		t.Errorf("directory holds %s", got)
	}
}

func TestLabClaim_twice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := &Lab{}
	if err := first.claim(dir); err != nil {
		t.Fatal(err)
	}
	if err := (&Lab{}).claim(dir); err == nil || !strings.Contains(err.Error(), "held by another process") {
		t.Errorf("got error %v", err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "" {
		t.Errorf("directory holds %s", got)
	}
}

// What a killed lab left is removed by the next one, except its logs.
func TestLabClaim_again(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"etcd", "logs", "prometheus"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	l := &Lab{}
	if err := l.claim(dir); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "lock logs" {
		t.Errorf("directory holds %s", got)
	}
	l.lock.Unlock()
}

func TestSweep(t *testing.T) {
	t.Parallel()
	labs := t.TempDir()
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"killed", "running", "starting"} {
		dir := filepath.Join(labs, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if name == "running" {
			lock, err := process.TryLock(filepath.Join(dir, lockFile))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(lock.Unlock)
		}
		if name != "starting" {
			if err := os.Chtimes(dir, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := sweep(labs); err != nil {
		t.Fatal(err)
	}
	if got := names(t, labs); got != "running starting" {
		t.Errorf("left: %s", got)
	}
}

// A command in a lab finds nothing that another lab has set, and what its user has set.
func TestOwnVariable(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]bool{
		"KUBECONFIG=x": true, "MESH_TEST_LAB=x": true, "MESHLAB_SIDECAR_ADDRESS=x": true, "MESHLAB_GATEWAY_CA=x": true,
		"MESHLAB_ENVOY_VERSION=x": true, "MESHLAB_METRICS=x": true, "MESHLAB_PROMETHEUS=x": true,
		"MESHLAB_ENVOY=none": false, "MESHLAB_CONTROLPLANE_MODULE=x": false, "MESHLAB_PROMETHEUS_MODULE=x": false,
		"PATH=x": false,
	} {
		if got := ownVariable(entry); got != want {
			t.Errorf("%s: %t", entry, got)
		}
	}
}

// What Prometheus is told is what a person should review.
func TestWritePrometheusConfig(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := writePrometheusConfig(file, "127.0.0.1:20001"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const want = `# The lab's servers are asked more often than usual, so that a test or a demonstration need not wait.
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
- job_name: meshlab
  static_configs:
  - targets: ["127.0.0.1:20001"]
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return strings.Join(all, " ")
}
