package traffic

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// elsewhere is the host of stand-ins: destinations of words, not of requests, which the subset names. No host is
// called that.
const elsewhere = "."

// handingOver stands for the rules behind the one that handed over to a delegate.
var handingOver = Destination{Host: elsewhere, Subset: "the VirtualService that hands over"}

// newWordTable makes a table to say in words what VirtualServices do. What cannot be known of them is a stand-in: a
// delegate that is not among the objects and may be there, and, where only delegates are among them, what happens to
// the requests that they do not take. A delegate that is only to be named is a stand-in too, unless istiod leaves out
// the rule that hands over to it.
func newWordTable(routes []*istio.Object, options Options) *Table {
	var roots, delegates []*istio.Object
	present, created := map[string]*istio.Object{}, map[*istio.Object]time.Time{}
	for _, o := range routes {
		spec, ok := o.Spec.(*networking.VirtualService)
		if !ok {
			continue
		}
		object := *o
		spec = proto.CloneOf(spec)
		for _, rule := range spec.GetHttp() {
			for _, match := range rule.GetMatch() {
				if match != nil {
					match.Name = "" // it is for statistics, and without it a match may say nothing
				}
			}
		}
		object.Spec = istio.Canonical(spec)
		if at, known := options.Created[o]; known {
			created[&object] = at
		}
		if len(spec.GetHosts()) > 0 {
			roots = append(roots, &object)
			continue
		}
		delegates = append(delegates, &object)
		present[o.Namespace+"/"+o.Name] = &object
	}
	options.Created = created
	lost := map[*istio.Object][]Dropped{}
	for _, o := range roots {
		for i, rule := range o.VirtualServiceSpec().Http {
			if rule.GetDelegate() == nil {
				continue
			}
			key := DelegateOf(o, rule)
			switch {
			case present[key] != nil && options.NameDelegates:
				full, dropped := newMerged(o, i, options.Domain()).delegate(present, options.Domain())
				if len(full) == 0 && len(dropped) > 0 {
					continue
				}
				lost[o] = append(lost[o], dropped...)
			case present[key] != nil || options.Absent[key]:
				continue
			}
			rule.Delegate, rule.Route = nil, towards(Destination{Host: elsewhere, Subset: "VirtualService " + key})
		}
	}
	if len(roots) == 0 {
		for _, o := range delegates {
			spec := o.VirtualServiceSpec()
			spec.Hosts, spec.Http = []string{"*"}, append(spec.Http, &networking.HTTPRoute{Route: towards(handingOver)})
		}
	}
	if options.SharesByOthers {
		for _, o := range slices.Concat(roots, delegates) {
			weighAlike(o.VirtualServiceSpec())
		}
	}
	t := NewTable(append(roots, delegates...), nil, options)
	for _, s := range t.virtualServices {
		s.dropped = append(lost[s.object], s.dropped...)
		slices.SortStableFunc(s.dropped, func(a, b Dropped) int { return cmp.Compare(ruleIndex(a), ruleIndex(b)) })
	}
	return t
}

// ruleIndex is the index of the rule in which something is left out.
func ruleIndex(d Dropped) int {
	index, _ := d.At[1].(int)
	return index
}

// weighAlike lets every destination of a rule have requests, since what it has is not known.
func weighAlike(spec *networking.VirtualService) {
	for _, rule := range spec.Http {
		for _, route := range rule.GetRoute() {
			route.Weight = 1
		}
	}
}

func towards(d Destination) []*networking.HTTPRouteDestination {
	return []*networking.HTTPRouteDestination{{Destination: &networking.Destination{Host: d.Host, Subset: d.Subset}}}
}

// handsOver reports whether a rule leaves its requests to rules that are not known.
func (r *compiledRule) handsOver() bool {
	return len(r.rule.Route) == 1 && r.rule.Route[0].GetDestination().GetHost() == elsewhere
}

// goesOn reports whether a rule leaves what is left to the VirtualService that hands over.
func (r *compiledRule) goesOn() bool {
	return r.handsOver() && newDestination(r.rule.Route[0].GetDestination()) == handingOver
}
