package canary

import (
	"regexp"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// The bounds of a cookie that keeps a client at its subset. Browsers keep none for longer than 400 days.
// Source: draft-ietf-httpbis-rfc6265bis, section 5.5.
const (
	longestCookieName = 64
	shortestKept      = time.Second
	longestKept       = 400 * 24 * time.Hour
)

// cookieName are the names that stand for themselves in a header, in an expression and in a proxy's format of
// headers. A cookie's name may have more signs, which nobody needs here.
var cookieName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// demandingPrefixes are those of names that a browser only keeps with attributes that these cookies do not have: over
// HTTP, as inside a mesh, nobody could keep them. Browsers compare them without case.
// Source: draft-ietf-httpbis-rfc6265bis, section 4.1.3.
var demandingPrefixes = []string{"__host-", "__secure-", "__http-"}

// stickyProblems checks what a rule keeps, and whether the rest of the rule lets it.
func (r *Route) stickyProblems(at istio.Path, rule Rule) []istio.Problem {
	s := rule.Sticky
	if s == nil {
		return nil
	}
	here := at.At("sticky")
	if r.SharesByOthers {
		return []istio.Problem{{
			At: here, Reason: "adds and takes away rules with the shares", Remedy: istio.SharesLeftToOthers,
		}}
	}
	if rule.Subset != "" {
		return []istio.Problem{istio.Errorf(here,
			"cannot be set together with subset, which is everybody's: it is for a rule with weights")}
	}
	problems := cookieProblems(here.At("cookie"), s.Cookie)
	if s.MaxAge < shortestKept || s.MaxAge > longestKept || s.MaxAge%time.Second != 0 {
		problems = append(problems, istio.Errorf(here.At("max_age"),
			"must be a duration in whole seconds from 1s to 9600h, the 400 days for which browsers keep a cookie, "+
				"such as \"24h\""))
	}
	if len(s.Subsets) == 0 {
		problems = append(problems, istio.Errorf(here.At("subsets"), "must name the subset that clients keep, such "+
			"as the new version"))
	}
	for i, name := range s.Subsets {
		switch _, weighted := rule.Weights[name]; {
		case slices.Contains(s.Subsets[:i], name):
			problems = append(problems, istio.Errorf(here.At("subsets", i), "names %s twice", istio.Shown(name)))
		case !weighted && len(rule.Weights) > 0:
			problems = append(problems, istio.Errorf(here.At("subsets", i),
				"%s has no weight in this rule, which has %s", istio.Shown(name),
				istio.Enumerate(shownNames(sortedKeys(rule.Weights)), "and")))
		}
	}
	problems = append(problems, r.otherUses(here.At("cookie"), s)...)
	return append(problems, hindrances(at, rule.HTTP)...)
}

func shownNames(names []string) []string {
	var shown []string
	for _, name := range names[:min(len(names), mostNames)] {
		shown = append(shown, istio.Shown(name))
	}
	return shown
}

func cookieProblems(at istio.Path, name string) []istio.Problem {
	lower := strings.ToLower(name)
	switch {
	case len(name) > longestCookieName:
		return []istio.Problem{istio.Errorf(at, "must have at most %d characters, got %d", longestCookieName,
			len(name))}
	case !cookieName.MatchString(name):
		return []istio.Problem{istio.Errorf(at,
			"must be the name of a cookie, of letters, digits, '-', '_' and '.', such as \"canary\"")}
	}
	for _, prefix := range demandingPrefixes {
		if strings.HasPrefix(lower, prefix) {
			return []istio.Problem{istio.Errorf(at,
				"must not begin with %s: browsers keep such a cookie only with attributes that this one does not have",
				name[:len(prefix)])}
		}
	}
	return nil
}

// otherUses looks for a traffic policy that gives clients another cookie of the same name.
func (r *Route) otherUses(at istio.Path, s *istio.Sticky) []istio.Problem {
	var problems []istio.Problem
	find := func(of istio.Path, policy *networking.TrafficPolicy) {
		balancers := map[string]*networking.LoadBalancerSettings{"": policy.GetLoadBalancer()}
		for _, port := range policy.GetPortLevelSettings() {
			balancers[port.GetPort().String()] = port.GetLoadBalancer()
		}
		for _, balancer := range balancers {
			if balancer.GetConsistentHash().GetHttpCookie().GetName() == s.Cookie && s.Cookie != "" {
				problems = append(problems, istio.Errorf(at,
					"%q is the cookie by which %s chooses an endpoint; each needs one of its own", s.Cookie, of))
				return
			}
		}
	}
	find(istio.Path{"traffic_policy"}, r.TrafficPolicy)
	for _, name := range sortedKeys(r.Subsets) {
		find(istio.Path{"subsets", istio.Key(name), "traffic_policy"}, r.Subsets[name].TrafficPolicy)
	}
	return problems
}

// hindrances are the parts of a rule that would keep a cookie from a client, or from the rule that honours it.
func hindrances(at istio.Path, http *networking.HTTPRoute) []istio.Problem {
	var problems []istio.Problem
	for i, match := range http.GetMatch() {
		for _, name := range sortedKeys(match.GetHeaders()) {
			if strings.EqualFold(name, istio.CookieHeader) {
				problems = append(problems, istio.Errorf(at.At("sticky"),
					"the rule asks for cookies itself, in %s, and a match can have one condition for a header",
					istio.Path{"match", i, "headers", istio.Key(name)}))
			}
		}
	}
	response := http.GetHeaders().GetResponse()
	for _, name := range sortedKeys(response.GetSet()) {
		if strings.EqualFold(name, istio.SetCookieHeader) {
			problems = append(problems, istio.Errorf(at.At("headers", "response", "set", istio.Key(name)),
				"takes the place of the cookie that sticky sets; add it instead"))
		}
	}
	for i, name := range response.GetRemove() {
		if strings.EqualFold(name, istio.SetCookieHeader) {
			problems = append(problems, istio.Errorf(at.At("headers", "response", "remove", i),
				"removes the cookie that sticky sets too"))
		}
	}
	return problems
}

// takenNames looks for rules, given by their names, that have the name of one that follows from sticky: by its name a
// rule is told from others when it changes.
func (r *Route) takenNames(rules map[string]int) []istio.Problem {
	var problems []istio.Problem
	nameless := 0
	for i, rule := range r.allRules() {
		if rule.Sticky == nil {
			continue
		}
		if rule.HTTP.GetName() == "" {
			nameless++
		}
		for _, subset := range rule.Sticky.Subsets {
			name := rule.Sticky.RuleName(rule.HTTP.GetName(), nameless, subset)
			if other, taken := rules[name]; taken {
				problems = append(problems, istio.Errorf(r.placeOfRule(i).At("sticky"),
					"adds a rule for %s that is called %s, and so is rules[%d]; give that one another name",
					istio.Shown(subset), istio.Shown(name), other))
			}
		}
	}
	return problems
}

// placeOfRule returns where in the route a rule stands, the default last.
func (r *Route) placeOfRule(i int) istio.Path {
	if i < len(r.Rules) {
		return istio.Path{"rules", i}
	}
	return istio.Path{"default"}
}

// isSticky reports whether some rule keeps subsets.
func (r *Route) isSticky() bool {
	return slices.ContainsFunc(r.allRules(), func(rule Rule) bool { return rule.Sticky != nil })
}

// placeOf returns which rule of the route a rule of an object belongs to, and whether it follows from that one's
// sticky.
func (r *Route) placeOf(o *istio.Object, i int) (rule int, follows bool) {
	if !r.isSticky() {
		return i, false
	}
	return istio.Unstick(o.VirtualServiceSpec().GetHttp()).Of(i)
}

// isOfSticky reports whether a part of a rule of an object stands there because of sticky: all of a rule that follows
// from it, besides what that has of the rule itself, and the header that sets the cookie.
func isOfSticky(rest istio.Path, follows bool, rule Rule) bool {
	switch {
	case len(rest) > 2 && rest[0] == "route" && rest[2] == "headers":
		return rule.Sticky != nil
	case !follows || len(rest) > 0 && rest[0] == "route":
		return false
	case len(rest) == 0 || rest[0] == "name":
		return true
	case rest[0] != "match":
		return false
	}
	return len(rest) <= 2 || len(rule.HTTP.GetMatch()) == 0 ||
		len(rest) > 3 && rest[2] == "headers" && rest[3] == istio.Key(istio.CookieHeader)
}
