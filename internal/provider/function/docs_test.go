package function

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
)

// TestDocs_evaluate: the page of evaluate describes each attribute of a request and of what is returned, at its
// level, and no other. Signatures of functions have no place for it.
func TestDocs_evaluate(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../templates/functions/evaluate.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "### Request")
	request, result, _ := strings.Cut(rest, "## Return Type")
	wanted := map[string]bool{}
	for _, name := range argument.RequestAttributes() {
		wanted[name] = true
	}
	compareNames(t, "a request", itemNames(request, "- "), wanted)
	top, nested := map[string]bool{}, map[string]bool{}
	for name, of := range outcomeType.AttrTypes {
		top[name] = true
		if list, ok := of.(types.ListType); ok {
			of = list.ElemType
		}
		if object, ok := of.(types.ObjectType); ok {
			for inner := range object.AttrTypes {
				nested[inner] = true
			}
		}
	}
	compareNames(t, "an outcome", itemNames(result, "- "), top)
	for name := range nested {
		if !strings.Contains(result, "`"+name+"`") {
			t.Errorf("the page lacks %s", name)
		}
	}
}

var quotedName = regexp.MustCompile("`([a-z_]+)`")

// itemNames returns the names with which the items of a list begin.
func itemNames(text, bullet string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		if item, ok := strings.CutPrefix(line, bullet); ok {
			head, _, _ := strings.Cut(item, " (")
			for _, name := range quotedName.FindAllStringSubmatch(head, -1) {
				names[name[1]] = true
			}
		}
	}
	return names
}

func compareNames(t *testing.T, of string, got, want map[string]bool) {
	t.Helper()
	for name := range want {
		if !got[name] {
			t.Errorf("the page lacks %s of %s", name, of)
		}
	}
	for name := range got {
		if !want[name] {
			t.Errorf("the page describes %s, which %s does not have", name, of)
		}
	}
}
