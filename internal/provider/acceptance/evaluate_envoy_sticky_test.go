package acceptance_test

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest/tables"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

const (
	// clients are so many that ask by a rule which keeps them.
	clients = 100
	// comingBack is how often one asks again that got a cookie.
	comingBack = 10
	// deviations of a share, and some more requests where it is small, are what chance makes of it in less than one of
	// 500,000 counts.
	deviations, more = 5, 3
)

// keep checks what the sticky rules of a table promise: clients without a cookie get the shares, whoever gets a subset
// that is kept gets its cookie and nobody else does, and with the cookie a client stays, as is said of its requests.
func (a *envoyAgreement) keep(drawn *tables.Table) {
	a.t.Helper()
	table := a.prepared(drawn)
	kept := drawn.Kept()
	for _, at := range slices.Sorted(maps.Keys(kept)) {
		first := a.firstBy(drawn, table, at)
		if first == nil {
			continue
		}
		wrong := func(q *question, how string, values ...any) {
			a.t.Helper()
			a.disagree(drawn, q.request, q.out, fmt.Sprintf("sent %+v: ", q.sent)+fmt.Sprintf(how, values...))
		}
		counts, cookies := map[string]int{}, map[string]string{}
		for _, q := range a.repeat(first, nil, clients) {
			if q.err != nil || q.reply.Received == nil {
				wrong(q, "no server answers: %v, %+v", q.err, q.reply)
				return
			}
			version := q.reply.Received.Version
			counts[version]++
			for _, cookie := range (&http.Response{Header: q.reply.Header}).Cookies() {
				cookies[version] = cookie.Name + "=" + cookie.Value
			}
		}
		for _, share := range first.out.Destinations {
			p := share.Percent / 100
			want, count := clients*p, counts[share.Labels["version"]]
			if most := deviations*math.Sqrt(want*(1-p)) + more; math.Abs(float64(count)-want) > most {
				wrong(first, "%s answers %d of %d requests, want %.0f ± %.0f", share.Subset, count, clients, want, most)
			}
			if count == 0 {
				continue
			}
			cookie := ""
			if slices.Contains(kept[at].Subsets, share.Subset) {
				cookie = kept[at].Cookie + "=" + share.Subset
			}
			if is := cookies[share.Labels["version"]]; is != cookie {
				wrong(first, "%s gives the cookie %q, want %q", share.Subset, is, cookie)
			} else if cookie != "" {
				a.comeBack(drawn, table, first, at, share, cookie, wrong)
			}
		}
	}
}

// firstBy returns a question of a client without cookies that the rule at a place answers with shares, nil where none
// was drawn.
func (a *envoyAgreement) firstBy(drawn *tables.Table, table *traffic.Table, at int) *question {
	a.t.Helper()
	for range 300 {
		request := drawn.Request()
		maps.DeleteFunc(request.Headers, func(name string, _ []string) bool {
			return strings.EqualFold(name, istio.CookieHeader)
		})
		q := a.question(drawn, table, request)
		if q.out.Rule.Index == at && countable(q.out) && q.out.Rule.Object != nil && len(q.out.DependsOn) == 0 {
			return q
		}
	}
	return nil
}

// comeBack asks as a client that got the cookie of a share.
func (a *envoyAgreement) comeBack(
	drawn *tables.Table, table *traffic.Table, first *question, at int, share traffic.Share, cookie string,
	wrong func(*question, string, ...any),
) {
	a.t.Helper()
	request := first.request
	request.Headers = maps.Clone(request.Headers)
	request.Headers[istio.CookieHeader] = []string{"session=1; " + cookie + "; theme=dark"}
	out := table.Evaluate(request)
	rule, follows := istio.Unstick(drawn.Services[0].VirtualServiceSpec().Http).Of(out.Rule.Index)
	place := istio.Unstick(drawn.Services[0].VirtualServiceSpec().Http).From[rule]
	if !follows || place != at {
		// Another rule for cookies may take it.
		if !drawn.AsksForCookies() {
			wrong(first, "with the cookie %s it is said to go by %s", cookie, out.Rule)
		}
		return
	}
	if len(out.Destinations) != 1 || out.Destinations[0].Subset != share.Subset {
		wrong(first, "with the cookie %s it is said to go to %+v", cookie, out.Destinations)
	}
	for _, q := range a.repeat(first, request.Headers, comingBack) {
		if q.err != nil || q.reply.Received == nil || q.reply.Received.Version != share.Labels["version"] {
			wrong(q, "with the cookie %s of %s comes back %v, %+v", cookie, share.Subset, q.err, q.reply)
			return
		}
	}
	a.stayed++
}

// repeat sends a question so many times more, with other headers if there are any.
func (a *envoyAgreement) repeat(first *question, headers map[string][]string, times int) []*question {
	a.t.Helper()
	var all []*question
	for range times {
		again := *first
		again.name = a.name()
		if headers != nil {
			again.sent.headers = headers
		}
		all = append(all, &again)
	}
	a.ask(all)
	return all
}
