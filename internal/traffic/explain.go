package traffic

import (
	"fmt"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Explain says in one sentence what happens to a request and which rule decides it. The outcome is one of this
// table's.
func (t *Table) Explain(o Outcome) string {
	text := t.explain(o)
	if len(o.DependsOn) > 0 {
		text += fmt.Sprintf("; this depends on header %s, which the proxy may set, replace or take away before it "+
			"routes", istio.Enumerate(o.DependsOn, "and"))
	}
	if o.Older != nil {
		text += "; proxies up to Istio 1.30 and gRPC clients without a proxy join the values of a header that comes " +
			"several times with commas, and with them: " + t.Explain(*o.Older)
	}
	return text
}

func (t *Table) explain(o Outcome) string {
	who := fmt.Sprintf("requests for %s", istio.Shown(o.Request.Authority))
	switch o.Kind {
	case Unclaimed:
		if s := t.withoutRuleFor(o.Request); s != nil {
			return fmt.Sprintf("%s claims %s and has no rule for this caller, so that they go to the service of that "+
				"name, whatever its version, as if there were no VirtualService", s.object, who)
		}
		in := receive(o.Request, t.firstHost())
		if o.Request.Gateway == istio.MeshGateway {
			return t.unclaimedInMesh(in)
		}
		if why := t.refusal(in); why != "" {
			return why
		}
		return fmt.Sprintf("no VirtualService claims %s at gateway %s: it answers 404",
			who, istio.Shown(o.Request.Gateway))
	case NoRoute:
		if o.Request.saysNoScheme() {
			return "the header x-forwarded-proto is empty, and a proxy has no route for such a request: it answers 404"
		}
		return fmt.Sprintf("%s claims %s and none of its rules takes this one: the proxy answers 404", o.VirtualService,
			who)
	case RedirectTo:
		if gateway := t.gateways[o.Request.Gateway]; o.Rule.Object == nil && gateway != nil {
			return fmt.Sprintf("%s answers %s over plain http on port %d with 301, a redirect to https, before "+
				"it looks at any rule", gateway.object, who, o.Request.Port)
		}
	case Forward, Respond:
	}
	text := ""
	n := newNamer(t)
	for _, s := range t.virtualServices {
		for i, rule := range s.rules {
			if rule.ref == o.Rule {
				requests, _ := rule.requests(i == 0)
				text = fmt.Sprintf("rule %s: %s%s", o.Rule, requests, n.action(rule.rule))
			}
		}
	}
	for _, share := range o.Destinations {
		if share.State == SubsetMissing {
			text += fmt.Sprintf("; no DestinationRule declares subset %s of %s, so that requests to it fail with 503",
				share.Subset, n.host(share.Host))
		}
	}
	if o.Rewrite != nil && !strings.HasPrefix(o.Rewrite.Path, "/") && o.Rewrite.Path != "*" {
		text += fmt.Sprintf("; the path %s that is sent on does not begin with a slash, so that they are answered "+
			"with 400", istio.Shown(o.Rewrite.Path))
	}
	if r := o.Response; r != nil && r.Status/100 == 3 && r.Location != "" {
		text += "; with that status the proxy sends a client to where it came from, to the same URL"
	}
	if f := o.Fault; f != nil && f.AbortPercent > 0 && f.AbortGRPCStatus != "" && !o.Request.isGRPC() {
		text += "; a caller that does not speak gRPC gets 200 in place of the abort"
	}
	text += o.CORS.Words()
	return strings.TrimSpace(text)
}
