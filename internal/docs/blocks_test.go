package main

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/docs/docstest"
)

// Every block says what it is in, so that one of the tests reads it. Of what a command prints, text and diff, the
// tests of the guides know.
func TestDocs_languages(t *testing.T) {
	t.Parallel()
	known := []string{"terraform", "hcl", "shell", "yaml", "json", "text", "diff", "mermaid"}
	for _, p := range docstest.Pages(t, root) {
		for _, b := range p.Blocks() {
			if !slices.Contains(known, b.Language) {
				t.Errorf("%s:%d: a block in %q, which no test reads; known are %v", b.Page, b.Line, b.Language, known)
			}
		}
	}
}

// What is said to be YAML, or JSON, can be read as such.
func TestDocs_yaml(t *testing.T) {
	t.Parallel()
	docstest.EachBlock(t, root, func(b docstest.Block) {
		for document := range strings.SplitSeq(b.Text, "\n---\n") {
			var into any
			if err := yaml.UnmarshalStrict([]byte(document), &into); err != nil {
				t.Errorf("%s:%d: %v", b.Page, b.Line, err)
			}
		}
	}, "yaml", "json")
}
