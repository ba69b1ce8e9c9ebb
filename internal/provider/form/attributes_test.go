package form

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// Every attribute of every schema stands in the table, and every row is of an attribute that some schema has.
func TestAttributes(t *testing.T) {
	t.Parallel()
	top, all := map[string]bool{}, map[string]bool{}
	for _, f := range All {
		for name, a := range SchemaOf(f).Attributes {
			top[name], all[name] = true, true
			for inner := range nestedIn(a) {
				all[name+"."+inner] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(top)) {
		if _, ok := attributes[name]; !ok {
			t.Errorf("attributes.go lacks %s: what follows from it?", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if !all[name] {
			t.Errorf("attributes.go has %s, which no schema has", name)
		}
	}
}

func nestedIn(a schema.Attribute) map[string]schema.Attribute {
	switch a := a.(type) {
	case schema.SingleNestedAttribute:
		return a.Attributes
	case schema.ListNestedAttribute:
		return a.NestedObject.Attributes
	case schema.MapNestedAttribute:
		return a.NestedObject.Attributes
	}
	return nil
}

// What nobody can configure is live, and what is live nobody can configure, in some form at least.
func TestAttributes_live(t *testing.T) {
	t.Parallel()
	computed := map[string]bool{}
	for _, f := range All {
		for name, a := range SchemaOf(f).Attributes {
			if a.IsComputed() && !a.IsOptional() {
				computed[name] = true
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(computed)), With(Live)); diff != "" {
		t.Errorf("live attributes (-computed +live):\n%s", diff)
	}
}

// How a resource is changed says the same in both compact forms; the forms of one object have what means something to
// their kind.
func TestAttributes_lifecycle(t *testing.T) {
	t.Parallel()
	carried := With(Carried)
	for name := range lifecycleAttributes() {
		if !slices.Contains(carried, name) {
			t.Errorf("a move between the compact forms loses %s", name)
		}
		for f, none := range map[string]Trait{VirtualService.name: OfSubsets, DestinationRule.name: OfRules} {
			if _, has := schemas()[f].Attributes[name]; has == (attributes[name]&none != 0) {
				t.Errorf("%s has %s: %t", f, name, has)
			}
		}
	}
	for _, f := range []Form{CanaryRoute{}, WeightedSplit{}} {
		for _, name := range carried {
			if _, has := SchemaOf(f).Attributes[name]; !has {
				t.Errorf("%s takes %s from the other compact form, and does not have it", f.TypeName(), name)
			}
		}
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	subset := path.Root("subsets").AtMapKey("v1")
	for name, c := range map[string]struct {
		at   path.Path
		want string
	}{
		"the resource":         {path.Empty(), "worded moving facing deciding"},
		"an attribute":         {path.Root("gateways"), "moving facing deciding"},
		"something inside one": {path.Root("rules").AtListIndex(0).AtName("labels"), "worded moving facing deciding"},
		"a subset":             {subset, "worded moving facing deciding"},
		"labels of a subset":   {subset.AtName("labels").AtMapKey("version"), "moving facing"},
		"a policy of a subset": {subset.AtName("traffic_policy").AtName("tls"), ""},
		"a policy":             {path.Root("traffic_policy").AtName("tls"), ""},
		"labels":               {path.Root("labels").AtMapKey("team"), ""},
		"the largest step":     {path.Root("max_weight_step"), "moving"},
		"leave to be empty":    {path.Root("allow_empty_subsets"), "facing"},
		"what no schema has":   {path.Root("nothing"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for i, trait := range []Trait{Worded, Moving, Facing, Deciding} {
				if Has(c.at, trait) {
					got = append(got, []string{"worded", "moving", "facing", "deciding"}[i])
				}
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
