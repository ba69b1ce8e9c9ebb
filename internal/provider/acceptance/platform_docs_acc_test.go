package acceptance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const platformGuide = "../../../templates/guides/for-platform-teams.md.tmpl"

var (
	codeOf         = regexp.MustCompile("(?s)```(?:terraform|yaml)\n(.*?)```")
	setBy          = regexp.MustCompile(`-var '([a-z0-9_]+)=([^']*)'`)
	included       = regexp.MustCompile(`\{\{ (?:tffile|codefile "[a-z]+") "([^"]+)" \}\}`)
	refusedInGuide = regexp.MustCompile("(?s)```text\nError: (.*?)\n\n(.*?)\n```")
)

// TestDocs_platform: what the READMEs show stands in the examples, which are run; what their commands set is there;
// and the guide has no code of its own.
func TestDocs_platform(t *testing.T) {
	t.Parallel()
	example := readFile(t, filepath.Join(platformModule, "example", "main.tf"))
	readme, guide := readFile(t, filepath.Join(platformModule, "README.md")), readFile(t, platformGuide)
	for _, block := range codeOf.FindAllStringSubmatch(readme, -1) {
		if !strings.Contains(example, block[1]) {
			t.Errorf("the example does not hold what the README shows:\n%s", block[1])
		}
	}
	if blocks := codeOf.FindAllString(guide, -1); len(blocks) > 0 {
		t.Errorf("the guide has code that no example has: %q", blocks)
	}
	for _, command := range setBy.FindAllStringSubmatch(readme+guide, -1) {
		if !strings.Contains(example, "variable \""+command[1]+"\" {") {
			t.Errorf("the example has no variable %s", command[1])
		}
	}
	variables := readFile(t, filepath.Join(platformModule, "variables.tf"))
	for name, text := range map[string]string{"README": readme, "guide": guide} {
		for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(variables, "variable \""+row[1]+"\" {") {
				t.Errorf("the module has no variable %s, of which the %s tells", row[1], name)
			}
		}
	}
	workspace := readFile(t, filepath.Join(hcpExample, "main.tf"))
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| Terraform").FindAllStringSubmatch(
		readFile(t, filepath.Join(hcpExample, "README.md")), -1,
	) {
		if !strings.Contains(workspace, "variable \""+row[1]+"\" {") {
			t.Errorf("the workspace has no variable %s", row[1])
		}
	}
	for _, file := range included.FindAllStringSubmatch(guide, -1) {
		if _, err := os.Stat("../../../" + file[1]); err != nil {
			t.Error(err)
		}
	}
}

// TestAccPlatform_guide: the refusal that the guide shows is what a plan of its example says.
func TestAccPlatform_guide(t *testing.T) {
	t.Parallel()
	c := newCLI(t, "KUBE_HOST=https://127.0.0.1:1")
	folderIn(t, c, platformModule, strings.Clone)
	settings := readFile(t, filepath.Join(c.dir, "cli.tfrc"))
	c.dir = filepath.Join(c.dir, "example")
	c.write("cli.tfrc", settings)
	c.must("get")
	shown := refusedInGuide.FindStringSubmatch(readFile(t, platformGuide))
	if shown == nil {
		t.Fatal("the guide shows no refusal")
	}
	first, _, _ := strings.Cut(shown[2], "\n")
	r := c.fails(shown[1], []string{first}, "plan", "-var=reviews_v2=51")
	for _, line := range strings.Split(shown[2], "\n") {
		r.want(t, "error", shown[1], line)
	}
}
