package acceptance_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest/tables"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// ending is what a request can show of what became of it.
type ending struct {
	// Route is the name of the route, as the access log has it. Without one of a VirtualService it is what istiod
	// calls that to the service itself, or to where else a sidecar sends to.
	Route string
	// Status is that of HTTP, or of gRPC where an Envoy answers a request of that by itself: `grpc 12`.
	Status string
	// Location and Body are what an Envoy answers by itself. The body of an answer to gRPC is its message.
	Location, Body string
	// Version, Path and Authority are those of the server that answered. Empty where none did.
	Version, Path, Authority string
	// Timeout is what the server is told of it, in whole seconds.
	Timeout time.Duration
	// Sent and Answered have the headers that tables change, as the server and the client got them.
	Sent, Answered map[string][]string
	// Delayed says that the answer took as long as a fault makes it take. It is looked at where one is certain.
	Delayed bool

	share *traffic.Share
	delay time.Duration
	// local says that an Envoy answers by itself.
	local bool
}

// What istiod calls the routes of a sidecar that no VirtualService has.
const (
	toService   = "default"
	toAnywhere  = "allow_any"
	faultAborts = "fault filter abort"
)

// endings returns what may become of a request: where there are shares and percentages, chance decides.
func endings(drawn *tables.Table, out traffic.Outcome, request traffic.Request) []ending {
	isGRPC := slices.Contains(request.Headers["content-type"], grpcType)
	local := func(status int, body string) ending {
		e := ending{Route: out.RouteName, Status: fmt.Sprint(status), Body: body, local: true}
		if isGRPC {
			e.Status = fmt.Sprintf("grpc %d", grpcOf(status))
		}
		return e
	}
	switch out.Kind {
	case traffic.NoRoute:
		return []ending{local(http.StatusNotFound, "")}
	case traffic.Unclaimed:
		switch {
		case out.Request.Gateway != istio.MeshGateway:
			return []ending{local(http.StatusNotFound, "")}
		case !isService(drawn, request):
			e := local(http.StatusServiceUnavailable, "no healthy upstream")
			e.Route = toAnywhere
			return []ending{e}
		}
		var all []ending
		for _, version := range allVersions {
			e := forwarded(out, request, nil)
			e.Route, e.Version = toService, version
			all = append(all, e)
		}
		return all
	case traffic.RedirectTo:
		e := local(int(out.Redirect.Code), "")
		e.Location = out.Redirect.Location
		e.Answered = changed(nil, out.ResponseHeaders)
		return []ending{e}
	case traffic.Respond:
		e := local(int(out.Response.Status), out.Response.Body)
		e.Location, e.Answered = out.Response.Location, changed(nil, out.ResponseHeaders)
		return []ending{e}
	case traffic.Forward:
	}
	var all []ending
	for i := range out.Destinations {
		share := &out.Destinations[i]
		abort, certain := aborted(out, local, isGRPC)
		if abort.Status != "" {
			abort.Answered = changed(nil, inOrder(out, share.ResponseHeaders, out.ResponseHeaders)...)
			all = append(all, abort)
		}
		if certain {
			continue
		}
		e := forwarded(out, request, share)
		versions := allVersions
		if share.Subset != "" {
			versions = []string{share.Labels["version"]}
		}
		for _, version := range versions {
			if e.Version = version; !strings.HasPrefix(e.Path, "/") { // which the server does not take for a request
				e = ending{Route: e.Route, Status: "400", Body: "400 Bad Request", share: share, delay: e.delay}
				e.Answered = changed(nil, inOrder(out, share.ResponseHeaders, out.ResponseHeaders)...)
			}
			all = append(all, e)
		}
	}
	for i := range all {
		if f := out.Fault; f != nil && f.DelayPercent == 100 {
			all[i].Delayed, all[i].delay = true, f.Delay
		}
	}
	return all
}

// isService reports whether a sidecar knows the Service by the authority of a request.
func isService(drawn *tables.Table, request traffic.Request) bool {
	host, _ := istio.SplitAuthority(strings.ToLower(request.Authority))
	short := drawn.Service + "." + drawn.Namespace
	return host == drawn.Host || host == drawn.Host+"." || host == short || host == short+".svc" ||
		host == drawn.Service && request.SourceNamespace == drawn.Namespace
}

// aborted returns how a fault ends a request, without a status where none does, and whether that is certain.
func aborted(out traffic.Outcome, local func(int, string) ending, isGRPC bool) (ending, bool) {
	f := out.Fault
	switch {
	case f == nil || f.AbortPercent == 0:
		return ending{}, false
	case f.AbortGRPCStatus == "":
		return local(int(f.AbortHTTPStatus), faultAborts), f.AbortPercent == 100
	}
	e := local(http.StatusOK, faultAborts)
	if isGRPC {
		e.Status = fmt.Sprintf("grpc %d", grpcNumbers[f.AbortGRPCStatus])
	}
	return e, f.AbortPercent == 100
}

// forwarded is what becomes of a request that reaches a server. No share is that of the service itself.
func forwarded(out traffic.Outcome, request traffic.Request, share *traffic.Share) ending {
	path, _, _ := strings.Cut(request.Path, "#")
	e := ending{Route: out.RouteName, Status: "200", Path: path, Authority: request.Authority, share: share}
	e.Sent = changed(request.Headers)
	e.Answered = map[string][]string{addressHeader: {serverAddress}}
	if share == nil {
		return e
	}
	if r := out.Rewrite; r != nil {
		e.Path = r.Path
		if r.Authority != "" {
			e.Authority = r.Authority
		}
	}
	if share.Authority != "" {
		e.Authority = share.Authority
	}
	e.Timeout = out.Timeout
	if r := out.Retries; r != nil && r.PerTryTimeout > 0 && (e.Timeout == 0 || r.PerTryTimeout < e.Timeout) {
		e.Timeout = r.PerTryTimeout
	}
	e.Sent = changed(request.Headers, inOrder(out, share.RequestHeaders, out.RequestHeaders)...)
	e.Answered = changed(e.Answered, inOrder(out, share.ResponseHeaders, out.ResponseHeaders)...)
	return e
}

// countable reports whether the servers can tell how often a request comes to them, past copies of it.
func countable(out traffic.Outcome) bool {
	return out.Kind == traffic.Forward && len(out.Mirrors) == 0 && out.Fault == nil &&
		(out.Rewrite == nil || strings.HasPrefix(out.Rewrite.Path, "/"))
}

// inOrder returns changes of headers in the order in which an Envoy makes them. Those of an only destination are
// behind those of the rule, each kind by itself; those of one of several are made first.
func inOrder(out traffic.Outcome, share, rule traffic.HeaderChanges) []traffic.HeaderChanges {
	if severalDestinations(out.Rule) {
		return []traffic.HeaderChanges{share, rule}
	}
	return []traffic.HeaderChanges{
		{Remove: slices.Concat(rule.Remove, share.Remove)}, {Set: rule.Set}, {Set: share.Set}, {Add: rule.Add},
		{Add: share.Add},
	}
}

// The servers' answers have this header, whose value is made up here.
const (
	addressHeader = "x-address"
	serverAddress = "server"
)

// changed returns the headers that tables change, after changes.
func changed(headers map[string][]string, changes ...traffic.HeaderChanges) map[string][]string {
	now := map[string][]string{}
	for name, values := range headers {
		name = strings.ToLower(name)
		if slices.Contains(tables.ChangedHeaders, name) || name == istio.SetCookieHeader {
			now[name] = slices.Clone(values)
		}
	}
	for _, c := range changes {
		for _, name := range c.Remove {
			delete(now, strings.ToLower(name))
		}
		for name, value := range c.Set {
			now[strings.ToLower(name)] = []string{value}
		}
		for name, value := range c.Add {
			now[strings.ToLower(name)] = append(now[strings.ToLower(name)], value)
		}
	}
	return now
}

// endOf returns what a reply shows, as far as it is looked at.
func endOf(r *reply, request traffic.Request, want ending) ending {
	e := ending{
		Route: r.Header.Get(routeHeader), Status: strconv.Itoa(r.Status), Location: r.Header.Get("Location"),
		Delayed: want.Delayed && r.Took > want.delay-delayError,
		share:   want.share, delay: want.delay, local: want.local,
	}
	answered := map[string][]string{}
	for name, values := range r.Header {
		answered[name] = values
	}
	if s := r.Received; s != nil {
		e.Version, e.Path, e.Authority, e.Sent = s.Version, s.Path, s.Authority, changed(s.Headers)
		if text := s.Headers["x-envoy-expected-rq-timeout-ms"]; len(text) > 0 {
			n, _ := strconv.Atoi(text[0]) // what has passed already is taken off
			e.Timeout = (time.Duration(n)*time.Millisecond + time.Second - 1).Truncate(time.Second)
		}
		for i, value := range answered["X-Address"] {
			if value == s.Address {
				answered["X-Address"] = slices.Clone(answered["X-Address"])
				answered["X-Address"][i] = serverAddress
			}
		}
	} else {
		e.Body = strings.TrimSpace(r.Body)
		if code := r.Header.Get("Grpc-Status"); code != "" && want.local {
			e.Status, e.Body = "grpc "+code, r.Header.Get("Grpc-Message")
		}
	}
	e.Answered = changed(answered)
	return e
}

// delayError is how much sooner than after a delay an Envoy goes on: it reads its clock seldom.
const delayError = 20 * time.Millisecond

// diff returns in words how two values differ, empty where they do not.
func diff(what string, want, got any) string {
	d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, shareError),
		cmpopts.IgnoreUnexported(ending{}))
	if d == "" {
		return ""
	}
	return what + " (-want +got):\n" + d
}

// shareError is how much shares may differ, in percent: floating point adds them up in another order.
const shareError = 1e-6

// attemptsOf is how often a request reaches servers that fail with 503.
func attemptsOf(out traffic.Outcome) int {
	repeated := []string{"5xx", "gateway-error", "503"}
	for on := range strings.SplitSeq(out.Retries.On, ",") {
		if slices.Contains(repeated, on) {
			return 1 + int(out.Retries.Attempts)
		}
	}
	return 1
}

// seen returns how often the servers of each version received the request of a name.
func (a *envoyAgreement) seen(name string) map[string]int {
	a.t.Helper()
	return seenBy(a.t, a.server, name)
}

// seenBy is [envoyAgreement.seen], for which it asks one of the servers.
func seenBy(t *testing.T, server, name string) map[string]int {
	t.Helper()
	response, err := http.Get("http://" + server + "/meshlab/seen/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	var counts map[string]int
	if err == nil {
		err = json.Unmarshal(body, &counts)
	}
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// copies returns what is wrong with who received the request, mirrored or not.
func (a *envoyAgreement) copies(q *question, e ending) string {
	least, most := map[string]int{}, map[string]int{}
	if e.Version != "" {
		least[e.Version]++
		most[e.Version]++
		for _, mirror := range q.out.Mirrors {
			version := versionOf(q.drawn, mirror.Subset, q.request.SourceNamespace)
			most[version]++
			if mirror.Percent == 100 {
				least[version]++
			}
		}
	}
	seen := a.seen(q.name)
	for _, version := range allVersions {
		if seen[version] < least[version] || seen[version] > most[version] {
			return fmt.Sprintf("received by %v, want %v up to %v", seen, least, most)
		}
	}
	return ""
}

// versionOf returns which servers a subset has for the callers of a namespace.
func versionOf(drawn *tables.Table, subset, caller string) string {
	for _, namespace := range []string{caller, drawn.Namespace} {
		for _, o := range drawn.Rules {
			if found := istio.SubsetOf(o, subset); o.Namespace == namespace && found != nil {
				return found.Labels["version"]
			}
		}
	}
	return ""
}

func severalDestinations(rule traffic.RuleRef) bool {
	o, i := rule.Object, rule.Index
	if rule.Delegate != nil {
		o, i = rule.Delegate, rule.DelegateIndex
	}
	return len(o.VirtualServiceSpec().Http[i].Route) > 1
}

// grpcNumbers are the numbers of the codes.
var grpcNumbers = map[string]int{"NOT_FOUND": 5, "RESOURCE_EXHAUSTED": 8, "ABORTED": 10}

// grpcOf returns what an Envoy tells a caller of gRPC in place of a status of HTTP.
// Source: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
func grpcOf(status int) int {
	switch status {
	case http.StatusBadRequest:
		return 13
	case http.StatusUnauthorized:
		return 16
	case http.StatusForbidden:
		return 7
	case http.StatusNotFound:
		return 12
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return 14
	}
	return 2
}
