package istio

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
)

// Server is a port of a Gateway, and for whom it is.
type Server struct {
	Port uint32
	// Protocol is what is spoken there, in the words of the Gateway.
	Protocol string
	// Hosts are names and wildcards, behind a namespace and a slash where only VirtualServices of that namespace are
	// asked for them.
	Hosts []string
	// Redirects says that requests of plain http are answered with a redirect to https.
	Redirects bool
	// Unread says that TLS is passed on as it comes, so that nobody sees requests in it.
	Unread bool
}

// ServersOf returns the servers of a Gateway.
func ServersOf(spec *networking.Gateway) []Server {
	var servers []Server
	for _, s := range spec.GetServers() {
		server := Server{
			Port: s.GetPort().GetNumber(), Protocol: s.GetPort().GetProtocol(), Hosts: s.GetHosts(),
			Redirects: s.GetTls().GetHttpsRedirect(),
		}
		// Who says nothing else passes TLS on, also where there is none.
		passes := []networking.ServerTLSSettings_TLSmode{
			networking.ServerTLSSettings_PASSTHROUGH, networking.ServerTLSSettings_AUTO_PASSTHROUGH,
		}
		server.Unread = s.GetTls() != nil && !server.Takes("http") && slices.Contains(passes, s.GetTls().GetMode())
		servers = append(servers, server)
	}
	return servers
}

// Takes reports whether requests of a scheme come in at the server, as requests that rules for HTTP are asked about.
// Source: istio.io/istio pkg/config/gateway IsHTTPServer, pkg/config/protocol Parse.
func (s Server) Takes(scheme string) bool {
	if scheme == "https" {
		return strings.EqualFold(s.Protocol, "https") && !s.Unread
	}
	return slices.Contains(httpProtocols, strings.ToLower(s.Protocol))
}

// The protocols of ports in which proxies see requests, and those in which they see none. They look at what comes
// where it is neither.
// Source: istio.io/istio pkg/config/protocol Parse.
var (
	httpProtocols   = []string{"http", "http2", "http_proxy", "grpc", "grpc-web"}
	opaqueProtocols = []string{"https", "tcp", "udp", "tls", "mongo", "redis", "mysql", "doublehbone"}
)

// MayCarryHTTP reports whether sidecars look for requests in what goes to a port of a protocol.
func MayCarryHTTP(protocol string) bool {
	return !slices.Contains(opaqueProtocols, strings.ToLower(protocol))
}

// ServedTo returns the hosts that the server asks VirtualServices of a namespace for, of a Gateway in another one.
// Source: istio.io/istio pilot/pkg/model sanitizeServerHostNamespace, pkg/config/host NamesForNamespace.
func (s Server) ServedTo(namespace, gatewayNamespace string) []string {
	var hosts []string
	for _, host := range s.Hosts {
		if of, name, ok := strings.Cut(host, "/"); ok {
			if of != "*" && of != namespace && (of != "." || namespace != gatewayNamespace) {
				continue
			}
			host = name
		}
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// ServedToAny returns the hosts of the server, whoever is asked for them: those by which clients find it, by the name
// that they send when they begin TLS.
// Source: istio.io/istio pilot/pkg/model GetSNIHostsForServer.
func (s Server) ServedToAny() []string {
	hosts := make([]string, len(s.Hosts))
	for i, host := range s.Hosts {
		_, name, ok := strings.Cut(host, "/")
		if !ok {
			name = host
		}
		hosts[i] = name
	}
	return hosts
}

// Common returns the names that two hosts in full have in common, as one host: the one that the other one covers.
// Source: istio.io/istio pkg/config/host Names.Intersection.
func Common(a, b string) (host string, ok bool) {
	within := func(inner, outer string) bool {
		suffix, wildcard := strings.CutPrefix(outer, "*")
		return inner == outer || wildcard && len(inner) >= len(outer) && strings.HasSuffix(inner, suffix)
	}
	switch {
	case within(a, b):
		return a, true
	case within(b, a):
		return b, true
	}
	return "", false
}
