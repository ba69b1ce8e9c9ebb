package traffic

import (
	"fmt"
	"slices"

	"github.com/meshroute/terraform-provider-mesh/internal/picture"
)

// tellFates says of rules that go where their requests go afterwards. now and then are the pictures of both tables.
// Of a VirtualService that goes nothing is said.
func (n *namer) tellFates(was, is *Table, now, then []picture.Route) {
	gone := map[*compiledRule]*picture.Box{}
	for i, s := range was.virtualServices {
		at := slices.IndexFunc(then, func(r picture.Route) bool { return r.Key == now[i].Key })
		if at < 0 {
			continue
		}
		for j, rule := range s.rules {
			b := &now[i].Boxes[j]
			if !slices.ContainsFunc(then[at].Boxes, func(o picture.Box) bool { return o.Key == b.Key }) {
				gone[rule] = b
			}
		}
	}
	if len(gone) == 0 {
		return
	}
	c := comparison{
		was: newSurvey(was, func(r *compiledRule) bool { return gone[r] != nil }), is: &survey{table: is},
		names: n, left: mostCompared,
	}
	for _, f := range c.was.finds {
		if f.witness == nil {
			continue
		}
		out, b := is.follow(*f.witness), gone[f.entry.rule]
		all := c.allAlike(f, c.is, out)
		fates := []string{c.fate(out, all)}
		for _, r := range f.others() {
			if o := was.follow(r); !all && o.Rule == f.entry.rule.ref {
				fates = append(fates, c.fate(is.follow(r), false))
			}
		}
		for _, words := range fates {
			if !slices.Contains(b.Fate, words) {
				b.Fate = append(b.Fate, words)
			}
		}
	}
}

// others are requests like the witness by another method and at other gateways, which the match may take as well.
func (f reached) others() (all []Request) {
	all = append(all, *f.witness)
	all[0].Method = "POST"
	for _, gateway := range f.analysis.virtualService.gateways {
		all = append(all, *f.witness)
		all[len(all)-1].Gateway = gateway
	}
	return all
}

// fate says what becomes of requests whose rule is gone: of all that are known of, or of some.
func (c *comparison) fate(out Outcome, all bool) string {
	who := "its requests"
	if !all {
		who = "some of its requests"
	}
	switch out.Kind {
	case NoRoute:
		return who + " have no route then"
	case Unclaimed:
		return who + " go to " + theService + " then"
	case Forward, RedirectTo, Respond:
	}
	for _, s := range c.is.table.virtualServices {
		for i, rule := range s.rules {
			if rule.ref == out.Rule {
				return fmt.Sprintf("rule %d takes %s then: %s", i+1, who, c.names.target(out))
			}
		}
	}
	return who + " get " + c.names.target(out)
}
