package traffic

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// NeverTaken finds the HTTP rules and the matches that no request reaches. What is not decided is not among them.
func NeverTaken(o *istio.Object) []istio.Problem {
	spec, ok := o.Spec.(*networking.VirtualService)
	if !ok || len(spec.GetHttp()) == 0 {
		return nil
	}
	var problems []istio.Problem
	for verdicts := FindDead([]*istio.Object{o}, Options{}); len(verdicts) > 0; {
		next := 1
		for next < len(verdicts) && verdicts[next].Match.Index >= 0 {
			next++
		}
		rule, matches := verdicts[0], verdicts[1:next]
		verdicts = verdicts[next:]
		if rule.Life == Dead && rule.rest != "" {
			problems = append(problems, rule.problem())
			continue
		}
		for _, match := range matches {
			if match.Life == Dead && !match.clash.unsure(spec) {
				problems = append(problems, match.problem())
			}
		}
	}
	return append(problems, contradictions(o, spec)...)
}

// contradictions finds matches that never hold by themselves among those of which no more can be said without the
// other VirtualService: in rules that delegate, and in delegates.
func contradictions(o *istio.Object, spec *networking.VirtualService) []istio.Problem {
	alone := &networking.VirtualService{Hosts: spec.Hosts}
	if len(alone.Hosts) == 0 {
		alone.Hosts = []string{"*"}
	}
	var indexes []int
	for i, rule := range spec.Http {
		if len(rule.GetMatch()) == 0 || len(spec.Hosts) > 0 && rule.Delegate == nil {
			continue
		}
		own := &networking.HTTPRoute{}
		for _, match := range rule.Match {
			match = proto.CloneOf(match)
			if match != nil {
				match.Gateways = nil
			}
			own.Match = append(own.Match, match)
		}
		alone.Http, indexes = append(alone.Http, own), append(indexes, i)
	}
	if len(indexes) == 0 {
		return nil
	}
	var problems []istio.Problem
	a := newAnalysis(
		newVirtualService(&istio.Object{Namespace: o.Namespace, Name: o.Name, Spec: alone}, nil, Options{}.Domain()),
		Options{},
	)
	for _, e := range a.entries {
		_, is, clash := a.start(e)
		if is != no {
			continue
		}
		v := Verdict{Place: e.place(), clash: clash, Reason: clash.reason()}
		v.Rule.Index = indexes[v.Rule.Index]
		switch r, is, _ := a.byLines().start(e); is {
		case yes:
			request := r.request("")
			v.Repeated = &request
		case unknown:
			continue
		case no:
		}
		problems = append(problems, v.problem())
	}
	return problems
}

// problem says of a rule or a match that it is dead.
func (v Verdict) problem() istio.Problem {
	_, at := v.Path()
	if v.clash != nil {
		p := istio.Voidf(at.At(v.clash.condition.at...), "%s, so that this match never holds%s%s",
			v.Reason, v.unlessRepeated(), v.clash.advice())
		p.Unless = v.repeatedHeaders()
		return p
	}
	p := istio.Voidf(at, "%s%s", v.rest, v.unlessRepeated())
	p.Remedy, p.Unless = istio.NarrowerFirst, v.repeatedHeaders()
	for _, by := range v.By {
		_, place := by.Path()
		p.By = append(p.By, place)
	}
	return p
}

// repeatedHeaders are those that come several times in a request that a dead rule has in newer proxies.
func (v Verdict) repeatedHeaders() []string {
	var names []string
	if v.Repeated != nil {
		for _, name := range slices.Sorted(maps.Keys(v.Repeated.Headers)) {
			if _, isClaim := istio.ClaimPath(name); !isClaim && len(v.Repeated.Headers[name]) > 1 {
				names = append(names, name)
			}
		}
	}
	return names
}

// unlessRepeated says which requests a dead rule has in newer proxies, empty for none.
func (v Verdict) unlessRepeated() string {
	if v.Repeated == nil {
		return ""
	}
	return fmt.Sprintf(", but for requests that send header %s several times to proxies since Istio 1.31",
		istio.Enumerate(v.repeatedHeaders(), "and"))
}

// unsure reports whether a condition contradicts something that depends on the object's namespace, which may not be
// known yet. Gateways are looked at by [check.checker.matchGateways].
func (c *clash) unsure(spec *networking.VirtualService) bool {
	if c == nil {
		return false
	}
	kind := c.condition.on.kind
	return kind == onGateway || kind == onNamespace && slices.Contains(spec.ExportTo, ".")
}

// advice says what to write instead of a condition that no request meets.
func (c *clash) advice() string {
	l := c.condition
	switch {
	case len(c.before) > 0:
		return "; leave one of the two out, or write a match for each"
	case l.on.kind == onPath && l.pattern.Shape == pattern.Expression:
		return "; a regex has to match the whole path, which begins with a slash and has no query"
	case l.on.kind == onPath && strings.Contains(l.pattern.Words(), "#"):
		return "; a fragment is cut off before"
	case l.on.kind == onPath && strings.Contains(l.pattern.Words(), "?"):
		return "; the query is cut off before: match it with query_params"
	case l.on.kind == onPath:
		return "; a path begins with a slash"
	case l.at[0] == "without_headers":
		return "; an absent header counts as an empty one: write {} for requests without it"
	case l.pattern != nil && l.pattern.Shape == pattern.Expression:
		return "; a regex has to match all of the text"
	}
	return ""
}
