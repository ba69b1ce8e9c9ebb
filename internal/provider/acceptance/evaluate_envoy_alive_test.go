package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest/tables"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// aliveIn returns questions with the requests that show which rules and matches of a table are alive. A rule need not
// take its request where that is of another caller, or where another VirtualService for the host has a say.
func (a *envoyAgreement) aliveIn(drawn *tables.Table, table *traffic.Table) []*question {
	var questions []*question
	about := aboutCallers(drawn)
	for _, v := range traffic.FindDead(drawn.Services, traffic.Options{}) {
		if v.Life != traffic.Alive {
			continue
		}
		request, changed, ok := a.fromHere(*v.Witness)
		if !ok {
			a.elsewhere++
			continue
		}
		q := a.question(drawn, table, request)
		same := q.out.Rule == v.Rule && (v.Match.Index < 0 || q.out.Match == v.Match)
		if same {
			a.witnesses++
		} else {
			a.elsewhere++
		}
		if !same && !slices.ContainsFunc(changed, func(what string) bool { return about[what] }) {
			a.disagree(drawn, request, q.out, fmt.Sprintf("%s is said to be alive by this request", v.Place))
			continue
		}
		questions = append(questions, q)
	}
	return questions
}

// What a witness can say of the caller, and others.
const (
	ofPort      = "port"
	ofLabels    = "labels"
	ofNamespace = "namespace"
	ofOthers    = "others" // what the verdicts leave out: other VirtualServices, and headers that a proxy sets
)

// aboutCallers returns on what of that the rules of a table depend.
func aboutCallers(drawn *tables.Table) map[string]bool {
	about := map[string]bool{}
	roots := 0
	for _, o := range drawn.Services {
		spec := o.VirtualServiceSpec()
		if len(spec.Hosts) > 0 {
			roots++
		}
		about[ofNamespace] = about[ofNamespace] || len(spec.ExportTo) > 0
		for _, rule := range spec.Http {
			for _, m := range rule.Match {
				about[ofPort] = about[ofPort] || m.Port != 0
				about[ofLabels] = about[ofLabels] || len(m.SourceLabels) > 0
				about[ofNamespace] = about[ofNamespace] || m.SourceNamespace != ""
				about[ofOthers] = about[ofOthers] || onProxyHeader(m.Headers) || onProxyHeader(m.WithoutHeaders)
			}
		}
	}
	about[ofOthers] = about[ofOthers] || roots > 1
	return about
}

func onProxyHeader(conditions map[string]*networking.StringMatch) bool {
	for name := range conditions {
		if strings.HasPrefix(strings.ToLower(name), "x-forwarded-") || strings.EqualFold(name, "x-request-id") {
			return true
		}
	}
	return false
}

// fromHere returns a witness as one of the Envoys can be sent it, and what is another than it says. It is not ok
// where it is from elsewhere.
func (a *envoyAgreement) fromHere(w traffic.Request) (request traffic.Request, changed []string, ok bool) {
	proxy, ports := a.sidecar, []uint32{httpPort, httpOtherPort}
	gateway := a.lab.Gateway()
	changed = []string{ofOthers}
	switch w.Gateway {
	case istio.MeshGateway:
	case gateway.Namespace + "/" + gateway.Name:
		proxy, ports = a.gateway, []uint32{httpPort, httpsPort}
		if w.Scheme == "https" && w.Port != httpPort {
			ports = ports[1:]
		}
		if w.Port == httpsPort && w.Scheme != "https" || w.Port == httpPort && w.Scheme == "https" {
			return w, nil, false
		}
	default:
		return w, nil, false
	}
	if !slices.Contains(ports, w.Port) {
		w.Port, changed = ports[0], append(changed, ofPort)
	}
	if w.SourceNamespace != proxy.Namespace {
		if host, _ := istio.SplitAuthority(w.Authority); !strings.Contains(host, ".") {
			return w, nil, false // a short name
		}
		w.SourceNamespace, changed = proxy.Namespace, append(changed, ofNamespace)
	}
	if !maps.Equal(w.SourceLabels, proxy.Labels) {
		w.SourceLabels, changed = proxy.Labels, append(changed, ofLabels)
	}
	for name := range w.Headers {
		if _, isClaim := istio.ClaimPath(name); isClaim {
			return w, nil, false
		}
	}
	return w, changed, !emptyCookie(w) || !needsHTTP2(w)
}
