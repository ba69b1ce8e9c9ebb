package picture

import (
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// colour is a fill for light and for dark pages. The eight are those of Okabe and Ito, which people can tell apart
// who do not tell red from green, a little lighter or darker where a page needs that.
type colour struct{ light, dark string }

var colours = [...]colour{
	{"#0072b2", "#3f97d6"}, // blue
	{"#e69f00", "#e69f00"}, // orange
	{"#009e73", "#1fb587"}, // green
	{"#cc79a7", "#d78fb6"}, // pink
	{"#56b4e9", "#8ccdf2"}, // light blue
	{"#d55e00", "#e8743b"}, // vermilion
	{"#b3a100", "#f0e442"}, // yellow
	{"#6e7781", "#a3abb4"}, // grey
}

// hatches are the paths of the patterns by which shares differ besides their colours, in a tile of six pixels; the
// first has none.
var hatches = [...]string{
	"",
	"M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2",
	"M1.5,1.5 h1.5 v1.5 h-1.5 z M4.5,4.5 h1.5 v1.5 h-1.5 z",
	"M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2",
	"M0,3 h6",
	"M3,0 v6",
	"M0,3 h6 M3,0 v6",
	"M0,0 l6,6 M0,6 l6,-6",
}

// fills are the characters by which shares differ in a text.
var fills = []rune("█░▓▒▚▞▄▀")

// common are the places of names that many give, so that a subset named green is not blue.
var common = map[string]int{
	"stable": 0, "blue": 0, "primary": 0, "canary": 1, "orange": 1, "green": 2, "red": 5, "yellow": 6,
}

// palette has the place of each destination among colours and hatches. The same names have the same places in every
// picture, as far as two of one picture do not have the same.
type palette map[string]int

// Colours are those that subsets have in the pictures of one page.
type Colours map[string]int

// newPalette gives destinations, of which it gets the subsets, the colours that those have already. It adds the new
// ones.
func newPalette(subsets map[string]string, given Colours) palette {
	p, taken := palette{}, map[int]bool{}
	names := slices.Sorted(maps.Keys(subsets))
	for pass := range surest {
		for _, name := range names {
			place, sureness := given.preferred(subsets[name])
			if sureness != pass {
				continue
			}
			round := len(p) / len(colours) * len(colours)
			place += round
			for taken[place] {
				place = round + (place+1-round)%len(colours)
			}
			p[name], taken[place] = place, true
		}
	}
	for _, name := range names {
		if _, known := given[subsets[name]]; given != nil && !known {
			given[subsets[name]] = colourOf(p[name])
		}
	}
	return p
}

// surest is how many kinds of places there are: those that follow from what a name means, those that another picture
// has given, and those of other names.
const surest = 3

// preferred returns the place that a subset would like, and how sure that is: v1 is the first.
func (given Colours) preferred(name string) (place, sureness int) {
	if place, known := common[strings.ToLower(name)]; known {
		return place, 0
	}
	digits := name[len(strings.TrimRight(name, "0123456789")):]
	if n, err := strconv.Atoi(digits); err == nil && n > 0 {
		return (n - 1) % len(colours), 0
	}
	if place, has := given[name]; has {
		return place, 1
	}
	sum := fnv.New32a()
	sum.Write([]byte(name))
	place = int(sum.Sum32() % uint32(len(colours)))
	for i := range colours { // one that no other subset has, if there is one
		if next := (place + i) % len(colours); !given.has(next) {
			return next, 2
		}
	}
	return place, 2
}

func (given Colours) has(place int) bool {
	for _, taken := range given {
		if taken == place {
			return true
		}
	}
	return false
}

// colourOf and hatchOf say how a place looks: with more than eight destinations the colours come again with other
// hatches.
func colourOf(place int) int { return place % len(colours) }

func hatchOf(place int) int { return (place + place/len(colours)) % len(hatches) }
