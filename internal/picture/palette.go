package picture

import (
	"hash/fnv"
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

func newPalette(arrows []Arrow) palette {
	subsets := map[string]string{}
	for _, a := range arrows {
		subsets[a.To] = a.Subset
	}
	names := make([]string, 0, len(subsets))
	for name := range subsets {
		names = append(names, name)
	}
	slices.Sort(names)
	p, taken := palette{}, map[int]bool{}
	for _, sure := range []bool{true, false} {
		for _, name := range names {
			place, known := preferred(subsets[name])
			if known != sure {
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
	return p
}

// preferred returns the place that a name would like, and whether that follows from its meaning: v1 is the first.
func preferred(name string) (place int, known bool) {
	if place, known = common[strings.ToLower(name)]; known {
		return place, true
	}
	digits := name[len(strings.TrimRight(name, "0123456789")):]
	if n, err := strconv.Atoi(digits); err == nil && n > 0 {
		return (n - 1) % len(colours), true
	}
	sum := fnv.New32a()
	sum.Write([]byte(name))
	return int(sum.Sum32() % uint32(len(colours))), false
}

// colourOf and hatchOf say how a place looks: with more than eight destinations the colours come again with other
// hatches.
func colourOf(place int) int { return place % len(colours) }

func hatchOf(place int) int { return (place + place/len(colours)) % len(hatches) }
