package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/write"
)

// withoutConnection takes everything out of the environment that names a cluster, and returns a home without one.
func withoutConnection(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	for _, variable := range []string{
		"KUBE_CONFIG_PATH", "KUBE_CONFIG_PATHS", "KUBE_HOST", "KUBE_CTX", "KUBE_TOKEN", "KUBECONFIG",
		"KUBERNETES_SERVICE_HOST",
	} {
		t.Setenv(variable, "")
	}
	t.Setenv("HOME", home)
	return home
}

// TestConnector: a command finds the cluster as the provider does, and else as kubectl does.
func TestConnector(t *testing.T) {
	home := withoutConnection(t)
	kubeconfig := func(name string) string {
		at := filepath.Join(home, name)
		text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: "+
			"{cluster: a}}]\n"+
			"clusters: [{name: a, cluster: {server: 'https://%s.example'}}]\n", filepath.Base(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return at
	}
	connect := provider.Connector("test")
	want := func(kubeconfig, context, want string) {
		t.Helper()
		c, problem := connect(kubeconfig, context)
		source, diagnostics := provider.OpenWrite("test")(t.Context(), write.Connection{
			Kubeconfig: kubeconfig, Context: context,
		})
		if c == nil && (source != nil || len(diagnostics) != 1 || diagnostics[0].Detail != problem) {
			t.Errorf("write says %+v, and not %q", diagnostics, problem)
		}
		if c != nil {
			problem = c.Host()
			if source == nil || source.Cluster.Host() != problem {
				t.Errorf("write does not connect to %s: %+v", problem, diagnostics)
			}
		}
		if !strings.Contains(problem, want) {
			t.Errorf("connects to %q, want %q", problem, want)
		}
	}
	want("", "", "No cluster is configured. Give --kubeconfig, or set KUBE_CONFIG_PATH or KUBECONFIG, or KUBE_HOST "+
		"with KUBE_TOKEN.")
	kubeconfig(".kube/config")
	want("", "", "config.example")
	t.Setenv("KUBECONFIG", kubeconfig("kubectl"))
	want("", "", "kubectl.example")
	t.Setenv("KUBE_CONFIG_PATH", kubeconfig("provider"))
	want("", "", "provider.example")
	want(kubeconfig("flag"), "", "flag.example")
	want("", "none", `context "none" does not exist.`+"\nCheck --kubeconfig and --context, and the KUBE_* "+
		"environment variables.")
}
