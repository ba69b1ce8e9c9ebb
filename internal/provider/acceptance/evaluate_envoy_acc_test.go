package acceptance_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/acctest/tables"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// The ports of the Services of HTTP, and of the gateway. A gateway sends to the port of a Service that it has itself.
const (
	httpPort      = 50080
	httpOtherPort = 50051
	httpsPort     = 50443
)

// questioners are how many requests are in progress at a time.
const questioners = 8

// TestAccEvaluate_envoy: what internal/traffic says about random requests to random tables is what the lab's Envoys,
// a sidecar and a gateway, do with them; and a request that shows that a rule is alive is taken by that rule.
func TestAccEvaluate_envoy(t *testing.T) {
	t.Parallel()
	lab := acctest.StartProxied(t)
	a := newEnvoyAgreement(t, lab)
	options := tables.Options{
		Port: httpPort, OtherPort: httpOtherPort,
		Gateway: lab.Gateway().Namespace + "/" + lab.Gateway().Name, GatewayPort: httpPort, GatewayTLSPort: httpsPort,
		Callers: []tables.Caller{
			{Namespace: a.sidecar.Namespace, Labels: a.sidecar.Labels},
			{Namespace: a.gateway.Namespace, Labels: a.gateway.Labels, Gateway: true},
		},
	}
	a.rounds(options, a.check)
	a.t.Logf("%d witnesses taken by their rules, %d of other callers; %d requests counted at failing servers; "+
		"policies of %d routes compared; %d clients stayed where a cookie keeps them; Envoy %s", a.witnesses,
		a.elsewhere, a.counted, a.policies, a.stayed, a.version)
}

// question is a request, what has to become of it, and what does.
type question struct {
	drawn   *tables.Table
	table   *traffic.Table
	request traffic.Request
	out     traffic.Outcome
	sent    message
	// name is the one under which the servers count the request.
	name string
	// failing says that the servers fail, so that what counts is how often the request comes.
	failing bool
	reply   reply
	err     error
}

// check asks the Envoys about each table of a round.
func (a *envoyAgreement) check(round []*tables.Table) {
	a.t.Helper()
	a.await()
	var questions []*question
	for _, drawn := range round {
		table := a.prepared(drawn)
		failing := 0
		for range requestsPerTable {
			q := a.question(drawn, table, drawn.Request())
			questions = append(questions, q)
			if countable(q.out) && failing < 2 {
				failing++
				again := *q
				again.name, again.failing = a.name(), true
				questions = append(questions, &again)
			}
		}
		questions = append(questions, a.aliveIn(drawn, table)...)
	}
	questions = slices.DeleteFunc(questions, func(q *question) bool {
		// Nobody can tell what an Envoy makes up. In the lab it trusts nobody about the scheme, as by Istio's
		// defaults.
		return slices.ContainsFunc(q.out.DependsOn, func(name string) bool { return name != "x-forwarded-proto" })
	})
	wrong := a.settle(questions)
	policies := map[bool]map[routeAt]policy{true: a.fetchPolicies(a.gateway), false: a.fetchPolicies(a.sidecar)}
	for _, drawn := range round {
		a.keep(drawn)
	}
	for _, q := range questions {
		how := wrong[q]
		if name := q.out.RouteName; how == "" && name != "" {
			a.policies++
			atGateway, at := q.request.Gateway != istio.MeshGateway, routeAt{fmt.Sprint(q.request.Port), name}
			how = diff("in its configuration", policyOf(q.out), policies[atGateway][at])
		}
		if how != "" {
			a.disagree(q.drawn, q.request, q.out, fmt.Sprintf("sent %+v: %s", q.sent, how))
		}
		a.asked[q.out.Kind]++
		if q.failing {
			a.counted++
		}
	}
}

// needsHTTP2 reports whether a request cannot be sent over HTTP/1.1: that tells no scheme, and has fewer methods.
func needsHTTP2(r traffic.Request) bool {
	return r.Gateway == istio.MeshGateway && r.Scheme == "https" || !slices.Contains(http1Methods, r.Method)
}

// emptyCookie reports whether a request has a cookie that is empty, which Go's client of HTTP/2 does not send.
func emptyCookie(r traffic.Request) bool {
	for name, values := range r.Headers {
		if strings.EqualFold(name, "cookie") && strings.Join(values, "") == "" {
			return true
		}
	}
	return false
}

// question returns what to ask of a request, which it may change into one that can be sent.
func (a *envoyAgreement) question(drawn *tables.Table, table *traffic.Table, request traffic.Request) *question {
	q := &question{drawn: drawn, table: table, name: a.name()}
	inMesh := request.Gateway == istio.MeshGateway
	q.sent = message{
		encrypted: request.Port == httpsPort && !inMesh,
		http2:     drawn.IntN(2) == 0 && !emptyCookie(request) || needsHTTP2(request),
	}
	host := a.sidecar.Host
	if !inMesh {
		host = a.gateway.Host
	}
	q.sent.address = net.JoinHostPort(host, fmt.Sprint(request.Port))
	if request.Headers = maps.Clone(request.Headers); request.Headers == nil {
		request.Headers = map[string][]string{}
	}
	if q.sent.http2 && request.Method == http.MethodPost && drawn.IntN(8) == 0 {
		request.Headers["content-type"], request.Headers["te"] = []string{grpcType}, []string{"trailers"}
	}
	q.sent.scheme, q.sent.method, q.sent.authority = request.Scheme, request.Method, request.Authority
	q.sent.path = request.Path
	if !q.sent.http2 && inMesh {
		request.Scheme = "" // which HTTP/1.1 does not tell
	}
	for name, values := range request.Headers {
		_, isClaim := istio.ClaimPath(name) // nobody here checks tokens
		if isClaim || q.sent.http2 && strings.EqualFold(name, "cookie") && strings.Join(values, "") == "" {
			delete(request.Headers, name)
		}
	}
	q.sent.headers = request.Headers
	q.request, q.out = request, table.Evaluate(request)
	if a.older && q.out.Older != nil {
		q.out = *q.out.Older
	}
	return q
}

const grpcType = "application/grpc"

// http1Methods are those that an Envoy takes in HTTP/1.1.
var http1Methods = []string{http.MethodGet, http.MethodPost, http.MethodPut}

// name returns one that no other request has.
func (a *envoyAgreement) name() string {
	a.names++
	return fmt.Sprintf("%s-%d", a.lab.Service, a.names)
}

// ask sends the requests.
func (a *envoyAgreement) ask(questions []*question) {
	a.t.Helper()
	next := make(chan *question)
	var wait sync.WaitGroup
	for range questioners {
		wait.Go(func() {
			for q := range next {
				a.send(a.t.Context(), q)
			}
		})
	}
	for _, q := range questions {
		next <- q
	}
	close(next)
	wait.Wait()
	for _, q := range questions {
		if q.reply.Received != nil {
			a.server = q.reply.Received.Address
		}
	}
}

func (a *envoyAgreement) send(ctx context.Context, q *question) {
	m := q.sent
	m.headers = maps.Clone(q.sent.headers)
	m.headers["x-count-as"] = []string{q.name}
	if q.failing {
		m.headers["x-call-id"], m.headers["x-fail-first"] = []string{q.name}, []string{"99"}
	}
	q.reply, q.err = a.client.send(ctx, m)
}

// settle asks until what becomes of the requests is as wanted, or for a while: the Envoys can be told of parts of a
// table one after the other, and copies arrive after the answer. It returns what is wrong in the end.
func (a *envoyAgreement) settle(questions []*question) map[*question]string {
	a.t.Helper()
	for deadline := time.Now().Add(behindProber); ; time.Sleep(100 * time.Millisecond) {
		a.ask(questions)
		time.Sleep(copyTime)
		wrong := map[*question]string{}
		var again []*question
		for _, q := range questions {
			if how := a.judge(q); how != "" {
				wrong[q] = how
				q.name = a.name()
				again = append(again, q)
			}
		}
		if len(wrong) == 0 || time.Now().After(deadline) {
			return wrong
		}
		questions = again
	}
}

// copyTime is how long a mirrored request may take to arrive.
const copyTime = 100 * time.Millisecond

func (a *envoyAgreement) judge(q *question) string {
	a.t.Helper()
	if q.err != nil {
		return q.err.Error()
	}
	if q.failing {
		seen := a.seen(q.name)
		got := 0
		for _, n := range seen {
			got += n
		}
		return diff("attempts at failing servers", attemptsOf(q.out), got)
	}
	how := "nothing may become of it"
	for i, want := range endings(q.drawn, q.out, q.request) {
		is := diff("(-want +got)", want, endOf(&q.reply, q.request, want))
		if is == "" {
			is = a.copies(q, want)
		}
		if is == "" {
			return ""
		}
		if i == 0 || len(is) < len(how) { // the one that is meant differs least
			how = is
		}
	}
	return how
}

// await waits until both Envoys know what was applied: a rule that is written after the tables, and answers with the
// number of the round.
func (a *envoyAgreement) await() {
	a.t.Helper()
	a.round++
	gateway := a.lab.Gateway()
	a.lab.ApplyAs("agree", fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  hosts: [HOST]
  gateways: [mesh, %s/%s]
  http: [{name: ready, directResponse: {status: 200, body: {string: "%d"}}}]
`, gateway.Namespace, gateway.Name, a.round))
	if a.round == 1 {
		a.t.Cleanup(func() { a.lab.Delete(acctest.VirtualService, a.lab.Service) })
	}
	for _, proxy := range []acctest.EnvoyPod{a.sidecar, a.gateway} {
		m := message{
			address: net.JoinHostPort(proxy.Host, strconv.Itoa(httpPort)), method: http.MethodGet,
			authority: a.lab.Host, path: "/",
		}
		for deadline := time.Now().Add(acctest.Patience); ; time.Sleep(50 * time.Millisecond) {
			got, err := a.client.send(a.t.Context(), m)
			if err == nil && got.Body == fmt.Sprint(a.round) && got.Header.Get(routeHeader) == "ready" {
				break
			}
			if time.Now().After(deadline) {
				a.t.Fatalf("the Envoy at %s does not have the tables: %+v, error %v", m.address, got, err)
			}
		}
	}
}
