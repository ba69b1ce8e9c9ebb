package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/acctest/tables"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

const (
	// fewTables are as many as are tried by default; MESH_TEST_TABLES says another number, and `make agree` 300.
	fewTables = 24
	// mostServices are as many tables as are there at the same time.
	mostServices = 48
	// requestsPerTable are sent to each.
	requestsPerTable = 40
)

// agreement compares what internal/traffic says about random tables with what becomes of requests. MESH_TEST_SEED
// draws the same tables again; that of a single table draws it with MESH_TEST_TABLES=1.
type agreement struct {
	t         *testing.T
	lab       *acctest.Lab
	terraform *cli
	services  []*acctest.Lab
	seed      uint64
	tables    int
	// gateways are the Gateways that the tables know.
	gateways []*istio.Object
	// asked counts the requests by what becomes of them.
	asked map[traffic.OutcomeKind]int
}

// newAgreement makes the Services, in the namespaces of labs in turn. The test's own is that of the first. In which
// one a table is decides what is drawn for it, and so follows from its seed.
func newAgreement(t *testing.T, labs ...*acctest.Lab) *agreement {
	t.Helper()
	a := &agreement{
		t:         t,
		lab:       labs[0],
		terraform: newCLI(t),
		seed:      loadSeed(t),
		tables:    int(numberIn(t, "MESH_TEST_TABLES", fewTables)),
		asked:     map[traffic.OutcomeKind]int{},
	}
	t.Logf("to draw the same tables again: MESH_TEST_SEED=%d MESH_TEST_TABLES=%d", a.seed, a.tables)
	for i := range min(a.tables, mostServices) {
		a.services = append(a.services, labs[(a.seed+uint64(i))%uint64(len(labs))].Twin(fmt.Sprintf("-%d", i)))
	}
	return a
}

// outside is a namespace that is not the scenario's.
const outside = "default"

// rounds applies all tables, as many at a time as there are Services, and has each set of them checked.
func (a *agreement) rounds(options tables.Options, check func([]*tables.Table)) {
	a.t.Helper()
	options.NoPrefixRedirect = !a.lab.Declares(acctest.VirtualService, "http", "redirect", "prefixRewrite")
	for first := 0; first < a.tables; first += len(a.services) {
		if first > 0 { // a subset in use is not given other labels
			a.terraformMust("destroy")
		}
		var round []*tables.Table
		var config strings.Builder
		for i := first; i < min(first+len(a.services), a.tables); i++ {
			in := a.services[i-first]
			options.Service, options.Namespace, options.Elsewhere = in.Service, in.Namespace, outside
			if in.Namespace == outside {
				options.Elsewhere = a.lab.Namespace
			}
			table := tables.Draw(a.seed+uint64(i), options)
			round = append(round, table)
			config.WriteString(table.HCL(fmt.Sprintf("t%d", i-first)))
		}
		a.terraform.configure(
			fmt.Sprintf("  config_path = %q\n  propagation = { settle = \"0s\" }\n", a.lab.Kubeconfig), config.String(),
		)
		began := time.Now()
		a.terraformMust("apply")
		a.t.Logf("%d tables applied in %.1f s", len(round), time.Since(began).Seconds())
		check(round)
	}
	sum := 0
	for _, n := range a.asked {
		sum += n
	}
	a.t.Logf("%d tables, %d requests compared in all: %v", a.tables, sum, a.asked)
}

// terraformMust runs a command. Random tables make the provider warn of much; only errors are worth a look.
func (a *agreement) terraformMust(command string) {
	a.t.Helper()
	r := a.terraform.run(command)
	r.Diagnostics = slices.DeleteFunc(r.Diagnostics, func(d diagnostic) bool { return d.Severity == "warning" })
	if !r.ok {
		a.t.Fatalf("terraform %s fails:\n%s", command, r)
	}
}

// prepared returns what internal/traffic makes of a table. Of two VirtualServices for a host the older one holds.
func (a *agreement) prepared(drawn *tables.Table) *traffic.Table {
	a.t.Helper()
	created := map[*istio.Object]time.Time{}
	for _, o := range drawn.Services {
		if len(drawn.Services) > 1 {
			created[o] = a.lab.In(o.Namespace).MustGet(acctest.VirtualService, o.Name).GetCreationTimestamp().Time
		}
	}
	return traffic.NewTable(drawn.Services, drawn.Rules, traffic.Options{Created: created, Gateways: a.gateways})
}

// disagree fails the test, and says all that is needed to see why.
func (a *agreement) disagree(drawn *tables.Table, request traffic.Request, out traffic.Outcome, how string) {
	a.t.Helper()
	var text strings.Builder
	for _, o := range slices.Concat(drawn.Services, drawn.Rules) {
		manifest, err := istio.ManifestYAML(istio.ObjectsOf(o))
		if err != nil {
			a.t.Fatal(err)
		}
		text.WriteString("---\n" + manifest)
	}
	a.t.Errorf("MESH_TEST_SEED=%d MESH_TEST_TABLES=1: request %+v\nby %s, %s: %s\n%s", drawn.Seed, request, out.Rule,
		out.Kind, how, &text)
}

// TestAccEvaluate: what internal/traffic says about random requests to random tables is what becomes of them when
// grpc-go sends them through istiod's routes.
func TestAccEvaluate(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	lab.AddPort("grpc-other", otherPort)
	a := newAgreement(t, lab)
	options := tables.Options{
		GRPC: true, Port: mainPort, OtherPort: otherPort, Callers: []tables.Caller{
			{Namespace: outside, Labels: map[string]string{"app": "a"}},
			{Namespace: lab.Namespace, Labels: map[string]string{"app": "b"}},
		},
	}
	a.rounds(options, func(round []*tables.Table) {
		for _, drawn := range round {
			a.awaitRoutes(drawn)
		}
		for _, drawn := range round {
			table := a.prepared(drawn)
			for range requestsPerTable {
				request := drawn.Request()
				out := table.Evaluate(request)
				if out.Older != nil { // grpc-go joins the lines of a header
					out = *out.Older
				}
				if want := expected(out); !a.answered(request, drawn.Host, want) {
					a.disagree(drawn, request, out, fmt.Sprintf("want %v, got %v", want, a.send(request, drawn.Host)))
				}
				a.asked[out.Kind]++
			}
		}
	})
}

// The ports of the scenario's service of gRPC, and of one more in front of the same pods.
const (
	mainPort  = 50051
	otherPort = 50052
)

// awaitRoutes waits until the table is where the clients see it.
func (a *agreement) awaitRoutes(drawn *tables.Table) {
	a.t.Helper()
	prober := drawn.Prober() // in the namespace of the Service, and so sees every table
	for _, port := range []int{mainPort, otherPort} {
		a.lab.Eventually(acctest.Request{
			Host:        drawn.Host,
			Port:        port,
			Namespace:   prober.Namespace,
			Labels:      labelText(prober.Labels),
			Count:       1,
			Concurrency: 1,
			Headers:     map[string]string{tables.ProbeHeader: fmt.Sprint(drawn.Seed)},
		}, acctest.Failing(grpcCodes[tables.ProbeCode]))
	}
}

func (a *agreement) send(request traffic.Request, host string) acctest.Answers {
	a.t.Helper()
	return a.lab.Send(acctest.Request{
		Host: host, Port: int(request.Port), Method: request.Path, Values: request.Headers, Count: 1, Concurrency: 1,
		Namespace: request.SourceNamespace, Labels: labelText(request.SourceLabels),
	})
}

// labelText returns labels as meshlab's flags take them.
func labelText(labels map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, name+"="+labels[name])
	}
	return strings.Join(all, ",")
}

// answered sends a request and reports whether the answer is as wanted. An answer that is not is asked for again for
// a while: the other clients can be told of a table a little after the prober.
func (a *agreement) answered(request traffic.Request, host string, want answer) bool {
	a.t.Helper()
	for deadline := time.Now().Add(behindProber); ; time.Sleep(100 * time.Millisecond) {
		if want.is(a.send(request, host)) {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// behindProber is how much later than the prober another client may know of a table.
const behindProber = 10 * time.Second

// answer is what a gRPC client may hear: one of the versions, or a code.
type answer struct {
	versions []string
	code     string
}

func (w answer) is(a acctest.Answers) bool {
	for version := range a.Versions {
		return slices.Contains(w.versions, version)
	}
	for text := range a.Errors {
		code, _, _ := strings.Cut(text, ":")
		return code == w.code
	}
	return false
}

// grpcCodes are codes as istio and as Go spell them.
var grpcCodes = map[string]string{
	tables.ProbeCode:     "DataLoss",
	"ABORTED":            "Aborted",
	"NOT_FOUND":          "NotFound",
	"RESOURCE_EXHAUSTED": "ResourceExhausted",
}

// httpCodes are what gRPC makes of the status of an abort.
var httpCodes = map[int32]string{
	400: "Internal", 401: "Unauthenticated", 403: "PermissionDenied", 404: "Unimplemented", 503: "Unavailable",
}

// expected turns an outcome into what a gRPC client hears. What is no destination is an error for it.
func expected(out traffic.Outcome) answer {
	switch out.Kind {
	case traffic.Unclaimed:
		return answer{versions: allVersions}
	case traffic.NoRoute, traffic.RedirectTo, traffic.Respond:
		return answer{code: "Unavailable"}
	case traffic.Forward:
	}
	if f := out.Fault; f != nil && f.AbortPercent == 100 {
		return answer{code: grpcCodes[f.AbortGRPCStatus] + httpCodes[f.AbortHTTPStatus]}
	}
	var want answer
	for _, share := range out.Destinations {
		if share.Subset == "" {
			return answer{versions: allVersions}
		}
		want.versions = append(want.versions, share.Labels["version"])
	}
	return want
}

var allVersions = []string{"v1", "v2", "v3"}
