package traffic

import (
	"slices"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// theService is where a sidecar sends the requests that no VirtualService claims.
const theService = "the service itself"

// rest is what becomes of requests that no rule takes.
type rest struct {
	who string
	// bypass says that they go to the service, as if there were no VirtualService. Otherwise they have no route.
	bypass bool
	// gateway says that this is so in the mesh, and that the same requests have no route at a gateway.
	gateway bool
}

func (r rest) String() string {
	if !r.bypass {
		return r.who + " have no route"
	}
	text := r.who + " go to " + theService + ", as if there were no VirtualService"
	if r.gateway {
		text += "; at a gateway they have no route"
	}
	return text
}

// to is where they go, in a picture.
func (r rest) to() string {
	switch {
	case !r.bypass:
		return "no route"
	case r.gateway:
		return theService + ", at a gateway no route"
	}
	return theService + " (no rule)"
}

// left says what becomes of the requests that the rules leave. istiod gives no proxy a route of a VirtualService that
// has no rule for it: a sidecar then knows the service alone, a gateway nothing.
// Source: istio.io/istio pilot/pkg/networking/core/route buildSidecarVirtualHostsForVirtualService.
func (s *virtualService) left() []rest {
	who := "all other requests"
	if len(s.rules) == 0 {
		who = "all requests"
	}
	var unrouted, bypass, gateway bool
	var inMesh []proxies
	for _, name := range s.gateways {
		there := s.proxiesAt(name)
		some := !slices.ContainsFunc(there, func(p proxies) bool { return len(p.where) == 0 })
		unrouted = unrouted || leaveSome(there)
		if name == istio.MeshGateway {
			bypass, inMesh = some, there
		} else {
			gateway = gateway || some
		}
	}
	switch {
	case !bypass && (unrouted || gateway):
		return []rest{{who: who}}
	case !bypass:
		return nil
	case len(s.rules) == 0:
		return []rest{{who: who, bypass: true, gateway: gateway}}
	}
	these, others := callers(inMesh)
	var all []rest
	if unrouted {
		all = append(all, rest{who: who + " " + these})
	}
	return append(all, rest{who: "requests " + others, bypass: true, gateway: gateway})
}

// proxies are those for which a match is, of the ones at one gateway or in the mesh.
type proxies struct {
	where []literal
	all   bool // it takes all of their requests
}

// within reports whether others are these and more.
func (p proxies) within(others proxies) bool {
	return !slices.ContainsFunc(others.where, func(l literal) bool {
		return !slices.ContainsFunc(p.where, func(own literal) bool {
			return own.on == l.on && own.pattern.Key() == l.pattern.Key()
		})
	})
}

// leaveSome reports whether there are proxies of which some requests are taken and others not.
func leaveSome(there []proxies) bool {
	return slices.ContainsFunc(there, func(p proxies) bool {
		return !slices.ContainsFunc(there, func(other proxies) bool { return other.all && p.within(other) })
	})
}

// proxiesAt returns for which of the proxies at a gateway, or in the mesh, each match is.
func (s *virtualService) proxiesAt(gateway string) []proxies {
	var all []proxies
	for _, rule := range s.rules {
		for i := range rule.matches {
			m := &rule.matches[i]
			p, here := proxies{all: m.last && !rule.handsOver()}, true
			for _, l := range m.place {
				if l.on.kind != onGateway {
					p.where = append(p.where, l)
				} else if !l.holds(gateway, true) {
					here = false
				}
			}
			if here {
				all = append(all, p)
			}
		}
	}
	return all
}

// callers names those in the mesh for whom there are rules, by what the rules look at, and all others.
func callers(there []proxies) (these, others string) {
	ports, rest := 0, 0
	for _, p := range there {
		for _, l := range p.where {
			if l.on.kind == onPort {
				ports++
			} else {
				rest++
			}
		}
	}
	switch {
	case ports == 0:
		return "from these callers", "from all other callers"
	case rest == 0:
		return "on these ports", "on all other ports"
	}
	return "from these callers or on these ports", "from all other callers or on all other ports"
}

// withoutRuleFor returns the VirtualService that claims a request from a sidecar and has no rule for that, nil if
// none does.
func (t *Table) withoutRuleFor(request Request) *virtualService {
	in := receive(request, t.firstHost())
	for _, s := range t.virtualServices {
		if in.Gateway != istio.MeshGateway || !slices.Contains(s.gateways, in.Gateway) ||
			!istio.VisibleIn(s.object, in.SourceNamespace) || s.hasRoutes(in) {
			continue
		}
		if host, _, _ := t.hostFor(in, s, s.hosts); host != "" {
			return s
		}
	}
	return nil
}
