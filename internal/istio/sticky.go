package istio

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// Sticky says that clients keep the subset of a rule that they got. The responses of the subset set a cookie, and a
// rule in front of the one with the weights sends requests that bring it to that subset.
//
// Hashes of a traffic policy do not keep anybody at a subset: a proxy chooses by weight first, and hashes among the
// endpoints of what it chose. Source: istio.io/istio issue 9764.
type Sticky struct {
	// Cookie is the cookie's name. Its value is that of the subset.
	Cookie string
	// MaxAge is how long a client keeps the cookie, in whole seconds.
	MaxAge time.Duration
	// Subsets are the names of those that are kept, in order.
	Subsets []string
}

// CookieHeader brings the cookies of a client, and SetCookieHeader gives it one. Istio compares names of headers
// without case.
const (
	CookieHeader    = "cookie"
	SetCookieHeader = "set-cookie"
)

// setCookie is what [Sticky.setCookie] writes. No cookie has more digits than a century has seconds.
var setCookie = regexp.MustCompile(`^([^=;]+)=([^;]+); Path=/; Max-Age=([0-9]{1,10}); HttpOnly; SameSite=Lax$`)

// setCookie returns the header that gives a client the cookie. It holds for the whole host; no script needs it, and a
// page of another site may only link to the host with it.
func (s *Sticky) setCookie(subset string) string {
	return fmt.Sprintf("%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax", s.Cookie, subset,
		int64(s.MaxAge/time.Second))
}

// pattern returns the regular expression that all of a header has to match which has the cookie among others. A
// client separates them by a semicolon and a space.
// Source: RFC 6265, section 4.2.1.
func (s *Sticky) pattern(subset string) string {
	return `(.*; *)?` + regexp.QuoteMeta(s.Cookie+"="+subset) + `(;.*)?`
}

// RuleName returns the name of the rule that honours the cookie of a subset. It stands in front of a rule of a name,
// or of one without, which is the given one of all sticky rules without a name, from 1. By its name it is told from
// others when rules are compared with earlier ones.
func (s *Sticky) RuleName(of string, nameless int, subset string) string {
	switch {
	case of != "":
		return of + "-sticky-" + subset
	case nameless > 1:
		return fmt.Sprintf("sticky-%s-%d", subset, nameless)
	}
	return "sticky-" + subset
}

// Kept returns the subsets that clients of a rule keep now: those that have a share. Nobody is held at a subset that
// is being left.
func (s *Sticky) Kept(rule *networking.HTTPRoute) []string {
	var kept []string
	for _, d := range rule.GetRoute() {
		name := d.GetDestination().GetSubset()
		if s.has(name) && hasShare(rule, d) && !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	return kept
}

// gives reports whether responses of a rule give the cookie.
func (s *Sticky) gives(rule *networking.HTTPRoute) bool {
	return s != nil && slices.ContainsFunc(rule.GetRoute(), func(d *networking.HTTPRouteDestination) bool {
		return s.has(d.GetDestination().GetSubset())
	})
}

func (s *Sticky) has(subset string) bool { return subset != "" && slices.Contains(s.Subsets, subset) }

// hasShare reports whether a destination of a rule gets requests.
func hasShare(rule *networking.HTTPRoute, d *networking.HTTPRouteDestination) bool {
	return len(rule.GetRoute()) == 1 || d.GetWeight() > 0
}

// Stick returns rules of which some are sticky: for each one what it is to keep, nil for nothing. A rule that follows
// from another one stands right in front of it, and does with requests what that does. The given rules stay as they
// are.
func Stick(rules []*networking.HTTPRoute, sticky []*Sticky) []*networking.HTTPRoute {
	var all []*networking.HTTPRoute
	nameless := 0
	for i, rule := range rules {
		if i >= len(sticky) || !sticky[i].gives(rule) {
			all = append(all, rule)
			continue
		}
		if rule.GetName() == "" {
			nameless++
		}
		all = append(all, sticky[i].rules(rule, nameless)...)
	}
	return all
}

// rules returns a rule whose responses give the cookie, and before it those that honour it.
func (s *Sticky) rules(rule *networking.HTTPRoute, nameless int) []*networking.HTTPRoute {
	var all []*networking.HTTPRoute
	for _, name := range s.Kept(rule) {
		all = append(all, s.honouring(rule, nameless, name))
	}
	giving := proto.CloneOf(rule)
	for _, d := range giving.Route {
		if name := d.GetDestination().GetSubset(); s.has(name) {
			giveCookie(d, s.setCookie(name))
		}
	}
	return append(all, giving)
}

// honouring returns the rule that sends requests with the cookie of a subset there.
func (s *Sticky) honouring(rule *networking.HTTPRoute, nameless int, subset string) *networking.HTTPRoute {
	honours := proto.CloneOf(rule)
	honours.Name = s.RuleName(rule.GetName(), nameless, subset)
	to := slices.IndexFunc(honours.Route, func(d *networking.HTTPRouteDestination) bool {
		return d.GetDestination().GetSubset() == subset
	})
	honours.Route = honours.Route[to : to+1]
	honours.Route[0].Weight = 0
	if honours.Match = WithoutEmpty(honours.Match); len(honours.Match) == 0 {
		honours.Match = []*networking.HTTPMatchRequest{{}}
	}
	for _, match := range honours.Match {
		if match.Headers == nil {
			match.Headers = map[string]*networking.StringMatch{}
		}
		match.Headers[CookieHeader] = &networking.StringMatch{
			MatchType: &networking.StringMatch_Regex{Regex: s.pattern(subset)},
		}
	}
	return honours
}

// giveCookie gives the responses of a destination a cookie.
func giveCookie(d *networking.HTTPRouteDestination, cookie string) {
	if d.Headers == nil {
		d.Headers = &networking.Headers{}
	}
	if d.Headers.Response == nil {
		d.Headers.Response = &networking.Headers_HeaderOperations{}
	}
	if d.Headers.Response.Add == nil {
		d.Headers.Response.Add = map[string]string{}
	}
	d.Headers.Response.Add[SetCookieHeader] = cookie
}

// Unstuck are rules without what [Stick] makes of them.
type Unstuck struct {
	Rules []*networking.HTTPRoute
	// Sticky says for each rule what it keeps, nil for nothing.
	Sticky []*Sticky
	// From is for each rule its place among the rules that it was found in. What stands between two of them follows
	// from the second.
	From []int
}

// Unstick finds the rules that [Stick] was given. What only looks like its work, such as a rule for a cookie without
// the response that sets it, or with another timeout than the rule that it belongs to, stays what it is: Stick makes
// the same rules of what is found.
func Unstick(rules []*networking.HTTPRoute) Unstuck {
	var u Unstuck
	nameless := 0
	for i, rule := range rules {
		sticky, plain := stickyOf(rule)
		if sticky != nil {
			added := sticky.rules(plain, nameless+1)
			first := len(u.Rules) + 1 - len(added)
			if first >= 0 && proto.Equal(added[len(added)-1], rule) &&
				slices.EqualFunc(u.Rules[first:], added[:len(added)-1], sameRule) &&
				!slices.ContainsFunc(u.Sticky[first:], func(s *Sticky) bool { return s != nil }) {
				u.Rules, u.Sticky, u.From = u.Rules[:first], u.Sticky[:first], u.From[:first]
				if rule.GetName() == "" {
					nameless++
				}
			} else {
				sticky, plain = nil, rule
			}
		}
		u.Rules, u.Sticky, u.From = append(u.Rules, plain), append(u.Sticky, sticky), append(u.From, i)
	}
	return u
}

func sameRule(a, b *networking.HTTPRoute) bool { return proto.Equal(a, b) }

// Of returns to which rule something belongs that stands at a place of the rules that were given, and whether it is a
// rule that follows from it.
func (u Unstuck) Of(place int) (rule int, follows bool) {
	i := slices.IndexFunc(u.From, func(from int) bool { return from >= place })
	if i < 0 {
		return len(u.From), false
	}
	return i, u.From[i] > place
}

// stickyOf returns what a rule keeps by the cookies that its destinations give, nil for nothing, and the rule without
// them. The rule itself stays as it is.
func stickyOf(rule *networking.HTTPRoute) (*Sticky, *networking.HTTPRoute) {
	var s *Sticky
	for _, d := range rule.GetRoute() {
		cookie, gives := d.GetHeaders().GetResponse().GetAdd()[SetCookieHeader]
		if !gives {
			continue
		}
		parts, name := setCookie.FindStringSubmatch(cookie), d.GetDestination().GetSubset()
		if len(parts) == 0 || parts[2] != name {
			return nil, rule
		}
		seconds, err := strconv.ParseInt(parts[3], 10, 64)
		maxAge := time.Duration(seconds) * time.Second
		if err != nil || s != nil && (s.Cookie != parts[1] || s.MaxAge != maxAge) {
			return nil, rule
		}
		if s == nil {
			s = &Sticky{Cookie: parts[1], MaxAge: maxAge}
		}
		if !slices.Contains(s.Subsets, name) {
			s.Subsets = append(s.Subsets, name)
		}
	}
	if s == nil {
		return nil, rule
	}
	slices.Sort(s.Subsets)
	plain := proto.CloneOf(rule)
	for _, d := range plain.Route {
		if _, gives := d.GetHeaders().GetResponse().GetAdd()[SetCookieHeader]; gives {
			delete(d.Headers.Response.Add, SetCookieHeader)
			d.Headers = TrimHeaders(d.Headers)
		}
	}
	return s, plain
}

// WithoutSticky returns objects without what [Stick] adds to their rules. The objects themselves stay as they are.
func WithoutSticky(objects Objects) Objects {
	o := objects.Routing()
	u := Unstick(o.VirtualServiceSpec().GetHttp())
	if !slices.ContainsFunc(u.Sticky, func(s *Sticky) bool { return s != nil }) {
		return objects
	}
	plain, spec := *o, proto.CloneOf(o.VirtualServiceSpec())
	spec.Http, plain.Spec = u.Rules, spec
	return objects.With(&plain)
}
