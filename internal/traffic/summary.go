package traffic

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// MostLines is how many rules a summary says at most, each in a line of so many characters.
const (
	MostLines   = 200
	longestLine = 300
)

// Summary says in words what VirtualServices do, one line per rule in order, and a last one for requests that no rule
// takes: `requests with header version=200 go to v2`, `all other requests: v1 90 %, v2 10 %`. It is equal for specs
// that mean the same. Delegates are among the routes; those that are not are named, and without any VirtualService
// that has hosts the delegates themselves are said. With several VirtualServices each line says whose it is.
func Summary(routes []*istio.Object, options Options) []string {
	t := newWordTable(routes, options)
	n := newNamer(t)
	var lines []string
	for _, s := range t.virtualServices {
		for _, line := range n.summary(s) {
			if len(t.virtualServices) > 1 {
				line = s.object.String() + ": " + line
			}
			lines = append(lines, shortened(line))
		}
	}
	return lines
}

// shortened returns a line without its middle where it is long.
func shortened(line string) string {
	text := []rune(line)
	if len(text) <= longestLine {
		return line
	}
	const tail = longestLine / 3
	return string(text[:longestLine-tail-1]) + "…" + string(text[len(text)-tail:])
}

// namer finds the shortest clear names of destinations.
type namer struct {
	hosts         []string // all that occur
	namespace     string
	clusterDomain string
	noShares      bool
}

func newNamer(tables ...*Table) *namer {
	n := &namer{}
	for _, t := range tables {
		n.clusterDomain, n.noShares = t.options.Domain(), t.options.SharesByOthers
		for _, s := range t.virtualServices {
			n.namespace = s.object.Namespace
			for _, rule := range s.rules {
				for _, route := range rule.rule.Route {
					n.hosts = append(n.hosts, route.GetDestination().GetHost())
				}
				for _, mirror := range newMirrors(rule.rule) {
					n.hosts = append(n.hosts, mirror.Host)
				}
			}
			for _, f := range newFlows(s, n.clusterDomain) {
				for _, route := range f.routes {
					n.hosts = append(n.hosts, route.GetDestination().GetHost())
				}
			}
		}
	}
	n.hosts = slices.DeleteFunc(istio.Unique(n.hosts), func(host string) bool { return host == elsewhere })
	return n
}

// host returns the name of a host as it is called from the namespace of the routes.
func (n *namer) host(host string) string {
	namespace, name, ok := istio.InCluster(host, n.clusterDomain)
	switch {
	case !ok:
		return host
	case namespace == n.namespace:
		return name
	}
	return name + "." + namespace
}

// name returns the subset alone when all destinations have one host.
func (n *namer) name(d Destination) string {
	if d.Host == elsewhere {
		return d.Subset
	}
	host := n.host(d.Host)
	if d.Port != 0 {
		host += ":" + strconv.FormatUint(uint64(d.Port), 10)
	}
	switch {
	case d.Subset == "":
		return host
	case len(n.hosts) == 1 && d.Port == 0:
		return d.Subset
	}
	return d.Subset + " of " + host
}

// shares returns `v1 90 %, v2 10 %`, of an only destination its name.
func (n *namer) shares(shares []Share) string {
	if len(shares) == 1 {
		return n.name(shares[0].Destination)
	}
	parts := make([]string, len(shares))
	for i, share := range shares {
		parts[i] = n.name(share.Destination) + " " + PercentWords(share.Percent)
	}
	return strings.Join(parts, ", ")
}

func (n *namer) summary(s *virtualService) []string {
	var lines []string
	done, handed := false, false
	for i, rule := range s.rules {
		if rule.goesOn() && done {
			continue
		}
		who, all := rule.requests(i == 0)
		line := who + n.action(rule.rule)
		if done {
			line = "never reached: " + line
		}
		lines = append(lines, line)
		done = done || all && !rule.handsOver() || rule.goesOn()
		handed = handed || all
	}
	lines = append(lines, n.flows(s)...)
	if more := len(lines) - MostLines; more > 0 {
		lines = append(lines[:MostLines], fmt.Sprintf("and %d more rules", more))
	}
	for _, d := range s.dropped {
		lines = append(lines, fmt.Sprintf("left out: %s: %s", d.At[:2], d.Reason))
	}
	if done || len(s.rules) == 0 && len(s.spec().Tls)+len(s.spec().Tcp) > 0 {
		return lines
	}
	if handed {
		return append(lines, "requests that are left then have no route")
	}
	for _, r := range s.left() {
		lines = append(lines, r.String())
	}
	return lines
}

// requests says which requests a rule is for, and whether it is for all that are left.
func (r *compiledRule) requests(first bool) (words string, all bool) {
	var conditions []string
	for i := range r.matches {
		m := &r.matches[i]
		w := m.words()
		all = all || m.last && len(m.place) == 0
		if w == "" {
			all = true
		}
		conditions = append(conditions, w)
	}
	return requestsWith(conditions, first), all
}

const requestsThat = "requests with "

// requestsWith says requests that satisfy one of some conditions.
func requestsWith(conditions []string, first bool) string {
	switch {
	case !slices.Contains(conditions, ""):
		return requestsThat + strings.Join(conditions, " or ")
	case first:
		return "all requests"
	}
	return "all other requests"
}

// action says what happens to requests, to be put behind them.
func (n *namer) action(rule *networking.HTTPRoute) string {
	text := ""
	switch {
	case rule.Redirect != nil:
		text = " are redirected" + redirectWords(rule.Redirect)
	case rule.DirectResponse != nil:
		text = fmt.Sprintf(" get the answer %d from the proxy", rule.DirectResponse.Status)
	default:
		text = n.forward(rule.Route, n.noShares)
	}
	return strings.Join(append([]string{text}, n.besides(rule)...), ", ")
}

// besides says what happens to requests besides being sent somewhere.
func (n *namer) besides(rule *networking.HTTPRoute) (words []string) {
	if rule.Redirect == nil && rule.DirectResponse == nil {
		words = n.extras(rule)
	}
	if fault := newFault(rule.Fault); fault != nil {
		words = append(words, fault.Words()...)
	}
	return words
}

func (n *namer) forward(routes []*networking.HTTPRouteDestination, noShares bool) string {
	if noShares && len(routes) > 1 {
		var names []string
		for _, route := range routes {
			names = append(names, n.name(newDestination(route.GetDestination())))
		}
		return " go to " + istio.Enumerate(names, "and") + " in shares that others set"
	}
	shares := newShares(routes)
	switch {
	case len(shares) == 0:
		return " have no destination"
	case len(shares) > 1:
		return ": " + n.shares(shares)
	case shares[0].Destination == handingOver:
		return " go on with the rules of " + handingOver.Subset
	case shares[0].Host == elsewhere:
		return " are handed to " + shares[0].Subset
	}
	return " go to " + n.shares(shares)
}

// extras says what a rule does besides choosing destinations.
func (n *namer) extras(rule *networking.HTTPRoute) []string {
	var extras []string
	if limit := rule.Timeout.AsDuration(); limit > 0 {
		extras = append(extras, "timeout "+durationWords(limit))
	}
	switch {
	case rule.Retries == nil:
	case rule.Retries.Attempts <= 0:
		extras = append(extras, "no retries")
	case rule.Retries.Attempts == 1:
		extras = append(extras, "1 retry")
	default:
		extras = append(extras, fmt.Sprintf("%d retries", rule.Retries.Attempts))
	}
	for _, mirror := range newMirrors(rule) {
		text := "copied to " + n.name(mirror.Destination)
		if mirror.Percent < 100 {
			text = PercentWords(mirror.Percent) + " " + text
		}
		extras = append(extras, text)
	}
	if uri := rule.Rewrite.GetUri(); uri != "" {
		extras = append(extras, "path rewritten to "+istio.Shown(uri))
	}
	if by := rule.Rewrite.GetUriRegexRewrite(); by != nil {
		extras = append(extras, "path rewritten to "+istio.Shown(by.Rewrite))
	}
	if authority := rule.Rewrite.GetAuthority(); authority != "" {
		extras = append(extras, "authority rewritten to "+istio.Shown(authority))
	}
	return extras
}

// Words says what the fault does, a part each.
func (f *Fault) Words() []string {
	var words []string
	if f.Delay > 0 && f.DelayPercent > 0 {
		words = append(words, fmt.Sprintf("%s delayed by %s", PercentWords(f.DelayPercent), durationWords(f.Delay)))
	}
	if f.AbortPercent > 0 && f.AbortHTTPStatus != 0 {
		words = append(words, fmt.Sprintf("%s aborted with %d", PercentWords(f.AbortPercent), f.AbortHTTPStatus))
	}
	if f.AbortPercent > 0 && f.AbortGRPCStatus != "" {
		words = append(words, fmt.Sprintf("%s aborted with %s", PercentWords(f.AbortPercent), f.AbortGRPCStatus))
	}
	return words
}

// redirectWords says where a redirect leads; an ellipsis stands for the host of the request.
func redirectWords(r *networking.HTTPRedirect) string {
	host := r.Authority
	if r.GetPort() != 0 {
		host += ":" + strconv.FormatUint(uint64(r.GetPort()), 10)
	}
	if r.Authority == "" && (host != "" || r.Scheme != "") {
		host = "…" + host
	}
	if r.Scheme != "" {
		host = r.Scheme + "://" + host
	}
	if host += slashed(r.Uri + r.PrefixRewrite); host == "" {
		return ""
	}
	return " to " + istio.Shown(host)
}

// durationWords leaves out what time.Duration writes and nobody says: `1m0s` is `1m`.
func durationWords(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
