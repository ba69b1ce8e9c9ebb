package acceptance_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/meshroute/terraform-provider-mesh"

// TestNaiveOrder: the provider of the load test that has the naive order compiles.
func TestNaiveOrder(t *testing.T) {
	t.Parallel()
	build(t, naiveOrder(t), module+"/internal/cluster")()
}

// buildProvider builds the provider, with the files of an overlay in place of its own. It goes on while the test
// does; the function that it returns waits for it and returns the provider's path.
func buildProvider(t *testing.T, overlay map[string]string) func() string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform-provider-mesh")
	wait := build(t, overlay, "-o", path, module)
	return func() string {
		t.Helper()
		wait()
		return path
	}
}

// build starts to build, where nothing else wants the processor, and returns a function that waits for it.
func build(t *testing.T, overlay map[string]string, args ...string) (wait func()) {
	t.Helper()
	replace, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	writeFile(t, file, string(replace))
	command := exec.CommandContext(t.Context(), "nice", append([]string{
		"-n", "19", "go", "build", "-buildvcs=false", "-overlay", file,
	}, args...)...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatalf("build the provider: %v", err)
	}
	return func() {
		t.Helper()
		if err := command.Wait(); err != nil {
			t.Fatalf("build the provider: %v\n%s", err, out.String())
		}
	}
}

// naiveOrder is an overlay with which a change has its steps in the naive order: the function of that name in the
// tests of internal/cluster becomes part of it, and stands where Steps is called.
func naiveOrder(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", module+"/internal/cluster").Output()
	if err != nil {
		t.Fatalf("find internal/cluster: %v", err)
	}
	dir := strings.TrimSpace(string(out))
	const call = "Steps(c.From, c.To)"
	overlay := map[string]string{
		// Under its own name it is left out of a build.
		filepath.Join(dir, "order_naive.go"): filepath.Join(dir, "order_naive_test.go"),
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	calls, changed := 0, t.TempDir()
	for _, file := range files {
		if text := readFile(t, file); strings.Contains(text, call) && !strings.HasSuffix(file, "_test.go") {
			calls += strings.Count(text, call)
			overlay[file] = filepath.Join(changed, filepath.Base(file))
			writeFile(t, overlay[file], strings.ReplaceAll(text, call, "naive"+call))
		}
	}
	if calls != 1 {
		t.Fatalf("internal/cluster calls %s %d times, want once", call, calls)
	}
	return overlay
}
