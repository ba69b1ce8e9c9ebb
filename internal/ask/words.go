package ask

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// words says an answer as a person reads it: what was asked, the sentence, and a line for each thing that happens.
func words(a argument.Answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", asked(a.Request), a.Summary)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table)
	for _, line := range lines(a.Outcome) {
		fmt.Fprintf(table, "%s\t%s\n", line.name, line.value)
	}
	_ = table.Flush() // to memory
	return report.Printable(strings.TrimRight(b.String(), "\n")+"\n", longestAnswer)
}

// longestAnswer is how many bytes of an answer are printed. A body of a direct response can be long.
const longestAnswer = 64 << 10

// asked says what is asked.
func asked(r traffic.Request) string {
	where := "from a sidecar"
	if r.Gateway != istio.MeshGateway {
		where = "at gateway " + r.Gateway
	}
	return fmt.Sprintf("%s %s://%s%s %s, port %d", r.Method, r.Scheme, r.Authority, r.Path, where, r.Port)
}

// line is one thing that happens.
type line struct{ name, value string }

// lines are what happens to a request, in the order in which it does.
func lines(o traffic.Outcome) []line {
	var all []line
	add := func(name, value string) {
		if value != "" {
			all = append(all, line{name, value})
		}
	}
	if o.Rule.Object != nil {
		add("rule", o.Rule.String()+" of "+o.Rule.Object.String())
	} else if o.VirtualService != nil {
		add("rule", "none of "+o.VirtualService.String())
	}
	add("match", matchWords(o))
	for i, share := range o.Destinations {
		name := ""
		if i == 0 {
			name = "to"
		}
		all = append(all, line{name, shareWords(share)})
	}
	add("timeout", durationWords(o.Timeout))
	add("retries", retryWords(o.Retries))
	if o.Fault != nil {
		add("fault", strings.Join(o.Fault.Words(), ", "))
	}
	for _, mirror := range o.Mirrors {
		add("copy", traffic.PercentWords(mirror.Percent)+" to "+mirror.String())
	}
	if o.Rewrite != nil {
		add("sent as", strings.TrimSpace(o.Rewrite.Authority+" "+o.Rewrite.Path))
	}
	if o.Redirect != nil {
		add("redirect", fmt.Sprintf("%d to %s", o.Redirect.Code, istio.Shown(o.Redirect.Location)))
	}
	if o.Response != nil {
		add("answer", strings.TrimSpace(fmt.Sprintf("%d %s", o.Response.Status, istio.Shown(o.Response.Body))))
	}
	add("request", headerWords(o.RequestHeaders))
	add("response", headerWords(o.ResponseHeaders))
	return all
}

// matchWords names the match that holds, nothing where the rule has none or names it by its only one.
func matchWords(o traffic.Outcome) string {
	if o.Rule.Object == nil || o.Match.Index < 0 {
		return ""
	}
	text := fmt.Sprintf("match[%d]", o.Match.Index)
	if o.Match.Name != "" {
		text += " " + strconv.Quote(o.Match.Name)
	}
	return text
}

func shareWords(s traffic.Share) string {
	text := traffic.PercentWords(s.Percent) + " " + s.String()
	var labels []string
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		labels = append(labels, key+"="+s.Labels[key])
	}
	switch {
	case s.State == traffic.SubsetMissing:
		text += " (no DestinationRule declares it: 503)"
	case len(labels) > 0:
		text += " (" + strings.Join(labels, ", ") + ")"
	}
	for _, more := range []string{
		s.Authority, headerWords(s.RequestHeaders), headerWords(s.ResponseHeaders),
	} {
		if more != "" {
			text += ", " + more
		}
	}
	return text
}

func durationWords(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return attr.FormatDuration(d)
}

func retryWords(r *traffic.Retries) string {
	if r == nil {
		return ""
	}
	text := strconv.Itoa(int(r.Attempts))
	if r.Attempts > 0 && r.On != "" {
		text += " on " + r.On
	}
	if r.PerTryTimeout > 0 {
		text += ", each within " + attr.FormatDuration(r.PerTryTimeout)
	}
	if r.Default {
		text += " (Istio's default)"
	}
	return text
}

// headerWords says which headers are changed.
func headerWords(h traffic.HeaderChanges) string {
	var parts []string
	for _, change := range []struct {
		verb   string
		values map[string]string
	}{{"sets", h.Set}, {"adds", h.Add}} {
		for _, name := range slices.Sorted(maps.Keys(change.values)) {
			parts = append(parts, change.verb+" "+name+": "+istio.Shown(change.values[name]))
		}
	}
	for _, name := range h.Remove {
		parts = append(parts, "removes "+name)
	}
	return strings.Join(parts, ", ")
}

// picture draws the rules of the VirtualService that holds, and of its delegates.
func picture(k *known, a argument.Answer) string {
	var drawn []*istio.Object
	for _, o := range k.VirtualServices {
		if a.VirtualService == nil || o == a.VirtualService || len(o.VirtualServiceSpec().GetHosts()) == 0 {
			drawn = append(drawn, o)
		}
	}
	return traffic.Sheet(drawn, k.Options()).Markdown()
}
