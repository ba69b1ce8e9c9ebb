// Mutate takes checks away, one at a time, and asks whether a test notices: `mutate LIST` runs in the repository's
// root. A line of the list is a package's directory, a function of it, and, where only an acceptance test can notice,
// the regular expression of that test; # begins a comment. It exits with 1 when a check can go unnoticed.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// acceptance is the package of the acceptance tests.
const acceptance = "internal/provider/acceptance"

func main() {
	if len(os.Args) != 2 {
		fail(errors.New("usage: mutate LIST"))
	}
	list, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	unnoticed := 0
	for line := range strings.Lines(string(list)) {
		text, _, _ := strings.Cut(line, "#")
		fields := strings.Fields(text)
		if len(fields) < 2 {
			continue
		}
		m := mutation{directory: fields[0], function: fields[1]}
		if len(fields) > 2 {
			m.test = fields[2]
		}
		began := time.Now()
		by, err := m.run()
		if err != nil {
			fail(err)
		}
		if by == "" {
			unnoticed++
		}
		fmt.Printf("%-9s %s %s  %s (%.0f s)\n",
			map[bool]string{true: "UNNOTICED", false: "noticed"}[by == ""], m.directory, m.function,
			by, time.Since(began).Seconds())
	}
	if unnoticed > 0 {
		fail(fmt.Errorf("%d checks can be taken away and no test notices", unnoticed))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "mutate:", err)
	os.Exit(1)
}

// mutation is a check that is taken away.
type mutation struct {
	directory string
	function  string // `name`, or `Type.name`
	test      string // the acceptance test that has to notice, or empty for the package's own tests
}

// failed matches what go test prints of a test that failed.
var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// run returns the test that fails without the check, empty when none does.
func (m mutation) run() (by string, err error) {
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	overlay, err := m.overlay(work)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", m.directory, m.function, err)
	}
	args := []string{"test", "-vet=off", "-overlay", overlay, "-failfast", "-count=1"}
	if m.test == "" {
		args = append(args, "./"+m.directory)
	} else {
		args = append(args, "-run", m.test, "./"+acceptance)
	}
	output, err := exec.Command("go", args...).CombinedOutput() //nolint:gosec // whoever runs it wrote the list
	switch {
	case err == nil && bytes.Contains(output, []byte("no tests to run")):
		return "", fmt.Errorf("%s %s: no test is called %s", m.directory, m.function, m.test)
	case err == nil:
		return "", nil
	case bytes.Contains(output, []byte("[build failed]")):
		return "", fmt.Errorf("%s %s: does not build without it:\n%s", m.directory, m.function, output)
	}
	found := failed.FindAllSubmatch(output, -1)
	if len(found) == 0 {
		return "", fmt.Errorf("%s %s: %w:\n%s", m.directory, m.function, err, output)
	}
	return string(found[len(found)-1][1]), nil
}

// overlay writes the file without the check, and what tells go to take it for the real one.
func (m mutation) overlay(work string) (string, error) {
	names, err := filepath.Glob(filepath.Join(m.directory, "*.go"))
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		declared := find(file, m.function)
		if declared == nil {
			continue
		}
		empty(declared)
		var source bytes.Buffer
		if err := format.Node(&source, fset, file); err != nil {
			return "", err
		}
		full, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		changed, overlay := filepath.Join(work, "changed.go"), filepath.Join(work, "overlay.json")
		replace, err := json.Marshal(map[string]map[string]string{"Replace": {full: changed}})
		if err != nil {
			return "", err
		}
		return overlay, cmp.Or(
			os.WriteFile(changed, source.Bytes(), 0o600), os.WriteFile(overlay, replace, 0o600))
	}
	return "", errors.New("no such function")
}

// find returns the declaration of a function, `name` or `Type.name`.
func find(file *ast.File, function string) *ast.FuncDecl {
	receiver, name, isMethod := strings.Cut(function, ".")
	if !isMethod {
		receiver, name = "", function
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != name || (f.Recv != nil) != isMethod {
			continue
		}
		if !isMethod {
			return f
		}
		of := f.Recv.List[0].Type
		if pointer, ok := of.(*ast.StarExpr); ok {
			of = pointer.X
		}
		if base, ok := of.(*ast.Ident); ok && base.Name == receiver {
			return f
		}
	}
	return nil
}

// empty lets a function return at once, with zero values. What it does stays behind that, for what it imports.
func empty(f *ast.FuncDecl) {
	if results := f.Type.Results; results != nil && len(results.List[0].Names) == 0 {
		for i, field := range results.List {
			field.Names = []*ast.Ident{ast.NewIdent(fmt.Sprintf("zero%d", i))}
		}
	}
	always := &ast.IfStmt{Cond: ast.NewIdent("true"), Body: &ast.BlockStmt{List: []ast.Stmt{&ast.ReturnStmt{}}}}
	f.Body.List = append([]ast.Stmt{always}, f.Body.List...)
}
