package tables

import (
	"cmp"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// cookieNames are those of cookies that keep somebody at a subset. The dot is nothing but a dot.
var cookieNames = []string{"canary", "beta.1"}

// keep makes some rules with shares sticky, if they do not ask for cookies themselves. The subsets are in the order in
// which the provider writes them.
func (d *drawer) keep(spec *networking.VirtualService) {
	sticky := make([]*istio.Sticky, len(spec.Http))
	for i, rule := range spec.Http {
		asks := func(m *networking.HTTPMatchRequest) bool { return onCookie(m.Headers) }
		if len(rule.Route) < 2 || slices.ContainsFunc(rule.Match, asks) || !d.chance(80) {
			continue
		}
		slices.SortFunc(rule.Route, func(a, b *networking.HTTPRouteDestination) int {
			return cmp.Compare(a.Destination.Subset, b.Destination.Subset)
		})
		sticky[i] = &istio.Sticky{
			Cookie: d.of(cookieNames...), MaxAge: time.Duration(1+d.IntN(100)) * time.Minute,
		}
		for _, route := range rule.Route {
			if len(sticky[i].Subsets) == 0 || d.chance(50) {
				sticky[i].Subsets = append(sticky[i].Subsets, route.Destination.Subset)
			}
		}
		if d.chance(30) {
			sticky[i].Subsets = []string{rule.Route[1].Destination.Subset}
		}
	}
	spec.Http = istio.Stick(spec.Http, sticky)
}

func onCookie(conditions map[string]*networking.StringMatch) bool {
	return slices.ContainsFunc(sortedKeys(conditions), func(name string) bool {
		return strings.EqualFold(name, istio.CookieHeader)
	})
}

// sticky reports whether a rule of the table keeps somebody.
func (t *Table) sticky() bool { return t.Compact && len(t.Kept()) > 0 }

// Kept are the rules of a table that keep somebody, by their place.
func (t *Table) Kept() map[int]*istio.Sticky {
	kept := map[int]*istio.Sticky{}
	for _, o := range t.Services {
		found := istio.Unstick(o.VirtualServiceSpec().Http)
		for i, s := range found.Sticky {
			if s != nil && t.Compact {
				kept[found.From[i]] = s
			}
		}
	}
	return kept
}

// AsksForCookies reports whether a rule of the table asks for cookies that does not follow from a sticky one.
func (t *Table) AsksForCookies() bool {
	for _, o := range t.Services {
		for _, rule := range istio.Unstick(o.VirtualServiceSpec().Http).Rules {
			for _, m := range rule.Match {
				if onCookie(m.GetHeaders()) || onCookie(m.GetWithoutHeaders()) {
					return true
				}
			}
		}
	}
	return false
}

// bringCookies gives a request cookies: of a subset, of something near it, of somebody else.
func (d *drawer) bringCookies(headers map[string][]string) {
	for name := range headers {
		if strings.EqualFold(name, istio.CookieHeader) {
			delete(headers, name)
		}
	}
	var all []string
	for range 1 + d.IntN(3) {
		name, subset := d.of(cookieNames...), d.of(subsetNames...)
		switch d.IntN(10) {
		case 0:
			name = "x" + name
		case 1:
			subset += "x"
		case 2:
			subset = strings.ToUpper(subset)
		case 3:
			name = strings.ReplaceAll(name, ".", "-")
		case 4:
			name, subset = "session", name+"="+subset
		case 5:
			subset = ""
		}
		all = append(all, name+"="+subset)
	}
	headers[istio.CookieHeader] = []string{strings.Join(all, d.of("; ", ";"))}
}
