package traffic

import (
	"net/http"
	"strconv"
	"time"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/cors"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// OutcomeKind says what happens to a request.
type OutcomeKind string

const (
	// Forward says that a rule sends the request to destinations.
	Forward OutcomeKind = "forward"
	// RedirectTo says that a rule answers with a redirect, or without a rule that a Gateway sends plain http to
	// https.
	RedirectTo OutcomeKind = "redirect"
	// Respond says that a rule answers by itself, or its CORS policy a preflight.
	Respond OutcomeKind = "direct_response"
	// NoRoute says that a VirtualService holds, and none of its rules takes the request: 404, for gRPC UNIMPLEMENTED.
	// So is a request to a sidecar with an empty x-forwarded-proto, whether one holds or not.
	NoRoute OutcomeKind = "no_route"
	// Unclaimed says that no VirtualService holds. A sidecar sends the request to the service that the authority
	// names, to every version of it; a gateway answers 404. At a Gateway that is known it may be that
	// nothing listens for it.
	Unclaimed OutcomeKind = "unclaimed"
)

// RuleRef says which rule of spec.http.
type RuleRef struct {
	// Object is the VirtualService that has the hosts, and Index the place in its spec.http, from 0.
	Object *istio.Object
	Index  int
	// Delegate is the VirtualService that the rule hands over to, nil without, and DelegateIndex the place in its
	// spec.http, -1 without.
	Delegate      *istio.Object
	DelegateIndex int
	// Name is the name of the rule, joined as `root-delegate`. May be empty.
	Name string
}

// Path returns the place of the rule in Object's spec.
func (r RuleRef) Path() istio.Path { return istio.Path{"http", r.Index} }

// String returns the rule as `http[1]`, with its name as `http[1] "v2"`.
func (r RuleRef) String() string {
	text := r.Path().String()
	if r.Delegate != nil {
		text += " > " + r.Delegate.Namespace + "/" + r.Delegate.Name + " http[" + strconv.Itoa(r.DelegateIndex) + "]"
	}
	if r.Name != "" {
		text += " " + strconv.Quote(r.Name)
	}
	return text
}

// MatchRef says which match of a rule.
type MatchRef struct {
	// Index is the place among the rule's matches after delegation, from 0; -1 for a rule without matches.
	Index int
	// Root and Delegate are the places in the match lists of the VirtualService and of its delegate that the match is
	// made of, -1 if it has no part of one.
	Root, Delegate int
	// Name is the name of the match, joined as `root-delegate`. May be empty.
	Name string
}

// Destination is where requests go.
type Destination struct {
	// Host is the full host, Subset the name of a subset of it or empty, Port the port there or 0 for that of the
	// request.
	Host   string
	Subset string
	Port   uint32
}

// String returns the destination as `reviews.shop.svc.cluster.local:80 subset v2`.
func (d Destination) String() string {
	text := d.Host
	if d.Port != 0 {
		text += ":" + strconv.FormatUint(uint64(d.Port), 10)
	}
	if d.Subset != "" {
		text += " subset " + d.Subset
	}
	return text
}

// SubsetState says whether a destination's subset exists for the caller.
type SubsetState string

const (
	// SubsetUnknown says that the destination has no subset, or what is given does not tell.
	SubsetUnknown SubsetState = ""
	// SubsetDeclared says that the DestinationRule that holds for the caller has the subset.
	SubsetDeclared SubsetState = "declared"
	// SubsetMissing says that it has not, or there is none. Requests get 503.
	SubsetMissing SubsetState = "missing"
)

// Share is a destination and how much it gets.
type Share struct {
	Destination
	// Percent is above 0 and up to 100: Istio reads weights as proportions of their sum, drops those of 0, and gives
	// an only destination everything. The same destination named twice is one share.
	Percent float64
	// State and Labels are about the subset, by the DestinationRule that holds for the caller.
	State  SubsetState
	Labels map[string]string
	// RequestHeaders and ResponseHeaders are changed for this destination only.
	RequestHeaders, ResponseHeaders HeaderChanges
	// Authority is what this destination, one of several, sees in place of the request's. Empty where it stays, or is
	// that of the Rewrite for all of them.
	Authority string
}

// HeaderChanges are what a proxy does to headers. Names are as written.
type HeaderChanges struct {
	Set, Add map[string]string
	Remove   []string
}

// Retries are a retry policy as it holds, Istio's defaults filled in.
type Retries struct {
	// Attempts is how often a request is tried again; 0: never.
	Attempts int32
	// On lists conditions as Envoy spells them.
	On string
	// PerTryTimeout is 0 when one try may take as long as all of them.
	PerTryTimeout time.Duration
	// Default says that the rule has no policy of its own.
	Default bool
}

// Fault is an injected fault. Percentages are 0 to 100; Istio reads an absent one as 0.
type Fault struct {
	Delay        time.Duration
	DelayPercent float64
	// AbortHTTPStatus is 0 and AbortGRPCStatus empty when requests are not aborted by one.
	AbortHTTPStatus int32
	AbortGRPCStatus string
	AbortPercent    float64
}

// Mirror is a destination that gets copies, and its percentage of the requests, above 0 and up to 100.
type Mirror struct {
	Destination
	Percent float64
}

// Rewrite is what the destination sees of the request line.
type Rewrite struct {
	// Path has the query; Authority is empty when it stays.
	Path, Authority string
}

// Redirect is where a client is sent.
type Redirect struct {
	// Code is 301, 302, 303, 307 or 308.
	Code     uint32
	Location string
}

// DirectResponse is what a proxy answers by itself.
type DirectResponse struct {
	Status uint32
	Body   string
	// Location is where a client is sent, empty for most statuses: with 201 and 3xx it is what the client asked for.
	// Source: Envoy's router filter, direct response; run with 1.40.
	Location string
}

// Outcome is what happens to a request.
type Outcome struct {
	Kind OutcomeKind
	// Request is the request with its defaults filled in.
	Request Request
	// VirtualService is the one that holds, nil if none does. At a gateway, where several can hold, it is the one
	// that has the rule, and without a rule the oldest.
	VirtualService *istio.Object
	// Host is the host by which it claims the request, in full; possibly a wildcard.
	Host string
	// Rule and Match say what fires. They are zero for NoRoute and Unclaimed, and where a Gateway redirects to https.
	Rule  RuleRef
	Match MatchRef
	// RouteName is the name in Envoy's access log: rule, a dot and match. May be empty.
	RouteName string
	// Destinations are those of Forward, in the order of the rule.
	Destinations []Share
	// Timeout is 0 when there is none.
	Timeout  time.Duration
	Retries  *Retries
	Fault    *Fault
	Mirrors  []Mirror
	Rewrite  *Rewrite
	Redirect *Redirect
	Response *DirectResponse
	// CORS is what the rule's policy makes of a request with an origin, nil where it does nothing.
	CORS *cors.Verdict
	// RequestHeaders and ResponseHeaders are changed for every destination.
	RequestHeaders, ResponseHeaders HeaderChanges
	// DependsOn names headers that a proxy may set, replace or take away before it routes, and that could make it
	// another outcome: this one is that of Istio's defaults.
	DependsOn []string
	// Older is what proxies up to Istio 1.30 do, and gRPC clients that follow istiod without a proxy, where it is
	// something else: they join the values of a header that comes in several lines with commas, and newer proxies
	// compare each by itself. Nil where all do the same.
	// Source: Envoy 1.39, envoy.reloadable_features.match_headers_individually; run with 1.38 and 1.40.
	Older *Outcome
}

// crossOrigin writes down what a policy makes of a request, which a rule that answers by itself never asks.
func (o *Outcome) crossOrigin(policy *networking.CorsPolicy, in *received) {
	o.CORS = cors.Judge(policy, cors.Request{
		Method: in.Method, Origin: in.headers["origin"], Asks: in.headers["access-control-request-method"],
		AsksHeaders: in.headers["access-control-request-headers"],
	})
	if o.CORS != nil && o.CORS.Answered {
		o.Kind, o.Response = Respond, &DirectResponse{Status: http.StatusOK}
		o.Timeout, o.Retries, o.Mirrors, o.Rewrite, o.Destinations = 0, nil, nil, nil, nil
		o.RequestHeaders, o.ResponseHeaders = HeaderChanges{}, HeaderChanges{}
	}
}
