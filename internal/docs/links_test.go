package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/docs/docstest"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	markup  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	named   = regexp.MustCompile(`<a id="([^"]+)">`)
)

// anchors returns where in a page a link may lead to.
func anchors(p docstest.Page) map[string]bool {
	all := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(p.Text, -1) {
		all[strings.ReplaceAll(markup.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	for _, a := range named.FindAllStringSubmatch(p.Text, -1) {
		all[a[1]] = true
	}
	return all
}

// withoutCode returns a page without its blocks of code.
func withoutCode(p docstest.Page) string {
	for _, b := range p.Blocks() {
		p.Text = strings.Replace(p.Text, b.Text, "", 1)
	}
	return p.Text
}

// Each link leads somewhere: to a file that is there, and in a page to a heading that it has. What is on other
// machines is not asked for, and has to be reached by https.
func TestDocs_links(t *testing.T) {
	t.Parallel()
	byName, seen := map[string]docstest.Page{}, 0
	for _, p := range docstest.Pages(t, root) {
		byName[p.Name] = p
	}
	for _, p := range byName {
		for _, l := range link.FindAllStringSubmatch(withoutCode(p), -1) {
			seen++
			target, anchor, _ := strings.Cut(l[1], "#")
			if strings.Contains(target, ":") {
				if !strings.HasPrefix(target, "https://") {
					t.Errorf("%s: %s is not reached by https", p.Name, l[1])
				}
				continue
			}
			to := p
			if target != "" {
				name := path.Join(path.Dir(p.Name), target)
				if _, err := os.Stat(filepath.Join(root, name)); err != nil {
					t.Errorf("%s: nothing is at %s", p.Name, l[1])
					continue
				}
				if strings.HasPrefix(p.Name, "docs/") && !strings.HasPrefix(name, "docs/") {
					t.Errorf("%s: %s is not among the pages that the registry has", p.Name, l[1])
				}
				to = byName[name]
			}
			if anchor != "" && !anchors(to)[anchor] {
				t.Errorf("%s: %s has no such heading", p.Name, l[1])
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d links were looked at", seen)
	}
}
