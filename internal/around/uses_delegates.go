package around

import (
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// usedDelegate looks for others who hand requests over to a VirtualService that goes, or is no delegate any more.
func (l *inspection) usedDelegate() {
	was, is := l.before.Routing(), l.pair.Routing()
	if was == nil || len(hostsOf(was)) > 0 {
		return
	}
	of, at, why := was, istio.Path{"name"}, "is taken away"
	if is != nil && is.Namespace == was.Namespace && is.Name == was.Name {
		if len(hostsOf(is)) == 0 {
			return
		}
		at, why = istio.Path{"hosts"}, "is no delegate with hosts"
	}
	if is != nil {
		of = is
	}
	if l.VirtualServices == nil {
		l.want(VirtualServices, "")
		return
	}
	name := was.Namespace + "/" + was.Name
	for _, root := range l.VirtualServices.roots()[name] {
		if l.isOwn(root.Object) {
			continue
		}
		rules := len(was.VirtualServiceSpec().GetHttp())
		left := map[int]int{} // how many rules of the delegate istiod leaves out already, by the rule of the root
		for _, d := range traffic.NewTable([]*istio.Object{root.Object, was}, nil, l.Options).Dropped() {
			if left[ruleIndex(d)]++; d.DelegateIndex < 0 {
				left[ruleIndex(d)] = rules
			}
		}
		for i, rule := range root.VirtualServiceSpec().Http {
			if left[i] >= rules || traffic.DelegateOf(root.Object, rule) != name {
				continue
			}
			l.find(Handed, of, root.Object, istio.Refused, at,
				"%s: %s in %s hands requests over to it, and istiod leaves that rule out then%s", why,
				traffic.RuleRef{Index: i, Name: rule.GetName()}, root.Object, onward).Own = l.own(root)
		}
	}
}
