package around

import (
	"fmt"
	"slices"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// FindingKind says what a finding is about.
type FindingKind int

// The kinds of findings.
const (
	// Rivalry is between two VirtualServices for one host.
	Rivalry FindingKind = iota
	// Overlap is between two DestinationRules for one host.
	Overlap
	// Idle is a subset that gets requests and has nobody to answer them.
	Idle
	// Absent is something that a route names and that is not there.
	Absent
	// Used is a subset that goes while others send requests to it.
	Used
	// LeftOut is a rule that istiod leaves out without telling anyone.
	LeftOut
	// Unserved is a host that a gateway does not serve.
	Unserved
	// Redirected is a host whose requests of plain http a gateway answers itself.
	Redirected
	// Bypassed is a service to which requests come from a gateway past the route.
	Bypassed
	// Opaque is a service none of whose ports carries HTTP as Istio sees it.
	Opaque
	// Alike is a subset that is the same pods as another one, or all pods of the service.
	Alike
	// Handed is a VirtualService that goes while others hand requests over to it.
	Handed
	// Unmeshed is a rule whose callers have no sidecar that would follow it.
	Unmeshed
)

// Removes reports whether it is about something that goes while others use it.
func (k FindingKind) Removes() bool { return k == Used || k == Handed }

// Finding is what a cluster has against a route.
type Finding struct {
	istio.Problem
	Kind FindingKind
	// Other is the object of somebody else, nil without one.
	Other *istio.Object
	// Own says that the other object is of the same workspace.
	Own bool
	// Fails says that requests fail for certain.
	Fails bool
}

// mostFindings is how many findings of one kind are told: nobody reads more.
const mostFindings = 20

// inspection is that of one route, or of one host, with what is around it.
type inspection struct {
	*Facts
	before, pair istio.Objects
	// about is the full host that is inspected, and claiming are those that claim it; empty where the whole route is.
	about    string
	claiming map[*Neighbor]bool
	findings []Finding
	wanted   []Query
}

// want asks for a query, unless that failed before.
func (l *inspection) want(resource Resource, namespace string) {
	if query := (Query{resource, namespace}); !l.Closed[query] && !slices.Contains(l.wanted, query) {
		l.wanted = append(l.wanted, query)
	}
}

// find adds a finding, and returns it for what else there is to say of it.
func (l *inspection) find(
	kind FindingKind, of, other *istio.Object, severity istio.Severity, at istio.Path, format string, args ...any,
) *Finding {
	problem := istio.Problem{Of: of, At: at, Severity: severity, Reason: fmt.Sprintf(format, args...)}
	found := Finding{Problem: problem, Kind: kind, Other: other}
	if l.full(kind) {
		return &found
	}
	l.findings = append(l.findings, found)
	return &l.findings[len(l.findings)-1]
}

// missing tells that something is not there that a route names.
func (l *inspection) missing(
	remedy istio.Remedy, of *istio.Object, at istio.Path, format string, args ...any,
) *Finding {
	found := l.find(Absent, of, nil, istio.Doubtful, at, format, args...)
	found.Remedy = remedy
	return found
}

// full reports whether there are as many findings of a kind as are told.
func (l *inspection) full(kind FindingKind) bool {
	told := 0
	for _, f := range l.findings {
		if f.Kind == kind {
			told++
		}
	}
	return told >= mostFindings
}
