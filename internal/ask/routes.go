package ask

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// routes reads the routes that are asked about a request.
func (q *question) routes(connect Connect, stdin io.Reader, request *traffic.Request) (k *known, problems []string) {
	if q.live {
		k, problem := q.cluster(connect, request)
		if problem != "" {
			return nil, []string{problem}
		}
		return k, nil
	}
	if len(q.files) == 0 {
		return nil, []string{noRoutes}
	}
	texts, problems := readTexts(q.files, stdin)
	if len(problems) > 0 {
		return nil, problems
	}
	routes := argument.ReadTexts(texts, argument.Place{
		Namespace: q.namespace, ClusterDomain: q.clusterDomain, RootNamespace: q.rootNamespace,
	})
	if routes.Problem == "" {
		_, routes.Problem = routes.Table()
	}
	if routes.Problem != "" {
		problems = each(routes.Problem)
		problems[len(problems)-1] += hintOfTemplates(texts)
		return nil, problems
	}
	return &known{Routes: routes, notes: notesOf(routes.Foreign)}, nil
}

// notesOf says which of the objects that were left out route requests in another way.
func notesOf(foreign []string) (notes []string) {
	for _, kind := range foreign {
		if kind == "HTTPRoute" || kind == "GRPCRoute" {
			notes = append(notes, "The answer does not say what each "+kind+" does: the Gateway API is not read.")
		}
	}
	return notes
}

// hintOfTemplates says what to do with templates, which are no YAML.
func hintOfTemplates(texts []argument.Text) string {
	if slices.ContainsFunc(texts, func(t argument.Text) bool {
		return strings.Contains(t.Content, "{{") && utf8.ValidString(t.Content)
	}) {
		return "\nTemplates have to be rendered first: helm template CHART | terraform-provider-mesh ask -f - …"
	}
	return ""
}

// ambiguous says that a host is needed: of several VirtualServices nobody knows which one is meant.
func (q *question) ambiguous(k *known) (problem string) {
	if q.host != "" || q.service != "" || q.url != "" || k.asked != "" {
		return ""
	}
	claiming := 0
	for _, o := range k.VirtualServices {
		if len(o.VirtualServiceSpec().GetHosts()) > 0 {
			claiming++
		}
	}
	if claiming < 2 {
		return ""
	}
	return "Which host? Give --host, or a URL. " + theHosts(k.hosts(""), "")
}

// isUnclaimed reports whether no VirtualService is for the host of a request.
func isUnclaimed(a argument.Answer) bool { return a.Kind == traffic.Unclaimed }

// hint says which hosts there are where a request is asked about for which no VirtualService is.
func (q *question) hint(k *known, a argument.Answer) []string {
	gateway := a.Request.Gateway
	if hosts := k.hosts(gateway); len(hosts) > 0 {
		asked, _ := istio.SplitAuthority(a.Request.Authority)
		asked = k.short(istio.FullHost(strings.TrimSuffix(asked, "."), q.namespace, q.clusterDomain))
		if slices.Contains(hosts, asked) {
			return []string{"A VirtualService has the host " + report.Printable(asked, report.LongestPath) +
				", and is not for such a request: look at its exportTo, and at the caller and port of the request."}
		}
		return []string{theHosts(hosts, asked)}
	}
	var gateways []string
	for _, o := range k.VirtualServices {
		if spec := o.VirtualServiceSpec(); len(spec.GetHosts()) > 0 {
			gateways = append(gateways, istio.GatewayNames(spec.GetGateways(), o.Namespace)...)
		}
	}
	gateways = istio.Unique(gateways)
	if len(gateways) == 0 {
		return []string{"There is no VirtualService with hosts at all."}
	}
	if gateway == istio.MeshGateway {
		return []string{fmt.Sprintf("No VirtualService is for sidecars. There are some at the gateways %s: --gateway "+
			"asks there.", enumerate(gateways))}
	}
	return []string{fmt.Sprintf("No VirtualService is at %s. There are some at %s%s.", gateway,
		enumerate(gateways), nearest(gateway, gateways))}
}

// hosts returns the hosts that VirtualServices at a gateway claim, those of Services without the end of their names;
// an empty gateway is any.
func (k *known) hosts(gateway string) []string {
	var hosts []string
	for _, o := range k.VirtualServices {
		spec := o.VirtualServiceSpec()
		if gateway != "" && !slices.Contains(istio.GatewayNames(spec.GetGateways(), o.Namespace), gateway) {
			continue
		}
		for _, host := range spec.GetHosts() {
			hosts = append(hosts, k.short(istio.FullHost(host, o.Namespace, k.Options().Domain())))
		}
	}
	return istio.Unique(hosts)
}

// short returns the name and namespace of a Service, and any other host as it is.
func (k *known) short(host string) string {
	if namespace, name, ok := istio.InCluster(host, k.Options().Domain()); ok {
		return name + "." + namespace
	}
	return host
}

// theHosts lists hosts, and says which one is meant where one is near.
func theHosts(hosts []string, asked string) string {
	if len(hosts) == 1 {
		return fmt.Sprintf("The only host here is %s.", enumerate(hosts))
	}
	return fmt.Sprintf("The hosts here are %s%s.", enumerate(hosts), nearest(asked, hosts))
}

// mostHosts is how many hosts are listed.
const mostHosts = 20

func enumerate(names []string) string {
	shown := make([]string, 0, mostHosts+1)
	for _, name := range names[:min(len(names), mostHosts)] {
		shown = append(shown, report.Printable(name, report.LongestPath))
	}
	if more := len(names) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("%d more", more))
	}
	return istio.Enumerate(shown, "and")
}

func nearest(asked string, names []string) string {
	if name := spelling.Nearest(asked, names); name != "" && name != asked {
		return "; the nearest is " + report.Printable(name, report.LongestPath)
	}
	return ""
}
