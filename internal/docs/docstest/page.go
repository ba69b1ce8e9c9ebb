// Package docstest reads the pages of the repository for tests: docs/, and every other file that is for readers.
package docstest

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Page is a file for readers. Its name is the path from the folder of the repository.
type Page struct{ Name, Text string }

// Block is a block of code on a page, and Line that of its first line.
type Block struct {
	Page, Language, Text string
	Line                 int
}

var (
	// notPages are what tests compare with, notes for the next release, and what docs/ is made of.
	notPages = regexp.MustCompile(`(^|/)(testdata|templates|\.changes|\.git)/`)
	fence    = regexp.MustCompile("^( *)(`{3,})([a-z]*)$")
)

// Pages returns every page of the repository, which is in the given folder.
func Pages(t testing.TB, root string) []Page {
	t.Helper()
	var all []Page
	files := os.DirFS(root)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".md") || notPages.MatchString(name) {
			return err
		}
		text, err := fs.ReadFile(files, name)
		all = append(all, Page{name, string(text)})
		return err
	})
	if err != nil || len(all) < 30 {
		t.Fatalf("there are %d pages: %v", len(all), err)
	}
	return all
}

// Blocks returns the blocks of code of a page. In README.md, a line that is indented by four is one of the shell.
func (p Page) Blocks() []Block {
	var all []Block
	var open *Block
	var indent, closing string
	for i, line := range strings.Split(p.Text, "\n") {
		switch f := fence.FindStringSubmatch(line); {
		case open != nil && line == closing:
			all, open = append(all, *open), nil
		case open != nil:
			open.Text += strings.TrimPrefix(line, indent) + "\n"
		case f != nil:
			indent, closing = f[1], f[1]+f[2]
			open = &Block{Page: p.Name, Language: f[3], Line: i + 2}
		case strings.HasPrefix(line, "    ") && p.Name == "README.md":
			all = append(all, Block{p.Name, "shell", strings.TrimPrefix(line, "    ") + "\n", i + 1})
		}
	}
	return all
}

// EachBlock calls a function for every block that is in one of the languages.
func EachBlock(t testing.TB, root string, look func(Block), languages ...string) {
	t.Helper()
	seen := 0
	for _, p := range Pages(t, root) {
		for _, b := range p.Blocks() {
			for _, language := range languages {
				if b.Language == language {
					seen++
					look(b)
				}
			}
		}
	}
	if seen == 0 {
		t.Errorf("there is no block in %v", languages)
	}
}
