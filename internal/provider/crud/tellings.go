package crud

import (
	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// telling is something that a plan tells of what is in the cluster.
type telling struct {
	// summary is that of the diagnostic, without the object's name.
	summary string
	// errs says that it can be an error: where it can be a warning too, when says so.
	errs bool
	// when says in Markdown when it is told.
	when string
	// rights are what the user has to be allowed for it, such as `list pods`.
	rights []string
	// id is that by which a configuration accepts it, empty for what it cannot accept.
	id string
}

// tellingOf returns what a finding of a kind is told as. Each is a warning that names the object, unless it is said
// to be an error.
func tellingOf(kind around.FindingKind) telling {
	switch kind {
	case around.Rivalry:
		return telling{
			summary: "Host is routed already", id: report.DoubtOfHost,
			when:   "Another VirtualService claims a host of this one: which of the two holds, where, and for whom.",
			rights: []string{"list virtualservices"},
		}
	case around.Overlap:
		return telling{
			summary: "Subsets are declared elsewhere too", id: report.DoubtOfDeclaration,
			when: "Another DestinationRule declares the same subsets, or stands in the place of this one for some " +
				"callers.",
			rights: []string{"list destinationrules"},
		}
	case around.Idle:
		return telling{
			summary: "Nobody answers in a subset", errs: true,
			when: "A subset gets requests, and no ready pod or WorkloadEntry answers them. An error where it begins " +
				"to get them, or more of them; `allow_empty_subsets` lets it pass.",
			rights: []string{"list services", "list pods", "list workloadentries"},
		}
	case around.Absent:
		return telling{
			summary: "Not in the cluster", id: report.DoubtOfPresence,
			when:   "A Service, a port, a subset or a Gateway that the route names is not there.",
			rights: []string{"list services", "list serviceentries", "list gateways", "list destinationrules"},
		}
	case around.Used:
		return telling{
			summary: "Subset still in use", errs: true,
			when: "A subset goes, or gets other labels, while another VirtualService sends requests to it, also when " +
				"a resource is destroyed. A warning for one of the same workspace; `allow_used_removal` in the " +
				"provider block lets it pass. Apply looks again.",
			rights: []string{"list virtualservices", "list destinationrules"},
		}
	case around.Handed:
		return telling{
			summary: "Delegate still in use", errs: true,
			when: "A VirtualService goes, gets another name, or gets hosts, while a rule of another one delegates " +
				"to it, " +
				"also when a resource is destroyed. A warning for one of the same workspace; `allow_used_removal` in " +
				"the provider block lets it pass. Apply looks again.",
			rights: []string{"list virtualservices"},
		}
	case around.LeftOut:
		return telling{
			summary: "Rule is left out", id: report.DoubtOfDelegate,
			when: "istiod leaves a rule out because of its delegate, which is missing, not exported, or wider than " +
				"its root.",
			rights: []string{"list virtualservices"},
		}
	case around.Unserved:
		return telling{
			summary: "Host is not served at the gateway", id: report.DoubtOfGateway,
			when:   "A Gateway that the route names does not serve one of its hosts.",
			rights: []string{"list gateways"},
		}
	case around.Redirected:
		return telling{
			summary: "Gateway redirects plain http", id: report.DoubtOfRedirect,
			when:   "The Gateway answers plain http for a host with 301.",
			rights: []string{"list gateways"},
		}
	case around.Bypassed:
		return telling{
			summary: "Gateway goes past the route", id: report.DoubtOfBypass,
			when: "Another VirtualService at a gateway sends requests straight to the service, past a route of " +
				"the mesh.",
			rights: []string{"list virtualservices"},
		}
	case around.Opaque:
		return telling{
			summary: "Port is not HTTP", id: report.DoubtOfProtocol,
			when:   "No port of the service carries HTTP as Istio sees it, so that no rule for HTTP holds.",
			rights: []string{"list services"},
		}
	case around.Unmeshed:
		return telling{
			summary: "Callers without a sidecar", id: report.DoubtOfCallers,
			when: "Whoever calls, as the matches or `export_to` say, is in a namespace without injection, or in " +
				"ambient " +
				"mode without a waypoint. Told once for these namespaces.",
			rights: []string{"list namespaces", "list pods", "list workloadentries"},
		}
	case around.Alike:
		return telling{
			summary: "Subsets do not differ", id: report.DoubtOfSubsets,
			when:   "Two subsets have the same labels, or one has only those of the service's own selector.",
			rights: []string{"list services"},
		}
	}
	return telling{}
}

// The summaries of what else a plan tells of the cluster.
const (
	existsAlready   = "Object exists already"
	takenUp         = "Object is taken up"
	otherWorkspace  = "Owned by another workspace"
	trafficMoves    = "Traffic moves"
	trafficWalks    = "Traffic walks"
	stepTooLarge    = "Step too large"
	noNamespaceYet  = "Namespace does not exist yet"
	notChecked      = "Not checked against the cluster"
	istioMissingYet = "Istio API not served yet"
)
