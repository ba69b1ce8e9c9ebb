package main

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/docs/docstest"
)

// firstHas is what the first example of each resource shows besides the resource: what its title says, and no more.
var firstHas = map[string]string{
	"canary_route":     "service namespace subsets rules default",
	"weighted_split":   "service namespace subsets",
	"virtual_service":  "name namespace hosts http",
	"destination_rule": "name namespace host subsets traffic_policy",
}

// mostOfFirst is how many lines the first example of a resource may have: it has to stand on the first screen.
const mostOfFirst = 25

var (
	ofPage = map[string]string{
		"resources":      "resource",
		"data-sources":   "data",
		"list-resources": "list",
		"actions":        "action",
	}
	attribute = regexp.MustCompile(`(?m)^  ([a-z_]+) *= `)
)

// The first example of each page shows what the page is about.
func TestDocs_firstExample(t *testing.T) {
	t.Parallel()
	looked := map[string]int{}
	for _, p := range docstest.Pages(t, root) {
		folder, name := path.Base(path.Dir(p.Name)), strings.TrimSuffix(path.Base(p.Name), ".md")
		want := fmt.Sprintf("%s \"mesh_%s\" ", ofPage[folder], name)
		switch {
		case !strings.HasPrefix(p.Name, "docs/"):
			continue
		case folder == "functions":
			want = "provider::mesh::" + name + "("
		case ofPage[folder] == "":
			continue
		}
		looked[folder]++
		var first docstest.Block
		for _, b := range p.Blocks() {
			if b.Language == "terraform" {
				first = b
				break
			}
		}
		if !strings.Contains(first.Text, want) {
			t.Errorf("the first example of %s has no %s:\n%s", p.Name, want, first.Text)
		}
		if folder != "resources" {
			continue
		}
		if lines := strings.Count(first.Text, "\n"); lines > mostOfFirst || strings.Count(first.Text, "\n}\n") != 1 {
			t.Errorf("the first example of %s is not a resource in %d lines:\n%s", p.Name, mostOfFirst, first.Text)
		}
		var shows []string
		for _, a := range attribute.FindAllStringSubmatch(first.Text, -1) {
			shows = append(shows, a[1])
		}
		if got := strings.Join(shows, " "); got != firstHas[name] {
			t.Errorf("the first example of %s shows %s, want %s", p.Name, got, firstHas[name])
		}
	}
	for folder := range ofPage {
		if looked[folder] == 0 {
			t.Errorf("no page of %s was looked at", folder)
		}
	}
}
