package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// questions are what is not known without a look.
var questions = map[around.Resource]string{
	around.VirtualServices: "whether another VirtualService routes these hosts already, whether delegates take the " +
		"requests that are handed to them, and whose these objects are",
	around.DestinationRules: "whether another DestinationRule hides or doubles the subsets, and whose these " +
		"objects are",
	around.Services:        "whether the services and ports exist, and somebody answers in the subsets",
	around.ServiceEntries:  "whether a ServiceEntry has a host that no Service has",
	around.Gateways:        "whether the gateways exist, and serve the hosts",
	around.Pods:            "whether pods are ready in the subsets",
	around.WorkloadEntries: "whether WorkloadEntries stand in subsets without ready pods",
}

// UnseenLines are what could not be looked at, a line for each resource, and the resources that the user may not
// list.
func UnseenLines(view *cluster.View) (lines, missing []string) {
	said := map[around.Resource]bool{}
	for _, unseen := range view.Unlisted {
		if cluster.IsReason(unseen.Err, cluster.CRDMissing) &&
			(unseen.Resource == around.VirtualServices || unseen.Resource == around.DestinationRules) {
			continue
		}
		// Who may not list namespaces, or pods of others, is not told again and again what that would tell of
		// callers.
		if questions[unseen.Resource] == "" {
			continue
		}
		// More namespaces of one resource say no more.
		if said[unseen.Resource] {
			continue
		}
		said[unseen.Resource] = true
		lines = append(lines,
			fmt.Sprintf("  - %s: %s", questions[unseen.Resource], Printable(unseen.Err.Error(), LongestPath)))
		if cluster.IsReason(unseen.Err, cluster.Forbidden) {
			missing = append(missing, string(unseen.Resource))
		}
	}
	return lines, missing
}

// NarrowLines says what was seen of one namespace only. A plan tells of it along with other things that it could not
// look at, and for no reason alone: a developer's rights end there.
func NarrowLines(view *cluster.View) []string {
	if len(view.Narrow) == 0 {
		return nil
	}
	var narrow []string
	for _, resource := range slices.Sorted(maps.Keys(view.Narrow)) {
		narrow = append(narrow, string(resource))
	}
	return []string{"  - what other namespaces than " + view.Namespace +
		" have: list in all of them is not allowed on " + strings.Join(narrow, ", ")}
}

// UnseenText lists what could not be looked at, and the right that would change that.
func UnseenText(begin string, lines, missing []string) string {
	text := begin + "\n" + strings.Join(lines, "\n")
	if len(missing) > 0 {
		slices.Sort(missing)
		text += "\n\nThe verb list on " + strings.Join(slices.Compact(missing), ", ") + " lets it look."
	}
	return text
}
