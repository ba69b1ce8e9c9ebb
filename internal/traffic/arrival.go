package traffic

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// arrival is how a request comes in at a Gateway that is known.
type arrival struct {
	*knownGateway
	// servers are those of its servers that a proxy asks about the request: of those for plain http all on the port,
	// of those for https the one that the name fits that a client sends when it begins TLS.
	servers []istio.Server
}

// knownGateway is a Gateway that is among the objects.
type knownGateway struct {
	object *istio.Object
	all    []istio.Server
}

// gatewaysOf returns Gateways by their full names.
func gatewaysOf(objects []*istio.Object) map[string]*knownGateway {
	known := map[string]*knownGateway{}
	for _, o := range objects {
		if spec, ok := o.Spec.(*networking.Gateway); ok {
			known[o.Namespace+"/"+o.Name] = &knownGateway{o, istio.ServersOf(spec)}
		}
	}
	return known
}

// arrivalOf returns how a request comes in, nil in the mesh and at a gateway of which nothing is known.
// Source: istio.io/istio pilot/pkg/model gatewayRDSRouteName.
func (t *Table) arrivalOf(in *received) *arrival {
	gateway := t.gateways[in.Gateway]
	if gateway == nil {
		return nil
	}
	a := &arrival{knownGateway: gateway}
	best := ""
	for _, s := range a.listening(in) {
		if in.Scheme != "https" {
			a.servers = append(a.servers, s)
			continue
		}
		for _, host := range s.ServedToAny() {
			host = strings.ToLower(host)
			if istio.Fits(host, in.host) && (best == "" || istio.MoreSpecific(host, best)) {
				best, a.servers = host, []istio.Server{s}
			}
		}
	}
	return a
}

// listening returns the servers that take requests of the scheme on the port.
func (g *knownGateway) listening(in *received) []istio.Server {
	return slices.DeleteFunc(slices.Clone(g.all), func(s istio.Server) bool {
		return s.Port != in.Port || !s.Takes(in.Scheme)
	})
}

// hostsOf returns the hosts under which a VirtualService is known where a request comes in: its own, and at a Gateway
// that is known what its servers and the VirtualService have in common. Capitals count: istiod compares what is
// written.
// Source: istio.io/istio pilot/pkg/networking/core buildGatewayHTTPRouteConfig.
func (a *arrival) hostsOf(s *virtualService) []string {
	if a == nil {
		return s.hosts
	}
	var hosts []string
	for _, own := range s.written {
		for _, host := range a.served(a.servers, s.object.Namespace, own) {
			if !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

// served returns what some servers and a host of a VirtualService of a namespace have in common.
func (g *knownGateway) served(servers []istio.Server, namespace, own string) []string {
	var hosts []string
	for _, server := range servers {
		for _, served := range server.ServedTo(namespace, g.object.Namespace) {
			if host, ok := istio.Common(served, own); ok {
				hosts = append(hosts, strings.ToLower(host))
			}
		}
	}
	return hosts
}

// unserved names the Gateways that a VirtualService is bound to and that have no server for one of its hosts.
func (t *Table) unserved(s *virtualService, host string) []string {
	return slices.DeleteFunc(slices.Clone(s.gateways), func(name string) bool {
		g := t.gateways[name]
		return g == nil || len(g.served(g.all, s.object.Namespace, host)) > 0
	})
}

// redirecting returns the arrival at those servers alone that redirect to https.
func (a *arrival) redirecting() *arrival {
	return &arrival{a.knownGateway, slices.DeleteFunc(slices.Clone(a.servers), func(s istio.Server) bool {
		return !s.Redirects
	})}
}

// redirect returns what a Gateway answers to a request of plain http before it looks at any rule, nil where it asks
// the rules of a host, or finds nothing. Such a server answers for each host that it has in common with a
// VirtualService, and for its own ones: those that stand there for one namespace are read as they are written, and
// answer nobody.
// Source: istio.io/istio pilot/pkg/networking/core buildGatewayHTTPRouteConfig, run with Envoy 1.40.
func (t *Table) redirect(in *received, a *arrival, claimed string) *Outcome {
	if a == nil || in.Scheme == "https" {
		return nil
	}
	only := a.redirecting()
	_, host := t.claim(in, only)
	if host != claimed {
		host = ""
	}
	for _, server := range only.servers {
		for _, own := range server.Hosts {
			own = strings.ToLower(strings.TrimPrefix(own, "*/"))
			if istio.Fits(own, in.host) && (claimed == own || claimed == "" || istio.MoreSpecific(own, claimed)) &&
				(host == "" || istio.MoreSpecific(own, host)) {
				host = own
			}
		}
	}
	if host == "" {
		return nil
	}
	out := &Outcome{
		Kind: RedirectTo, Request: in.Request, Host: host,
		Redirect: &Redirect{Code: http.StatusMovedPermanently, Location: "https://" + in.Authority + in.Path},
	}
	if slices.ContainsFunc(in.guesses[forwardedProto].values, func(p *pattern.Pattern) bool {
		return p.Matches("https")
	}) {
		out.DependsOn = []string{forwardedProto} // a gateway that trusts who sent it goes on to the rules
	}
	return out
}

// refusal says why a request that nobody claims gets no answer of a rule at a Gateway that is known; empty where
// there is nothing to say but that nobody claims it.
func (t *Table) refusal(in *received) string {
	a := t.arrivalOf(in)
	if a == nil {
		return ""
	}
	who := "requests for " + istio.Shown(in.Authority)
	scheme := in.Scheme
	if scheme == "http" {
		scheme = "plain http"
	}
	listening := a.listening(in)
	switch {
	case len(listening) == 0 && slices.ContainsFunc(a.all, func(s istio.Server) bool {
		return s.Port == in.Port && s.Unread
	}):
		return fmt.Sprintf("%s passes TLS on unread on port %d, so that no rule for HTTP is asked about %s there",
			a.object, in.Port, who)
	case len(listening) == 0:
		return fmt.Sprintf("%s has no server for %s on port %d, so that nothing takes %s there; it has %s", a.object,
			scheme, in.Port, who, a.ports())
	case !slices.ContainsFunc(listening, func(s istio.Server) bool {
		return slices.ContainsFunc(s.ServedToAny(), func(host string) bool {
			return istio.Fits(strings.ToLower(host), in.host)
		})
	}):
		answer := "it answers 404"
		if in.Scheme == "https" {
			answer = "it closes the connection"
		}
		return fmt.Sprintf("%s does not serve %s on port %d: %s", a.object, istio.Shown(in.Authority), in.Port, answer)
	}
	for _, s := range t.virtualServices {
		if !slices.Contains(s.gateways, in.Gateway) || !istio.VisibleIn(s.object, in.SourceNamespace) {
			continue
		}
		own, _, _ := t.hostFor(in, s, s.hosts)
		there, _, _ := t.hostFor(in, s, a.hostsOf(s))
		if own != "" && there == "" {
			return fmt.Sprintf("%s claims %s, and %s does not serve that host to namespace %s on port %d: "+
				"it answers 404", s.object, who, a.object, s.object.Namespace, in.Port)
		}
	}
	return ""
}

// ports names the ports of a Gateway.
func (g *knownGateway) ports() string {
	var names []string
	for _, s := range g.all {
		if name := fmt.Sprintf("%d (%s)", s.Port, istio.Shown(s.Protocol)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return istio.Enumerate(few(names, "%d more"), "and")
}
