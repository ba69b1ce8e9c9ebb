// Package spelling finds the name that somebody meant who wrote one that there is not. It is pure.
package spelling

import (
	"strings"

	"github.com/agext/levenshtein"
)

// longestMisspelt is how long a name is for which a nearest one is looked for, because that costs its length squared.
const longestMisspelt = 64

// likeness is how much of a name has to be the same, where 1 is all of it.
const likeness = 0.6

// alike counts a common start for more where half of two names is the same: it makes "retry" like "retries".
var alike = levenshtein.NewParams().BonusThreshold(0.5)

// Nearest returns the name that somebody meant who wrote another one, empty where none is near. Capitals, - and _
// make no difference: corsPolicy is cors_policy.
func Nearest(written string, names []string) string {
	if len(written) > longestMisspelt {
		return ""
	}
	nearest, most := "", likeness
	for _, name := range names {
		like := levenshtein.Match(folded(written), folded(name), alike)
		if like > most || like == most && nearest != "" && name < nearest {
			nearest, most = name, like
		}
	}
	return nearest
}

// folded returns a name without what tells camelCase, kebab-case and snake_case apart.
func folded(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}
