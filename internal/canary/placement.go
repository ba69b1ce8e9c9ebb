package canary

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// UndecidedNamespace stands in for a namespace that is not known yet: nothing is in it.
const UndecidedNamespace = "not-known-yet"

// Placement is where a pair of objects lives, for which hosts it speaks and who sees it.
type Placement struct {
	Namespace string
	// VirtualServiceName and DestinationRuleName are the objects' names.
	VirtualServiceName  string
	DestinationRuleName string
	// SubsetsElsewhere leaves the DestinationRule to somebody else: only the VirtualService is rendered.
	SubsetsElsewhere bool
	// SharesByOthers says that somebody else sets the weights, and may bring the labels of the subsets too.
	SharesByOthers bool
	Labels         map[string]string
	Annotations    map[string]string
	// Owner is the workspace that writes the objects, as [istio.OwnerAnnotation] says; empty leaves the annotation
	// out.
	Owner string
	// Host is the full name of the service that all requests go to.
	Host          string
	ClusterDomain string
	// Port is the service's port, 1 to 65535, for a service that has several; 0 leaves the choice to Istio.
	Port int64
	// Hosts are the names that requests ask for; empty means Host.
	Hosts []string
	// Gateways are where the rules apply; empty means [istio.MeshGateway].
	Gateways []string
	// ExportTo are the namespaces that see both objects; empty means all.
	ExportTo      []string
	TrafficPolicy *networking.TrafficPolicy
}

// Place returns the placement itself.
func (p *Placement) Place() *Placement { return p }

func (p *Placement) problems() []istio.Problem {
	if p.Host == "" {
		return []istio.Problem{istio.Errorf(istio.Path{"service"}, "must not be empty")}
	}
	problems := check.Namespace(p.Namespace)
	if len(problems) == 0 {
		problems = p.elsewhereProblems()
	}
	problems = append(problems, check.Name("virtual_service_name", p.VirtualServiceName)...)
	problems = append(problems, check.Name("destination_rule_name", p.DestinationRuleName)...)
	if p.Port < 0 || p.Port > 65535 {
		problems = append(problems, istio.Errorf(istio.Path{"port"}, "must be between 1 and 65535"))
	}
	problems = append(problems, p.outsideProblems()...)
	if _, taken := p.Labels[istio.ManagedByLabel]; taken {
		problems = append(problems, istio.Errorf(istio.Path{"labels", istio.Key(istio.ManagedByLabel)},
			"this label tells who writes the objects, and the provider sets it itself"))
	}
	return append(problems, check.Metadata(p.Labels, p.Annotations)...)
}

// AllAnnotations returns the annotations of the objects: those that the user gives, and the owner's mark.
func (p *Placement) AllAnnotations() map[string]string {
	if p.Owner == "" {
		return p.Annotations
	}
	all := map[string]string{istio.OwnerAnnotation: p.Owner}
	maps.Copy(all, p.Annotations)
	return all
}

// elsewhereProblems warns of a pair that stands where few callers look. A proxy takes a DestinationRule from its own
// namespace, from the service's and from the root namespace, and from no other.
func (p *Placement) elsewhereProblems() []istio.Problem {
	namespace := p.serviceNamespace()
	if namespace == "" || namespace == p.Namespace || p.Namespace == UndecidedNamespace || p.SubsetsElsewhere {
		return nil
	}
	return []istio.Problem{istio.Warnf(istio.Path{"namespace"},
		"the service is in namespace %q, and a DestinationRule in %q is found only by callers in that namespace, or "+
			"by all if it is Istio's root namespace; for everybody else the subsets do not exist, and their requests "+
			"fail with 503; set namespace = %q",
		namespace, p.Namespace, namespace)}
}

// outsideProblems warns of a pair at gateways that holds for the service's own name, by which nobody there calls it.
func (p *Placement) outsideProblems() []istio.Problem {
	if len(p.Hosts) > 0 || p.serviceNamespace() == "" ||
		!slices.ContainsFunc(p.Gateways, func(name string) bool { return name != istio.MeshGateway }) {
		return nil
	}
	return []istio.Problem{istio.Warnf(istio.Path{"gateways"},
		"no hosts are given, so that the rules are for %s, a name that no client outside the cluster asks a "+
			"gateway for; "+
			"write the hosts that it asks for", p.Host)}
}

// serviceNamespace is the namespace in the host of a service of the cluster, empty for another host.
func (p *Placement) serviceNamespace() string {
	inside, ok := strings.CutSuffix(p.Host, ".svc."+p.ClusterDomain)
	if !ok {
		return ""
	}
	_, namespace, _ := strings.Cut(inside, ".")
	return namespace
}
