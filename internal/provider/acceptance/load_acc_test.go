package acceptance_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const (
	// loadRate is how many requests are sent in a second, and leastRate how many a long run has to reach.
	loadRate  = 600
	leastRate = 500
)

// TestAccLoad sends requests all the time while Terraform makes every transition of a route to a service of gRPC and
// of one to a service of HTTP: through gRPC's own client, a sidecar and a gateway. None fails, none is answered by a
// version that neither the old nor the new routes name, and a sidecar never holds a route to a cluster that it does
// not hold. Without the order of the writes, or without the waits, the same transitions lose requests, so that the
// test can fail.
//
// Some transitions run by default, and with MESH_TEST_LOAD random sequences of all until so many requests were sent,
// as `make load` does. MESH_TEST_SEED draws the same sequences again. It does not run in parallel: while other tests
// change other routes all the time, istiod may send two steps at once.
func TestAccLoad(t *testing.T) {
	lab := acctest.Start(t)
	acctest.NeedEmbedded(t)
	r := newLoad(t, lab)
	seed, least := loadSeed(t), loadRequests(t)
	draw, control := func(int) []loadStep { return shortSequence() }, controlSequence
	if least > 0 {
		draw = func(number int) []loadStep { return drawSequence(seed, number) }
		control = func() []loadStep { return draw(0) }
	}
	t.Logf("to draw the same sequences again: MESH_TEST_SEED=%d", seed)

	building := buildProvider(t, naiveOrder(t))
	// The new services themselves, and the first calls, do not count.
	time.Sleep(acctest.Pushed)
	r.begin()
	for number := 0; !t.Failed(); number++ {
		r.sequence(fmt.Sprintf("sequence %d", number), draw(number), "", loadModes[number%len(loadModes)])
		all, _ := r.total.sum()
		if t.Logf("sequence %d: %d requests in all, %d failed", number, all.sent, all.failed); all.sent >= least {
			break
		}
	}
	r.print(fmt.Sprintf("load through every transition, seed %d", seed))
	if t.Failed() {
		return
	}
	r.checkAmount(least)

	r.control = true
	lost, naive := 0, building()
	// A busy istiod may tell of two writes at once, which loses nothing.
	for tries := 0; lost == 0 && tries < 3 && !t.Failed(); tries++ {
		lost = r.loseBy(naive, control)
	}
	if lost == 0 {
		t.Error("neither without the order nor without the waits anything fails: the test cannot fail")
	}
}

// loseBy makes transitions with what keeps requests switched off, and returns how many were lost. The provider at
// naive writes in no order.
func (r *loadRun) loseBy(naive string, steps func() []loadStep) (lost int) {
	r.t.Helper()
	for _, c := range []struct{ name, path, waits string }{
		{"the order off", naive, loadModes[0]},
		{"the waits off", "", `mode = "none"`},
		{"both off, two objects at once as kubectl apply writes them", naive, `mode = "none"`},
	} {
		r.total = loadTotal{}
		r.sequence(c.name, steps(), c.path, c.waits)
		r.print("control: " + c.name)
		all, _ := r.total.sum()
		lost += all.failed
	}
	return lost
}

// newLoad starts to send requests to a service of gRPC and, where the lab has Envoys, to one of HTTP.
func newLoad(t *testing.T, lab *acctest.Lab) *loadRun {
	t.Helper()
	xds := acctest.Stream{Via: "xds", Share: 10}
	r := &loadRun{t: t, lab: lab}
	if lab.Sidecar() {
		r.services = []loadService{
			grpcService(lab, xds, acctest.Stream{Via: "sidecar", Protocol: "grpc", Share: 8},
				acctest.Stream{Via: "gateway", Protocol: "grpc", Share: 4}),
			httpService(acctest.StartProxied(t), acctest.Stream{Via: "sidecar", Protocol: "http1", Share: 6},
				acctest.Stream{Via: "sidecar", Protocol: "http2", Share: 4},
				acctest.Stream{Via: "gateway", Protocol: "http1", Share: 3},
				acctest.Stream{Via: "gateway", Protocol: "http2", TLS: true, Share: 3}),
		}
	} else {
		t.Log("this machine has no Envoy: gRPC's own client routes")
		r.services = []loadService{grpcService(lab, xds)}
	}
	var hosts []string
	for _, s := range r.services {
		hosts = append(hosts, s.lab.Host, s.twin.Host)
	}
	r.watch = lab.StartWatch(hosts...)
	r.load = lab.StartLoad(loadRate, r.streams())
	return r
}

// begin starts to count.
func (r *loadRun) begin() {
	r.t.Helper()
	r.load.Mark("begin")
	r.watch.Mark("begin")
}

// checkAmount checks that the requests were as many a second as they should be, where there were enough to tell, and
// that at least half of them went through Envoys.
func (r *loadRun) checkAmount(least int) {
	r.t.Helper()
	all, throughEnvoys := r.total.sum()
	if rate := float64(all.sent) / r.total.seconds; least > 0 && rate < leastRate {
		r.t.Errorf("%.0f requests a second, want %d at least", rate, leastRate)
	}
	if r.lab.Sidecar() && 2*throughEnvoys < all.sent {
		r.t.Errorf("%d of %d requests went through sidecars and gateways, want half of them", throughEnvoys, all.sent)
	}
}

// loadRequests returns MESH_TEST_LOAD, 0 where it is not set.
func loadRequests(t *testing.T) int {
	t.Helper()
	text := os.Getenv("MESH_TEST_LOAD")
	if text == "" {
		return 0
	}
	number, err := strconv.Atoi(text)
	if err != nil || number <= 0 {
		t.Fatalf("MESH_TEST_LOAD is %q, want a number of requests", text)
	}
	return number
}

// loadSeed returns MESH_TEST_SEED, or a new seed.
func loadSeed(t *testing.T) uint64 {
	t.Helper()
	return numberIn(t, "MESH_TEST_SEED", rand.Uint64N(1_000_000))
}

// numberIn returns the number in a variable of the environment, or another one without it.
func numberIn(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("read %s: %v", variable, err)
	}
	return number
}
