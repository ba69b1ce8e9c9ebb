package acceptance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// walkRate is how many requests a second a sidecar sends to a service that walks.
const walkRate = 150

// walkLoad is how many requests a second come, by which steps a walk goes, and which share is the first. `make walk`
// sends twice as many, for which a smaller share is enough.
func walkLoad() (rate int, steps string, first int64) {
	if os.Getenv("MESH_TEST_CANARIES") != "" {
		return 2 * walkRate, "[10, 50]", 10
	}
	return walkRate, "[30, 60]", 30
}

// judgedWalk is a walk from v1 to v2 under load, which metrics judge.
type judgedWalk struct {
	*workspace
	load *acctest.Load
	// top is the attribute walk.
	top string
}

// newJudgedWalk routes everything to v1 and sends so many requests a second. Prometheus is at the URL.
func newJudgedWalk(t *testing.T, rate int, prometheus, top string) *judgedWalk {
	t.Helper()
	lab := acctest.Start(t)
	w := &judgedWalk{workspace: newWorkspace(t, lab, canaryForm, ""), top: top}
	w.block = fmt.Sprintf("prometheus = { url = %q }", prometheus)
	w.share("100", "0")
	w.must("apply")
	if rate > 0 {
		w.start(rate, "sidecar")
	}
	return w
}

// start sends so many requests a second from now on.
func (w *judgedWalk) start(rate int, via string) {
	w.t.Helper()
	// Nobody has waited until the proxies know the route.
	w.lab.Eventually(acctest.Request{
		Via: strings.TrimPrefix(via, "xds"), Protocol: "grpc", Headers: version("200"), Count: 50,
	}, acctest.Only("v1"))
	w.load = w.lab.StartLoad(rate, []acctest.Stream{{
		Name: "testers", Host: w.lab.Host, Via: via, Protocol: "grpc", Headers: version("200"),
	}})
}

func (w *judgedWalk) share(v1, v2 string) { w.write(w.f.shared(v1, v2, parts{top: w.top})) }

// failed ends a period, and returns how many of its requests failed.
func (w *judgedWalk) failed(name string) (failed int) {
	w.t.Helper()
	report := w.load.Mark(name)
	sent := 0
	for _, stream := range report.Streams {
		sent, failed = sent+stream.Sent, failed+stream.Failed
		if stream.Failed > 0 {
			w.t.Logf("%s: %d of %d requests failed: %v", name, stream.Failed, stream.Sent, stream.Errors)
		}
	}
	if sent == 0 {
		w.t.Errorf("%s: no request was sent", name)
	}
	return failed
}

// await waits until Prometheus has heard of so many requests.
func (w *judgedWalk) await(promQL string, least float64) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		is, _ := w.lab.Query(promQL)
		if is >= least {
			return
		}
		if time.Now().After(deadline) {
			w.t.Errorf("%s is %g, want %g at least", promQL, is, least)
			return
		}
	}
}

// failedItself checks that so many requests at most have failed as the servers themselves have failed.
func (w *judgedWalk) failedItself(failed int) {
	w.t.Helper()
	w.await(`sum(istio_requests_total{destination_service="HOST",grpc_response_status="14"})`, float64(failed))
}

// allGates are a gate of each kind that asks Prometheus.
const allGates = `{ success_rate = { min = 99.5 } }, { success_rate = { worse_than = "v1", by = 0.5 } },
    { name = "latency", latency = { quantile = 0.99, max = "250ms" } },
    { name = "own", query = { promql = <<-EOT
      sum(rate(istio_requests_total{destination_app="$labels.app", destination_service="$host"}[$window])) > 0
      EOT
      min = 0 } }`

// TestAccWalk_metrics: what a real Prometheus knows of the subset that grows judges each step, under load. A healthy
// one loses no request, and of one that is not healthy only those are lost that it failed itself.
func TestAccWalk_metrics(t *testing.T) {
	t.Parallel()
	rate, steps, first := walkLoad()
	at := fmt.Sprintf("at step 1 of 3: v1 %d %%, v2 %d %%: ", 100-first, first)
	for name, test := range map[string]struct {
		fault acctest.ServerFault
		say   []string
	}{
		"healthy": {},
		"failing": {acctest.ServerFault{Version: "v2", Fail: 5}, []string{
			"A gate did not pass " + at + "gates[0]: fail: v2: ",
			" requests succeeded, at least 99.5 % are to; gates[1]: fail: v2: ", "of the other version",
		}},
		"slow": {acctest.ServerFault{Version: "v2", Delay: 400 * time.Millisecond}, []string{
			"A gate did not pass " + at + "latency: fail: v2: the value is ",
			" ms, at most 250 is to be",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relay := acctest.StartRelay(t, strings.TrimPrefix(acctest.Start(t).Prometheus(), "http://"))
			w := newJudgedWalk(t, rate, "http://"+relay.Address, `walk = {
    steps = `+steps+`
    pause = "2s"
    min_requests = 300
    gates = [`+allGates+`]
  }`)
			if test.fault.Version != "" {
				w.lab.SetFault(test.fault)
			}
			w.share("0", "100")
			// Where two gates are to fail at once, there are enough requests for both before either is asked: what
			// Prometheus hears of between their questions is enough for the second alone.
			relay.Cut(test.fault.Fail > 0)
			done := w.begin("apply")
			if test.fault.Fail > 0 {
				w.await(`sum(istio_requests_total{destination_service="HOST",destination_app="k8s-combat-service-v2"})`,
					400)
				relay.Cut(false)
			}
			seen, r := watchShares(t, w.lab, done)
			during := w.failed("the walk")
			if len(test.say) == 0 {
				if !r.ok {
					t.Fatalf("the apply fails:\n%s", r.text)
				}
				wantShares(t, seen, 0, first, map[int64]int64{10: 50, 30: 60}[first], 100)
				if during > 0 {
					t.Errorf("%d requests failed", during)
				}
				w.unchanged()
				return
			}
			r.want(t, "error", "Walk went back", test.say...)
			w.failedItself(during)
			time.Sleep(acctest.Pushed)
			w.failed("what is still under way")
			time.Sleep(time.Second)
			if after := w.failed("after the walk"); after > 0 {
				t.Errorf("%d requests fail after the walk", after)
			}
			if v2, _ := shares(w.lab); v2 != 0 {
				t.Errorf("v2 has %d %%, want what it had", v2)
			}
		})
	}
}

// TestAccWalk_noVerdict: what never answers, or never with a value, ends a walk when patience does.
func TestAccWalk_noVerdict(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended }))
	t.Cleanup(hangs.Close)
	t.Cleanup(func() { close(ended) })
	query := func(promQL string) string {
		return fmt.Sprintf("{ name = \"gate\", query = { promql = %q, max = 1 } }", promQL)
	}
	for name, test := range map[string]struct{ gate, say string }{
		"no requests": {
			`{ name = "gate", success_rate = { min = 1 } }`, "gate: not yet: v2: 0 of 100 requests came",
		},
		"no requests to be quick": {
			`{ name = "gate", latency = { quantile = 0.5, max = "1s" } }`, "gate: not yet: v2: 0 of 100 requests came",
		},
		"no number": {query("vector(0) / vector(0)"), "gate: not yet: there is no value yet"},
		"no series": {query("orders_failed{app='$labels.app'}"), "gate: not yet: v2: there is no value yet"},
		"two series": {
			query("up or label_replace(up, 'a', 'b', '', '')"), "gate: unreachable: the query comes to ",
		},
		"many at once": {query("up[1m]"), "gate: unreachable: the query comes to a matrix"},
		"no expression": {
			query("vector(1) * on () (up or label_replace(up, 'a', 'b', '', ''))"),
			"gate: unreachable: Prometheus answered 422",
		},
		"a webhook that hangs": {
			fmt.Sprintf("{ name = \"gate\", webhook = %q }", hangs.URL), "gate: unreachable: no answer came within 10s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newJudgedWalk(t, 0, acctest.Start(t).Prometheus(),
				`walk = { steps = [10], pause = "0s", patience = "1s", gates = [`+test.gate+`] }`)
			w.share("0", "100")
			r := w.run("apply")
			r.want(t, "error", "Walk went back", "at step 1 of 2: v1 90 %, v2 10 %: "+test.say,
				"(patience, 1s, has ended)")
			if v2, _ := shares(w.lab); v2 != 0 {
				t.Errorf("v2 has %d %%, want what it had", v2)
			}
		})
	}
}

// TestAccWalk_prometheusGone: a Prometheus that goes away during a walk ends it when patience does, and one that
// comes back does not.
func TestAccWalk_prometheusGone(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"for good": false, "for a moment": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relay := acctest.StartRelay(t, strings.TrimPrefix(acctest.Start(t).Prometheus(), "http://"))
			w := newJudgedWalk(t, 0, "http://"+relay.Address, `walk = {
    steps = [10, 50]
    pause = "1s"
    patience = "8s"
    gates = [{ name = "gate", query = { promql = "vector(1)", min = 1 } }]
  }`)
			w.share("0", "100")
			done := w.begin("apply")
			awaitShare(t, w.lab, 50)
			relay.Cut(true)
			if back {
				time.Sleep(2 * time.Second)
				relay.Cut(false)
			}
			r := <-done
			if back != r.ok {
				t.Errorf("the apply succeeds: %t\n%s", r.ok, r.text)
			}
			if !back {
				r.want(t, "error", "Walk went back", "at step 2 of 3: v1 50 %, v2 50 %: gate: unreachable: "+
					"Prometheus cannot be asked: ", "(patience, 8s, has ended)")
			}
		})
	}
}

// TestAccWalk_refusedQuery: a query that is none ends apply before a share moves.
func TestAccWalk_refusedQuery(t *testing.T) {
	t.Parallel()
	w := newJudgedWalk(t, 0, acctest.Start(t).Prometheus(),
		`walk = { steps = [10], pause = "0s", gates = [{ query = { promql = "sum(up", max = 1 } }] }`)
	w.share("0", "100")
	seen, r := watchShares(t, w.lab, w.begin("apply"))
	r.want(t, "error", "Gate cannot be asked", "walk.gates[0]: asks for metrics: Prometheus answered 400: ",
		"Nothing was changed.")
	wantShares(t, seen, 0)
	w.share("100", "0")
	w.unchanged()
}

// TestAccWalk_service: Prometheus in the cluster is asked by way of the API server.
func TestAccWalk_service(t *testing.T) {
	t.Parallel()
	acctest.Start(t).Prometheus()
	for name, test := range map[string]struct{ service, say string }{
		"by number":     {"istio-system/prometheus:9090", ""},
		"by name":       {"istio-system/prometheus:http", ""},
		"no such port":  {"istio-system/prometheus:9091", "there is no such port"},
		"no such thing": {"istio-system/prometeus:9090", `services "prometeus" not found`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newJudgedWalk(t, 0, "http://127.0.0.1:1", `walk = {
    steps = [10]
    pause = "0s"
    patience = "0s"
    gates = [{ name = "gate", query = { promql = "vector(1)", min = 1 } }]
  }`)
			w.block = fmt.Sprintf("prometheus = { service = %q }", test.service)
			w.share("0", "100")
			r := w.run("apply")
			if test.say == "" {
				if !r.ok {
					t.Errorf("the apply fails:\n%s", r.text)
				}
				return
			}
			r.want(t, "error", "Walk went back", "gate: unreachable: Prometheus cannot be asked: ", test.say)
		})
	}
}

// TestAccWalk_unaskable: a plan refuses gates that could never be asked.
func TestAccWalk_unaskable(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f := canaryForm
	w := newWorkspace(t, lab, f, "")
	config := func(v1, v2, gate string) string {
		return f.shared(v1, v2, parts{top: "walk = { steps = [10], pause = \"0s\", gates = [" + gate + "] }"})
	}
	w.write(config("100", "0", `{ success_rate = { min = 99 } }`))
	w.fails("Gate cannot be asked", []string{"walk.gates[0]: asks for metrics", "set prometheus there"}, "plan")
	w.block = `prometheus = { url = "http://127.0.0.1:1" }`
	w.write(config("100", "0", `{ success_rate = { min = 99 } }`))
	w.must("apply")
	w.write(config("0", "100", `{ success_rate = { worse_than = "v7" } }`))
	w.fails("Gate cannot be asked", []string{`compares with the subset "v7", which there is not`}, "plan")
	w.write(strings.Replace(config("0", "100", `{ success_rate = { min = 99 } }`), `app = "k8s-combat-service-v2"`,
		`app = "k8s-combat-service-v2", track = "x"`, 1))
	w.fails("Gate cannot be asked", []string{`the subset v2 has the label "track"`}, "plan")
}

// TestAccWalk_mirror: before it gets requests a version gets copies, which are judged like requests, and whose
// failures nobody sees.
func TestAccWalk_mirror(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail float64
		say  string
		seen []int64
	}{
		"healthy": {0, "", []int64{0, 50, 100}},
		"failing": {50, "at step 1 of 3: v1 100 %, v2 0 %, and copies of 50 % to v2: gates[0]: fail: v2: ", []int64{0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newJudgedWalk(t, walkRate, acctest.Start(t).Prometheus(), `walk = {
    steps = [50]
    pause = "1s"
    mirror = { percent = 50, pause = "2s" }
    min_requests = 50
    gates = [{ success_rate = { min = 99 } }]
  }`)
			if test.fail > 0 {
				w.lab.SetFault(acctest.ServerFault{Version: "v2", Fail: test.fail})
			}
			w.share("0", "100")
			_, r := w.plan()
			r.want(t, "warning", "Traffic walks in "+w.lab.Namespace+"/"+w.lab.Service,
				"step 1 of 3, 0 % of the way: v1 100 %, v2 0 %, and copies of 50 % to v2\n",
				"That of copies lasts 2s. Each step lasts 1s, the whole 4s")
			seen, r := watchShares(t, w.lab, w.begin("apply", "saved.tfplan"))
			if test.say == "" && !r.ok {
				t.Fatalf("the apply fails:\n%s", r.text)
			}
			if test.say != "" {
				r.want(t, "error", "Walk went back", test.say)
			}
			wantShares(t, seen, test.seen...)
			if failed := w.failed("the walk"); failed > 0 {
				t.Errorf("%d requests failed, and copies alone were to", failed)
			}
			rules := specOf(w.lab.MustGet(acctest.VirtualService, w.lab.Service))
			if text := fmt.Sprint(rules); strings.Contains(text, "mirrors:") {
				t.Errorf("the copies stay: %s", text)
			}
			if test.say == "" {
				w.unchanged()
			}
		})
	}
}
