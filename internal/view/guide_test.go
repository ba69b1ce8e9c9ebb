package view_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/view"
)

// TestMain is the command itself where the test binary is called as one.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "terraform-provider-mesh_") {
		if len(os.Args) < 2 || os.Args[1] != "view" {
			os.Exit(1)
		}
		os.Exit(view.Run(os.Args[2:], os.Stdin, os.Stdout, os.Stderr, nil, nil))
	}
	os.Exit(m.Run())
}

// stand-ins for the commands of a pipeline: terraform shows a stored plan, and the others write down what they get.
var commands = map[string]string{
	"terraform": `case "$1 $2" in
"init -input=false") ;;
"plan -input=false"|"plan -out=plan") [ "${*: -1}" = -out=plan ] && touch plan ;;
"show -json") [ -f "$3" ] && cat plan.json ;;
*) exit 1 ;;
esac`,
	"gh":   `echo "$@" > gh.txt`,
	"apk":  `[ "$*" = "add --no-cache curl" ]`,
	"curl": `printf '%s\n' "$@" > curl.txt`,
}

// pipeline is a folder in which the commands of the guide run.
type pipeline struct {
	t   *testing.T
	dir string
}

func newPipeline(t *testing.T) *pipeline {
	t.Helper()
	p := &pipeline{t, t.TempDir()}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	provider := ".terraform/providers/registry.terraform.io/meshroute/mesh/0.1.0/linux_amd64/" +
		"terraform-provider-mesh_v0.1.0"
	p.write("plan.json", file(t, "demo_change.json"))
	for name, script := range commands {
		p.write(filepath.Join("bin", name), "#!/usr/bin/env bash\n"+script+"\n")
	}
	if err = os.MkdirAll(filepath.Dir(filepath.Join(p.dir, provider)), 0o700); err == nil {
		err = os.Symlink(executable, filepath.Join(p.dir, provider))
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pipeline) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		p.t.Fatal(err)
	}
}

// run runs commands as a pipeline does.
func (p *pipeline) run(script string, environment ...string) {
	p.t.Helper()
	command := exec.CommandContext(p.t.Context(), "bash", "-eu", "-o", "pipefail", "-c", script)
	command.Dir = p.dir
	command.Env = append([]string{
		"PATH=" + filepath.Join(p.dir, "bin") + string(filepath.ListSeparator) + os.Getenv("PATH"), "HOME=" + p.dir,
	}, environment...)
	if said, err := command.CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s\n%s", err, script, said)
	}
}

// has checks that a file is there with a text.
func (p *pipeline) has(name, want string) {
	p.t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil || !strings.Contains(string(raw), want) {
		p.t.Errorf("%s has not %q: %v\n%s", name, want, err, raw)
	}
}

const (
	onPage    = "<h2><code>mesh_canary_route.echo</code>"
	inComment = "\n#### ` mesh_canary_route.echo ` is created\n"
)

// The commands of the guide draw a plan.
func TestGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/see-a-plan.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(guide), "```shell\n")[1:]
	if len(blocks) != 2 {
		t.Fatalf("the guide has %d blocks of commands", len(blocks))
	}
	p := newPipeline(t)
	commands, _, _ := strings.Cut(blocks[0], "```")
	p.run(commands)
	p.has("page.html", onPage)
	commands, _, _ = strings.Cut(blocks[1], "```")
	// Nobody is asked here.
	p.run("touch plan\n" + strings.Replace(commands, "view --live --kubeconfig ~/.kube/config", "view", 1))
	p.has("page.html", onPage)
	if diff := strings.Count(commands, "view --live"); diff != 1 {
		t.Errorf("the second block has --live %d times", diff)
	}
}

// read reads an example of a pipeline.
func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("../../examples/see-a-plan/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(raw, into); err != nil {
		t.Fatal(err)
	}
}

// The workflow for GitHub writes the page that it keeps, and the comment. `make lint-actions` looks at the rest of
// it.
func TestGuide_github(t *testing.T) {
	t.Parallel()
	var workflow struct {
		Name        string
		On          string `json:"true"` // which is what YAML 1.1 makes of on
		Permissions map[string]string
		Jobs        map[string]struct {
			RunsOn string `json:"runs-on"`
			Env    map[string]string
			Steps  []struct {
				Name, Uses, Run string
				With            map[string]any
				Env             map[string]string
			}
		}
	}
	readYAML(t, "github.yml", &workflow)
	p := newPipeline(t)
	kept := ""
	for _, step := range workflow.Jobs["plan"].Steps {
		if step.Run != "" {
			p.run(step.Run, "GITHUB_STEP_SUMMARY=summary.md", "NUMBER=7")
		}
		if strings.HasPrefix(step.Uses, "actions/upload-artifact@") {
			kept, _ = step.With["path"].(string)
		}
	}
	p.has(kept, onPage)
	p.has("routes.md", inComment)
	p.has("summary.md", inComment)
	p.has("gh.txt", "pr comment 7 --edit-last --create-if-none --body-file routes.md\n")
	if workflow.Permissions["pull-requests"] != "write" {
		t.Error("the workflow may not comment")
	}
}

// The job for GitLab does the same.
func TestGuide_gitlab(t *testing.T) {
	t.Parallel()
	var jobs map[string]struct {
		Image struct {
			Name       string
			Entrypoint []string
		}
		Rules        []map[string]string
		BeforeScript []string `json:"before_script"`
		Script       []string
		Artifacts    struct {
			ExposeAs string `json:"expose_as"`
			Paths    []string
			ExpireIn string `json:"expire_in"`
		}
	}
	readYAML(t, "gitlab.yml", &jobs)
	p, job := newPipeline(t), jobs["routes"]
	p.run(strings.Join(append(job.BeforeScript, job.Script...), "\n"), "ROUTES_TOKEN=token", "CI_PROJECT_ID=3",
		"CI_API_V4_URL=http://127.0.0.1:9/api/v4", "CI_MERGE_REQUEST_IID=7")
	p.has(job.Artifacts.Paths[0], onPage)
	p.has("routes.md", inComment)
	p.has("curl.txt", "PRIVATE-TOKEN: token\n--data-urlencode\nbody@routes.md\n"+
		"http://127.0.0.1:9/api/v4/projects/3/merge_requests/7/notes\n")
}

// The picture of the guide is drawn from the page that these tests compare.
func TestGuide_picture(t *testing.T) {
	t.Parallel()
	png, err := os.ReadFile("../../examples/pictures/plan.png")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(file(t, "demo_change.html")))
	if !bytes.Contains(png, []byte("tEXtSheet\x00"+hex.EncodeToString(sum[:]))) {
		t.Error("plan.png is drawn from another page: run make diagrams")
	}
}
