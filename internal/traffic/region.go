package traffic

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// region is a set of requests: those that satisfy some literals. For every variable that a literal is about it has a
// value that satisfies them all.
type region map[variable]confined

type confined struct {
	literals []literal
	sample   sample
}

// confine returns the part of a region that satisfies one more literal. No: there is none; unknown: perhaps there is.
func (s *solver) confine(r region, l literal, authorities []string) (region, answer) {
	before := r[l.on]
	after := confined{literals: append(slices.Clip(before.literals), l)}
	if len(before.literals) > 0 && before.sample.satisfies(&l) {
		after.sample = before.sample
	} else {
		after.sample = s.settle(l.on, after.literals, authorities)
	}
	if after.sample.is != yes {
		return nil, after.sample.is
	}
	r = maps.Clone(r)
	r[l.on] = after
	return r, yes
}

// excludes reports whether no request of a region satisfies the literal.
func (s *solver) excludes(r region, l literal, authorities []string) bool {
	before := r[l.on]
	if len(before.literals) > 0 && before.sample.satisfies(&l) {
		return false
	}
	return s.settle(l.on, append(slices.Clip(before.literals), l), authorities).is == no
}

// request builds a request of the region.
func (r region) request(authority string) Request {
	request := Request{Authority: authority}
	var query []string
	for _, on := range r.variables() {
		value := r[on].sample
		if !value.present {
			continue
		}
		switch on.kind {
		case onPath:
			request.Path = value.text
		case onHeader:
			request.setHeader(on.name, value.values())
		case onQuery:
			query = append(query, on.name+"="+value.text)
		case onClaim:
			request.addClaim(r[on].literals)
		case onPort:
			request.Port = parsePort(value.text)
		case onGateway:
			request.Gateway = value.text
		case onLabel:
			if request.SourceLabels == nil {
				request.SourceLabels = map[string]string{}
			}
			request.SourceLabels[on.name] = value.text
		case onNamespace:
			request.SourceNamespace = value.text
		}
	}
	if len(query) > 0 && !strings.Contains(request.Path, "?") {
		if request.Path == "" {
			request.Path = "/"
		}
		request.Path += "?" + strings.Join(query, "&")
	}
	return request
}

// variables returns what the region confines, in order; :path comes last and wins over the path without query.
func (r region) variables() []variable {
	return slices.SortedFunc(maps.Keys(r), func(a, b variable) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return strings.Compare(a.name, b.name)
	})
}

// setHeader sets a header, and several lines of one that can have them.
func (r *Request) setHeader(name string, values []string) {
	value := values[0]
	switch name {
	case methodHeader:
		r.Method = value
	case schemeHeader:
		r.Scheme = value
	case authorityHeader:
		r.Authority = value
	case pathHeader:
		r.Path = value
	default:
		if r.Headers == nil {
			r.Headers = map[string][]string{}
		}
		r.Headers[name] = values
	}
}

// addClaim adds a value that the claim is compared with.
func (r *Request) addClaim(literals []literal) {
	c := literals[0].claim
	text := ""
	switch c.pattern.Shape {
	case pattern.Exactly:
		text = c.pattern.Values[0]
	case pattern.StartsWith:
		text = c.pattern.Text
	case pattern.Anything, pattern.Expression, pattern.Unreadable:
		return
	}
	name := istio.ClaimHeader + "[" + c.path + "]"
	if r.Headers == nil {
		r.Headers = map[string][]string{}
	}
	r.Headers[name] = append(r.Headers[name], text)
}

func parsePort(text string) uint32 { return guessPort("", text) }

// realistic reports whether a client could send the request, past what HTTP and a proxy's own checks make of it. Only
// such a request proves that a rule is alive.
func realistic(r Request) bool {
	path, query, _ := strings.Cut(r.Path, "?")
	if path != "" && path != "*" && (!strings.HasPrefix(path, "/") || strings.Contains(path, "//")) {
		return false
	}
	if r.saysNoScheme() {
		return false
	}
	if path == "*" && r.Method != http.MethodOptions || dotted(path) || !istio.IsPlain(path+query, "<>\"\\^`{}| #%") {
		return false
	}
	for name, values := range r.Headers {
		if _, isClaim := istio.ClaimPath(name); isClaim {
			continue
		}
		if name == "" || !istio.IsPlain(name, "\"(),/:;<=>?@[\\]{} ") {
			return false
		}
		for _, value := range values {
			if !istio.IsPlain(value, "") || strings.TrimSpace(value) != value {
				return false
			}
		}
	}
	return istio.IsPlain(r.Method, "\"(),/:;<=>?@[\\]{} ") && istio.IsPlain(r.Authority, "/?#@ \\") &&
		(r.Scheme == "" || r.Scheme == "http" || r.Scheme == "https")
}

func dotted(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(segment string) bool {
		return segment == "." || segment == ".."
	})
}
