package crud

import (
	"fmt"
	"strings"
)

// mostPlaces is how many places of a change are listed.
const mostPlaces = 12

// shortList returns a list with no more than [mostPlaces] entries, and how many are left out.
func shortList(list []string) []string {
	if more := len(list) - mostPlaces; more > 0 {
		return append(list[:mostPlaces:mostPlaces], fmt.Sprintf("and %d more", more))
	}
	return list
}

// places lists places in a spec, not too many.
func places(at []string) string {
	more := ""
	if n := len(at) - mostPlaces; n > 0 {
		at, more = at[:mostPlaces], fmt.Sprintf(" and %d more", n)
	}
	all := make([]string, len(at))
	for i := range at {
		all[i] = "spec." + strings.TrimPrefix(at[i], ".")
	}
	return strings.Join(all, ", ") + more
}
