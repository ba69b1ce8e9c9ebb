package around

import (
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Delegates reports whether a VirtualService hands requests over to others.
func Delegates(o *istio.Object) bool { return len(delegateNames(o)) > 0 }

// delegateNames are the VirtualServices that one hands over to, by namespace and name with a slash between them.
func delegateNames(o *istio.Object) []string {
	var names []string
	spec := o.VirtualServiceSpec()
	if len(spec.GetHosts()) == 0 {
		return nil
	}
	for _, rule := range spec.GetHttp() {
		if name := traffic.DelegateOf(o, rule); name != "" {
			names = append(names, name)
		}
	}
	return istio.Unique(names)
}

// delegatesOf returns the delegates of a VirtualService that the cluster has, and those that it has not for certain.
func (f *Facts) delegatesOf(o *istio.Object) (delegates []*istio.Object, absent map[string]bool) {
	absent = map[string]bool{}
	if f.VirtualServices == nil {
		return nil, absent
	}
	for _, name := range delegateNames(o) {
		switch n := f.VirtualServices.named[name]; {
		case n == nil:
			absent[name] = !f.Narrow[VirtualServices]
		case len(hostsOf(n.Object)) > 0:
			absent[name] = true
		default:
			delegates = append(delegates, n.Object)
		}
	}
	return delegates, absent
}

// delegates tells of rules that istiod leaves out because of the VirtualService that they hand over to: one of the
// route itself, or, where the route is such a delegate, one of somebody else.
func (l *inspection) delegates() {
	o := l.pair.Routing()
	switch {
	case o == nil:
	case l.VirtualServices == nil:
		l.want(VirtualServices, "")
	case len(hostsOf(o)) == 0:
		for _, root := range l.VirtualServices.roots()[o.Namespace+"/"+o.Name] {
			l.leftOutOf(root.Object)
		}
	default:
		delegates, absent := l.delegatesOf(o)
		for _, d := range traffic.NewTable(append([]*istio.Object{o}, delegates...), nil, l.Options).Dropped() {
			l.leftOut(d, absent)
		}
	}
}

// onward is what becomes of the requests of a rule that istiod leaves out.
const onward = "; the requests that it is for go on to the rules behind it, and without one have no route"

// leftOut tells of a rule of the route that istiod leaves out.
func (l *inspection) leftOut(d traffic.Dropped, absent map[string]bool) {
	name := traffic.DelegateOf(d.Object, d.Object.VirtualServiceSpec().Http[ruleIndex(d)])
	switch {
	case !d.Missing:
		l.find(LeftOut, d.Object, d.Delegate, istio.Doubtful, d.At, "%s", d.Reason+onward)
	case !absent[name]:
	case l.VirtualServices.named[name] != nil:
		l.find(LeftOut, d.Object, nil, istio.Doubtful, d.At,
			"VirtualService %q has hosts, and so is no delegate: istiod leaves this rule out%s", name, onward)
	default:
		l.missing(istio.CreateAlong, d.Object, d.At, "%s", d.Reason+onward)
	}
}

// leftOutOf tells of rules of somebody else's that istiod leaves out because of the route, which is their delegate.
func (l *inspection) leftOutOf(root *istio.Object) {
	ours := l.pair.Routing()
	for _, d := range traffic.NewTable([]*istio.Object{root, ours}, nil, l.Options).Dropped() {
		switch {
		case d.Delegate != ours:
		case d.DelegateIndex < 0:
			l.find(LeftOut, ours, root, istio.Doubtful, istio.Path{"export_to"},
				"%s hands over to this one at %s, and namespace %s is none of those that this one is exported to, so "+
					"that istiod leaves that rule out%s", root, d.At, root.Namespace, onward)
		default:
			l.find(LeftOut, ours, root, istio.Doubtful, istio.Path{"http", d.DelegateIndex, "match"},
				"is not narrower than a match of the rule that hands over to this one, %s of %s, so that istiod "+
					"leaves "+
					"this rule out%s", d.At[:2], root, onward)
		}
	}
}

// ruleIndex is the index of the rule in which something is left out.
func ruleIndex(d traffic.Dropped) int {
	index, _ := d.At[1].(int)
	return index
}

// rootsOf files VirtualServices under the delegates that they hand over to.
func rootsOf(all []*Neighbor) map[string][]*Neighbor {
	roots := map[string][]*Neighbor{}
	for _, n := range all {
		for _, name := range delegateNames(n.Object) {
			roots[name] = append(roots[name], n)
		}
	}
	return roots
}
