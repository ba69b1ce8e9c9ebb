package walk

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Query is a question in PromQL, whose value has to lie within bounds.
type Query struct {
	// PromQL may hold the placeholders that [Query.For] fills in.
	PromQL string
	// Min and Max are the bounds, of which one may be nil.
	Min, Max *float64
}

// placeholder is a word that begins with a dollar sign, which PromQL has not: `$window`, or `${labels.app}` where the
// name would not end.
var placeholder = regexp.MustCompile(`\$(?:\{([^}]*)\}|([a-z_]+(?:\.\w+)?))`)

const (
	subsetName  = "subset"
	hostName    = "host"
	windowName  = "window"
	spaceName   = "namespace"
	labelPrefix = "labels."
)

// names returns the placeholders of the query, in their order.
func (q Query) names() []string {
	var all []string
	for _, found := range placeholder.FindAllStringSubmatch(q.PromQL, -1) {
		all = append(all, found[1]+found[2])
	}
	return all
}

// Check reports, as nil, that every placeholder has a meaning.
func (q Query) Check() error {
	for _, name := range q.names() {
		switch {
		case name == subsetName, name == hostName, name == windowName, name == spaceName:
		case strings.HasPrefix(name, labelPrefix) && len(name) > len(labelPrefix):
		default:
			return fmt.Errorf("has the placeholder $%.80s, which has no meaning: there are $%s, $%s, $%s, $%s and "+
				"$%sNAME", name, windowName, subsetName, hostName, spaceName, labelPrefix)
		}
	}
	return nil
}

// OfVersion reports whether the query asks for one version, and has to be asked for each.
func (q Query) OfVersion() bool {
	for _, name := range q.names() {
		if name != windowName && name != spaceName {
			return true
		}
	}
	return false
}

// For returns the query about a version. It fails where the version has not what a placeholder stands for.
func (q Query) For(v Version, namespace string, window time.Duration) (string, error) {
	var missing error
	text := placeholder.ReplaceAllStringFunc(q.PromQL, func(found string) string {
		name := strings.Trim(found, "${}")
		label, is := strings.CutPrefix(name, labelPrefix)
		value, ok := v.Labels[label]
		switch {
		case name == windowName:
			return rangeOf(window)
		case name == subsetName:
			value = v.Subset
		case name == hostName:
			value = v.Host
		case name == spaceName:
			value = namespace
		case !is || !ok:
			missing = fmt.Errorf("the subset %s has no label %q", v.Subset, label)
		}
		// Inside the quotes of a string a value is only itself.
		quoted := strconv.Quote(value)
		return quoted[1 : len(quoted)-1]
	})
	return text, missing
}
