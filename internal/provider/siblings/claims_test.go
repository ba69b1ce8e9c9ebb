package siblings

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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
		want          *Sharing
	}{
		"none in common":          {noted{1, "a", "a"}, noted{2, "b", ""}, nil},
		"one is made":             {noted{1, "a", "a"}, noted{2, "a", ""}, &Sharing{Object: at("a")}},
		"one was made":            {noted{1, "a", ""}, noted{2, "a", "a"}, &Sharing{Object: at("a")}},
		"one gets another name":   {noted{1, "a", "a"}, noted{2, "a", "b"}, &Sharing{Object: at("a")}},
		"one is given up":         {noted{1, "b", "a"}, noted{2, "a", "c"}, nil},
		"both are made":           {noted{1, "a", ""}, noted{2, "a", ""}, &Sharing{Object: at("a")}},
		"both have had it":        {noted{1, "a", "a"}, noted{2, "a", "a"}, nil},
		"one that is replaced":    {noted{1, "a", "a"}, noted{1, "a", ""}, nil},
		"the second one of a few": {noted{1, "ab", "ab"}, noted{2, "cb", "c"}, &Sharing{Object: at("b")}},
		"one of two gives it up":  {noted{1, "b", "a"}, noted{2, "a", "a"}, &Sharing{at("a"), true}},
		"one keeps it of two":     {noted{1, "a", "a"}, noted{2, "b", "a"}, &Sharing{at("a"), true}},
		"both give it up":         {noted{1, "b", "a"}, noted{2, "c", "a"}, nil},
		"one that is moved":       {noted{1, "b", "a"}, noted{1, "b", ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c Claims
			note := func(n noted) *Sharing {
				if shared, ok := c.Note(n.by, named(n.all), named(n.held)); ok {
					return &shared
				}
				return nil
			}
			if shared := note(test.first); shared != nil {
				t.Errorf("the first one shares %v", shared)
			}
			if diff := cmp.Diff(test.want, note(test.second)); diff != "" {
				t.Errorf("what the second one shares (-want +got):\n%s", diff)
			}
		})
	}
	var none *Claims
	none.Note(1, named("a"), nil)
	if shared, ok := none.Note(2, named("a"), nil); ok {
		t.Errorf("claims that are none know of %v", shared)
	}
}

// named are VirtualServices of names of one letter.
func named(names string) (all []cluster.Address) {
	for _, name := range names {
		all = append(all, at(string(name)))
	}
	return all
}
