package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/view"
)

// plan changes a VirtualService in the cluster of a provider block with these expressions.
const plan = `{"format_version": "1.2", "planned_values": {}, "configuration": {
  "provider_config": {"kubernetes": {"name": "kubernetes", "full_name": "registry.terraform.io/x/kubernetes",
    "expressions": %s}},
  "root_module": {"resources": [{"address": "kubernetes_manifest.a", "mode": "managed", "type": "kubernetes_manifest",
    "name": "a", "provider_config_key": "kubernetes"}]}
}, "resource_changes": [{"address": "kubernetes_manifest.a", "mode": "managed", "type": "kubernetes_manifest",
  "name": "a", "provider_name": "registry.terraform.io/x/kubernetes", "change": {"actions": ["create"],
  "before": null, "after": {"manifest": {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
    "metadata": {"name": "a", "namespace": "shop"}, "spec": {"hosts": ["a"], "http": [
      {"route": [{"destination": {"host": "a"}}]}]}}}}}]}`

// TestLook_trust: who wrote a plan gets neither the credentials of whoever views it nor runs a command there.
func TestLook_trust(t *testing.T) { //nolint:paralleltest // it sets the environment
	home := withoutConnection(t)
	server := func(asked *atomic.Int32) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.WriteHeader(http.StatusNotFound)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	var own, planned atomic.Int32
	ran := filepath.Join(home, "ran")
	const kubeconfig = `{"apiVersion": "v1", "kind": "Config", "current-context": "a",
		"contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
		"clusters": [{"name": "a", "cluster": {"server": %q}}], "users": [{"name": "a", "user": {%s}}]}`
	exec := fmt.Sprintf(`"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh",
		"args": ["-c", "touch %s"], "interactiveMode": "Never"}`, ran)
	for name, text := range map[string]string{
		"own": fmt.Sprintf(kubeconfig, server(&own), ""), "planned": fmt.Sprintf(kubeconfig, server(&planned), exec),
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, credential := range []string{"", "secret"} {
		t.Setenv("KUBE_TOKEN", credential)
		t.Setenv("KUBE_CONFIG_PATH", filepath.Join(home, "own"))
		own.Store(0)
		var stdout, stderr strings.Builder
		code := view.Run([]string{"--live", "--markdown"}, strings.NewReader(fmt.Sprintf(plan, fmt.Sprintf(
			`{"config_path": {"constant_value": %q}}`, filepath.Join(home, "planned")))), &stdout, &stderr,
			provider.Look("test"), provider.OwnsKubeconfig)
		if code != 0 || !strings.Contains(stdout.String(), "--kubeconfig") {
			t.Errorf("it ends with %d %s, and says\n%s", code, &stderr, &stdout)
		}
		if _, err := os.Stat(ran); err == nil || planned.Load() > 0 || own.Load() == 0 {
			t.Errorf("with the token %q the command of the plan's kubeconfig ran: %t; its server is asked %d times, "+
				"and the own one %d times", credential, err == nil, planned.Load(), own.Load())
		}
	}
}

// TestOwnsKubeconfig: the own kubeconfig is that of the flag, or else that of the environment, or else kubectl's, in
// whatever words it is named.
func TestOwnsKubeconfig(t *testing.T) {
	home := withoutConnection(t)
	t.Chdir(home)
	standard := filepath.Join(home, ".kube", "config")
	owns := func(flag, kubeconfig string, want bool) {
		t.Helper()
		if got := provider.OwnsKubeconfig(view.Place{Kubeconfig: flag}, kubeconfig); got != want {
			t.Errorf("that %s is the own kubeconfig is %t", kubeconfig, got)
		}
	}
	owns("", standard, false) // there is none
	if err := os.Mkdir(filepath.Dir(standard), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(standard, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, same := range []string{standard, "~/.kube/config", ".kube/config", "./x/../.kube//config"} {
		owns("", same, true)
		owns(same, standard, true)
	}
	owns("", "./x", false)
	owns("x", standard, false)
	t.Setenv("KUBECONFIG", "x")
	owns("", "./x", true)
	owns("", standard, false)
	t.Setenv("KUBECONFIG", "x"+string(filepath.ListSeparator)+standard)
	owns("", "./x", false) // and what the two say together is another one
	t.Setenv("KUBE_CONFIG_PATH", "~/y")
	owns("", "y", true)
	owns("", "x", false)
	t.Setenv("KUBE_HOST", "https://127.0.0.1:1")
	owns("", "y", false)
	owns("y", "~/y", true)
	t.Setenv("HOME", "")
	owns("y", "~/y", false)
}
