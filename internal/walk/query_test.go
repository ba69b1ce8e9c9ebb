package walk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// A query is told what it asks about, and a value stays inside the quotes of its string.
func TestQuery_For(t *testing.T) {
	t.Parallel()
	v := walk.Version{Subset: `v"2`, Host: host, Labels: map[string]string{
		"app": "reviews", "app.kubernetes.io/version": "2", "odd": "a\\b",
	}}
	for name, test := range map[string]struct {
		promql, want string
		ofVersion    bool
	}{
		"none":                     {"up", "up", false},
		"the window":               {"a[$window]", "a[90s]", false},
		"the window, in braces":    {"a[${window}:1s]", "a[90s:1s]", false},
		"the namespace":            {`a{b="$namespace"}`, `a{b="shop"}`, false},
		"the host":                 {`a{b="$host"}`, `a{b="` + host + `"}`, true},
		"a label":                  {`a{b="$labels.app"}`, `a{b="reviews"}`, true},
		"a label of several":       {`a{b="${labels.app.kubernetes.io/version}"}`, `a{b="2"}`, true},
		"a quote":                  {`a{b="$subset"}`, `a{b="v\"2"}`, true},
		"a backslash":              {`a{b="$labels.odd"}`, `a{b="a\\b"}`, true},
		"the end of an expression": {`a{b=~"c$"}`, `a{b=~"c$"}`, false},
		"one in another":           {"$$window", "$90s", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := walk.Query{PromQL: test.promql}
			if err := q.Check(); err != nil {
				t.Fatal(err)
			}
			got, err := q.For(v, "shop", 90*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || q.OfVersion() != test.ofVersion {
				t.Errorf("of a version: %t; query (-want +got):\n%s", q.OfVersion(), diff)
			}
		})
	}
}

// What a placeholder stands for has to be there.
func TestQuery_wrong(t *testing.T) {
	t.Parallel()
	for promql, want := range map[string]string{
		"$interval": "has the placeholder $interval, which has no meaning: there are $window, $subset, $host, " +
			"$namespace and $labels.NAME",
		"${labels.}": "has the placeholder $labels., which has no meaning: there are $window, $subset, $host, " +
			"$namespace and $labels.NAME",
		"$labels": "has the placeholder $labels, which has no meaning: there are $window, $subset, $host, $namespace " +
			"and $labels.NAME",
	} {
		if err := (walk.Query{PromQL: promql}).Check(); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", promql, err, want)
		}
	}
	const want = `the subset v2 has no label "track"`
	q := walk.Query{PromQL: "a{b=\"$labels.track\"}"}
	if _, err := q.For(walk.Version{Subset: "v2"}, "shop", 0); err == nil || err.Error() != want {
		t.Errorf("without the label: %v, want %s", err, want)
	}
}
