package acceptance_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// standIns take the place of programs that a newcomer has, by name. There are no pods here: what runs in one runs on
// this machine. What takes the place of curl, which not every machine has, knows the flags of the guide, and goes
// through the lab's sidecar to a service that says more than its version.
var standIns = map[string]string{
	"git": `[[ "$1" == clone ]] && ln -s "REPOSITORY" terraform-provider-mesh`,
	"curl": `headers=()
while (($#)); do
	case "$1" in
	-s) ;;
	-H) headers+=("$2") && shift ;;
	http://*:*/*) url=${1#http://} ;;
	*) echo "curl: $1 is not known here" >&2 && exit 2 ;;
	esac
	shift
done
authority=${url%%/*}
exec 3<>"/dev/tcp/SIDECAR/${authority##*:}"
printf '%s\r\n' "GET /${url#*/} HTTP/1.1" "host: $authority" 'connection: close' "${headers[@]}" '' >&3
sed -n 's/.*"version":"\([^"]*\)".*/\1/p' <&3`,
	"kubectl": `case " $* " in
*" exec "*) while [[ "$1" != -- ]]; do shift; done; shift; exec "$@" ;;
*" label namespace "* | *" rollout "* | *" create deployment "* | *" delete deployment "*) ;;
*) exit 2 ;;
esac`,
}

// newcomer is somebody who has read nothing but a guide, with a home of his own.
type newcomer struct {
	t                   *testing.T
	lab                 *acctest.Lab
	home, work, exports string
	// blocks are those of the guide, in the lab's names.
	blocks [][]string
}

func newNewcomer(t *testing.T, guide string) *newcomer {
	t.Helper()
	lab := acctest.StartProxied(t)
	repository, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	n := &newcomer{t: t, lab: lab, home: t.TempDir(), exports: "export PATH=\"$HOME/bin:$PATH\"\n"}
	n.work = filepath.Join(n.home, "work")
	sidecar, _, _ := lab.Envoys()
	for name, script := range standIns {
		file := filepath.Join(n.home, "bin", name)
		text := "#!/usr/bin/env bash\nset -eo pipefail\n" + strings.NewReplacer("REPOSITORY", repository,
			"SIDECAR", sidecar.Host).Replace(script) + "\n"
		if err := errors.Join(
			os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o700),
		); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(n.work, "main.tf"), "")
	writeFile(t, filepath.Join(n.home, ".kube", "config"), readFile(t, lab.Kubeconfig))
	text := strings.NewReplacer(
		"greeter.greeter:8080", lab.Service+"."+lab.Namespace+":"+os.Getenv("MESH_TEST_HTTP_PORT"),
		`service   = "greeter"`, fmt.Sprintf("service   = %q", lab.Service),
		`namespace = "greeter"`, fmt.Sprintf("namespace = %q", lab.Namespace),
	).Replace(readFile(t, guide))
	n.blocks = codeBlock.FindAllStringSubmatch(text, -1)
	return n
}

// run runs a block of commands, and returns what it prints. What it exports holds for the next ones.
func (n *newcomer) run(commands string) string {
	n.t.Helper()
	said := runShell(n.t, n.home, n.work, n.exports+commands)
	for line := range strings.Lines(commands) {
		if strings.HasPrefix(line, "export ") {
			n.exports += line
		}
	}
	return said
}

// answersIn returns who answered, as a block of commands has printed it.
func answersIn(t *testing.T, said string) acctest.Answers {
	t.Helper()
	answers := acctest.Answers{Versions: map[string]int{}}
	for _, found := range answerCount.FindAllStringSubmatch(said, -1) {
		count, err := strconv.Atoi(cmp.Or(found[1], "1"))
		if err != nil {
			t.Fatal(err)
		}
		answers.Versions[found[2]] += count
		answers.Total += count
	}
	return answers
}

// answerCount is a line of answers, behind what ends the colours of another command.
var answerCount = regexp.MustCompile(`(?m)^(?:\x1b\[0m)* *(\d*) *(v\d)$`)

// until runs a block of commands that asks until the answers are as they have to be: routes take a while to arrive.
func (n *newcomer) until(commands string, want acctest.Want) {
	n.t.Helper()
	for deadline := time.Now().Add(acctest.Patience); ; {
		answers := answersIn(n.t, n.run(commands))
		err := want(answers)
		if err == nil && answers.Total > 0 {
			return
		}
		if time.Now().After(deadline) {
			n.t.Errorf("%s\n%v: %v", commands, answers, err)
			return
		}
	}
}

// TestAccGuide_gettingStarted does what the guide tells a newcomer to do, block by block, word for word:
// configuration goes into main.tf, commands run in a shell, requests through a real Envoy. The provider comes from a
// folder that stands in for the registry.
func TestAccGuide_gettingStarted(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t, "../../../templates/guides/getting-started.md")
	mirror := filepath.Join(n.home, "mirror")
	buildInto(t, mirror)
	writeFile(t, filepath.Join(n.home, "cli.tfrc"),
		fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror))
	configuration := ""
	split := func(v1, v2 float64) acctest.Want { return acctest.Shares(map[string]float64{"v1": v1, "v2": v2}) }
	// wants are the answers to each block of commands that asks. Before the first route there are those of the lab's
	// third version too.
	wants := []acctest.Want{
		func(acctest.Answers) error { return nil }, acctest.Only("v2"), acctest.Only("v1"),
		split(90, 10), split(50, 50), acctest.Only("v1"),
	}
	for _, block := range n.blocks {
		language, code := block[1], block[2]
		switch {
		case language == "terraform" && configuration == "":
			configuration = code
		case language == "terraform":
			configuration = replacedIn(t, configuration, code)
		case strings.HasPrefix(code, "git "):
			continue // see the other test
		default:
			if !strings.Contains(code, "curl -s") {
				n.run(code)
				continue
			}
			n.until(code, wants[0])
			wants = wants[1:]
			continue
		}
		writeFile(t, filepath.Join(n.work, "main.tf"), configuration)
	}
	if len(wants) > 0 {
		t.Errorf("the guide lacks the last %d blocks of requests", len(wants))
	}
	page := readFile(t, filepath.Join(n.work, "page.html"))
	if !strings.Contains(page, "v2 10 % → 50 %") || !strings.Contains(page, "</html>") {
		t.Errorf("page.html does not show the change:\n%s", page)
	}
	if left := n.lab.Get(acctest.VirtualService, n.lab.Service); left != nil {
		t.Error("the guide's last command left the VirtualService behind")
	}
}

// TestAccGuide_override: with the development override of the guide, and without init, a plan takes the provider as
// it was built.
func TestAccGuide_override(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t, "../../../templates/guides/getting-started.md")
	built := false
	for _, block := range n.blocks {
		language, code := block[1], block[2]
		switch {
		case language == "terraform":
			writeFile(t, filepath.Join(n.work, "main.tf"), code)
		case strings.HasPrefix(code, "git "):
			// What is built already stays so in the new home.
			cache, err := os.UserCacheDir()
			if err != nil {
				t.Fatal(err)
			}
			n.exports += fmt.Sprintf("export XDG_CACHE_HOME=%q\n", cache)
			for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
				folder, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
				if err != nil {
					t.Fatal(err)
				}
				n.exports += fmt.Sprintf("export %s=%q\n", name, strings.TrimSpace(string(folder)))
			}
			n.run(code)
			built = true
		case strings.HasPrefix(code, "export "):
			n.run(code)
		case strings.HasPrefix(code, "terraform init\n"):
			said := n.run("terraform plan\n")
			if !built || !strings.Contains(said, "Provider development overrides are in effect") ||
				!strings.Contains(said, "1 to add") {
				t.Errorf("it is no plan with the override:\n%s", said)
			}
			return
		}
	}
	t.Error("the guide has no terraform init")
}
