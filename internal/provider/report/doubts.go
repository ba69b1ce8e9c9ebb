package report

import "slices"

// The ids of what a plan tells again and again as long as it stands, by which a configuration accepts it. They are
// part of the provider's interface: none is renamed.
const (
	DoubtOfRoute       = "doubtful-route"
	DoubtOfEffect      = "route-without-effect"
	DoubtOfHost        = "host-routed-already"
	DoubtOfDeclaration = "subsets-declared-elsewhere"
	DoubtOfPresence    = "not-in-cluster"
	DoubtOfDelegate    = "rule-left-out"
	DoubtOfGateway     = "host-not-served"
	DoubtOfRedirect    = "gateway-redirects"
	DoubtOfBypass      = "gateway-bypass"
	DoubtOfProtocol    = "port-not-http"
	DoubtOfSubsets     = "subsets-alike"
	DoubtOfCallers     = "callers-without-sidecar"
	DoubtOfTool        = "other-tool"
	DoubtOfRights      = "not-checked"
)

var doubts = []string{
	DoubtOfRoute, DoubtOfEffect, DoubtOfHost, DoubtOfDeclaration, DoubtOfPresence, DoubtOfDelegate, DoubtOfGateway,
	DoubtOfRedirect, DoubtOfBypass, DoubtOfProtocol, DoubtOfSubsets, DoubtOfCallers, DoubtOfTool, DoubtOfRights,
}

// Doubts returns the ids of all doubts that can be accepted, in alphabetical order.
func Doubts() []string { return slices.Sorted(slices.Values(doubts)) }

// Audience is who is told of doubts.
type Audience struct {
	// Told knows what this run has told, nil where nobody counts.
	Told *Tally
	// Accepted are the ids of the doubts that the configuration accepts.
	Accepted []string
}

// Accepts reports whether a doubt of that id, empty for what nobody can accept, is not told.
func (a Audience) Accepts(id string) bool { return id != "" && slices.Contains(a.Accepted, id) }
