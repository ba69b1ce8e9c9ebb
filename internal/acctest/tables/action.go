package tables

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
)

// redirect draws a redirect.
func (d *drawer) redirect() *networking.HTTPRedirect {
	redirect := &networking.HTTPRedirect{
		Authority: d.of("", "", "other.example", "other.example:81"), Scheme: d.of("", "", "http", "https"),
		RedirectCode: []uint32{0, 301, 302, 303, 307, 308}[d.IntN(6)],
	}
	switch d.IntN(4) {
	case 0:
		redirect.Uri = d.of("/new", "/new?x=1", "new", "/new#top")
	case 1:
		if redirect.PrefixRewrite = d.of("/new", "/new/", "new"); d.NoPrefixRedirect {
			redirect.Uri, redirect.PrefixRewrite = redirect.PrefixRewrite, ""
		}
	case 2:
		redirect.Authority = "other.example"
	default:
		redirect.Uri = "/"
	}
	switch d.IntN(4) {
	case 0:
		redirect.RedirectPort = &networking.HTTPRedirect_Port{Port: []uint32{80, 443, 8080}[d.IntN(3)]}
	case 1:
		redirect.RedirectPort = &networking.HTTPRedirect_DerivePort{
			DerivePort: networking.HTTPRedirect_RedirectPortSelection(d.IntN(2)),
		}
	}
	return redirect
}

// decorate adds what a gRPC client does not act on to a rule that forwards.
func (d *drawer) decorate(rule *networking.HTTPRoute) {
	if rule.Retries.GetAttempts() > 0 && d.chance(50) {
		if rule.Retries.PerTryTimeout = rule.Timeout; d.chance(50) {
			rule.Retries.PerTryTimeout = durationpb.New(time.Second)
		}
		rule.Retries.RetryOn = d.of("", "5xx,reset", "gateway-error")
	}
	if d.chance(15) {
		rule.Mirrors = append(rule.Mirrors, &networking.HTTPMirrorPolicy{
			Destination: &networking.Destination{Host: d.Service, Subset: d.of(subsetNames...)},
			Percentage:  d.percent(),
		})
	}
	if d.chance(10) && rule.Mirrors == nil {
		rule.Mirror = &networking.Destination{Host: d.Service, Subset: d.of(subsetNames...)}
		rule.MirrorPercentage = d.percent()
	}
	if d.chance(20) {
		rule.Rewrite = d.rewrite()
	}
	if d.chance(20) {
		rule.Headers = d.headers(rule.Rewrite.GetAuthority() == "")
	}
	for _, route := range rule.Route {
		if d.chance(10) {
			route.Headers = d.headers(true)
		}
	}
}

func (d *drawer) percent() *networking.Percent {
	return []*networking.Percent{nil, {Value: 0}, {Value: 12.5}, {Value: 100}}[d.IntN(4)]
}

func (d *drawer) rewrite() *networking.HTTPRewrite {
	rewrite := &networking.HTTPRewrite{Authority: d.of("", "inner.example")}
	switch {
	case d.chance(35):
		rewrite.UriRegexRewrite = &networking.RegexRewrite{
			Match:   d.of("^/a/(.*)$", "a", "/([a-z])([a-z]*)"),
			Rewrite: d.of(`/new/\1`, `x\0`, `/`, `\\`, `/\2`, `/b\x`),
		}
	case d.chance(60) || rewrite.Authority == "":
		rewrite.Uri = d.of("/", "/new", "/new/", "new")
	}
	return rewrite
}

// ChangedHeaders are those that rules change: of requests, and of answers. The servers' answers have the last one.
var ChangedHeaders = []string{"x-set", "x-add", "x-remove", "x-address"}

// headers draws changes of headers, one of each kind at most.
func (d *drawer) headers(authority bool) *networking.Headers {
	operations := func(also string) *networking.Headers_HeaderOperations {
		o := &networking.Headers_HeaderOperations{}
		switch d.IntN(4) {
		case 0:
			o.Set = map[string]string{d.of("x-set", "X-Set", also): d.of("1", "2")}
		case 1:
			o.Add = map[string]string{d.of("x-add", also): d.of("1", "2")}
		case 2:
			o.Remove = []string{d.of("x-remove", also)}
		default:
			o.Set, o.Add = map[string]string{"x-set": "1"}, map[string]string{"x-add": "1"}
		}
		return o
	}
	headers := &networking.Headers{Request: operations("x-add")}
	if d.chance(40) {
		headers.Response = operations("x-address")
	}
	if authority && d.chance(20) {
		headers.Request.Set = map[string]string{d.of("Host", ":authority"): "named.example"}
	}
	return headers
}
