package siblings

import (
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// Two resources may not have one object, if one of them is to get it, whichever is planned first.
func TestClaims(t *testing.T) {
	t.Parallel()
	type noted struct {
		by        uint64
		all, held string
	}
	for name, test := range map[string]struct {
		first, second noted
		want          bool
	}{
		"none in common":          {noted{1, "a", "a"}, noted{2, "b", ""}, false},
		"one is made":             {noted{1, "a", "a"}, noted{2, "a", ""}, true},
		"one was made":            {noted{1, "a", ""}, noted{2, "a", "a"}, true},
		"one gets another name":   {noted{1, "a", "a"}, noted{2, "a", "b"}, true},
		"one is given up":         {noted{1, "b", "a"}, noted{2, "a", "c"}, false},
		"both are made":           {noted{1, "a", ""}, noted{2, "a", ""}, true},
		"both have had it":        {noted{1, "a", "a"}, noted{2, "a", "a"}, false},
		"one that is replaced":    {noted{1, "a", "a"}, noted{1, "a", ""}, false},
		"the second one of a few": {noted{1, "ab", "ab"}, noted{2, "cb", "c"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c Claims
			note := func(n noted) (cluster.Address, bool) { return c.Note(n.by, named(n.all), named(n.held)) }
			if at, shared := note(test.first); shared {
				t.Errorf("the first one shares %s", at)
			}
			if at, shared := note(test.second); shared != test.want {
				t.Errorf("the second one shares %s: %t, want %t", at, shared, test.want)
			}
		})
	}
	var none *Claims
	none.Note(1, named("a"), nil)
	if at, shared := none.Note(2, named("a"), nil); shared {
		t.Errorf("claims that are none know of %s", at)
	}
}

// named are VirtualServices of names of one letter.
func named(names string) (all []cluster.Address) {
	for _, name := range names {
		all = append(all, at(string(name)))
	}
	return all
}
