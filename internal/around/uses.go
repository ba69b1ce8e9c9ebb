package around

import (
	"maps"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Uses says which VirtualServices of others send requests to subsets that a change takes away or gives other labels,
// or hand them over to a VirtualService that it takes away, and what else to list to be sure. Those of the same
// workspace may change in the same run: they are marked as Own.
func Uses(before, after istio.Objects, facts *Facts) (findings []Finding, wanted []Query) {
	l := &inspection{Facts: facts, before: before, pair: after}
	l.uses()
	l.usedDelegate()
	return l.findings, l.wanted
}

// uses looks for others who send requests to subsets that go.
func (l *inspection) uses() {
	was := l.before.Declaring()
	going := l.going()
	if len(going) == 0 {
		return
	}
	if l.VirtualServices == nil {
		l.want(VirtualServices, "")
	}
	if l.DestinationRules == nil {
		l.want(DestinationRules, "")
	}
	if l.VirtualServices == nil || l.DestinationRules == nil {
		return
	}
	host := istio.FullHost(was.DestinationRuleSpec().Host, was.Namespace, l.Domain())
	is := l.subsetsAfter(host)
	for _, n := range l.VirtualServices.senders()[strings.ToLower(host)] {
		if l.isOwn(n.Object) {
			continue
		}
		sender := &inspection{Facts: l.Facts, pair: istio.ObjectsOf(n.Object), about: host}
		for _, t := range sender.targets() {
			labels, goes := going[t.Subset]
			if !goes {
				continue
			}
			becomes, _ := declared(is, host, n.Namespace, t.Subset)
			if becomes != nil && maps.Equal(labels, becomes.GetLabels()) {
				continue
			}
			l.used(n, t, host, becomes)
		}
	}
}

// going are the labels, by name, of the subsets that the change takes away or gives other labels. A DestinationRule
// that is left to somebody else stays where it is.
func (l *inspection) going() map[string]map[string]string {
	was, is := l.before.Declaring(), l.pair.Declaring()
	if is == nil && l.pair.SubsetsElsewhere() {
		return nil
	}
	same := was != nil && is != nil &&
		istio.FullHost(was.DestinationRuleSpec().Host, was.Namespace, l.Domain()) ==
			istio.FullHost(is.DestinationRuleSpec().Host, is.Namespace, l.Domain())
	going := map[string]map[string]string{}
	for _, subset := range was.DestinationRuleSpec().GetSubsets() {
		if same {
			if stays := istio.SubsetOf(is, subset.GetName()); stays != nil &&
				maps.Equal(stays.GetLabels(), subset.GetLabels()) {
				continue
			}
		}
		going[subset.GetName()] = subset.GetLabels()
	}
	return going
}

// subsetsAfter are the subsets of a host as the change leaves them.
func (l *inspection) subsetsAfter(host string) *istio.DestinationRules {
	var all []*istio.Object
	for _, c := range l.DestinationRules.index.Covering(host) {
		if !l.isOwn(c.Object) {
			all = append(all, c.Object)
		}
	}
	if is := l.pair.Declaring(); is != nil {
		all = append(all, is)
	}
	return l.aged(all...).DestinationRules(all)
}

// used tells of a rule of another VirtualService that sends requests to a subset which goes.
func (l *inspection) used(n *Neighbor, t target, host string, becomes *networking.Subset) {
	of, severity := l.pair.Declaring(), istio.Refused
	if of == nil {
		of = l.before.Declaring()
	}
	what, then := "sends requests", "they would fail with 503"
	if !t.gets {
		what, then, severity = "names it, without requests now,", "requests there would fail with 503", istio.Doubtful
	}
	if t.rule == "" {
		what, then, severity = "sends copies of requests", "the copies would be lost", istio.Doubtful
	}
	rule := t.rule
	if rule == "" {
		rule = t.at[:2].String()
	}
	goes := "which this change takes away"
	if becomes != nil {
		goes = "which this change gives " + labelWords(becomes.GetLabels())
		then = "they would go to other workloads"
	}
	l.find(Used, of, n.Object, severity, istio.Path{"subsets"}, "%s in %s %s to the subset %s of %s, %s: %s",
		rule, n.Object, what, t.Subset, host, goes, then).Own = l.own(n)
}

// own reports whether a neighbor is of the same workspace, as far as its marks tell.
func (l *inspection) own(n *Neighbor) bool {
	return n.Applied && n.Annotations[istio.OwnerAnnotation] == l.Owner
}
