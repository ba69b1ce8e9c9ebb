package cluster

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The random parts of nonces as istiod gives them out. The first begins with a digit, right after the version.
const (
	digits  = "28154c05-b6ae-499a-8bf9-6beff0bd3f5f"
	letters = "ad17912c-aa72-485a-ae60-7bc6da688a4f"
	started = "2026-11-23T12:34:37Z/"
)

// sent returns a proxy that was sent a version, and has acknowledged another one.
func sent(version, acknowledged string) proxy {
	p := proxy{}
	if version != "" {
		p.ClusterSent, p.RouteSent = started+version+digits, started+version+letters
	}
	if acknowledged != "" {
		p.ClusterAcked, p.RouteAcked = started+acknowledged+digits, started+acknowledged+letters
	}
	return p
}

func TestProxies_version(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		nonces []string
		want   int
	}{
		"a random part that begins with a letter": {[]string{started + "57" + letters}, 57},
		"a random part that begins with a digit":  {[]string{started + "57" + digits}, 57},
		"the newest counts": {
			[]string{started + "9" + letters, started + "10" + digits, started + "2" + letters}, 10,
		},
		"nothing sent":               {[]string{""}, 0},
		"no proxy":                   {nil, 0},
		"a random part alone":        {[]string{digits}, 0},
		"shorter than a random part": {[]string{"57"}, 0},
		"a version without a start":  {[]string{"57" + digits}, 57},
		"no number":                  {[]string{started + digits}, 0},
		"another form":               {[]string{"version-info-of-something-else-that-is-long-enough"}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := proxies{}
			for i, nonce := range test.nonces {
				p := proxy{ClusterSent: nonce}
				if i%2 == 1 {
					p = proxy{RouteSent: nonce}
				}
				all[nonce] = p
			}
			if got := all.version(); got != test.want {
				t.Errorf("version %d, want %d", got, test.want)
			}
		})
	}
}

func TestNewer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before, now []proxies
		want        bool
	}{
		"one proxy was sent something newer": {
			[]proxies{{"a": sent("1", "1"), "b": sent("1", "1")}},
			[]proxies{{"a": sent("2", ""), "b": sent("1", "1")}},
			true,
		},
		"nothing was sent": {
			[]proxies{{"a": sent("1", "1")}}, []proxies{{"a": sent("1", "1")}}, false,
		},
		"one istiod of two lags behind": {
			[]proxies{{"a": sent("1", "1")}, {"b": sent("7", "7")}},
			[]proxies{{"a": sent("2", "2")}, {"b": sent("7", "7")}},
			false,
		},
		"both istiods sent something newer": {
			[]proxies{{"a": sent("1", "1")}, {"b": sent("7", "7")}},
			[]proxies{{"a": sent("2", "2")}, {"b": sent("8", "8")}},
			true,
		},
		"an istiod without proxies": {[]proxies{{"a": sent("1", "1")}, {}}, []proxies{{"a": sent("2", "2")}, {}}, true},
		"no proxy anywhere":         {[]proxies{{}}, []proxies{{}}, false},
		"the first proxy came":      {[]proxies{{}}, []proxies{{"a": sent("3", "3")}}, true},
		"the last proxy went":       {[]proxies{{"a": sent("3", "3")}}, []proxies{{}}, false},
		"ten follows nine":          {[]proxies{{"a": sent("9", "9")}}, []proxies{{"a": sent("10", "10")}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := newer(test.now, test.before); got != test.want {
				t.Errorf("newer: %t, want %t", got, test.want)
			}
		})
	}
}

func TestObservedProxies_missing(t *testing.T) {
	t.Parallel()
	refusing := sent("2", "1")
	refusing.Resources = map[string]resource{"clusters": {}, "routes": {LastError: "duplicate domain"}}
	silent := sent("2", "2")
	silent.RouteAcked = ""
	all := []proxies{
		{"a": sent("2", "2"), "c": sent("2", "1"), "d": sent("", ""), "f": sent("9", "8")},
		{"b": refusing, "e": silent},
	}
	tests := map[string]struct {
		enough []int
		want   []string
	}{
		"of what was sent last": {nil, []string{"c", "f", "b (duplicate domain)", "e"}},
		"of a certain version":  {[]int{8, 3}, []string{"c", "b (duplicate domain)", "e"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := observedProxies{last: all, enough: test.enough}
			if diff := cmp.Diff(test.want, s.missing()); diff != "" {
				t.Errorf("proxies without an answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEqualProxies(t *testing.T) {
	t.Parallel()
	base := func() []proxies { return []proxies{{"a": sent("1", "1")}, {"b": sent("4", "3")}} }
	refusing := sent("1", "1")
	refusing.Resources = map[string]resource{"routes": {LastError: "x"}}
	tests := map[string]struct {
		now  []proxies
		want bool
	}{
		"the same":               {base(), true},
		"something sent":         {[]proxies{{"a": sent("2", "1")}, {"b": sent("4", "3")}}, false},
		"something acknowledged": {[]proxies{{"a": sent("1", "1")}, {"b": sent("4", "4")}}, false},
		"a proxy more": {
			[]proxies{{"a": sent("1", "1"), "c": sent("1", "1")}, {"b": sent("4", "3")}}, false,
		},
		"a proxy less":                     {[]proxies{{"a": sent("1", "1")}, {}}, false},
		"another proxy":                    {[]proxies{{"c": sent("1", "1")}, {"b": sent("4", "3")}}, false},
		"a proxy that moved to the other":  {[]proxies{{}, {"a": sent("1", "1"), "b": sent("4", "3")}}, false},
		"an objection changes no versions": {[]proxies{{"a": refusing}, {"b": sent("4", "3")}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := equalProxies(base(), test.now); got != test.want {
				t.Errorf("equal: %t, want %t", got, test.want)
			}
		})
	}
}

// TestByID: connections of one id are kept apart, in whatever order istiod tells of them.
func TestByID(t *testing.T) {
	t.Parallel()
	named := func(version, acknowledged string) proxy {
		p := sent(version, acknowledged)
		p.ID = "client.shop"
		return p
	}
	other := sent("1", "1")
	other.ID = "web.shop"
	list := []proxy{named("2", "2"), other, named("2", "1"), named("1", "1")}
	want := byID(slices.Clone(list))
	if diff := cmp.Diff(
		[]string{"client.shop", "client.shop #2", "client.shop #3", "web.shop"}, slices.Sorted(maps.Keys(want)),
	); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	slices.Reverse(list)
	if !equalProxies([]proxies{want}, []proxies{byID(list)}) {
		t.Error("another order gives another answer")
	}
	if missing := newObservedProxies([]proxies{want}, time.Time{}).missing(); len(missing) != 1 {
		t.Errorf("without an answer: %q, want one of three", missing)
	}
}
