// Package tables draws random route tables and requests aimed at their edges, for tests that compare what
// internal/traffic says about them with what real data planes do.
package tables

import (
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Table is what is declared for one Service.
type Table struct {
	Seed uint64
	// Host is the full name of the Service.
	Host string
	// Services are the VirtualServices, delegates among them, and Rules the DestinationRules.
	Services, Rules []*istio.Object
	// Compact says that one mesh_canary_route stands for all of them.
	Compact bool

	*drawer
}

// kinds is how many kinds of tables there are; the seed chooses one.
const kinds = 8

const (
	compactKind = kinds - 1 // a mesh_canary_route
	rivalKind   = kinds - 2 // a second VirtualService for the host
	sharedKind  = kinds - 3 // a second DestinationRule for the host, which has some of the subsets
	localKind   = kinds - 4 // one in the clients' namespace, which says something else
)

// Options say what to draw.
type Options struct {
	// GRPC leaves out what grpc-go does not act on as an Envoy does: matches on authority, method, scheme and query,
	// mirrors, rewrites, changed headers, and a subset that stands twice in one rule; and of the requests those of
	// which the two think differently, see makeAlike.
	GRPC bool
	// NoPrefixRedirect leaves out redirects of a prefix, which Istio 1.30 and older do not have.
	NoPrefixRedirect bool
	// Service and Namespace are where the requests go. The Service has pods with the labels version v1, v2 and v3.
	Service, Namespace string
	// Elsewhere is another namespace, which exists.
	Elsewhere string
	// Port and OtherPort are those of the Service, in front of the same pods.
	Port, OtherPort uint32
	// Gateway is namespace/name of a Gateway that takes every host at GatewayPort and, with TLS, at GatewayTLSPort.
	// Empty: only sidecars are asked.
	Gateway                     string
	GatewayPort, GatewayTLSPort uint32
	// Callers are where requests come in.
	Callers []Caller
}

// Caller is a proxy at which requests come in: a sidecar in a pod of a namespace with labels, or that of the Gateway.
type Caller struct {
	Namespace string
	Labels    map[string]string
	Gateway   bool
}

// Draw returns a table that the provider takes. The same seed draws the same one again, and then the same requests.
func Draw(seed uint64, o Options) *Table {
	d := newDrawer(seed, o)
	t := &Table{
		Seed:    seed,
		Host:    d.fullHost(),
		Rules:   d.destinationRules(seed % kinds),
		Compact: seed%kinds == compactKind,
		drawer:  d,
	}
	for {
		t.Services = []*istio.Object{d.virtualService(o.Service, t.Compact)}
		if !t.Compact && d.chance(40) {
			t.Services = append(t.Services, d.delegated(t.Services[0]))
		}
		if seed%kinds == rivalKind {
			t.Services = append(t.Services, d.rival(t.Services[0]))
		}
		if o.GRPC {
			t.mark()
		} else {
			t.name()
		}
		if t.Compact {
			d.keep(t.Services[0].VirtualServiceSpec())
		}
		if t.valid() {
			return t
		}
	}
}

// valid reports whether the provider takes the table. It takes no rule of a compact resource that no request reaches.
func (t *Table) valid() bool {
	refused := func(o *istio.Object) bool {
		return slices.ContainsFunc(check.Validate(o), func(p istio.Problem) bool { return p.Severity == istio.Refused })
	}
	dead := func(v traffic.Verdict) bool { return v.Life == traffic.Dead }
	return !slices.ContainsFunc(slices.Concat(t.Services, t.Rules), refused) &&
		(!t.Compact || !slices.ContainsFunc(traffic.FindDead(t.Services, traffic.Options{}), dead))
}

// Prober is the caller that alone sees a rule in front of every table for gRPC, by which it knows when the table is
// there.
func (o Options) Prober() Caller {
	return Caller{Namespace: o.Namespace, Labels: map[string]string{"app": proberApp}}
}

const proberApp = "prober"

// The prober's rule aborts a request with this header, whose value is the seed, with this code.
const (
	ProbeHeader = "x-probe"
	ProbeCode   = "DATA_LOSS"
)

// mark puts the prober's rule in front.
func (t *Table) mark() {
	for _, o := range t.Services {
		spec := o.VirtualServiceSpec()
		if len(spec.Hosts) == 0 {
			continue
		}
		spec.Http = slices.Insert(spec.Http, 0, &networking.HTTPRoute{
			Name: fmt.Sprintf("probe-%d", t.Seed),
			Match: []*networking.HTTPMatchRequest{{
				SourceLabels: map[string]string{"app": proberApp},
				Headers:      map[string]*networking.StringMatch{ProbeHeader: exactly(fmt.Sprint(t.Seed))},
			}},
			Fault: abortWithCode(ProbeCode, 100),
			Route: []*networking.HTTPRouteDestination{{
				Destination: &networking.Destination{Host: t.Service, Subset: subsetNames[0]},
			}},
		})
	}
}

// name gives every rule and every match a name of its own, by which an Envoy tells where a request went. No other
// table of the round has them.
func (t *Table) name() {
	for _, o := range t.Services {
		for i, rule := range o.VirtualServiceSpec().Http {
			rule.Name = fmt.Sprintf("%s-%d", o.Name, i)
			for j, m := range rule.Match {
				m.Name = fmt.Sprintf("match-%d", j)
			}
		}
	}
}

// destinationRules declares the subsets, each of one version. What a rule in another namespace says, and the names
// that subsets have, tell which rule an answer went by.
func (d *drawer) destinationRules(kind uint64) []*istio.Object {
	versions := d.Perm(len(subsetNames))
	subsets := func(turn int) []*networking.Subset {
		var all []*networking.Subset
		for i, name := range subsetNames {
			version := fmt.Sprintf("v%d", (versions[i]+turn)%len(versions)+1)
			all = append(all, &networking.Subset{Name: name, Labels: map[string]string{"version": version}})
		}
		return all
	}
	rule := func(namespace, name string, subsets []*networking.Subset) *istio.Object {
		return &istio.Object{
			Namespace: namespace,
			Name:      name,
			Spec:      &networking.DestinationRule{Host: d.fullHost(), Subsets: subsets},
		}
	}
	all := subsets(0)
	switch kind {
	case sharedKind:
		return []*istio.Object{rule(d.Namespace, d.Service, all[:2]), rule(d.Namespace, d.Service+"-more", all[2:])}
	case localKind:
		return []*istio.Object{rule(d.Namespace, d.Service, all), rule(d.Elsewhere, d.Service, subsets(1))}
	}
	return []*istio.Object{rule(d.Namespace, d.Service, all)}
}

func (d *drawer) virtualService(name string, compact bool) *istio.Object {
	spec := &networking.VirtualService{Hosts: []string{d.of(d.Service, d.fullHost())}}
	if !compact {
		spec.Gateways = d.gateways()
		spec.ExportTo = [][]string{nil, nil, nil, nil, {"*"}, {"."}, {d.Namespace, d.Elsewhere}}[d.IntN(7)]
	}
	if !d.GRPC && !compact && d.chance(30) {
		spec.Hosts = append(spec.Hosts, d.of(d.otherHosts()...))
	}
	for i := range 1 + d.IntN(6) {
		spec.Http = append(spec.Http, d.rule(fmt.Sprintf("rule-%d", i), compact))
	}
	if last := spec.Http[len(spec.Http)-1]; d.chance(50) || compact {
		last.Match = nil
	}
	return &istio.Object{Namespace: d.Namespace, Name: name, Spec: spec}
}

// rival returns a second VirtualService for the host, at times one of the namespace of other clients. One of the two
// may be for some proxies alone, to which the others have no route.
func (d *drawer) rival(first *istio.Object) *istio.Object {
	rival := d.virtualService(d.Service+d.of("-", "0")+"rival", false)
	if d.chance(40) {
		d.move(rival)
	}
	if both := []*istio.Object{first, rival}; d.chance(50) {
		i := d.IntN(2)
		d.limit(both[i].VirtualServiceSpec(), both[1-i].VirtualServiceSpec())
	}
	return rival
}

// limit leaves a VirtualService routes for one port or for sidecars alone, beside another one for a wider host.
func (d *drawer) limit(narrow, wide *networking.VirtualService) {
	port := []uint32{d.Port, d.OtherPort, 0}[d.IntN(3)]
	for _, rule := range narrow.Http {
		if len(rule.Match) == 0 {
			rule.Match = []*networking.HTTPMatchRequest{{}}
		}
		for _, m := range rule.Match {
			if m.Port = port; port == 0 {
				m.Gateways = []string{"mesh"}
			}
		}
	}
	if hosts := d.otherHosts(); !d.GRPC {
		narrow.Hosts, wide.Hosts = append(narrow.Hosts[:1], hosts[len(hosts)-1]), append(wide.Hosts[:1], hosts[1])
	}
}

// move puts a VirtualService into the namespace of other clients, where the names of what it is about are full.
func (d *drawer) move(o *istio.Object) {
	spec := o.VirtualServiceSpec()
	o.Namespace, spec.Hosts[0] = d.Elsewhere, d.fullHost()
	if d.chance(50) {
		spec.ExportTo = []string{".", d.Namespace}
	}
	for _, rule := range spec.Http {
		for _, route := range rule.Route {
			route.Destination.Host = d.fullHost()
		}
		if rule.Mirror != nil {
			rule.Mirror.Host = d.fullHost()
		}
		for _, mirror := range rule.Mirrors {
			mirror.Destination.Host = d.fullHost()
		}
	}
}

func (d *drawer) gateways() []string {
	all := [][]string{nil, nil, {"mesh"}}
	if d.Gateway != "" {
		all = append(all, []string{d.Gateway}, []string{d.Gateway, "mesh"},
			[]string{"mesh", d.Gateway})
	}
	return all[d.IntN(len(all))]
}

// delegated lets some rules of a VirtualService hand over to another one, which it returns.
func (d *drawer) delegated(root *istio.Object) *istio.Object {
	name := d.Service + "-part"
	rules := root.VirtualServiceSpec().Http
	rule := rules[d.IntN(len(rules))]
	handed := &networking.HTTPRoute{
		Name:     rule.Name,
		Match:    rule.Match,
		Delegate: &networking.Delegate{Name: name},
		Timeout:  rule.Timeout,
		Retries:  rule.Retries,
	}
	if d.chance(50) {
		handed.Delegate.Namespace = d.Namespace
	}
	rules[slices.Index(rules, rule)] = handed
	part := &networking.VirtualService{}
	for i := range 1 + d.IntN(3) {
		rule := d.rule(fmt.Sprintf("part-%d", i), false)
		if d.chance(60) { // else the matches rarely fit together
			rule.Match = nil
			for range d.IntN(3) {
				if len(handed.Match) > 0 && d.chance(50) {
					rule.Match = append(rule.Match, d.narrower(handed.Match[d.IntN(len(handed.Match))]))
				}
			}
		}
		part.Http = append(part.Http, rule)
	}
	return &istio.Object{Namespace: d.Namespace, Name: name, Spec: part}
}

// narrower returns a match that fits into another one, more or less.
func (d *drawer) narrower(wide *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
	m := &networking.HTTPMatchRequest{
		Name:            d.of("", "narrow"),
		IgnoreUriCase:   wide.IgnoreUriCase,
		SourceNamespace: wide.SourceNamespace,
	}
	if prefix := wide.Uri.GetPrefix(); prefix != "" {
		m.Uri = exactly(prefix + d.of("", "/", "b", "Get"))
		if d.chance(50) {
			m.Uri = &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: m.Uri.GetExact()}}
		}
	}
	if d.chance(60) {
		m.Headers = d.matches(d.headerNames)
	}
	return m
}
