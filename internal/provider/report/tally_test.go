package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// What is told of many objects in the same words is told of the first three, and of all others under one summary,
// which Terraform shows once and counts. Other words, and what fails for certain, are told of each.
func TestWarnings(t *testing.T) {
	t.Parallel()
	at := path.Root("subsets")
	note := func(name, text string) Warning {
		return Warning{
			At: at, Kind: "Note", Of: "shop/" + name, Text: text,
			Names: []string{"shop", name, name + ".shop.svc.cluster.local"},
		}
	}
	same := func(name string) Warning {
		return note(name, "subsets: is odd in "+name+".shop.svc.cluster.local ("+name+").")
	}
	fails := func(name string) Warning {
		w := same(name)
		w.Fails = true
		return w
	}
	const more = "Note (more objects): In shop/"
	for name, test := range map[string]struct {
		told []Warning
		want []string
	}{
		"one object": {[]Warning{same("a")}, []string{
			"Note (shop/a): subsets: is odd in a.shop.svc.cluster.local (a).",
		}},
		"the same of others": {[]Warning{same("a"), same("b"), same("c"), same("d"), same("reviews-7")}, []string{
			"Note (shop/a): subsets: is odd in a.shop.svc.cluster.local (a).",
			"Note (shop/b): subsets: is odd in b.shop.svc.cluster.local (b).",
			"Note (shop/c): subsets: is odd in c.shop.svc.cluster.local (c).",
			more + "d: subsets: is odd in d.shop.svc.cluster.local (d).",
			more + "reviews-7: subsets: is odd in reviews-7.shop.svc.cluster.local (reviews-7).",
		}},
		"asked twice": {[]Warning{same("a"), same("b"), same("a"), same("a"), same("c")}, []string{
			"Note (shop/a): subsets: is odd in a.shop.svc.cluster.local (a).",
			"Note (shop/b): subsets: is odd in b.shop.svc.cluster.local (b).",
			"Note (shop/c): subsets: is odd in c.shop.svc.cluster.local (c).",
		}},
		"something else of others": {[]Warning{same("a"), note("b", "is even."), note("c", "is in "+
			"shopping.")}, []string{
			"Note (shop/a): subsets: is odd in a.shop.svc.cluster.local (a).", "Note (shop/b): is even.",
			"Note (shop/c): is in shopping.",
		}},
		"what fails": {[]Warning{fails("a"), fails("b"), fails("c"), fails("d")}, []string{
			"Note (shop/a): subsets: is odd in a.shop.svc.cluster.local (a).",
			"Note (shop/b): subsets: is odd in b.shop.svc.cluster.local (b).",
			"Note (shop/c): subsets: is odd in c.shop.svc.cluster.local (c).",
			"Note (shop/d): subsets: is odd in d.shop.svc.cluster.local (d).",
		}},
		"no name": {[]Warning{{At: at, Kind: "Note", Text: "is odd."}, {Kind: "Note", Text: "is odd."}}, []string{
			"Note: is odd.", "Note: is odd.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tally Tally
			var said diag.Diagnostics
			for _, w := range test.told {
				Warnings{w}.Tell(&said, Audience{Told: &tally})
			}
			if diff := cmp.Diff(test.want, texts(said)); diff != "" {
				t.Errorf("says (-want +got):\n%s", diff)
			}
		})
	}
}

func texts(said diag.Diagnostics) []string {
	var all []string
	for _, d := range said {
		all = append(all, d.Summary()+": "+d.Detail())
	}
	return all
}

// However much there is to tell, of each kind so many are told by themselves, and all if nobody counts.
func TestWarnings_many(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tally *Tally
		want  int
	}{"counted": {&Tally{}, mostTold + 1}, "not counted": {nil, 50}} {
		var said diag.Diagnostics
		for i := range 50 {
			Warnings{{Kind: "Note", Of: fmt.Sprintf("shop/a%d", i), Text: strings.Repeat("odd ", i)}}.Tell(
				&said, Audience{Told: test.tally})
		}
		shown := map[string]bool{}
		for _, d := range said {
			shown[d.Summary()] = true
		}
		if len(shown) != test.want {
			t.Errorf("%s: Terraform shows %d warnings, want %d", name, len(shown), test.want)
		}
	}
}

// What is the same for all is told once.
// TestTextOf: what is told of an object is found in its diagnostic, whether it was told by itself or among others.
func TestTextOf(t *testing.T) {
	t.Parallel()
	var told diag.Diagnostics
	tally := &Tally{}
	for _, name := range []string{"a", "b", "c", "d"} {
		Warnings{{Kind: "Note", Of: "shop/" + name, Text: "It is odd: so."}}.Tell(&told, Audience{Told: tally})
	}
	Warnings{{Kind: "Note", Text: "It is odd: so."}}.Tell(&told, Audience{})
	for i, d := range told {
		if text, ok := TextOf("Note", d.Summary(), d.Detail()); !ok || text != "It is odd: so." {
			t.Errorf("%d: %s: %s is read as %q, %t", i, d.Summary(), d.Detail(), text, ok)
		}
		if text, ok := TextOf("Not", d.Summary(), d.Detail()); ok {
			t.Errorf("%s is of another kind, and read as %q", d.Summary(), text)
		}
	}
	if len(told) != 5 || told[3].Summary() != "Note (more objects)" {
		t.Errorf("told are %v", told)
	}
}

func TestTally_Once(t *testing.T) {
	t.Parallel()
	var tally, nobody *Tally = &Tally{}, nil
	got := []bool{tally.Once("a"), tally.Once("b"), tally.Once("a"), nobody.Once("a"), nobody.Once("a")}
	if diff := cmp.Diff([]bool{true, true, false, true, true}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// What the cluster warns of while one object is written is one warning with each text once, under its name.
func TestTellMore(t *testing.T) {
	t.Parallel()
	var tally Tally
	to, said := Audience{Told: &tally}, diag.Diagnostics{}
	said.AddError(warningOfCluster+" (shop/a)", "is an error.")
	for _, text := range []string{"Is odd.", "Is even.", "Is odd."} {
		tellMore(&said, to, Warning{Kind: warningOfCluster, Of: "shop/a", Names: []string{"shop", "a"}, Text: text})
	}
	tellMore(&said, to, Warning{Kind: warningOfCluster, Of: "shop/b", Text: "Is odd."})
	tellMore(&said, to, Warning{Kind: warningOfCluster, Text: "Is odd."})
	tellMore(&said, to, Warning{Kind: warningOfCluster, Text: "Is even."})
	want := []string{
		warningOfCluster + " (shop/a): is an error.", warningOfCluster + " (shop/a): Is odd.\n\nIs even.",
		warningOfCluster + " (shop/b): Is odd.", warningOfCluster + ": Is odd.", warningOfCluster + ": Is even.",
	}
	if diff := cmp.Diff(want, texts(said)); diff != "" {
		t.Errorf("says (-want +got):\n%s", diff)
	}
}
