package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Where proxies differ by their version, it is said how many are older.
func TestProxiesText(t *testing.T) {
	t.Parallel()
	const join = ", and join the lines of a header before they compare it, so that "
	for name, test := range map[string]struct {
		versions map[string]int
		want     string
	}{
		"nothing is known": {nil, ""},
		"there are none":   {map[string]int{}, ""},
		"some are older": {
			map[string]int{"1.31.0": 1, "1.30.1": 2, "1.9.4": 1, "1.32-alpha.0": 1},
			"3 of 5 proxies here are older (1 of Istio 1.9.4, 2 of Istio 1.30.1)" + join +
				"for their callers there is no exception.",
		},
		"all are older": {
			map[string]int{"1.30.1": 2},
			"All of 2 proxies here are older (2 of Istio 1.30.1)" + join + "there is no exception.",
		},
		"none is older": {map[string]int{"1.31.2": 4}, "None of 4 proxies here is older: requests with several lines " +
			"are the exception for all of them."},
		"some do not say": {
			map[string]int{"1.30.1": 1, "": 2, "main": 1, "2.1": 1, "1.x": 1},
			"1 of 6 proxies here are older (1 of Istio 1.30.1)" + join +
				"for their callers there is no exception. Of how many the version is not known: 5.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, proxiesText(test.versions)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}
