package canary

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Problems returns everything that is wrong with the route, at the place in the route where it can be mended. What
// Istio's own validation says about the rendered objects is among it.
func (r *Route) Problems() []istio.Problem {
	problems := r.problems()
	if r.Host == "" {
		return problems
	}
	problems = append(problems, r.subsetProblems()...)
	names := map[string]int{}
	for i, rule := range r.Rules {
		at := istio.Path{"rules", i}
		problems = append(problems, r.ruleProblems(at, rule)...)
		if len(rule.HTTP.GetMatch()) == 0 {
			problems = append(problems,
				misspelt(at.At("match"), "needs an entry: what takes every request is default"))
		}
		if name := rule.HTTP.GetName(); name != "" {
			if first, taken := names[name]; taken {
				problems = append(problems, istio.Errorf(at.At("name"), "%q is the name of rule %d already", name,
					first))
			} else {
				names[name] = i
			}
		}
	}
	if r.Default != nil {
		problems = append(problems, r.ruleProblems(istio.Path{"default"}, *r.Default)...)
	}
	problems = append(problems, r.takenNames(names)...)
	return append(problems, r.istioProblems(problems)...)
}

// Problems returns everything that is wrong with the split, at the place in the split where it can be mended.
func (s *Split) Problems() []istio.Problem {
	var problems []istio.Problem
	for _, p := range s.Route().Problems() {
		p.At = s.splitPath(p.At)
		for i, by := range p.By {
			p.By[i] = s.splitPath(by)
		}
		problems = append(problems, p)
	}
	switch matched := len(s.HTTP.GetMatch()) > 0; {
	case matched && s.Otherwise == "":
		others := ""
		if s.choosesCallers() {
			others = ", but for callers in the mesh that no match is for, whose requests go to the service itself"
		}
		problems = append(problems, istio.Warnf(istio.Path{"match"},
			"requests that do not match have no route at all: 503 inside the mesh, 404 at a gateway%s; name their "+
				"subset in otherwise", others))
	case !matched && s.Otherwise != "":
		problems = append(problems, istio.Errorf(istio.Path{"otherwise"},
			"is for the requests that match does not cover, and without match there are none"))
	}
	return problems
}

// choosesCallers reports whether every match is for some proxies alone. The others know nothing of the split.
func (s *Split) choosesCallers() bool {
	return !slices.ContainsFunc(s.HTTP.GetMatch(), func(m *networking.HTTPMatchRequest) bool {
		return len(m.GetSourceLabels()) == 0 && m.GetSourceNamespace() == "" && m.GetPort() == 0
	})
}

func (r *Route) subsetProblems() []istio.Problem {
	var problems []istio.Problem
	at := istio.Path{"subsets"}
	if len(r.Subsets) == 0 {
		problems = append(problems, istio.Errorf(at, "at least one subset is needed to route to"))
	}
	for _, name := range sortedKeys(r.Subsets) {
		subset, at := r.Subsets[name], at.At(istio.Key(name))
		switch {
		case r.SubsetsElsewhere && len(subset.Labels) > 0:
			problems = append(problems, leftToOthers(at.At("labels"), "belong to the DestinationRule"))
		case r.SubsetsElsewhere && subset.TrafficPolicy != nil:
			problems = append(problems, leftToOthers(at.At("traffic_policy"), "belongs to the DestinationRule"))
		case !r.SubsetsElsewhere && !r.SharesByOthers && len(subset.Labels) == 0:
			problems = append(problems, istio.Errorf(at.At("labels"),
				"a subset without labels is every pod of the service; give the labels that tell its pods from "+
					"the others"))
		}
		if name != strings.ToLower(name) {
			problems = append(problems,
				istio.Errorf(at, "a subset's name is part of a host name and must be in lower case"))
		}
	}
	if r.SubsetsElsewhere && r.TrafficPolicy != nil {
		problems = append(problems, leftToOthers(istio.Path{"traffic_policy"}, "belongs to the DestinationRule"))
	}
	return problems
}

// leftToOthers is the problem of a part of an object that others declare.
func leftToOthers(at istio.Path, reason string) istio.Problem {
	return istio.Problem{At: at, Reason: reason, Remedy: istio.LeftToOthers}
}

// misspelt is the problem of a part that lacks what somebody has probably written under another name.
func misspelt(at istio.Path, reason string) istio.Problem {
	return istio.Problem{At: at, Reason: reason, Remedy: istio.Misspelt}
}

func (r *Route) ruleProblems(at istio.Path, rule Rule) []istio.Problem {
	var problems []istio.Problem
	switch {
	case rule.Subset != "" && len(rule.Weights) > 0:
		problems = append(problems,
			istio.Errorf(at.At("weights"), "cannot be set together with subset; choose one of them"))
	case len(r.Subsets) == 0:
	case rule.Subset == "" && len(rule.Weights) == 0:
		problems = append(problems, misspelt(at, "needs a subset, or weights for several of them"))
	case rule.Subset != "":
		problems = append(problems, r.knownSubset(at.At("subset"), rule.Subset)...)
	default:
		problems = append(problems, r.weightProblems(at.At("weights"), rule.Weights)...)
	}
	problems = append(problems, r.stickyProblems(at, rule)...)
	problems = append(problems, r.mirrorProblems(at, rule.HTTP)...)
	return append(problems, matchProblems(at, rule.HTTP)...)
}

// mostNames is how many names a problem lists.
const mostNames = 20

func (r *Route) knownSubset(at istio.Path, name string) []istio.Problem {
	if _, ok := r.Subsets[name]; ok || len(r.Subsets) == 0 {
		return nil
	}
	declared := sortedKeys(r.Subsets)
	if more := len(declared) - mostNames; more > 0 {
		declared = append(declared[:mostNames], fmt.Sprintf("%d more", more))
	}
	return []istio.Problem{istio.Errorf(at, "there is no subset %q; subsets declares %s",
		name, strings.Join(declared, ", "))}
}

// weightProblems checks shares. Istio reads weights as proportions of their sum; here the sum is pinned to 100, so
// that a plan reads as percentages.
// Source: networking.istio.io/v1 HTTPRouteDestination.weight.
func (r *Route) weightProblems(at istio.Path, weights map[string]*int64) []istio.Problem {
	var problems []istio.Problem
	sum, left, valid := int64(0), []string{}, true
	for _, name := range sortedKeys(weights) {
		problems = append(problems, r.knownSubset(at.At(istio.Key(name)), name)...)
		switch w := weights[name]; {
		case w == nil:
			left = append(left, name)
		case *w < 0 || *w > 100:
			problems = append(problems,
				istio.Errorf(at.At(istio.Key(name)), "must be between 0 and 100 percent, got %d", *w))
			valid = false
		default:
			sum += *w
		}
	}
	switch {
	case len(left) > 1:
		problems = append(problems, istio.Errorf(at, "only one weight may be left out to take the rest, got %s",
			strings.Join(left, ", ")))
	case !valid:
	case len(left) == 1 && sum > 100:
		problems = append(problems, istio.Errorf(at, "must not sum to more than 100 percent, got %d", sum))
	case len(left) == 0 && sum != 100:
		problems = append(problems, istio.Errorf(at,
			"must sum to 100 percent, got %d; one weight may be left out (null) and takes the rest", sum))
	}
	return problems
}

func (r *Route) mirrorProblems(at istio.Path, http *networking.HTTPRoute) []istio.Problem {
	var problems []istio.Problem
	for i, mirror := range http.GetMirrors() {
		host, subset := r.fullHost(mirror.GetDestination().GetHost()), mirror.GetDestination().GetSubset()
		if subset != "" && (host == "" || host == r.Host) {
			problems = append(problems, r.knownSubset(at.At("mirrors", i, "destination", "subset"), subset)...)
		}
	}
	return problems
}

// matchProblems finds matches that can never hold, or hold for something else than they seem to.
func matchProblems(at istio.Path, http *networking.HTTPRoute) []istio.Problem {
	var problems []istio.Problem
	for i, match := range http.GetMatch() {
		at := at.At("match", i)
		if proto.Size(match) == 0 {
			problems = append(problems, misspelt(at, "has no condition, and takes every request"))
		}
		for name, value := range map[string]*networking.StringMatch{
			"authority": match.Authority, "method": match.Method, "scheme": match.Scheme, "uri": match.Uri,
		} {
			if value != nil && value.MatchType == nil {
				problems = append(problems, misspelt(at.At(name), "needs one of exact, prefix and regex"))
			}
		}
		problems = append(problems, headerProblems(at, match)...)
	}
	slices.SortStableFunc(problems, func(a, b istio.Problem) int {
		return strings.Compare(a.At.String(), b.At.String())
	})
	return problems
}

// headerProblems looks for names that differ in case only: a proxy compares header names without case, so that both
// would have to hold for the same header.
func headerProblems(at istio.Path, match *networking.HTTPMatchRequest) []istio.Problem {
	var problems []istio.Problem
	spelled := map[string]string{}
	for _, name := range sortedKeys(match.Headers) {
		at := at.At("headers", istio.Key(name))
		lower := strings.ToLower(name)
		if other, ok := spelled[lower]; ok {
			problems = append(problems, istio.Errorf(at,
				"header names have no case: %q is the header %q that is matched already", name, other))
		}
		spelled[lower] = name
		if exact, ok := match.Headers[name].GetMatchType().(*networking.StringMatch_Exact); ok && exact.Exact == "" {
			problems = append(problems, istio.Problem{
				At: at.At("exact"), Reason: "an empty value is no header value that a client can be expected to send",
				Remedy: istio.Presence,
			})
		}
	}
	return problems
}

// istioProblems are the verdicts of Istio's validation that known does not cover already.
func (r *Route) istioProblems(known []istio.Problem) []istio.Problem {
	var problems []istio.Problem
	// around are the parts that have a known problem inside, inside the parts of a rule that have one.
	around, inside, said := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, k := range known {
		for i := range len(k.At) + 1 {
			around[k.At[:i].String()] = true
		}
		if isInsideRule(k.At) {
			inside[k.At.String()] = true
		}
	}
	for name, subset := range r.Subsets {
		if r.SharesByOthers && len(subset.Labels) == 0 {
			// Others bring them.
			inside[istio.Path{"subsets", istio.Key(name), "labels"}.String()] = true
		}
	}
	covered := func(at istio.Path) bool {
		for i := range len(at) + 1 {
			if inside[at[:i].String()] {
				return true
			}
		}
		return around[at.String()]
	}
	pair := r.Render()
	for _, o := range pair.All() {
		for _, p := range check.Validate(o) {
			p.Of, p.At = nil, r.PathOf(o, p.At)
			for i, by := range p.By {
				p.By[i] = r.PathOf(o, by)
			}
			if p.Remedy == istio.NarrowerFirst && slices.Equal(p.At, istio.Path{"default"}) {
				// It comes last, and a route has to have it.
				p.Remedy = istio.NarrowMatch
				if len(p.By) > 1 {
					p.Remedy = istio.NarrowMatches
				}
			}
			// What both objects say, such as the service's host, is said once.
			text := p.At.String() + ": " + p.Text()
			blamed := slices.ContainsFunc(p.By, func(by istio.Path) bool { return around[by.String()] })
			if !covered(p.At) && !blamed && !said[text] {
				said[text] = true
				problems = append(problems, p)
			}
		}
	}
	return problems
}

// isInsideRule reports whether a path leads to a part of a rule, of the default or of a subset, and not to all of it.
func isInsideRule(at istio.Path) bool {
	return len(at) > 2 || len(at) == 2 && at.Within(istio.Path{"default"})
}

// PathOf returns where in the route the part is that stands at a path of a rendered object.
func (r *Route) PathOf(o *istio.Object, at istio.Path) istio.Path {
	switch {
	case len(at) == 0:
		return at
	case at[0] == "name" && o.Kind() == istio.KindVirtualService:
		return istio.Path{"virtual_service_name"}
	case at[0] == "name":
		return istio.Path{"destination_rule_name"}
	}
	if spec, ok := o.Spec.(*networking.DestinationRule); ok {
		return destinationRulePath(spec, at)
	}
	switch at[0] {
	case "http":
		switch {
		case len(at) > 1:
		case len(r.Rules) == 0:
			return istio.Path{"default"}
		default:
			return istio.Path{"rules"}
		}
		return r.rulePath(o, at[1].(int), at[2:]) //nolint:errcheck,forcetypeassert // an index follows
	case "hosts":
		if len(r.Hosts) == 0 {
			return istio.Path{"service"}
		}
	}
	return at
}

func (r *Route) rulePath(o *istio.Object, i int, rest istio.Path) istio.Path {
	i, follows := r.placeOf(o, i)
	at, rule := istio.Path{"default"}, Rule{}
	if i < len(r.Rules) {
		at, rule = istio.Path{"rules", i}, r.Rules[i]
	} else if r.Default != nil {
		rule = *r.Default
	}
	switch {
	case isOfSticky(rest, follows, rule):
		return at.At("sticky")
	case len(rest) == 0 || rest[0] != "route":
		return at.At(rest...)
	case len(rest) == 4 && rest[3] == "host":
		return istio.Path{"service"}
	case len(rest) == 4 && rest[3] == "port":
		return istio.Path{"port"}
	case follows:
		return at.At("sticky")
	}
	name := rule.Subset
	if len(rule.Weights) > 0 && len(rest) > 1 {
		i := rest[1].(int) //nolint:errcheck,forcetypeassert // an index follows
		if i >= len(rule.Weights) {
			// A live rule has more: somebody else sets weights in it.
			return at.At("weights")
		}
		name = sortedKeys(rule.Weights)[i]
	}
	if _, declared := r.Subsets[name]; declared && len(rest) == 4 && rest[3] == "subset" {
		return istio.Path{"subsets", istio.Key(name)}
	}
	switch {
	case len(rule.Weights) == 0:
		return at.At("subset")
	case len(rest) == 1:
		return at.At("weights")
	}
	return at.At("weights", istio.Key(name))
}

func destinationRulePath(rule *networking.DestinationRule, at istio.Path) istio.Path {
	switch {
	case at[0] == "host":
		return istio.Path{"service"}
	case at[0] != "subsets" || len(at) < 2:
		return at
	}
	i := at[1].(int) //nolint:errcheck,forcetypeassert // an index follows
	if i >= len(rule.Subsets) {
		return istio.Path{"subsets"}
	}
	subset := istio.Path{"subsets", istio.Key(rule.Subsets[i].Name)}
	if len(at) > 2 && at[2] == "name" {
		return subset
	}
	return subset.At(at[2:]...)
}
