package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// ProxiesDiffer is the summary of what proxies of several versions make of a configuration.
const ProxiesDiffer = "Proxies differ by version"

// individually is the minor version of Istio since which proxies compare each line of a header by itself.
const individually = 31

// DifferByVersion are the problems that depend on the versions of the proxies, where somebody is to be told.
func DifferByVersion(naming Naming, problems []istio.Problem) []istio.Problem {
	if naming.Void == istio.Refused || naming.To.Accepts(DoubtOfEffect) {
		return nil
	}
	var differ []istio.Problem
	for _, p := range problems {
		if len(p.Unless) > 0 {
			differ = append(differ, p)
		}
	}
	return differ
}

// Versions tells of problems which of the proxies do what: versions counts them by theirs, and is empty where nothing
// is known.
func Versions(
	diagnostics *diag.Diagnostics, naming Naming, r *attr.Reader, problems []istio.Problem, versions map[string]int,
) {
	text := proxiesText(versions)
	if text == "" {
		return
	}
	warnings := Warnings{}
	for _, p := range problems {
		at := Path(configured(p.At, r))
		warnings.Add(naming.To, Warning{
			At: at, Kind: ProxiesDiffer, Of: naming.Of, Text: Located(at, Text(p)) + "\n\n" + text, ID: DoubtOfEffect,
			Names: naming.Names(),
		})
	}
	warnings.Tell(diagnostics, naming.To)
}

// proxiesText says how many proxies are older, and what those do. It is empty without proxies.
func proxiesText(versions map[string]int) string {
	all, older, silent := 0, 0, 0
	var olds []string
	for _, version := range slices.SortedFunc(maps.Keys(versions), compareVersions) {
		all += versions[version]
		minor, known := minorOf(version)
		switch {
		case !known:
			silent += versions[version]
		case minor < individually:
			older += versions[version]
			olds = append(olds, fmt.Sprintf("%d of Istio %s", versions[version], Printable(version, LongestPath)))
		}
	}
	const join = "and join the lines of a header before they compare it, so that "
	text := ""
	switch {
	case all == 0:
		return ""
	case older == 0:
		text = fmt.Sprintf("None of %d proxies here is older: requests with several lines are the exception for all "+
			"of them.", all)
	case older == all:
		text = fmt.Sprintf("All of %d proxies here are older (%s), %sthere is no exception.", all,
			strings.Join(olds, ", "), join)
	default:
		text = fmt.Sprintf("%d of %d proxies here are older (%s), %sfor their callers there is no exception.", older,
			all, strings.Join(olds, ", "), join)
	}
	if silent > 0 {
		text += fmt.Sprintf(" Of how many the version is not known: %d.", silent)
	}
	return text
}

// minorOf returns the minor version in `1.30.1`, where it is that of an Istio.
func minorOf(version string) (minor int, known bool) {
	_, err := fmt.Sscanf(version, "1.%d", &minor)
	return minor, err == nil
}

func compareVersions(a, b string) int {
	x, _ := minorOf(a)
	y, _ := minorOf(b)
	return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
}
