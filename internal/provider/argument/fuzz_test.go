package argument_test

import (
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Whatever a file holds, it is refused, or a request is answered.
func FuzzReadTexts(f *testing.F) {
	f.Add(virtualService("greeter", "greeter", "v1")+"---\n"+serviceText, false)
	f.Add(listText, true)
	f.Add("apiVersion: v1\nkind: List\nitems: [{kind: List, items: [a, {}]}, null]\n", true)
	f.Add("a: &a [*a]\n", false)
	f.Fuzz(func(t *testing.T, text string, found bool) {
		routes := argument.ReadTexts([]argument.Text{{Name: "a.yaml", Content: text, Found: found}},
			argument.Place{Namespace: "default"})
		if !routes.Known {
			t.Fatal("a text is not known")
		}
		if strings.Contains(routes.Problem, "\x1b") {
			t.Errorf("it is told as %q", routes.Problem)
		}
		if routes.Problem != "" {
			return
		}
		if answer, problem := routes.Ask(traffic.Request{Path: "/x"}); problem == "" && answer.Summary == "" {
			t.Error("nothing is said")
		}
	})
}
