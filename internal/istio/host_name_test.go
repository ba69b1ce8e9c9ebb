package istio

import (
	"strings"
	"testing"
)

func TestIsHost(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"reviews":                        true,
		"reviews.shop":                   true,
		"reviews.shop.svc.cluster.local": true,
		"Reviews.Example":                true,
		"*":                              true,
		"*.example":                      true,
		"10.0.0.1":                       true, "::1": true, "xn--bcher-kva.example": true, "a": true,
		"": false, "*.": false, "**": false, "*example": false, "a b": false, ".a": false, "a.": false, "-a": false,
		"a_b": false, "a/b": false, "fe80::1%eth0": false,
		"\u212aafka":             false,
		"bücher.example":         false,
		"a\n":                    false,
		"a\x1b[31m":              false,
		strings.Repeat("a", 254): false,
		"a:80":                   false,
	} {
		if got := IsHost(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}
