package traffic

import (
	"cmp"
	"fmt"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Dropped is a part of a VirtualService that istiod leaves out without telling anyone.
type Dropped struct {
	// Object and At say where it is.
	Object *istio.Object
	At     istio.Path
	// Delegate is the VirtualService that a rule hands over to, and DelegateIndex the rule in it that is left out;
	// nil and -1 when there is none or all of it is.
	Delegate      *istio.Object
	DelegateIndex int
	// Missing says that the delegate is not among the objects given; it may exist.
	Missing bool
	// Reason is a sentence fragment that starts in lower case.
	Reason string
}

// merged is a rule as istiod sees it: delegation done, hosts in full.
type merged struct {
	ref   RuleRef
	rule  *networking.HTTPRoute
	match []MatchRef // of each match of rule
}

// expand returns the rules of a VirtualService in full, and what is left out.
// Source: istio.io/istio pilot/pkg/model mergeVirtualServices.
func expand(
	o *istio.Object, delegates map[string]*istio.Object, clusterDomain string,
) (rules []merged, dropped []Dropped) {
	for i, rule := range o.VirtualServiceSpec().GetHttp() {
		if rule == nil {
			continue
		}
		root := newMerged(o, i, clusterDomain)
		if rule.Delegate == nil {
			rules = append(rules, root)
			continue
		}
		full, lost := root.delegate(delegates, clusterDomain)
		rules, dropped = append(rules, full...), append(dropped, lost...)
	}
	return rules, dropped
}

// newMerged returns a rule of a VirtualService in full, before delegation.
func newMerged(o *istio.Object, index int, clusterDomain string) merged {
	rule := o.VirtualServiceSpec().Http[index]
	m := merged{
		ref:  RuleRef{Object: o, Index: index, DelegateIndex: -1, Name: rule.Name},
		rule: resolved(rule, o.Namespace, clusterDomain),
	}
	for j, match := range m.rule.Match {
		m.match = append(m.match, MatchRef{Index: j, Root: j, Delegate: -1, Name: match.GetName()})
	}
	return m
}

// DelegateOf returns the namespace and name, with a slash between them, of the VirtualService that a rule hands over
// to, empty where it hands over to none.
func DelegateOf(o *istio.Object, rule *networking.HTTPRoute) string {
	if rule.GetDelegate() == nil {
		return ""
	}
	return cmp.Or(rule.Delegate.Namespace, o.Namespace) + "/" + rule.Delegate.Name
}

func (r merged) delegate(delegates map[string]*istio.Object, clusterDomain string) (rules []merged, dropped []Dropped) {
	lost := Dropped{Object: r.ref.Object, At: istio.Path{"http", r.ref.Index, "delegate"}, DelegateIndex: -1}
	key := DelegateOf(r.ref.Object, r.rule)
	delegate := delegates[key]
	switch {
	case delegate == nil:
		lost.Missing, lost.Reason = true, fmt.Sprintf("delegate %q is not there, so istiod leaves this rule out", key)
		return nil, []Dropped{lost}
	case !istio.VisibleIn(delegate, r.ref.Object.Namespace):
		lost.Delegate = delegate
		lost.Reason = fmt.Sprintf("delegate %q is not exported to namespace %q, so istiod leaves this rule out",
			key, r.ref.Object.Namespace)
		return nil, []Dropped{lost}
	}
	for i, rule := range delegate.VirtualServiceSpec().GetHttp() {
		if rule == nil {
			continue
		}
		rule = resolved(rule, delegate.Namespace, clusterDomain)
		full, ok := r.merge(delegate, i, rule)
		if !ok {
			lost := lost
			lost.Delegate, lost.DelegateIndex = delegate, i
			lost.Reason = fmt.Sprintf("http[%d] of delegate %q has a match that is not narrower than a match of this "+
				"rule, so istiod leaves it out", i, key)
			dropped = append(dropped, lost)
			continue
		}
		rules = append(rules, full)
	}
	return rules, dropped
}

// merge gives a delegate's rule what it inherits. False: the matches do not fit together.
func (r merged) merge(delegate *istio.Object, index int, rule *networking.HTTPRoute) (merged, bool) {
	origins, ok := istio.MergeRules(r.rule, rule)
	ref := RuleRef{
		Object:        r.ref.Object,
		Index:         r.ref.Index,
		Delegate:      delegate,
		DelegateIndex: index,
		Name:          rule.Name,
	}
	refs := make([]MatchRef, len(origins))
	for i, from := range origins {
		refs[i] = MatchRef{Index: i, Root: from.Root, Delegate: from.Delegate, Name: rule.Match[i].GetName()}
	}
	return merged{ref: ref, rule: rule, match: refs}, ok
}

// resolved returns a copy of a rule in which hosts and gateways have their full names.
func resolved(rule *networking.HTTPRoute, namespace, clusterDomain string) *networking.HTTPRoute {
	rule = proto.CloneOf(rule)
	full := func(d *networking.Destination) {
		if d != nil {
			d.Host = istio.FullHost(d.Host, namespace, clusterDomain)
		}
	}
	for _, route := range rule.Route {
		full(route.GetDestination())
	}
	full(rule.Mirror)
	for _, mirror := range rule.Mirrors {
		full(mirror.GetDestination())
	}
	for _, m := range rule.Match {
		if m != nil && len(m.Gateways) > 0 {
			m.Gateways = istio.GatewayNames(m.Gateways, namespace)
		}
	}
	return rule
}
