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

// What MESH_TEST_LOAD=all asks for: so many calls at so many per second, at least. A little more is sent.
const (
	loadRate  = 600
	leastRate = 500
	leastLoad = 200_000
)

// TestAccLoad sends requests all the time while Terraform makes every transition of a route: none fails, none is
// answered by a version that neither the old nor the new routes name, and a sidecar never holds a route to a cluster
// that it does not hold. With the order of the writes switched off the same transitions lose requests, so that the
// test can fail.
//
// Some transitions run by default, and random sequences of all with MESH_TEST_LOAD=all, as `make load` does.
// MESH_TEST_SEED draws the same sequences again. It does not run in parallel: while other tests change other routes
// all the time, istiod may send two steps at once.
func TestAccLoad(t *testing.T) {
	lab := acctest.Start(t)
	acctest.NeedEmbedded(t)
	r := &loadRun{t: t, lab: lab, twin: lab.Twin("-b"), total: loadTotal{transitions: map[string]int{}}}
	r.watch = lab.StartWatch(lab.Host, r.twin.Host)
	r.load = lab.StartLoad(loadRate, r.streams())
	seed, draw, least := loadSeed(t), func(int) []loadStep { return shortSequence() }, 1
	if os.Getenv("MESH_TEST_LOAD") == "all" {
		draw, least = func(number int) []loadStep { return drawSequence(seed, number) }, leastLoad
	}
	t.Logf("to draw the same sequences again: MESH_TEST_SEED=%d", seed)

	safe, naive := buildProvider(t, nil), buildProvider(t, naiveOrder(t))
	// The new services themselves, and the first calls, do not count.
	time.Sleep(acctest.Pushed)
	r.load.Mark("begin")
	r.watch.Mark("begin")
	for number := 0; r.total.sent < least && !t.Failed(); number++ {
		r.sequence(number, draw(number), safe)
	}
	r.print(fmt.Sprintf("load through every transition, seed %d", seed))
	if rate := float64(r.total.sent) / r.total.seconds; least == leastLoad && rate < leastRate {
		t.Errorf("%.0f requests a second, want %d at least", rate, leastRate)
	}
	if t.Failed() {
		return
	}

	r.naive, r.total = true, loadTotal{transitions: map[string]int{}}
	r.sequence(0, draw(0), naive)
	r.print("the first sequence with the order switched off")
	if r.total.failed == 0 || r.total.nc == 0 {
		t.Error("without the order nothing goes wrong: the test cannot fail")
	}
}

// loadSeed returns MESH_TEST_SEED, or a new seed.
func loadSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("MESH_TEST_SEED")
	if text == "" {
		return rand.Uint64N(1_000_000)
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("read MESH_TEST_SEED: %v", err)
	}
	return seed
}
