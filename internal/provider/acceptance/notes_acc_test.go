package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// resources is how many resources a plan is of that has the same to tell of each.
const resources = 30

// shown are the summaries that a person reads: Terraform shows one of several warnings that have the same. Names of
// objects are left out, and how many of a kind name one is said in place of them.
func (r result) shown() map[string]int {
	summaries, shown := map[string]bool{}, map[string]int{}
	for _, d := range r.Diagnostics {
		summaries[d.Summary] = true
	}
	for summary := range summaries {
		switch {
		case strings.HasSuffix(summary, "(more objects)"):
			shown[summary]++
		case strings.HasPrefix(summary, "Traffic moves in "):
			shown["Traffic moves"]++
		default:
			shown[withoutObject(summary)]++
		}
	}
	return shown
}

// TestAccNotes_many: what a plan has to tell of many resources in the same words it tells of the first three, and
// of the others under one summary; what fails for certain it tells of each.
func TestAccNotes_many(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	repeated := func(config string) string {
		return strings.Replace(q.in(config), "{\n", fmt.Sprintf(`{
  for_each = toset([for i in range(%d) : "r${i}"])
`, resources), 1)
	}
	reader := q.without(right{"list", "gateways", inRoutes})
	for name, test := range map[string]struct {
		block, config string
		want          map[string]int
	}{
		"notes about the cluster and the configuration": {q.admin, strings.Replace(
			byRules("v2", "name = each.key\n gateways = [\"mesh\", \"NS/gone\"]"), `{ version = "v2" }`,
			`{ version = "v1" }`, 1), map[string]int{
			// Terraform validates a resource with for_each before it knows of each, too.
			"Doubtful route": 4, "Doubtful route (more objects)": 1,
			"Not in the cluster": 3, "Not in the cluster (more objects)": 1,
			"Subsets do not differ": 3, "Subsets do not differ (more objects)": 1,
			"Traffic moves": 21,
		}},
		"what cannot be looked at": {reader, byRules("v2",
			"name = each.key\n hosts = [\"a.example\"]\n gateways = [\"NS-b/gone\"]"), map[string]int{
			unlooked: 1,
		}},
		"what fails": {q.admin, strings.NewReplacer(`"test"`, `"fails"`, `name  = "test"`, `name  = each.key`).Replace(
			sendingTo(`host = "greeter", port = { number = 81 }`, "")), map[string]int{absent: resources}},
	} {
		q.configure(test.block, repeated(test.config))
		r := q.must("plan")
		if diff := cmp.Diff(test.want, r.shown()); diff != "" {
			t.Errorf("%s: shows (-want +got):\n%s\n%q", name, diff, slices.Sorted(maps.Keys(r.told())))
		}
		unseen := slices.DeleteFunc(r.Diagnostics, func(d diagnostic) bool {
			return withoutObject(d.Summary) != unlooked
		})
		if len(unseen) != test.want[unlooked] {
			t.Errorf("%s: says %d times what it could not look at", name, len(unseen))
		}
	}
}
