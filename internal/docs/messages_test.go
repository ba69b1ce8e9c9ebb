package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	// summary is what only the summaries of diagnostics look like: two to seven words in sentence case, and perhaps
	// of which object.
	summary = regexp.MustCompile(`^([A-Z][A-Za-z-]*(?: [A-Za-z'-]+){1,6})(?: \(| \(%s/%s\))?$`)
	// message is one that the page explains.
	message = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// oneWord are summaries of one word, which other texts are too. noSummaries are those of functions and of commands.
var oneWord, noSummaries = []string{"Interrupted"}, []string{
	"Provider not configured", "There is no value", "YAML of something else",
}

// summaries returns those of all diagnostics that the provider can give, from its code.
func summaries(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, word := range oneWord {
		found[word] = strings.Contains(read(t, "internal/provider/report/errors.go"), `"`+word+`"`)
	}
	from := filepath.Join(root, "internal", "provider")
	err := filepath.WalkDir(from, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				if m := summary.FindStringSubmatch(text); err == nil && m != nil {
					found[m[1]] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil || len(found) < 80 {
		t.Fatalf("there are %d summaries: %v", len(found), err)
	}
	for _, text := range noSummaries {
		delete(found, text)
	}
	return found
}

// The page explains every message that the provider can give, but for those that the guide about plans lists, and no
// other.
func TestDocs_messages(t *testing.T) {
	t.Parallel()
	can := summaries(t)
	explained := map[string]bool{}
	for _, m := range message.FindAllStringSubmatch(readPage(t, "guides/troubleshooting.md"), -1) {
		explained[m[1]] = true
		if !can[m[1]] {
			t.Errorf("the page explains %q, which the provider never says", m[1])
		}
	}
	for _, row := range told.FindAllStringSubmatch(readPage(t, "guides/what-a-plan-tells.md"), -1) {
		explained[row[1]] = true
	}
	for text := range can {
		if !explained[text] {
			t.Errorf("no page explains %q", text)
		}
	}
}
