package acceptance_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

var codeBlock = regexp.MustCompile("(?s)```(terraform|shell)\n(.*?)```")

// TestAccGuide_gettingStarted does what the guide tells a newcomer to do, block by block, word for word:
// configuration goes into main.tf, commands run in a shell. The provider comes from a folder that stands in for the
// registry.
func TestAccGuide_gettingStarted(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	home := t.TempDir()
	work := filepath.Join(home, "work")
	mirror := filepath.Join(home, "mirror")
	buildInto(t, mirror)
	writeFile(t, filepath.Join(work, "main.tf"), "")
	writeFile(t, filepath.Join(home, ".kube", "config"), readFile(t, lab.Kubeconfig))
	writeFile(t, filepath.Join(home, "cli.tfrc"),
		fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror))

	guide := readFile(t, "../../../templates/guides/getting-started.md")
	configuration, exports := "", ""
	tester := acctest.Request{Host: "greeter.greeter.svc.cluster.local", Headers: map[string]string{"version": "200"}}
	anybody := acctest.Request{Host: tester.Host, Count: 1000}
	// checks are what is true after each block of commands.
	checks := []func(){
		func() { lab.Eventually(tester, acctest.Only("v2")); lab.Eventually(anybody, acctest.Only("v1")) },
		func() { lab.Eventually(anybody, acctest.Shares(map[string]float64{"v1": 90, "v2": 10})) },
		func() { lab.Eventually(tester, acctest.Only("v2")) },
		func() {
			lab.Eventually(tester, acctest.Shares(map[string]float64{"v1": 100. / 3, "v2": 100. / 3, "v3": 100. / 3}))
		},
	}
	for _, block := range codeBlock.FindAllStringSubmatch(guide, -1) {
		language, code := block[1], block[2]
		switch {
		case language == "terraform" && configuration == "":
			configuration = code
		case language == "terraform":
			configuration = replaceOnce(t, configuration, "  default = { subset = \"v1\" }\n", code)
		case strings.HasPrefix(code, "export "):
			exports = code
			continue
		default:
			runShell(t, home, work, exports+code)
			if len(checks) == 0 {
				t.Fatalf("nothing is known about what these commands lead to:\n%s", code)
			}
			checks[0]()
			checks = checks[1:]
			continue
		}
		writeFile(t, filepath.Join(work, "main.tf"), configuration)
	}
	if len(checks) > 0 {
		t.Errorf("the guide lacks the last %d blocks of commands", len(checks))
	}
	if left := lab.Get(acctest.VirtualService, "greeter"); left != nil {
		t.Error("the guide's last command left the VirtualService behind")
	}
}

// buildInto builds the provider and puts it where a filesystem mirror has it.
func buildInto(t *testing.T, mirror string) {
	t.Helper()
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		folder := filepath.Join(mirror, registry, "meshroute", "mesh", "0.0.1", runtime.GOOS+"_"+runtime.GOARCH)
		command := exec.CommandContext(t.Context(), "go", "build",
			"-o", filepath.Join(folder, "terraform-provider-mesh_v0.0.1"), "../../..")
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("build the provider: %v\n%s", err, output)
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

func replaceOnce(t *testing.T, text, before, after string) string {
	t.Helper()
	if strings.Count(text, before) != 1 {
		t.Fatalf("the configuration holds %q %d times, want once:\n%s", before, strings.Count(text, before), text)
	}
	return strings.Replace(text, before, after, 1)
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
