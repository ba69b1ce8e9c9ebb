package acceptance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

var codeBlock = regexp.MustCompile("(?s)```(terraform|shell)\n(.*?)```")

// builtProvider builds the provider once for all tests, where make has it, and returns its path.
var builtProvider = sync.OnceValues(func() (string, error) {
	folder := os.Getenv("PROVIDER_DIR")
	if folder == "" {
		folder = filepath.Join(os.TempDir(), "terraform-provider-mesh-guides")
	}
	file := filepath.Join(folder, "terraform-provider-mesh")
	output, err := exec.Command("go", "build", "-o", file, "../../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the provider: %w\n%s", err, output)
	}
	return file, nil
})

// buildInto puts the provider where a filesystem mirror has it.
func buildInto(t *testing.T, mirror string) {
	t.Helper()
	built, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		folder := filepath.Join(mirror, registry, "meshroute", "mesh", "0.0.1", runtime.GOOS+"_"+runtime.GOARCH)
		if err := errors.Join(
			os.MkdirAll(folder, 0o700), os.Symlink(built, filepath.Join(folder, "terraform-provider-mesh_v0.0.1")),
		); err != nil {
			t.Fatal(err)
		}
	}
}

// runShell runs commands as a newcomer would, with the command line under its common name, and returns what they
// print.
func runShell(t *testing.T, home, work, commands string) string {
	t.Helper()
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if cli == "" {
		cli = "terraform"
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail",
		"-c", "terraform() { \""+cli+"\" \"$@\"; }\n"+commands)
	command.Dir = work
	command.Env = append(withoutCluster(os.Environ()), "HOME="+home,
		"TF_CLI_CONFIG_FILE="+filepath.Join(home, "cli.tfrc"), "CHECKPOINT_DISABLE=1")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", commands, err, output)
	}
	t.Logf("%s\n%s", commands, output)
	return string(output)
}

// withoutCluster leaves out what tells where the cluster is: the guide says that itself.
func withoutCluster(environment []string) []string {
	var kept []string
	for _, entry := range environment {
		if !strings.HasPrefix(entry, "KUBE") && !strings.HasPrefix(entry, "TF_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
