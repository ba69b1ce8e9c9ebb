// Package traffic says what happens to a request: which rule takes it and where it goes, which rules no request
// reaches, which shares move when rules change, and all that in words and in pictures. It is pure.
package traffic

import (
	"cmp"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Options say what objects do not say about themselves. The zero value is an Istio with its defaults.
type Options struct {
	// ClusterDomain is the domain of the cluster. Empty: cluster.local.
	ClusterDomain string
	// RootNamespace is the namespace whose DestinationRules hold for the whole mesh. Empty: istio-system.
	RootNamespace string
	// Created has the creation times of objects: of two VirtualServices that claim a host, the older one holds.
	// Objects without a time are newer than those with one, and among themselves as old as their order says, the
	// first the oldest.
	Created map[*istio.Object]time.Time
	// DefaultRetries is the mesh's defaultHttpRetryPolicy. Nil: Istio's own, two attempts.
	DefaultRetries *networking.HTTPRetry
	// Absent has the delegates, by namespace and name with a slash between them, that are certain not to be there:
	// words then say what istiod leaves out, and otherwise that requests are handed to what is not among the objects.
	Absent map[string]bool
	// NameDelegates says that words name delegates that are among the objects, and do not say what they do.
	NameDelegates bool
	// Gateways are Gateways of Istio's API: what comes in there is what they serve, and at others everything.
	Gateways []*istio.Object
	// ServiceEntries are names that sidecars know besides those of Services.
	ServiceEntries []*istio.Object
	// SharesByOthers says that somebody else sets the weights, so that words say nothing of shares.
	SharesByOthers bool
}

func (o Options) mesh() istio.Mesh {
	return istio.Mesh{ClusterDomain: o.ClusterDomain, RootNamespace: o.RootNamespace, Created: o.Created}
}

// Domain returns the DNS domain of the cluster, Kubernetes' default where none is given.
func (o Options) Domain() string { return o.mesh().Domain() }

// DestinationRules files those objects that are DestinationRules.
func (o Options) DestinationRules(objects []*istio.Object) *istio.DestinationRules {
	return istio.NewDestinationRules(objects, o.mesh())
}

// Table is a set of VirtualServices and DestinationRules, made ready to be asked where requests go. It does not
// change and may be used by several goroutines.
type Table struct {
	options         Options
	virtualServices []*virtualService
	// destinationRules is nil where nothing is known of them, which is not the same as none.
	destinationRules *istio.DestinationRules
	dropped          []Dropped
	gateways         map[string]*knownGateway
	entries          []serviceEntry
}

// virtualService is a VirtualService with hosts.
type virtualService struct {
	object   *istio.Object
	hosts    []string // in full and in lower case
	written  []string // in full, with the capitals that they are written with
	gateways []string
	rules    []*compiledRule
	dropped  []Dropped
}

func (s *virtualService) spec() *networking.VirtualService {
	return s.object.VirtualServiceSpec()
}

// compiledRule is a rule after delegation.
type compiledRule struct {
	merged
	// matches has one element for a rule without matches.
	matches []compiledMatch
}

type compiledMatch struct {
	conditions
	ref MatchRef
}

// NewTable makes a table. Objects that are neither a VirtualService nor a DestinationRule are left out; without rules
// (nil) nothing is said about subsets. The objects must not change afterwards.
func NewTable(virtualServices, destinationRules []*istio.Object, options Options) *Table {
	t := &Table{
		options:  options,
		gateways: gatewaysOf(options.Gateways), entries: entriesOf(options.ServiceEntries),
	}
	if destinationRules != nil {
		t.destinationRules = options.DestinationRules(destinationRules)
	}
	delegates := map[string]*istio.Object{}
	var roots []*istio.Object
	for _, o := range virtualServices {
		spec, ok := o.Spec.(*networking.VirtualService)
		switch {
		case !ok:
		case len(spec.GetHosts()) > 0:
			roots = append(roots, o)
		default:
			delegates[o.Namespace+"/"+o.Name] = o
		}
	}
	slices.SortStableFunc(roots, options.mesh().CompareAge)
	for _, o := range roots {
		s := newVirtualService(o, delegates, options.Domain())
		t.virtualServices = append(t.virtualServices, s)
		t.dropped = append(t.dropped, s.dropped...)
	}
	return t
}

func newVirtualService(o *istio.Object, delegates map[string]*istio.Object, clusterDomain string) *virtualService {
	spec := o.VirtualServiceSpec()
	s := &virtualService{object: o, gateways: istio.GatewayNames(spec.Gateways, o.Namespace)}
	for _, host := range spec.Hosts {
		host = istio.FullHost(host, o.Namespace, clusterDomain)
		s.hosts, s.written = append(s.hosts, strings.ToLower(host)), append(s.written, host)
	}
	rules, dropped := expand(o, delegates, clusterDomain)
	s.dropped = dropped
	for _, m := range rules {
		rule := &compiledRule{merged: m}
		for i, match := range m.rule.Match {
			rule.matches = append(rule.matches,
				compiledMatch{conditions: newConditions(match, o.Namespace), ref: m.match[i]})
		}
		if len(rule.matches) == 0 {
			rule.matches = []compiledMatch{{
				conditions: newConditions(nil, ""),
				ref:        MatchRef{Index: -1, Root: -1, Delegate: -1},
			}}
		}
		s.rules = append(s.rules, rule)
	}
	return s
}

// Dropped lists what istiod leaves out of the VirtualServices without telling anyone.
func (t *Table) Dropped() []Dropped { return slices.Clone(t.dropped) }

// Evaluate says what happens to one request in an Envoy, which sets some headers before it routes. Where proxies
// differ, it is what the newer ones do, and the outcome has what older ones do too.
func (t *Table) Evaluate(request Request) Outcome {
	in := receive(request, t.firstHost())
	in.passProxy(request.Scheme == "")
	if in.saysNoScheme() {
		out := Outcome{Kind: NoRoute, Request: in.Request}
		if holding, host := t.claim(in, t.arrivalOf(in)); len(holding) > 0 {
			out.VirtualService, out.Host = holding[0].object, host
		}
		return out
	}
	out := t.route(in)
	if len(in.repeated) > 0 {
		in.repeated, in.depends = nil, nil
		if older := t.route(in); older.Kind != out.Kind || older.Rule != out.Rule || older.Match != out.Match {
			out.Older = &older
		}
	}
	return out
}

// follow says what happens to a request that has the headers that it has when it is routed.
func (t *Table) follow(request Request) Outcome {
	in := receive(request, t.firstHost())
	in.passConnection()
	return t.route(in)
}

func (t *Table) route(in *received) Outcome {
	at := t.arrivalOf(in)
	holding, host := t.claim(in, at)
	if out := t.redirect(in, at, host); out != nil {
		return *out
	}
	if len(holding) == 0 {
		return Outcome{Kind: Unclaimed, Request: in.Request}
	}
	rule, match := find(holding, in)
	out := Outcome{
		Kind: NoRoute, Request: in.Request, VirtualService: holding[0].object, Host: host,
		DependsOn: istio.Unique(in.depends),
	}
	if rule == nil {
		return out
	}
	out.VirtualService = rule.ref.Object
	t.fill(&out, rule, match, in)
	return out
}

// firstHost is the authority of requests without one.
func (t *Table) firstHost() string {
	if len(t.virtualServices) == 0 {
		return ""
	}
	host := t.virtualServices[0].hosts[0]
	if strings.HasPrefix(host, "*") {
		return "any" + host[1:]
	}
	return host
}

// claim returns the VirtualServices that hold for a request, and the host by which they do: one on a sidecar, all
// those of one host at a gateway. What has no route for a proxy keeps a Service, or the host of a ServiceEntry, from
// wildcards on a sidecar, and no other host from anybody.
// Source: istio.io/istio pilot/pkg/model computeWildcardHostVirtualServiceIndex, and in pilot/pkg/networking/core
// buildGatewayHTTPRouteConfig.
func (t *Table) claim(in *received, at *arrival) ([]*virtualService, string) {
	best := ""
	var holding []*virtualService
	for _, s := range t.virtualServices {
		if !slices.Contains(s.gateways, in.Gateway) || !istio.VisibleIn(s.object, in.SourceNamespace) {
			continue
		}
		host, literal, ofService := t.hostFor(in, s, at.hostsOf(s))
		if host == "" || !ofService && !s.hasRoutes(in) {
			continue
		}
		key := host
		if literal {
			key = "=" + host // written as the client writes it: before every name that it only stands for
		}
		switch {
		case key == best:
			holding = append(holding, s)
		case best == "" || istio.MoreSpecific(key, best):
			best, holding = key, []*virtualService{s}
		}
	}
	if in.SourceNamespace != "" {
		slices.SortStableFunc(holding, func(a, b *virtualService) int {
			return cmp.Compare(AudienceRank(a.object, in.SourceNamespace), AudienceRank(b.object, in.SourceNamespace))
		})
	}
	host := strings.TrimPrefix(best, "=")
	if in.Gateway != istio.MeshGateway || len(holding) == 0 {
		return holding, host
	}
	if strings.HasPrefix(host, "*") {
		return withRoutes(holding[:1], in), host
	}
	if holding = withRoutes(holding, in); len(holding) > 1 {
		holding = holding[:1]
	}
	return holding, host
}

// AudienceRank orders VirtualServices as istiod lists them for the callers of one namespace, before their age: those
// of that namespace that say to whom they are exported, those of others that name it, those for all.
// Source: istio.io/istio pilot/pkg/model initVirtualServices, SelectVirtualServices, VirtualServicesForGateway.
func AudienceRank(o *istio.Object, caller string) int {
	switch {
	case len(istio.ExportedTo(o)) == 0:
		return 2
	case o.Namespace == caller:
		return 0
	}
	return 1
}

// withRoutes leaves out what has no route for the proxy: istiod then acts as if it were not there.
func withRoutes(virtualServices []*virtualService, in *received) []*virtualService {
	return slices.DeleteFunc(slices.Clone(virtualServices), func(s *virtualService) bool { return !s.hasRoutes(in) })
}

// hasRoutes reports whether a VirtualService has any rule for the proxy.
func (s *virtualService) hasRoutes(in *received) bool {
	return slices.ContainsFunc(s.rules, func(r *compiledRule) bool {
		return slices.ContainsFunc(r.matches, func(m compiledMatch) bool { return in.holdsAll(m.place) })
	})
}

// hostFor returns the most specific of some hosts by which a VirtualService claims a request, empty if none does.
// literal says that the host is what the client wrote, and not what it stands for; ofService that a sidecar knows a
// Service, or a ServiceEntry, of that name.
func (t *Table) hostFor(in *received, s *virtualService, hosts []string) (host string, literal, ofService bool) {
	full := in.host
	if in.Gateway == istio.MeshGateway && !in.absolute {
		full = inFull(in.host, cmp.Or(in.SourceNamespace, s.object.Namespace), t.options.Domain())
	}
	for _, h := range hosts {
		suffix, wildcard := strings.CutPrefix(h, "*")
		name := full
		switch {
		case t.offPort(in, s, h):
			continue
		case h == in.host:
			_, ofService = t.standsFor(in, h, h)
			return h, true, ofService
		case wildcard && istio.Covers(suffix, in.host):
			name = in.host
		case wildcard && !istio.Covers(suffix, full), !wildcard && h != full:
			continue
		}
		is, known := t.standsFor(in, h, name)
		if is && (host == "" || istio.MoreSpecific(h, host)) {
			host, ofService = h, known
		}
	}
	return host, false, ofService
}

// inFull returns the full name that a short name of a Service stands for: `reviews`, `reviews.shop` and
// `reviews.shop.svc` are three for one.
// Source: istio.io/istio pilot/pkg/networking/core GenerateAltVirtualHosts.
func inFull(host, namespace, clusterDomain string) string {
	switch labels := strings.Split(host, "."); {
	case len(labels) == 1:
		return istio.FullHost(host, namespace, clusterDomain)
	case len(labels) == 2:
		return host + ".svc." + clusterDomain
	case len(labels) == 3 && labels[2] == "svc":
		return host + "." + clusterDomain
	}
	return host
}

// find returns the first rule that takes the request. With several VirtualServices, rules that take everything go
// last.
// Source: istio.io/istio pilot/pkg/networking/core/route BuildHTTPRoutesForVirtualService, SortVHostRoutes.
func find(virtualServices []*virtualService, in *received) (*compiledRule, *compiledMatch) {
	var last *compiledRule
	var lastMatch *compiledMatch
	for _, s := range virtualServices {
		rule, match := s.find(in)
		switch {
		case match == nil:
		case !match.last:
			return rule, match
		case last == nil && in.takes(match.about):
			last, lastMatch = rule, match
		}
	}
	return last, lastMatch
}

// find returns the first match that takes the request, or the one behind which istiod stops.
func (s *virtualService) find(in *received) (*compiledRule, *compiledMatch) {
	for _, rule := range s.rules {
		for i := range rule.matches {
			m := &rule.matches[i]
			if in.holdsAll(m.place) && (m.last || in.takes(m.about)) {
				return rule, m
			}
		}
	}
	return nil, nil
}
