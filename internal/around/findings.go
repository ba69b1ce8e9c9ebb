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
)

// Finding is what a cluster has against a route.
type Finding struct {
	istio.Problem
	Kind FindingKind
	// Other is the object of somebody else, nil without one.
	Other *istio.Object
}

// mostFindings is how many findings of one kind are told: nobody reads more.
const mostFindings = 20

// lookout looks from one route at what is around it.
type lookout struct {
	*Facts
	before, pair istio.Objects
	// about is the full host that is looked at, and claiming are those that claim it; empty where the whole route is.
	about    string
	claiming map[*Neighbor]bool
	findings []Finding
	wanted   []Look
}

// want asks for a look, unless that failed before.
func (l *lookout) want(resource Resource, namespace string) {
	if look := (Look{resource, namespace}); !l.Closed[look] && !slices.Contains(l.wanted, look) {
		l.wanted = append(l.wanted, look)
	}
}

func (l *lookout) find(kind FindingKind, of, other *istio.Object, severity istio.Severity, at istio.Path, format string, args ...any) {
	if !l.full(kind) {
		problem := istio.Problem{Of: of, At: at, Severity: severity, Reason: fmt.Sprintf(format, args...)}
		l.findings = append(l.findings, Finding{Problem: problem, Kind: kind, Other: other})
	}
}

// missing tells that something is not there that a route names.
func (l *lookout) missing(remedy istio.Remedy, of *istio.Object, at istio.Path, format string, args ...any) {
	before := len(l.findings)
	l.find(Absent, of, nil, istio.Doubtful, at, format, args...)
	if len(l.findings) > before {
		l.findings[before].Remedy = remedy
	}
}

// full reports whether there are as many findings of a kind as are told.
func (l *lookout) full(kind FindingKind) bool {
	told := 0
	for _, f := range l.findings {
		if f.Kind == kind {
			told++
		}
	}
	return told >= mostFindings
}
