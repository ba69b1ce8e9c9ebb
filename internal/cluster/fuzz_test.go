package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzKubeconfig merges any two kubeconfig files: no panic, and no error says a word of what is in them.
func FuzzKubeconfig(f *testing.F) {
	const valid = "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: " +
		"\"https://127.0.0.1:1\"}}]\n" +
		"contexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {token: marker-4711-secret}}]\n"
	f.Add(valid, "")
	f.Add("", valid)
	f.Add("users: [{name: a, user: {password: *marker-4711-secret}}]", valid)
	f.Fuzz(func(t *testing.T, first, second string) {
		t.Setenv("KUBERNETES_SERVICE_HOST", "")
		dir := t.TempDir()
		paths := []string{filepath.Join(dir, "first"), filepath.Join(dir, "second")}
		for i, content := range []string{first, second} {
			if err := os.WriteFile(paths[i], []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, list := range [][]string{paths, paths[:1]} {
			_, err := Connect(Config{ConfigPaths: list})
			if err != nil && strings.Contains(err.Error(), "marker-4711-secret") {
				t.Errorf("the error holds a secret: %v", err)
			}
		}
	})
}
