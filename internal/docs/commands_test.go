package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/docs/docstest"
)

// terraformFlags are the flags of each command of Terraform's that the pages may show. They are those of Terraform's
// reference; "=" takes a value.
var terraformFlags = map[string]string{
	"init":     "-upgrade",
	"get":      "",
	"fmt":      "-recursive -check",
	"validate": "-json -no-color",
	"plan": "-out= -detailed-exitcode -generate-config-out= -var= -var-file= -target= -refresh-only -no-color " +
		"-input= -json -lock-timeout= -refresh= -destroy",
	"apply": "-auto-approve -invoke= -var= -var-file= -target= -refresh-only -replace= -no-color -input= " +
		"-lock-timeout= -refresh=",
	"destroy":      "-auto-approve -target= -refresh=",
	"import":       "-var=",
	"output":       "-raw -json",
	"show":         "-json -no-color",
	"test":         "-filter= -verbose -var=",
	"query":        "-generate-config-out= -json",
	"console":      "",
	"force-unlock": "-force",
	"login":        "",
	"state":        "",
	"version":      "",
}

// program says what is wrong with the arguments of a program.
type program func(t *testing.T, args []string) error

// programs are those that the pages may call and of which it is looked at whether there is such a command at all.
// What they do is shown by the tests of the guides.
var programs = map[string]program{
	"terraform":               terraform,
	"tofu":                    terraform,
	"terraform-provider-mesh": ours,
	"make":                    makes,
	"export":                  exports,
	"kubectl": oneOf("annotate", "apply", "auth", "config", "create", "delete", "describe", "exec", "get", "label",
		"logs", "port-forward", "rollout", "run", "wait"),
	"go":       oneOf("build", "install", "run", "test", "vet"),
	"git":      oneOf("clone", "diff", "tag", "push", "revert", "commit", "add"),
	"istioctl": oneOf("install", "analyze", "proxy-config", "proxy-status"),
	".ci/run":  nil,
}

// others are programs of which nothing is looked at, and what the shell itself knows.
var others = strings.Fields("aws az cat cd chmod cp curl cut docker done echo else fi for gcloud gpg grep grpcurl " +
	"head helm if jq ls mkdir mv printf rm sed set sha256sum sleep sort tail tar test uniq unzip while")

// oneOf is a program whose first argument that is no flag is one of these.
func oneOf(commands ...string) program {
	return func(_ *testing.T, args []string) error {
		for _, arg := range args {
			if slices.Contains(commands, arg) {
				return nil
			}
		}
		return fmt.Errorf("has none of the commands %v", commands)
	}
}

func terraform(_ *testing.T, args []string) error {
	args = slices.DeleteFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-chdir=") })
	if len(args) == 0 {
		return errors.New("has no command")
	}
	flags, ok := terraformFlags[args[0]]
	if !ok {
		return fmt.Errorf("%s is none of %v", args[0], slices.Sorted(maps.Keys(terraformFlags)))
	}
	for _, arg := range args[1:] {
		name, _, valued := strings.Cut(arg, "=")
		known := strings.Fields(flags)
		isKnown := slices.Contains(known, name+"=") || !valued && slices.Contains(known, name)
		if strings.HasPrefix(arg, "-") && !isKnown {
			return fmt.Errorf("%s has no flag %s", args[0], arg)
		}
	}
	if args[0] == "import" {
		return imports(args[len(args)-2:])
	}
	return nil
}

var (
	ofOurs   = regexp.MustCompile(`^mesh_(canary_route|weighted_split|virtual_service|destination_rule)\.[a-z]+$`)
	importID = regexp.MustCompile(`^[a-z-]+(/[a-z0-9-]+){1,2}$`)
)

func imports(args []string) error {
	if !ofOurs.MatchString(args[0]) || !importID.MatchString(args[1]) {
		return fmt.Errorf("%v is no address and id", args)
	}
	return nil
}

// ours is a command of the provider's binary: main.go names it, and its room names the flags.
func ours(t *testing.T, args []string) error {
	t.Helper()
	if len(args) == 0 || !strings.Contains(read(t, "main.go"), `"`+args[0]+`"`) {
		return fmt.Errorf("main.go knows no command %v", args)
	}
	files, err := filepath.Glob(filepath.Join(root, "internal", args[0], "*.go"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("there is no internal/%s", args[0])
	}
	code := ""
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		code += string(text)
	}
	for _, arg := range args[1:] {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && name != "" && name != "help" && !strings.Contains(code, `"`+name+`"`) {
			return fmt.Errorf("%s has no flag %s", args[0], arg)
		}
	}
	return nil
}

// makes is a target of make, with variables that the makefile has.
func makes(t *testing.T, args []string) error {
	t.Helper()
	makefile := read(t, "GNUmakefile")
	for _, arg := range args {
		name, _, isVariable := strings.Cut(arg, "=")
		switch {
		case isVariable && strings.Contains(makefile, name):
		case isVariable && strings.HasPrefix(name, "MESH_TEST_"):
		case !isVariable && strings.Contains(makefile, "\n"+name+": "):
		default:
			return fmt.Errorf("the makefile has no %s", arg)
		}
	}
	return nil
}

// exports sets variables that the provider, or Terraform, reads.
func exports(t *testing.T, args []string) error {
	t.Helper()
	provider := read(t, "internal/provider/connection.go") + read(t, "internal/provider/provider.go")
	for _, arg := range args {
		name, _, ok := strings.Cut(arg, "=")
		if !ok || !strings.HasPrefix(name, "TF_") && !strings.Contains(provider, `"`+name+`"`) &&
			!strings.Contains(provider, strings.TrimPrefix(name, "KUBE_")) {
			return fmt.Errorf("nobody reads %s", name)
		}
	}
	return nil
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	assignment  = regexp.MustCompile(`^[A-Za-z_]+=`)
	redirection = regexp.MustCompile(`^[0-9]?[<>]`)
	heredoc     = regexp.MustCompile(`<<-?'?([A-Z]+)'?`)
	quoted      = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	comment     = regexp.MustCompile(`(^|\s)#.*`)
	separators  = regexp.MustCompile(`\s*(?:\|\||&&|[|;&\n])\s*`)
)

// commandsOf returns the commands of a block of the shell, as words, without what is assigned, quoted or redirected.
func commandsOf(text string) [][]string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	var commands [][]string
	end := ""
	for line := range strings.SplitSeq(text, "\n") {
		if end != "" {
			if strings.TrimSpace(line) == end {
				end = ""
			}
			continue
		}
		if here := heredoc.FindStringSubmatch(line); here != nil {
			end = here[1]
		}
		line = quoted.ReplaceAllString(line, "QUOTED")
		for _, command := range separators.Split(comment.ReplaceAllString(line, ""), -1) {
			words := strings.Fields(command)
			for len(words) > 0 && (assignment.MatchString(words[0]) || words[0] == "do" || words[0] == "then") {
				words = words[1:]
			}
			words = slices.DeleteFunc(words, redirection.MatchString)
			if len(words) > 0 {
				commands = append(commands, words)
			}
		}
	}
	return commands
}

func TestCommandsOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"A=b terraform plan -out=x 2>log && make a # it\n": "[[terraform plan -out=x] [make a]]",
		"sed -n 's/a|b;c/d/p' x | cat\n":                   "[[sed -n QUOTED x] [cat]]",
		"cat >x <<'TF'\na {\n}\nTF\nmake \\\n  b\n":        "[[cat] [make b]]",
	} {
		if got := fmt.Sprint(commandsOf(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// Each command of each page is one that there is, with flags that it has.
func TestDocs_commands(t *testing.T) {
	t.Parallel()
	for _, p := range docstest.Pages(t, root) {
		for _, inline := range inlineCommand.FindAllStringSubmatch(withoutCode(p), -1) {
			if strings.HasPrefix(p.Name, "internal/") {
				continue // what only developers of these read
			}
			checkCommands(t, docstest.Block{Page: p.Name, Text: inline[1]})
		}
	}
	docstest.EachBlock(t, root, func(b docstest.Block) { checkCommands(t, b) }, "shell")
}

// inlineCommand is a command within a sentence.
var inlineCommand = regexp.MustCompile("`((?:terraform|terraform-provider-mesh|kubectl|make) [^`]+)`")

func checkCommands(t *testing.T, b docstest.Block) {
	t.Helper()
	for _, words := range commandsOf(b.Text) {
		name := words[0]
		if strings.Contains(name, "terraform-provider-mesh") {
			name = "terraform-provider-mesh"
		}
		check, ok := programs[name]
		if !ok && !slices.Contains(others, name) {
			t.Errorf("%s:%d: %s is no program that the pages may call", b.Page, b.Line, name)
		} else if check != nil {
			if err := check(t, words[1:]); err != nil {
				t.Errorf("%s:%d: %s: %v", b.Page, b.Line, strings.Join(words, " "), err)
			}
		}
	}
}
