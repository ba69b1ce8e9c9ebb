package traffic

import (
	"cmp"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// Istio's own retry policy.
// Source: istio.io/istio pilot/pkg/networking/core/route/retry DefaultPolicy.
const (
	defaultAttempts = 2
	defaultRetryOn  = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
)

// fill writes down what a rule does with a request.
// Source: istio.io/istio pilot/pkg/networking/core/route TranslateRoute.
func (t *Table) fill(out *Outcome, rule *compiledRule, match *compiledMatch, in *received) {
	spec := rule.rule
	out.Rule, out.Match, out.RouteName = rule.ref, match.ref, rule.ref.Name
	if match.ref.Name != "" {
		out.RouteName += "." + match.ref.Name
	}
	out.Fault = newFault(spec.Fault)
	out.RequestHeaders = headerChanges(spec.Headers.GetRequest())
	out.ResponseHeaders = headerChanges(spec.Headers.GetResponse())
	switch {
	case spec.Redirect != nil:
		out.Kind = RedirectTo
		out.Redirect = newRedirect(spec.Redirect, rule.pathPattern(match), in)
	case spec.DirectResponse != nil:
		out.Kind = Respond
		out.Response = newResponse(spec.DirectResponse, in)
	default:
		out.Kind = Forward
		out.Timeout = spec.Timeout.AsDuration()
		out.Retries = newRetries(spec.Retries, t.options.DefaultRetries)
		out.Mirrors = newMirrors(spec)
		out.Rewrite = newRewrite(spec, rule.pathPattern(match), in)
		out.Destinations = newShares(spec.Route)
		for i := range out.Destinations {
			share := &out.Destinations[i]
			share.State, share.Labels = t.subset(share.Destination, in.SourceNamespace, in.SourceLabels)
			if out.Rewrite != nil && out.Rewrite.Authority != "" {
				share.Authority = ""
			}
		}
		if in.guesses != nil { // it is an Envoy that routes
			out.crossOrigin(spec.CorsPolicy, in)
		}
	}
}

// subset says what a caller of a namespace, with labels, finds under a destination.
func (t *Table) subset(d Destination, caller string, labels map[string]string) (SubsetState, map[string]string) {
	if d.Subset == "" || t.destinationRules == nil {
		return SubsetUnknown, nil
	}
	holders, choosing := t.destinationRules.For(d.Host, caller, labels)
	for _, o := range holders {
		if subset := istio.SubsetOf(o, d.Subset); subset != nil {
			return SubsetDeclared, subset.GetLabels()
		}
	}
	if _, _, known := istio.InCluster(d.Host, t.options.Domain()); len(holders) == 0 && !choosing && !known {
		return SubsetUnknown, nil
	}
	return SubsetMissing, nil
}

// pathPattern returns the condition on the path under which the rule fired.
func (r *compiledRule) pathPattern(match *compiledMatch) *pattern.Pattern {
	if match.ref.Index < 0 {
		return everyPath.pattern
	}
	m := r.rule.Match[match.ref.Index]
	if _, ok := m.GetUri().GetMatchType().(*networking.StringMatch_Regex); ok {
		return &pattern.Pattern{Shape: pattern.Expression}
	}
	return match.about[0].pattern
}

// newShares turns weights into percentages.
func newShares(routes []*networking.HTTPRouteDestination) []Share {
	total := 0.0
	for _, route := range routes {
		total += float64(route.GetWeight())
	}
	var shares []Share
	for _, route := range routes {
		percent := 100.0
		if len(routes) > 1 {
			if route.GetWeight() <= 0 || total <= 0 {
				continue
			}
			percent = float64(route.GetWeight()) * 100 / total // in this order 29 of 100 are 29 and not a little less
		}
		share := Share{
			Destination:     newDestination(route.GetDestination()),
			Percent:         percent,
			RequestHeaders:  headerChanges(route.GetHeaders().GetRequest()),
			ResponseHeaders: headerChanges(route.GetHeaders().GetResponse()),
		}
		if len(routes) > 1 {
			share.Authority = newAuthority(route.GetHeaders())
		}
		same := func(other Share) bool {
			return other.Destination == share.Destination && route.GetHeaders() == nil &&
				other.RequestHeaders.empty() && other.ResponseHeaders.empty() && other.Authority == ""
		}
		if i := slices.IndexFunc(shares, same); i >= 0 {
			shares[i].Percent += percent
			continue
		}
		shares = append(shares, share)
	}
	return shares
}

func newDestination(d *networking.Destination) Destination {
	return Destination{Host: d.GetHost(), Subset: d.GetSubset(), Port: d.GetPort().GetNumber()}
}

func (h HeaderChanges) empty() bool { return len(h.Set) == 0 && len(h.Add) == 0 && len(h.Remove) == 0 }

// headerChanges leaves out what no proxy changes as a header: the authority, which is a rewrite, and other
// pseudo-headers.
func headerChanges(operations *networking.Headers_HeaderOperations) HeaderChanges {
	pseudo := func(name string) bool { return strings.HasPrefix(name, ":") || strings.EqualFold(name, "host") }
	keep := func(values map[string]string) map[string]string {
		var kept map[string]string
		for name, value := range values {
			if !pseudo(name) {
				if kept == nil {
					kept = map[string]string{}
				}
				kept[name] = value
			}
		}
		return kept
	}
	changes := HeaderChanges{Set: keep(operations.GetSet()), Add: keep(operations.GetAdd())}
	for _, name := range operations.GetRemove() {
		if !pseudo(name) {
			changes.Remove = append(changes.Remove, name)
		}
	}
	return changes
}

func newRetries(own, mesh *networking.HTTPRetry) *Retries {
	policy := own
	if policy == nil {
		policy = mesh
	}
	r := &Retries{Attempts: defaultAttempts, On: defaultRetryOn, Default: own == nil}
	if policy == nil {
		return r
	}
	if policy.Attempts <= 0 {
		return &Retries{Default: own == nil}
	}
	r.Attempts = policy.Attempts
	r.On = cmp.Or(policy.RetryOn, r.On)
	r.PerTryTimeout = policy.PerTryTimeout.AsDuration()
	return r
}

// newFault returns nil where Istio injects nothing.
// Source: istio.io/istio pilot/pkg/networking/core/route TranslateFault.
func newFault(spec *networking.HTTPFaultInjection) *Fault {
	fault := &Fault{}
	if delay := spec.GetDelay(); delay.GetFixedDelay() != nil {
		//nolint:staticcheck // istiod reads it still
		fault.Delay, fault.DelayPercent = delay.GetFixedDelay().AsDuration(), float64(delay.Percent)
		if delay.Percentage != nil {
			fault.DelayPercent = delay.Percentage.Value
		}
	}
	switch abort := spec.GetAbort().GetErrorType().(type) {
	case *networking.HTTPFaultInjection_Abort_HttpStatus:
		fault.AbortHTTPStatus, fault.AbortPercent = abort.HttpStatus, spec.Abort.Percentage.GetValue()
	case *networking.HTTPFaultInjection_Abort_GrpcStatus:
		fault.AbortGRPCStatus, fault.AbortPercent = abort.GrpcStatus, spec.Abort.Percentage.GetValue()
	}
	if *fault == (Fault{}) {
		return nil
	}
	return fault
}

func newMirrors(spec *networking.HTTPRoute) []Mirror {
	var mirrors []Mirror
	if spec.Mirror != nil {
		percent := 100.0
		switch {
		case spec.MirrorPercentage != nil:
			percent = spec.MirrorPercentage.Value
		case spec.MirrorPercent != nil: //nolint:staticcheck // istiod reads it still
			percent = float64(spec.MirrorPercent.Value) //nolint:staticcheck // istiod reads it still
		}
		mirrors = append(mirrors, Mirror{Destination: newDestination(spec.Mirror), Percent: percent})
	}
	for _, mirror := range spec.Mirrors {
		if mirror.GetDestination() == nil {
			continue
		}
		percent := 100.0
		if mirror.Percentage != nil {
			percent = mirror.Percentage.Value
		}
		mirrors = append(mirrors, Mirror{Destination: newDestination(mirror.Destination), Percent: percent})
	}
	return slices.DeleteFunc(mirrors, func(m Mirror) bool { return m.Percent <= 0 })
}

func newResponse(spec *networking.HTTPDirectResponse, in *received) *DirectResponse {
	body := spec.GetBody().GetString_()
	if raw := spec.GetBody().GetBytes(); len(raw) > 0 {
		body = string(raw)
	}
	response := &DirectResponse{Status: spec.Status, Body: body}
	if spec.Status == http.StatusCreated || spec.Status/100 == 3 {
		response.Location = newRedirect(&networking.HTTPRedirect{}, everyPath.pattern, in).Location
	}
	return response
}

// newRewrite returns nil when nothing is rewritten. on is the condition on the path.
func newRewrite(spec *networking.HTTPRoute, on *pattern.Pattern, in *received) *Rewrite {
	rewrite := Rewrite{Path: in.Path, Authority: cmp.Or(spec.Rewrite.GetAuthority(), newAuthority(spec.Headers))}
	if rewrite.Authority == "" && len(spec.Route) == 1 {
		rewrite.Authority = newAuthority(spec.Route[0].GetHeaders())
	}
	if by := spec.Rewrite.GetUriRegexRewrite(); by != nil {
		rewrite.Path = withQuery(substitute(in.path, by), in)
	} else if uri := spec.Rewrite.GetUri(); uri != "" {
		rewrite.Path = withQuery(replaceLead(in.path, on, uri), in)
	}
	if rewrite.Authority == "" && spec.Rewrite.GetUri() == "" && spec.Rewrite.GetUriRegexRewrite() == nil {
		return nil
	}
	return &rewrite
}

// newAuthority returns the authority that header operations set, empty if they set none.
func newAuthority(headers *networking.Headers) string {
	operations := headers.GetRequest()
	for _, values := range []map[string]string{operations.GetSet(), operations.GetAdd()} {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if headerName(name) == authorityHeader && values[name] != "" {
				return values[name]
			}
		}
	}
	return ""
}

// replaceLead replaces what the condition on the path matched: a prefix, or else the whole path.
func replaceLead(path string, on *pattern.Pattern, by string) string {
	if on.Shape == pattern.StartsWith && len(on.Text) <= len(path) {
		return by + path[len(on.Text):]
	}
	return by
}

func withQuery(path string, in *received) string {
	if !in.asks {
		return path
	}
	return path + "?" + in.query
}

// substitute rewrites a path as RE2's GlobalReplace does in Envoy, which spells groups `\1`. A group that the
// expression has not, or nothing that would be left, leave the path as it is.
func substitute(path string, by *networking.RegexRewrite) string {
	re, err := regexp.Compile(by.Match)
	if err != nil {
		return path
	}
	template, last := goTemplate(by.Rewrite)
	if last > re.NumSubexp() {
		return path
	}
	return cmp.Or(re.ReplaceAllString(path, template), path)
}

// goTemplate returns a rewrite of RE2 as Go spells it, and the highest group that it names. RE2 takes a rewrite up to
// a backslash that begins nothing.
func goTemplate(rewrite string) (template string, last int) {
	var b strings.Builder
	whole := true
	for i := 0; i < len(rewrite); i++ {
		text := rewrite[i : i+1]
		switch c := rewrite[i]; {
		case c == '$':
			text = "$$"
		case c != '\\':
		case i+1 == len(rewrite):
			whole = false
		case rewrite[i+1] == '\\':
			i++
		case '0' <= rewrite[i+1] && rewrite[i+1] <= '9':
			i++
			text, last = "${"+rewrite[i:i+1]+"}", max(last, int(rewrite[i]-'0'))
		default:
			whole = false
		}
		if whole {
			b.WriteString(text)
		}
	}
	return b.String(), last
}

// slashed returns the path of a redirect, before which Envoy puts a slash where it has none.
func slashed(path string) string {
	if path == "" || strings.HasPrefix(path, "/") {
		return path
	}
	return "/" + path
}

func newRedirect(spec *networking.HTTPRedirect, on *pattern.Pattern, in *received) *Redirect {
	scheme := cmp.Or(spec.Scheme, in.Scheme)
	path := in.Path
	if spec.PrefixRewrite != "" {
		path = slashed(withQuery(replaceLead(in.path, on, spec.PrefixRewrite), in))
	} else if spec.Uri != "" {
		path = slashed(spec.Uri)
		if !strings.Contains(path, "?") {
			path = withQuery(path, in)
		}
	}
	return &Redirect{
		Code:     cmp.Or(spec.RedirectCode, 301),
		Location: scheme + "://" + redirectAuthority(spec, scheme, in) + path,
	}
}

// redirectAuthority returns host and port of a redirect. A port that the scheme implies is not written; where the
// rule says no scheme, istiod takes that of the listener, which in a sidecar is always plain and at a gateway that of
// the server the request came to.
func redirectAuthority(spec *networking.HTTPRedirect, scheme string, in *received) string {
	port := ""
	switch p := spec.RedirectPort.(type) {
	case *networking.HTTPRedirect_Port:
		port = strconv.FormatUint(uint64(p.Port), 10)
	case *networking.HTTPRedirect_DerivePort:
		if p.DerivePort == networking.HTTPRedirect_FROM_REQUEST_PORT {
			port = in.port
		}
	}
	listener := "http"
	if in.Gateway != istio.MeshGateway {
		listener = in.Scheme
	}
	implied := map[string]string{"http": "80", "https": "443"}
	if port == implied[cmp.Or(spec.Scheme, listener)] {
		port = ""
	}
	host, own := istio.SplitAuthority(in.Authority)
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if own != "" && port == "" && (scheme == in.Scheme || own != implied[in.Scheme]) {
		host += ":" + own
	}
	host = cmp.Or(spec.Authority, host)
	if port != "" {
		host += ":" + port
	}
	return host
}
