package envoy

import (
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"
)

// Answer is what an Envoy does with a request.
type Answer struct {
	// VirtualService is namespace/name of the one that the route comes from; empty when none does, which is istiod's
	// route to the service itself, or no route to anything.
	VirtualService string
	// Route is the name of the route.
	Route string
	// NoRoute says that there are routes for the host, and none of them takes the request.
	NoRoute bool
	// Clusters has the shares in percent.
	Clusters map[string]float64
	Timeout  time.Duration
	Retries  Retries
	Fault    Fault
	// Mirrors has percentages by cluster.
	Mirrors map[string]float64
	// Path and Authority are what the service sees when they are rewritten.
	Path, Authority string
	// Authorities has those that only one of several clusters sees.
	Authorities map[string]string
	// Redirect is the code and the location.
	Redirect string
	// Response is the status and the body.
	Response string
	// Headers has the changes of headers: `request set x: 1`. Those for one of several clusters name it.
	Headers []string
}

// Retries are a retry policy.
type Retries struct {
	Attempts      int
	On            string
	PerTryTimeout time.Duration
}

// Fault is an injected fault; percentages are 0 to 100.
type Fault struct {
	Delay        time.Duration
	DelayPercent float64
	HTTPStatus   int
	GRPCStatus   int
	AbortPercent float64
}

// Evaluate says what happens to a request.
func (t *Table) Evaluate(r Request) (Answer, error) {
	if r.Path, _, _ = strings.Cut(r.Path, "#"); r.Path == "" { // Istio's proxies strip the fragment
		r.Path = "/"
	}
	vh := t.virtualHost(r.Authority)
	if vh == nil {
		return Answer{}, nil
	}
	if vh.RequireTLS == "ALL" && !r.TLS {
		return Answer{Redirect: "301 https://" + r.Authority + r.Path}, nil
	}
	for _, route := range vh.Routes {
		if route.Match.matches(&r) {
			return route.answer(&r)
		}
	}
	return Answer{NoRoute: true}, nil
}

func (r *route) answer(request *Request) (Answer, error) {
	a := Answer{VirtualService: r.Metadata.virtualService()}
	if a.VirtualService == "" {
		return a, nil
	}
	a.Route = r.Name
	a.Headers = changes("", r.RequestHeadersToAdd, r.RequestHeadersToRemove, r.ResponseHeadersToAdd,
		r.ResponseHeadersToRemove)
	var err error
	if a.Fault, err = r.fault(); err != nil {
		return Answer{}, err
	}
	switch {
	case r.Redirect != nil:
		a.Redirect = r.Redirect.location(&r.Match, request)
	case r.DirectResponse != nil:
		a.Response = fmt.Sprintf("%d %s", r.DirectResponse.Status, r.DirectResponse.Body.InlineString)
	default:
		err = r.Route.fill(&a, &r.Match, request)
	}
	return a, err
}

// action is an envoy.config.route.v3.RouteAction.
type action struct {
	Cluster          string `json:"cluster"`
	WeightedClusters struct {
		Clusters []struct {
			Name                    string        `json:"name"`
			Weight                  float64       `json:"weight"`
			RequestHeadersToAdd     []headerToAdd `json:"requestHeadersToAdd"`
			RequestHeadersToRemove  []string      `json:"requestHeadersToRemove"`
			ResponseHeadersToAdd    []headerToAdd `json:"responseHeadersToAdd"`
			ResponseHeadersToRemove []string      `json:"responseHeadersToRemove"`
			HostRewriteLiteral      string        `json:"hostRewriteLiteral"`
		} `json:"clusters"`
	} `json:"weightedClusters"`
	Timeout     duration `json:"timeout"`
	RetryPolicy *struct {
		RetryOn       string   `json:"retryOn"`
		NumRetries    *int     `json:"numRetries"`
		PerTryTimeout duration `json:"perTryTimeout"`
	} `json:"retryPolicy"`
	RequestMirrorPolicies []struct {
		Cluster         string `json:"cluster"`
		RuntimeFraction struct {
			DefaultValue fraction `json:"defaultValue"`
		} `json:"runtimeFraction"`
	} `json:"requestMirrorPolicies"`
	PrefixRewrite string `json:"prefixRewrite"`
	RegexRewrite  *struct {
		Pattern      regex  `json:"pattern"`
		Substitution string `json:"substitution"`
	} `json:"regexRewrite"`
	HostRewriteLiteral string `json:"hostRewriteLiteral"`
}

func (c *action) fill(a *Answer, m *match, request *Request) error {
	a.Clusters, a.Timeout = map[string]float64{}, time.Duration(c.Timeout)
	if c.Cluster != "" {
		a.Clusters[c.Cluster] = 100
	}
	sum := 0.0
	for _, w := range c.WeightedClusters.Clusters {
		sum += w.Weight
	}
	for _, w := range c.WeightedClusters.Clusters {
		a.Clusters[w.Name] += w.Weight / sum * 100
		if c.HostRewriteLiteral == "" && w.HostRewriteLiteral != "" { // that of the route is written last
			if a.Authorities == nil {
				a.Authorities = map[string]string{}
			}
			a.Authorities[w.Name] += w.HostRewriteLiteral
		}
		a.Headers = append(a.Headers, changes(w.Name+" ", w.RequestHeadersToAdd, w.RequestHeadersToRemove,
			w.ResponseHeadersToAdd, w.ResponseHeadersToRemove)...)
	}
	if p := c.RetryPolicy; p != nil {
		a.Retries = Retries{Attempts: 1, On: p.RetryOn, PerTryTimeout: time.Duration(p.PerTryTimeout)}
		if p.NumRetries != nil {
			a.Retries.Attempts = *p.NumRetries
		}
	}
	for _, mirror := range c.RequestMirrorPolicies {
		if a.Mirrors == nil {
			a.Mirrors = map[string]float64{}
		}
		a.Mirrors[mirror.Cluster] += mirror.RuntimeFraction.DefaultValue.percent()
	}
	a.Authority = c.HostRewriteLiteral
	switch {
	case c.RegexRewrite != nil:
		path, err := substitute(request.pathOnly(), c.RegexRewrite.Pattern.Regex, c.RegexRewrite.Substitution)
		if err != nil {
			return err
		}
		a.Path = withQuery(path, request)
	case c.PrefixRewrite != "":
		a.Path = withQuery(m.replace(request.pathOnly(), c.PrefixRewrite), request)
	}
	return nil
}

// replace replaces what the path specifier matched: the prefix, or else the whole path.
func (m *match) replace(path, by string) string {
	if m.Prefix != nil {
		return by + path[len(*m.Prefix):]
	}
	return by
}

func withQuery(path string, request *Request) string {
	if _, query, asks := strings.Cut(request.Path, "?"); asks {
		return path + "?" + query
	}
	return path
}

// substitute replaces every match of an RE2 expression. In the substitution \1 is a group, \0 the match and \\ a
// backslash; any other backslash ends it. A path is not replaced by nothing, nor with a group that is not there.
func substitute(path, expression, substitution string) (string, error) {
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return "", err
	}
	for _, named := range regexp.MustCompile(`\\.`).FindAllString(substitution, -1) {
		if group := int(named[1]) - '0'; 0 <= group && group <= 9 && group > compiled.NumSubexp() {
			return path, nil
		}
	}
	var out strings.Builder
	from := 0
	for _, at := range compiled.FindAllStringSubmatchIndex(path, -1) {
		out.WriteString(path[from:at[0]])
		expand(&out, path, at, substitution)
		from = at[1]
	}
	if out.WriteString(path[from:]); out.Len() == 0 {
		return path, nil
	}
	return out.String(), nil
}

// expand writes the substitution for the match of which at has the places.
func expand(out *strings.Builder, path string, at []int, substitution string) {
	for i := 0; i < len(substitution); i++ {
		if substitution[i] != '\\' {
			out.WriteByte(substitution[i])
			continue
		}
		i++
		switch {
		case i < len(substitution) && substitution[i] == '\\':
			out.WriteByte('\\')
		case i < len(substitution) && '0' <= substitution[i] && substitution[i] <= '9':
			if group := int(substitution[i] - '0'); at[2*group] >= 0 {
				out.WriteString(path[at[2*group]:at[2*group+1]])
			}
		default:
			return
		}
	}
}

// redirect is an envoy.config.route.v3.RedirectAction.
type redirect struct {
	HostRedirect   string `json:"hostRedirect"`
	PortRedirect   int    `json:"portRedirect"`
	PathRedirect   string `json:"pathRedirect"`
	PrefixRewrite  string `json:"prefixRewrite"`
	SchemeRedirect string `json:"schemeRedirect"`
	ResponseCode   string `json:"responseCode"`
}

// redirectCodes are the values of RedirectResponseCode; the first is the default.
var redirectCodes = map[string]int{
	"":                   301,
	"MOVED_PERMANENTLY":  301,
	"FOUND":              302,
	"SEE_OTHER":          303,
	"TEMPORARY_REDIRECT": 307,
	"PERMANENT_REDIRECT": 308,
}

func (d *redirect) location(m *match, request *Request) string {
	scheme := request.Scheme
	if d.SchemeRedirect != "" {
		scheme = d.SchemeRedirect
	}
	host := request.Authority
	if name, port, err := net.SplitHostPort(host); err == nil {
		usual := map[string]string{"http": "80", "https": "443"}[request.Scheme]
		if d.PortRedirect != 0 || scheme != request.Scheme && port == usual {
			host = name
		}
	}
	if d.HostRedirect != "" {
		host = d.HostRedirect
	}
	if d.PortRedirect != 0 {
		host = fmt.Sprintf("%s:%d", host, d.PortRedirect)
	}
	path := request.Path
	switch {
	case d.PrefixRewrite != "":
		path = withQuery(m.replace(request.pathOnly(), d.PrefixRewrite), request)
	case strings.Contains(d.PathRedirect, "?"):
		path = d.PathRedirect
	case d.PathRedirect != "":
		path = withQuery(d.PathRedirect, request)
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return fmt.Sprintf("%d %s://%s%s", redirectCodes[d.ResponseCode], scheme, host, path)
}

type directResponse struct {
	Status int `json:"status"`
	Body   struct {
		InlineString string `json:"inlineString"`
	} `json:"body"`
}

// headerToAdd is an envoy.config.core.v3.HeaderValueOption.
type headerToAdd struct {
	Header struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"header"`
	AppendAction string `json:"appendAction"`
}

func changes(
	of string, request []headerToAdd, requestRemove []string, response []headerToAdd, responseRemove []string,
) []string {
	var all []string
	add := func(side string, added []headerToAdd, removed []string) {
		for _, h := range added {
			verb := "add"
			if h.AppendAction == "OVERWRITE_IF_EXISTS_OR_ADD" {
				verb = "set"
			}
			all = append(all, fmt.Sprintf("%s%s %s %s: %s", of, side, verb, h.Header.Key, h.Header.Value))
		}
		for _, name := range removed {
			all = append(all, fmt.Sprintf("%s%s remove %s", of, side, name))
		}
	}
	add("request", request, requestRemove)
	add("response", response, responseRemove)
	return all
}

// fraction is an envoy.type.v3.FractionalPercent.
type fraction struct {
	Numerator   float64 `json:"numerator"`
	Denominator string  `json:"denominator"`
}

func (f fraction) percent() float64 {
	switch f.Denominator {
	case "TEN_THOUSAND":
		return f.Numerator / 100
	case "MILLION":
		return f.Numerator / 10_000
	}
	return f.Numerator
}

func (r *route) fault() (Fault, error) {
	raw, ok := r.TypedPerFilterConfig["envoy.filters.http.fault"]
	if !ok {
		return Fault{}, nil
	}
	var config struct {
		Delay struct {
			FixedDelay duration `json:"fixedDelay"`
			Percentage fraction `json:"percentage"`
		} `json:"delay"`
		Abort struct {
			HTTPStatus int      `json:"httpStatus"`
			GRPCStatus int      `json:"grpcStatus"`
			Percentage fraction `json:"percentage"`
		} `json:"abort"`
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return Fault{}, fmt.Errorf("parse fault: %w", err)
	}
	return Fault{
		Delay: time.Duration(config.Delay.FixedDelay), DelayPercent: config.Delay.Percentage.percent(),
		HTTPStatus:   config.Abort.HTTPStatus,
		GRPCStatus:   config.Abort.GRPCStatus,
		AbortPercent: config.Abort.Percentage.percent(),
	}, nil
}

// duration is written as protobuf writes durations in JSON: 1.5s.
type duration time.Duration

// UnmarshalJSON implements json.Unmarshaler.
func (d *duration) UnmarshalJSON(data []byte) error {
	parsed, err := time.ParseDuration(strings.Trim(string(data), `"`))
	*d = duration(parsed)
	return err
}
