package around

import (
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// The labels by which a namespace is in the mesh.
// Source: istio.io/api label, and the namespace selectors of istiod's webhooks.
const (
	injectionLabel = "istio-injection"
	revisionLabel  = "istio.io/rev"
	dataplaneLabel = "istio.io/dataplane-mode"
	waypointLabel  = "istio.io/use-waypoint"
)

// presence says how callers of a namespace are in the mesh.
type presence int

const (
	presenceUnknown presence = iota
	withSidecars
	ambient
	outside
)

// presenceOf asks for the namespaces, and for the workloads of one that does not say it by its labels. A namespace
// that is not there may be made.
func (l *inspection) presenceOf(namespace string) presence {
	if l.Namespaces == nil {
		l.want(Namespaces, "")
		return presenceUnknown
	}
	labels, there := l.Namespaces[namespace]
	injection, revision := labels[injectionLabel], labels[revisionLabel]
	switch {
	case !there:
		return presenceUnknown
	case injection == "enabled" || injection == "" && revision != "":
		return withSidecars
	case labels[dataplaneLabel] == "ambient":
		return ambient
	}
	sidecars, known := l.Sidecars[namespace]
	switch {
	case !known:
		l.want(Sidecars, namespace)
		return presenceUnknown
	case sidecars:
		return withSidecars
	}
	return outside
}

// callers tells of rules whose callers, as far as the route says who they are, are all without a sidecar: nobody asks
// the rules then.
func (l *inspection) callers() {
	o := l.pair.Routing()
	spec := o.VirtualServiceSpec()
	if len(spec.GetHttp()) == 0 || len(spec.GetHosts()) == 0 || !istio.InMesh(spec) {
		return
	}
	at, names := knownCallers(o)
	found := map[presence][]string{}
	for _, name := range names {
		is := l.presenceOf(name)
		found[is] = append(found[is], name)
	}
	switch out, half := found[outside], found[ambient]; {
	case len(found[presenceUnknown])+len(found[withSidecars]) > 0 || len(names) == 0:
	case len(half) == 0:
		l.find(Unmeshed, o, nil, istio.Doubtful, at,
			"%s have no sidecar, so that nothing follows these rules there: no label asks for injection (%s=enabled "+
				"or %s), and no workload has one", audience{names: out}.words(), injectionLabel, revisionLabel)
	case !l.hasWaypoint(o):
		l.find(Unmeshed, o, nil, istio.Doubtful, at,
			"%s have no sidecar: in ambient mode rules for HTTP hold only at a waypoint, and no label %s asks for one "+
				"in the namespace of the service", audience{names: names}.words(), waypointLabel)
	}
}

// knownCallers are the namespaces that call as the route says: those of its matches, or those that it is exported to.
func knownCallers(o *istio.Object) (at istio.Path, names []string) {
	for i, rule := range o.VirtualServiceSpec().GetHttp() {
		for j, match := range rule.GetMatch() {
			if name := match.GetSourceNamespace(); name != "" {
				if names = append(names, name); at == nil {
					at = istio.Path{"http", i, "match", j, "source_namespace"}
				}
			}
		}
	}
	if at != nil {
		return at, istio.Unique(names)
	}
	who := whoSees(o)
	if who.all {
		return nil, nil
	}
	return istio.Path{"export_to"}, who.names
}

// hasWaypoint reports whether the namespace of a Service that the route is for asks for a waypoint.
func (l *inspection) hasWaypoint(o *istio.Object) bool {
	for _, host := range o.VirtualServiceSpec().GetHosts() {
		namespace, _, inside := l.InCluster(strings.ToLower(istio.FullHost(host, o.Namespace, l.Domain())))
		if waypoint := l.Namespaces[namespace][waypointLabel]; inside && waypoint != "" && waypoint != "none" {
			return true
		}
	}
	return false
}
