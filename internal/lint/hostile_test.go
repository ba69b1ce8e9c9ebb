package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const misspelt = `resource "mesh_canary_route" "greeter" {
default = { header = {} }
}
`

const misspeltAnswer = `2:13: default of mesh_canary_route.greeter has no attribute "header"; ` +
	`did you mean "headers"?` + "\n"

func TestRun_unreadable(t *testing.T) {
	t.Parallel()
	for fact, test := range map[string]struct{ name, text, want string }{
		"no HCL": {
			"bad.tf", "resource {{{", "bad.tf:1:11: Argument or block definition required: An argument or block " +
				"definition is required here.",
		},
		"no name of a resource": {
			"bad.tf", "resource \"mesh_canary_route\" {}\n",
			"bad.tf:1:30: Missing name for resource: All resource blocks must have 2 labels (type, name).",
		},
		"no JSON": {"bad.tf.json", `{"a": [}`, "bad.tf.json:1:8: Missing JSON value: A JSON " +
			"value must start with a brace, a bracket, a number, a string, or a keyword."},
		"an escape sequence": {
			"bad.tf", "a\u001b[2J", "bad.tf:1:2: Invalid character: This character is not used within the language.",
		},
		"too many brackets":       {"bad.tf", "a = " + strings.Repeat("[", 1<<20), "bad.tf " + deep},
		"too many blocks":         {"bad.tf", strings.Repeat("a {\n", 2000), "bad.tf " + deep},
		"too many prefixes":       {"bad.tf", "a = " + strings.Repeat("!", 5000) + "b", "bad.tf " + deep},
		"too many minuses":        {"bad.tf", "a = [" + strings.Repeat("-", 5000) + "b]", "bad.tf " + deep},
		"too many conditions":     {"bad.tf", "a = [" + strings.Repeat("b ? b :\n", 2000) + "b]", "bad.tf " + deep},
		"too many directives":     {"bad.tf", "a = \"" + strings.Repeat("%{ if b }", 2000) + "\"", "bad.tf " + deep},
		"too many templates":      {"bad.tf", "a = " + strings.Repeat("\"${", 2000), "bad.tf " + deep},
		"brackets between others": {"bad.tf", "a = " + strings.Repeat("[}(]", 2000), "bad.tf " + deep},
		"too many brackets, JSON": {"bad.tf.json", `{"a": ` + strings.Repeat("[", 1<<20), "bad.tf.json " + deep},
		"too large": {
			"bad.tf", strings.Repeat("#", 2<<20+1), "bad.tf has 2097153 bytes, more than 2097152.",
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{test.name: test.text, "sub/main.tf": misspelt})
			check(t, run(dir), answer{2, "sub/main.tf:" + misspeltAnswer, "Error: " + test.want + "\n"})
		})
	}
}

const deep = "is nested more than 1000 levels deep."

// What is deep without being deeper than others, and long without being deep.
func TestRun_large(t *testing.T) {
	t.Parallel()
	for fact, text := range map[string]string{
		"many rules":         "default = { x = [" + strings.Repeat("{ a = -1, b = !c },\n", 3_000) + "] }",
		"many conditions":    "x = {\n" + strings.Repeat("a = b ? -1 : -2\n", 3_000) + "}",
		"many directives":    "x = \"" + strings.Repeat("%{ if a }b%{ else }c%{ endif }", 3_000) + "\"",
		"many sums":          "x = 1" + strings.Repeat("+ 1", 5_000),
		"brackets in a text": "x = \"" + strings.Repeat("([{", 5_000) + "\"",
		"deep enough":        "x = " + strings.Repeat("[", 900) + strings.Repeat("]", 900),
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"main.tf": misspelt, "other.tf": "locals {\n" + text + "\n}\n"})
			check(t, run(dir), answer{Code: 1, Stdout: "main.tf:" + misspeltAnswer})
		})
	}
}

// Locals that refer to each other in ever more ways are left.
func TestRun_references(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"main.tf": `resource "mesh_canary_route" "greeter" {
default = local.a
}
locals {
a = [local.a.a, local.a.b, local.a.c, local.a.d, local.a.e][var.x]
}
`})
	check(t, run(dir), answer{Code: 2, Stderr: "Error: main.tf has values that refer to each other in too many " +
		"ways.\n"})
}

func TestRun_folders(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"main.tf": misspelt, "modules/b/c/main.tofu": misspelt, "modules/b/a.tf.json": "{}", "README.md": misspelt,
		".terraform/modules/x/main.tf": misspelt, ".terragrunt-cache/main.tf": misspelt, ".hidden.tf": misspelt,
		"main.tf.backup": misspelt,
		// The local of another module is not the one of this.
		"one/main.tf":   "resource \"mesh_canary_route\" \"greeter\" {\nrules = local.rules\n}\n",
		"two/locals.tf": "locals {\nrules = [{ header = 1 }]\n}\n",
	})
	check(t, run(dir), answer{
		Code: 1, Stdout: "main.tf:" + misspeltAnswer + "modules/b/c/main.tofu:" + misspeltAnswer,
	})
}

func TestRun_links(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"real/main.tf": misspelt, "module/ok.tf": ""})
	for name, target := range map[string]string{
		"module/linked.tf": "../real/main.tf", "module/circle": ".", "module/gone.tf": "nowhere",
		"module/folder.tf": ".", "link": "real", "module/null.tf": "/dev/zero", "module/loop.tf": "loop.tf",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "module", "pipe.tf"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, run(filepath.Join(dir, "module")), answer{2, "linked.tf:" + misspeltAnswer, "" +
		`Error: folder.tf is no regular file.
Error: gone.tf cannot be read: no such file or directory.
Error: loop.tf cannot be read: too many levels of symbolic links.
Error: null.tf is no regular file.
Error: pipe.tf is no regular file.
`})
	check(t, run(filepath.Join(dir, "link")), answer{Code: 1, Stdout: "main.tf:" + misspeltAnswer})
}

func TestRun_forbidden(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := folder(t, map[string]string{"a.tf": "", "b/a.tf": "", "main.tf": misspelt})
	for _, name := range []string{"a.tf", "b"} {
		if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "b"), 0o700) }) //nolint:gosec // a folder is entered
	check(t, run(dir), answer{2, "main.tf:" + misspeltAnswer, `Error: b cannot be read: permission denied.
Error: a.tf cannot be read: permission denied.
`})
}

func TestRun_arguments(t *testing.T) {
	t.Parallel()
	const more = "terraform-provider-mesh lint --help says more.\n"
	check(t, run(), answer{
		Code: 2,
		Stderr: "Error: Which files? Name a folder or files, such as\n  terraform-provider-mesh lint .\n" +
			more,
	})
	check(t, run(".", ""), answer{Code: 2, Stderr: "Error: A path is empty.\n" + more})
	check(t, run("-x"), answer{Code: 2, Stderr: "Error: There is no flag -x.\n" + more})
	help := run("-h")
	if help.Code != 0 || !strings.HasPrefix(help.Stdout, "usage: terraform-provider-mesh lint PATH...\n") {
		t.Errorf("help: %+v", help)
	}

	dir := folder(t, map[string]string{"a/main.tf": misspelt, "b/x.txt": "", "c/main.tf": misspelt})
	check(t, run(dir+"/none"), answer{
		Code: 2, Stderr: "Error: " + dir + "/none cannot be read: no such file or directory.\n",
	})
	check(t, run(dir+"/b"), answer{Code: 2, Stderr: "Error: " + dir + "/b has no Terraform files.\n"})
	check(t, run(dir+"/a", dir+"/c", dir), answer{
		Code: 1, Stdout: "main.tf:" + misspeltAnswer + fmt.Sprintf("%s/c/main.tf:", dir) + misspeltAnswer,
	})
}

// A file is looked at with those beside it, of which nothing is told.
func TestRun_files(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"main.tf":  "resource \"mesh_canary_route\" \"greeter\" {\nrules = local.rules\n}\n",
		"rules.tf": "locals {\nrules = [{ header = 1 }]\n}\n", "other.tf": misspelt, "x.txt": "",
		"deep/main.tf": misspelt, ".hidden.tf": misspelt, "bad/main.tf": misspelt, "bad/a.tf": "{",
	})
	const rules = `rules.tf:2:12: rules[0] of mesh_canary_route.greeter has no attribute "header"; ` +
		`did you mean "headers"?` + "\n"
	for fact, test := range map[string]struct {
		names []string
		want  answer
	}{
		"what it refers to is elsewhere": {[]string{"main.tf"}, answer{}},
		"a local":                        {[]string{"rules.tf"}, answer{Code: 1, Stdout: rules}},
		"two": {[]string{"rules.tf", "other.tf"}, answer{
			Code: 1, Stdout: "other.tf:" + misspeltAnswer + rules,
		}},
		"one twice": {[]string{"other.tf", "other.tf"}, answer{
			Code: 1, Stdout: "other.tf:" + misspeltAnswer,
		}},
		"in another folder": {[]string{"deep/main.tf"}, answer{
			Code: 1, Stdout: "deep/main.tf:" + misspeltAnswer,
		}},
		"hidden": {[]string{".hidden.tf"}, answer{Code: 1, Stdout: ".hidden.tf:" + misspeltAnswer}},
		"something else": {[]string{"x.txt"}, answer{
			Code: 2, Stderr: "Error: x.txt is no Terraform file: the name of one ends with .tf, .tf.json, .tofu or " +
				".tofu.json.\n",
		}},
		"beside one that cannot be read": {[]string{"bad/main.tf"}, answer{
			2, "bad/main.tf:" + misspeltAnswer, "Error: bad/a.tf:1:1: Argument or block definition required: An " +
				"argument or block definition is required here.\n",
		}},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			var args []string
			for _, name := range test.names {
				args = append(args, filepath.Join(dir, name))
			}
			check(t, runIn(dir, args...), test.want)
		})
	}
}
