package tables

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Request draws a request at the edges of a match that the table has: one that takes it, or that just does not.
func (t *Table) Request() traffic.Request {
	d, from := t.drawer, t.caller()
	request := traffic.Request{
		Authority: d.fullHost(), Path: d.of(d.paths...), Method: "POST", Scheme: "http",
		Headers: map[string][]string{}, Port: d.Port, Gateway: istio.MeshGateway,
		SourceNamespace: from.Namespace, SourceLabels: from.Labels,
	}
	if d.chance(20) {
		request.Port = d.OtherPort
	}
	var uri *networking.StringMatch
	aims := d.some(t.Services)
	for _, m := range aims {
		if m.GetUri() != nil && (uri == nil || d.chance(50)) {
			uri = m.Uri
		}
		d.aimHeaders(request.Headers, m.GetHeaders(), 90)
		d.aimHeaders(request.Headers, m.GetWithoutHeaders(), 50)
		if port := m.GetPort(); port == d.Port || port == d.OtherPort {
			request.Port = port
		}
	}
	if uri != nil {
		request.Path = d.near(uri, d.paths)
	}
	for _, m := range aims {
		if !d.GRPC {
			d.aimRest(&request, m)
		}
	}
	if d.chance(25) {
		request.Headers[d.of(d.headerNames...)] = []string{d.of(someValues...)}
	}
	if t.sticky() && d.chance(60) {
		d.bringCookies(request.Headers)
	}
	if from.Gateway {
		request.Gateway, request.Port = d.Gateway, d.GatewayPort
		if request.Scheme == "https" {
			request.Port = d.GatewayTLSPort
		}
	}
	d.makeSendable(t.Services, &request)
	return request
}

// caller draws one, seldom one for which the table does not hold.
func (t *Table) caller() Caller {
	for {
		from := t.drawer.caller()
		bound := slices.ContainsFunc(t.Services, func(o *istio.Object) bool {
			gateways := o.VirtualServiceSpec().Gateways
			inMesh := len(gateways) == 0 || slices.Contains(gateways, istio.MeshGateway)
			at := !from.Gateway && inMesh || from.Gateway && (len(gateways) > 1 || !inMesh)
			return at && istio.VisibleIn(o, from.Namespace)
		})
		if bound || t.chance(10) {
			return from
		}
	}
}

// some returns a match of a table, and sometimes one of its delegate with it.
func (d *drawer) some(services []*istio.Object) []*networking.HTTPMatchRequest {
	var chosen []*networking.HTTPMatchRequest
	for _, o := range services {
		rules := o.VirtualServiceSpec().Http
		matches := rules[d.IntN(len(rules))].Match
		if len(matches) > 0 && (len(chosen) == 0 || d.chance(50)) {
			chosen = append(chosen, matches[d.IntN(len(matches))])
		}
	}
	return chosen
}

// otherHosts are hosts besides the Service that a VirtualService may have.
func (d *drawer) otherHosts() []string {
	return []string{d.Service +
		".example", "*." + d.Service + ".example", "*.deep." + d.Service + ".example", "deep." + d.Service + ".example"}
}

func (d *drawer) aimHeaders(headers map[string][]string, at map[string]*networking.StringMatch, percent int) {
	for _, name := range sortedKeys(at) {
		if strings.EqualFold(name, ProbeHeader) || !d.chance(percent) {
			continue
		}
		value := d.near(at[name], someValues)
		values := []string{value}
		if d.chance(25) { // what the proxies join
			values = strings.Split(value, ",")
		}
		if d.chance(8) {
			values = append(values, d.of(someValues...))
		}
		if name != claim { // whose name is not that of a header
			name = d.of(name, strings.ToLower(name), strings.ToUpper(name))
		}
		headers[name] = values
	}
}

// near returns a value at the edge of a match: on it, one character off it, in other letters, or what has nothing to
// do with it.
func (d *drawer) near(m *networking.StringMatch, values []string) string {
	text := m.GetExact() + m.GetPrefix()
	if m.GetRegex() != "" || text == "" {
		text = d.of(values...)
	}
	switch d.IntN(10) {
	case 0:
		return text + d.of("b", "1", "/", "x")
	case 1:
		return text[:max(0, len(text)-1)]
	case 2:
		return strings.ToUpper(text)
	case 3:
		return strings.ToLower(text)
	case 4:
		return d.of(values...)
	case 5:
		return d.of("b", "1", "x") + text
	case 6:
		return ""
	}
	return text
}

// aimRest draws what a gRPC client has no say in.
func (d *drawer) aimRest(request *traffic.Request, m *networking.HTTPMatchRequest) {
	if request.Method = d.of("GET", "POST"); m.GetMethod() != nil {
		request.Method = cmp.Or(strings.TrimSuffix(d.near(m.Method, someMethods), "/"), "GET")
	}
	if d.chance(15) || m.GetScheme() != nil {
		request.Scheme = d.of("http", "https")
	}
	if d.chance(15) || m.GetAuthority() != nil {
		full := d.Service + "." + d.Namespace
		names := []string{full, full + ".svc", full + ".svc.cluster.local", full + fmt.Sprintf(
			".svc.cluster.local:%d", request.Port), full + ".svc.cluster.local.", full + ".", strings.ToUpper(full)}
		if request.SourceNamespace == d.Namespace {
			names = append(names, d.Service)
		}
		for _, host := range d.otherHosts() {
			names = append(names, strings.Replace(host, "*", d.of("", "x", "x.y"), 1))
		}
		request.Authority = d.of(names...)
	}
	for _, name := range sortedKeys(m.GetQueryParams()) {
		if d.chance(85) {
			request.Path += d.of("?", "&") + name + d.of("=", "=", "=", "") + d.near(m.QueryParams[name], someValues)
		}
	}
	if d.chance(5) && !strings.Contains(request.Path, "?") {
		request.Path += "?"
	}
	if d.chance(5) {
		request.Path += "#top"
	}
}

// makeSendable changes a request so that it can be sent, and grpc-go and Envoy agree about it. In Envoy a missing
// header counts as empty where withoutHeaders compares it with a value; grpc-go never takes such a match without the
// header. An empty header is present for Envoy, and absent for grpc-go.
func (d *drawer) makeSendable(services []*istio.Object, request *traffic.Request) {
	if !strings.HasPrefix(request.Path, "/") {
		request.Path = "/" + request.Path
	}
	for name, values := range request.Headers { // two spellings of a name have no order
		for other := range request.Headers {
			if name < other && strings.EqualFold(name, other) {
				delete(request.Headers, other)
			}
		}
		if strings.EqualFold(name, "cookie") {
			request.Headers[name] = values[:1]
		}
	}
	if !d.GRPC {
		if from := d.of(ChangedHeaders...); d.chance(30) {
			request.Headers[from] = [][]string{{"0"}, {"0", "00"}}[d.IntN(2)]
		}
		return
	}
	if strings.Count(request.Path, "/") < 2 {
		request.Path += "/"
	}
	for _, o := range services {
		for _, rule := range o.VirtualServiceSpec().Http {
			for _, m := range rule.Match {
				d.makeAlike(request.Headers, m)
			}
		}
	}
}

func (d *drawer) makeAlike(headers map[string][]string, m *networking.HTTPMatchRequest) {
	for _, name := range sortedKeys(m.GetWithoutHeaders()) {
		if !present(m.WithoutHeaders[name]) && find(headers, name) == "" {
			headers[name] = []string{d.of(someValues...)}
		}
	}
	for _, all := range []map[string]*networking.StringMatch{m.GetHeaders(), m.GetWithoutHeaders()} {
		for _, name := range sortedKeys(all) {
			if is := find(headers, name); is != "" && present(all[name]) && strings.Join(headers[is], ",") == "" {
				headers[is] = []string{d.of(someValues...)}
			}
		}
	}
}

// present reports whether a match is one of presence.
func present(m *networking.StringMatch) bool { return m.GetMatchType() == nil || m.GetRegex() == "*" }

// find returns how a request spells the name of a header, empty when it has none.
func find(headers map[string][]string, name string) string {
	names := sortedKeys(headers)
	if i := slices.IndexFunc(names, func(is string) bool { return strings.EqualFold(is, name) }); i >= 0 {
		return names[i]
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
