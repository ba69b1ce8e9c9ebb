package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/acctest/envoy"
	"github.com/meshroute/terraform-provider-mesh/internal/acctest/tables"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// TestAccEvaluate_envoy: what internal/traffic says about random requests to random tables is what an independent
// matcher finds in the routes that istiod computes for an Envoy, down to timeouts, retries, faults, mirrors,
// rewrites, redirects and headers.
func TestAccEvaluate_envoy(t *testing.T) {
	t.Parallel()
	a := newAgreement(t)
	acctest.NeedEmbedded(t)
	options := tables.Options{Namespace: a.lab.Namespace, Gateway: a.lab.Service}
	made := newKube(t, a.lab.Kubeconfig).create("gateways", a.lab.Expand(gateway))
	raw, err := made.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	known, err := istio.ParseAny(raw)
	if err != nil {
		t.Fatal(err)
	}
	a.gateways = []*istio.Object{known}
	a.rounds(options, func(round []*tables.Table) {
		a.awaitTables(round)
		routes := map[tables.Caller]envoyTables{}
		for _, drawn := range round {
			table := a.prepared(drawn)
			for range requestsPerTable {
				request := drawn.Request()
				out := table.Evaluate(request)
				if len(out.DependsOn) > 0 { // on what only a running Envoy has
					continue
				}
				if diff := a.inRoutes(routes, request, inEnvoy(out)); diff != "" {
					a.disagree(drawn, request, out, diff)
				}
				a.asked[out.Kind]++
			}
		}
	})
}

// inRoutes returns how the routes of the caller differ from what is wanted of a request. It fetches those that differ
// again for a while: istiod can learn of what a table hands over to a little after the rule of the probers.
func (a *agreement) inRoutes(routes map[tables.Caller]envoyTables, request traffic.Request, want envoy.Answer) string {
	a.t.Helper()
	labels := request.SourceLabels
	from := tables.Caller{Namespace: request.SourceNamespace, App: labels["app"], Gateway: labels["gateway"]}
	for deadline := time.Now().Add(behindProber); ; time.Sleep(100 * time.Millisecond) {
		if routes[from] == nil {
			routes[from] = a.fetch(from)
		}
		got, err := routes[from].evaluate(request)
		if err != nil {
			a.t.Fatal(err)
		}
		diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, shareError))
		if diff == "" || time.Now().After(deadline) {
			return diff
		}
		routes[from] = nil
	}
}

// gateway is a Gateway at which every host comes in, plain and with TLS. Its pods, which nobody needs, have its name
// as a label.
var gateway = fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  selector: {gateway: SERVICE}
  servers:
  - {hosts: ["*/*"], port: {name: http, number: %d, protocol: HTTP}}
  - {hosts: ["*/*"], port: {name: https, number: %d, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: SERVICE}}
`, tables.GatewayPort, tables.GatewayTLSPort)

// envoyTables are those of one proxy, by the port.
type envoyTables map[int]*envoy.Table

func (e envoyTables) evaluate(request traffic.Request) (envoy.Answer, error) {
	table := e[int(request.Port)]
	if table == nil { // a gateway has none before a VirtualService is bound to it
		return envoy.Answer{}, nil
	}
	got, err := table.Evaluate(envoy.Request{
		Authority: request.Authority,
		Path:      request.Path,
		Method:    request.Method,
		Scheme:    request.Scheme,
		Headers:   request.Headers,
		TLS:       request.Gateway != istio.MeshGateway && request.Scheme == "https",
		Gateway:   request.Gateway != istio.MeshGateway,
	})
	slices.Sort(got.Headers)
	if path, _, _ := strings.Cut(request.Path, "#"); got.Path == path {
		got.Path = "" // rewritten to what it is
	}
	return got, err
}

// shareError is how much shares may differ, in percent: floating point adds them up in another order.
const shareError = 1e-6

// fetch returns the tables that istiod has for a proxy: sidecars know them by the port, gateways by the server.
func (a *agreement) fetch(caller tables.Caller) envoyTables {
	a.t.Helper()
	found, err := envoy.Parse(a.lab.RouteTables(acctest.Envoy{
		Namespace: caller.Namespace, Labels: labelText(caller.Labels()), Gateway: caller.Gateway != "",
	}))
	if err != nil {
		a.t.Fatal(err)
	}
	if caller.Gateway == "" {
		return envoyTables{
			tables.MainPort:  found[fmt.Sprint(tables.MainPort)],
			tables.OtherPort: found[fmt.Sprint(tables.OtherPort)],
		}
	}
	return envoyTables{
		tables.GatewayPort: found[fmt.Sprintf("http.%d", tables.GatewayPort)],
		tables.GatewayTLSPort: found[fmt.Sprintf("https.%d.https.%s.%s", tables.GatewayTLSPort, caller.Gateway,
			caller.Namespace)],
	}
}

// awaitTables waits until istiod has all tables, each where the prober in a sidecar or at the gateway sees it. It
// computes routes for who connects from what it has told everybody else.
func (a *agreement) awaitTables(round []*tables.Table) {
	a.t.Helper()
	for deadline := time.Now().Add(acctest.Patience); ; time.Sleep(100 * time.Millisecond) {
		missing := slices.Clone(round)
		for _, prober := range round[0].Probers() {
			found := a.fetch(prober)
			missing = slices.DeleteFunc(missing, func(drawn *tables.Table) bool {
				request := traffic.Request{
					Authority: drawn.Host,
					Port:      tables.MainPort,
					Headers:   map[string][]string{tables.ProbeHeader: {fmt.Sprint(drawn.Seed)}},
				}
				if prober.Gateway != "" {
					request.Port = tables.GatewayPort
				}
				got, err := found.evaluate(request)
				return err == nil && got.Route == drawn.Probe()
			})
		}
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("istiod does not have the table of seed %d", missing[0].Seed)
		}
	}
}

// inEnvoy turns an outcome into what an Envoy does.
func inEnvoy(out traffic.Outcome) envoy.Answer {
	if out.Kind == traffic.Unclaimed {
		return envoy.Answer{}
	}
	if out.Kind == traffic.NoRoute {
		return envoy.Answer{NoRoute: true}
	}
	want := envoy.Answer{
		VirtualService: out.VirtualService.Namespace + "/" + out.VirtualService.Name,
		Route:          out.RouteName,
		Timeout:        out.Timeout,
		Headers:        append(inWords("request", out.RequestHeaders), inWords("response", out.ResponseHeaders)...),
	}
	if f := out.Fault; f != nil {
		want.Fault = envoy.Fault{
			Delay:        f.Delay,
			DelayPercent: f.DelayPercent,
			HTTPStatus:   int(f.AbortHTTPStatus),
			GRPCStatus:   grpcNumbers[f.AbortGRPCStatus],
			AbortPercent: f.AbortPercent,
		}
	}
	if r := out.Retries; r != nil && r.Attempts > 0 {
		want.Retries = envoy.Retries{Attempts: int(r.Attempts), On: r.On, PerTryTimeout: r.PerTryTimeout}
	}
	if r := out.Rewrite; r != nil {
		want.Authority = r.Authority
		if r.Path != out.Request.Path {
			want.Path = r.Path
		}
	}
	if r := out.Redirect; r != nil {
		want.Redirect = fmt.Sprintf("%d %s", r.Code, r.Location)
	}
	if r := out.Response; r != nil {
		want.Response = fmt.Sprintf("%d %s", r.Status, r.Body)
	}
	for _, m := range out.Mirrors {
		if want.Mirrors == nil {
			want.Mirrors = map[string]float64{}
		}
		want.Mirrors[clusterName(m.Destination, out.Request.Port)] += m.Percent
	}
	for _, share := range out.Destinations {
		if share.Authority != "" {
			if want.Authorities == nil {
				want.Authorities = map[string]string{}
			}
			want.Authorities[clusterName(share.Destination, out.Request.Port)] += share.Authority
		}
	}
	want.Clusters, want.Headers = shares(out, want.Headers)
	slices.Sort(want.Headers)
	return want
}

// shares returns the clusters of an outcome, and headers with those that are changed for one of several alone.
func shares(out traffic.Outcome, headers []string) (map[string]float64, []string) {
	clusters := map[string]float64{}
	for _, share := range out.Destinations {
		name := clusterName(share.Destination, out.Request.Port)
		clusters[name] += share.Percent
		of := ""
		if severalDestinations(out.Rule) {
			of = name + " "
		}
		headers = append(headers, inWords(of+"request", share.RequestHeaders)...)
		headers = append(headers, inWords(of+"response", share.ResponseHeaders)...)
	}
	return clusters, headers
}

func severalDestinations(rule traffic.RuleRef) bool {
	o, i := rule.Object, rule.Index
	if rule.Delegate != nil {
		o, i = rule.Delegate, rule.DelegateIndex
	}
	return len(o.VirtualServiceSpec().Http[i].Route) > 1
}

// clusterName returns the name that istiod gives a destination.
func clusterName(d traffic.Destination, port uint32) string {
	if d.Port != 0 {
		port = d.Port
	}
	return fmt.Sprintf("outbound|%d|%s|%s", port, d.Subset, d.Host)
}

func inWords(side string, h traffic.HeaderChanges) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(h.Set)) {
		all = append(all, fmt.Sprintf("%s set %s: %s", side, name, h.Set[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(h.Add)) {
		all = append(all, fmt.Sprintf("%s add %s: %s", side, name, h.Add[name]))
	}
	for _, name := range h.Remove {
		all = append(all, fmt.Sprintf("%s remove %s", side, name))
	}
	return all
}

// grpcNumbers are the numbers of the codes.
var grpcNumbers = map[string]int{"NOT_FOUND": 5, "RESOURCE_EXHAUSTED": 8, "ABORTED": 10}
