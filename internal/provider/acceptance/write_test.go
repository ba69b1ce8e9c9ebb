package acceptance_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrite_withoutIstio: where the cluster has no Istio the command says so, and prints nothing.
func TestWrite_withoutIstio(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	config := "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: " +
		"u}}], users: [{name: u, user: {token: t}}], clusters: [{name: c, cluster: {server: " + server.URL + "}}]}"
	if err := os.WriteFile(kubeconfig, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	_, said := runWrite(t, 2, "--kubeconfig", kubeconfig, "shop")
	text := strings.Join(said, "\n")
	for _, want := range []string{"Error: Istio API not served\n\n", "Install Istio 1.22 or later"} {
		if !strings.Contains(text, want) {
			t.Errorf("it is not said that %s\n%s", want, text)
		}
	}
}
