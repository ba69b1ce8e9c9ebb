package acceptance_test

import (
	"strings"
	"testing"
)

// TestAccGuide_names runs what the guide about misspelt names says: Terraform drops them, and the route in one local
// that is given to a function too tells of them. It needs no cluster.
func TestAccGuide_names(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(readFile(t, "../../../templates/guides/catch-misspelt-names.md"), "```terraform\n")
	route, rest, _ := strings.Cut(rest, "```")
	_, rest, _ = strings.Cut(rest, "Error: Invalid function argument\n\n")
	told, _, ok := strings.Cut(rest, "\n")
	if !ok {
		t.Fatal("the guide has no configuration, or no error")
	}
	c := newCLI(t)
	if r := c.validate(route); !r.ok {
		t.Errorf("the guide's configuration is refused:\n%s", r)
	}
	misspelt := strings.Replace(route, "timeout =", "time_out =", 1)
	if r := c.validate(misspelt); r.ok {
		t.Errorf("the misspelt name is not told:\n%s", r)
	} else {
		r.want(t, "error", "Invalid function argument", told)
	}
	resource, _, _ := strings.Cut(misspelt, "  lifecycle {")
	if r := c.validate(resource + "}\n"); !r.ok {
		t.Errorf("Terraform tells of the name itself, and the guide is wrong:\n%s", r)
	}
}
