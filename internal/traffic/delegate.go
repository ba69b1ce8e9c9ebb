package traffic

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

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
// Source: istio.io/istio pilot/pkg/model mergeHTTPRoute.
func (r merged) merge(delegate *istio.Object, index int, rule *networking.HTTPRoute) (merged, bool) {
	root := r.rule
	ref := RuleRef{
		Object:        r.ref.Object,
		Index:         r.ref.Index,
		Delegate:      delegate,
		DelegateIndex: index,
		Name:          joinNames(root.Name, rule.Name),
	}
	match, refs, ok := mergeMatches(root.Match, rule.Match)
	if !ok {
		return merged{}, false
	}
	rule.Match, rule.Name = match, ref.Name
	rule.Rewrite = inherit(rule.Rewrite, root.Rewrite)
	rule.DirectResponse = inherit(rule.DirectResponse, root.DirectResponse)
	rule.Timeout = inherit(rule.Timeout, root.Timeout)
	rule.Retries = inherit(rule.Retries, root.Retries)
	rule.Fault = inherit(rule.Fault, root.Fault)
	rule.Mirror = inherit(rule.Mirror, root.Mirror)
	rule.MirrorPercent = inherit(rule.MirrorPercent, root.MirrorPercent) //nolint:staticcheck // istiod reads it still
	rule.MirrorPercentage = inherit(rule.MirrorPercentage, root.MirrorPercentage)
	rule.CorsPolicy = inherit(rule.CorsPolicy, root.CorsPolicy)
	rule.Headers = inherit(rule.Headers, root.Headers)
	if rule.Mirrors == nil {
		rule.Mirrors = root.Mirrors
	}
	return merged{ref: ref, rule: rule, match: refs}, true
}

func inherit[T any](own, root *T) *T {
	if own == nil {
		return root
	}
	return own
}

func joinNames(root, own string) string {
	if root == "" || own == "" {
		return root + own
	}
	return root + "-" + own
}

func mergeMatches(
	root, own []*networking.HTTPMatchRequest,
) (out []*networking.HTTPMatchRequest, refs []MatchRef, ok bool) {
	add := func(m *networking.HTTPMatchRequest, i, j int) {
		refs = append(refs, MatchRef{Index: len(out), Root: i, Delegate: j, Name: m.GetName()})
		out = append(out, m)
	}
	if len(root) == 0 || len(own) == 0 {
		for i, m := range root {
			add(m, i, -1)
		}
		for j, m := range own {
			add(m, -1, j)
		}
		return out, refs, true
	}
	for j, narrow := range own {
		found := false
		for i, wide := range root {
			if !conflict(wide, narrow) {
				found = true
				add(mergeMatch(wide, narrow), i, j)
			}
		}
		if !found {
			return nil, nil, false
		}
	}
	return out, refs, true
}

func mergeMatch(root, own *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
	out := &networking.HTTPMatchRequest{}
	if own != nil {
		out = proto.CloneOf(own)
	}
	out.Name = joinNames(root.GetName(), own.GetName())
	out.Uri = inherit(out.Uri, root.GetUri())
	out.Scheme = inherit(out.Scheme, root.GetScheme())
	out.Method = inherit(out.Method, root.GetMethod())
	out.Authority = inherit(out.Authority, root.GetAuthority())
	out.Headers = mergeMaps(root.GetHeaders(), out.Headers)
	out.WithoutHeaders = mergeMaps(root.GetWithoutHeaders(), out.WithoutHeaders)
	out.QueryParams = mergeMaps(root.GetQueryParams(), out.QueryParams)
	out.SourceLabels = mergeMaps(root.GetSourceLabels(), out.SourceLabels)
	out.Port = cmp.Or(out.Port, root.GetPort())
	out.SourceNamespace = cmp.Or(out.SourceNamespace, root.GetSourceNamespace())
	out.StatPrefix = cmp.Or(out.StatPrefix, root.GetStatPrefix())
	if len(out.Gateways) == 0 {
		out.Gateways = root.GetGateways()
	}
	return out
}

func mergeMaps[V any](root, own map[string]V) map[string]V {
	all := make(map[string]V, len(root)+len(own))
	maps.Copy(all, root)
	maps.Copy(all, own)
	return all
}

// conflict reports whether istiod finds that a delegate's match is not narrower than the root's.
// Source: istio.io/istio pilot/pkg/model hasConflict.
func conflict(root, own *networking.HTTPMatchRequest) bool {
	return stringConflict(root.GetUri(), own.GetUri()) ||
		stringConflict(root.GetScheme(), own.GetScheme()) ||
		stringConflict(root.GetMethod(), own.GetMethod()) ||
		stringConflict(root.GetAuthority(), own.GetAuthority()) ||
		mapConflict(root.GetHeaders(), own.GetHeaders()) ||
		mapConflict(root.GetWithoutHeaders(), own.GetWithoutHeaders()) ||
		mapConflict(root.GetQueryParams(), own.GetQueryParams()) ||
		root.GetIgnoreUriCase() != own.GetIgnoreUriCase() ||
		root.GetPort() > 0 && own.GetPort() > 0 && root.GetPort() != own.GetPort() ||
		root.GetSourceNamespace() != "" && own.GetSourceNamespace() != root.GetSourceNamespace() ||
		labelConflict(root.GetSourceLabels(), own.GetSourceLabels()) ||
		gatewayConflict(root.GetGateways(), own.GetGateways())
}

func mapConflict(root, own map[string]*networking.StringMatch) bool {
	for name, m := range own {
		if stringConflict(root[name], m) {
			return true
		}
	}
	return false
}

func labelConflict(root, own map[string]string) bool {
	for name, value := range own {
		if other, ok := root[name]; ok && other != value {
			return true
		}
	}
	return false
}

func gatewayConflict(root, own []string) bool {
	if len(root) == 0 || len(own) == 0 {
		return false
	}
	return len(root) < len(own) ||
		slices.ContainsFunc(own, func(name string) bool { return !slices.Contains(root, name) })
}

// stringConflict is istiod's comparison, quirks included: two empty matches and two equal expressions conflict.
func stringConflict(root, own *networking.StringMatch) bool {
	if root == nil || own == nil {
		return false
	}
	rootSet := root.GetRegex() != "" || root.GetPrefix() != "" || root.GetExact() != ""
	ownSet := own.GetRegex() != "" || own.GetPrefix() != "" || own.GetExact() != ""
	switch {
	case root.GetRegex() != "" && ownSet, own.GetRegex() != "" && rootSet:
		return true
	case root.GetExact() != "":
		return own.GetPrefix() != "" || own.GetExact() != root.GetExact()
	case root.GetPrefix() != "" && own.GetPrefix() != "":
		return !strings.HasPrefix(own.GetPrefix(), root.GetPrefix())
	case root.GetPrefix() != "" && own.GetExact() != "":
		return !strings.HasPrefix(own.GetExact(), root.GetPrefix())
	}
	return true
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
