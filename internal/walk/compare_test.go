package walk_test

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// The interval is that of the source: Newcombe 1998, table II, method 10, 95 % two-sided, which is 97.5 % one-sided.
func TestWorse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		is, than walk.Count
		want     float64
	}{
		"case a, 56/70 to 48/80": {walk.Count{Requests: 70, Failed: 56}, walk.Count{Requests: 80, Failed: 48}, 0.0524},
		"case b, 9/10 to 3/10":   {walk.Count{Requests: 10, Failed: 9}, walk.Count{Requests: 10, Failed: 3}, 0.1705},
		"case c, 6/7 to 2/7":     {walk.Count{Requests: 7, Failed: 6}, walk.Count{Requests: 7, Failed: 2}, 0.0582},
		"case d, 5/56 to 0/29":   {walk.Count{Requests: 56, Failed: 5}, walk.Count{Requests: 29}, -0.0381},
		"case e, 0/10 to 0/20":   {walk.Count{Requests: 10}, walk.Count{Requests: 20}, -0.1611},
		"case f, 0/10 to 0/10":   {walk.Count{Requests: 10}, walk.Count{Requests: 10}, -0.2775},
		"case g, 10/10 to 0/20":  {walk.Count{Requests: 10, Failed: 10}, walk.Count{Requests: 20}, 0.6791},
		"case h, 10/10 to 0/10":  {walk.Count{Requests: 10, Failed: 10}, walk.Count{Requests: 10}, 0.6075},
		"nobody asked it":        {walk.Count{}, walk.Count{Requests: 10}, -1},
		"nobody asked the other": {walk.Count{Requests: 10}, walk.Count{}, -1},
		"more failed than came":  {walk.Count{Requests: 10, Failed: 20}, walk.Count{Requests: 10}, 0.6075},
		"fewer than none failed": {walk.Count{Requests: 10, Failed: -1}, walk.Count{Requests: 10}, -0.2775},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := walk.Worse(test.is, test.than, 0.975); math.Abs(got-test.want) > 0.00005 {
				t.Errorf("Worse = %.4f, want %.4f", got, test.want)
			}
		})
	}
}

func TestCount_Rate(t *testing.T) {
	t.Parallel()
	for want, c := range map[float64]walk.Count{0: {}, 0.5: {Requests: 4, Failed: 2}, 1: {Requests: 1, Failed: 3}} {
		if got := c.Rate(); got != want {
			t.Errorf("the rate of %+v is %v, want %v", c, got, want)
		}
	}
}

// All judgements of a walk together err in one of twenty at most.
func TestConfidence(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]float64{-1: 0.95, 0: 0.95, 1: 0.95, 5: 0.99} {
		if got := walk.Confidence(n); math.Abs(got-want) > 1e-9 {
			t.Errorf("Confidence(%d) = %v, want %v", n, got, want)
		}
	}
}

// Of walks of a canary that is as good as the stable version few are stopped, and of one that fails 2 % more of its
// requests few arrive. With MESH_TEST_SIMULATED=10000 it prints the numbers of the documentation.
func TestWalksOfComparison(t *testing.T) {
	t.Parallel()
	n := 300
	if all, err := strconv.Atoi(os.Getenv("MESH_TEST_SIMULATED")); err == nil {
		n = all
	}
	random := rand.New(rand.NewPCG(20261129, 14))
	for _, test := range []struct {
		by, stable             float64
		mostAlarms, mostMisses float64
	}{
		{0, 0.001, 0.05, 0.05},
		{0.005, 0.001, 0.05, 0.25},
		{0, 0.01, 0.08, 0.20},
		{0.005, 0.01, 0.05, 0.50},
	} {
		alarms := float64(stopped(random, n, test.stable, test.stable, test.by)) / float64(n)
		misses := 1 - float64(stopped(random, n, test.stable, test.stable+0.02, test.by))/float64(n)
		t.Logf("%d walks, 1,000 requests at each of 4 steps, stable version fails %.1f %%, by = %.1f: "+
			"equal canary stopped %.2f %%, canary 2 points worse arrives %.2f %%",
			n, 100*test.stable, 100*test.by, 100*alarms, 100*misses)
		if alarms > test.mostAlarms || misses > test.mostMisses {
			t.Errorf("false alarms %.3f, at most %.3f; misses %.3f, at most %.3f", alarms, test.mostAlarms, misses,
				test.mostMisses)
		}
	}
}

// stopped returns how many walks the comparison stops. At each step 1,000 requests are shared as the step says.
func stopped(random *rand.Rand, n int, stable, canary, by float64) int {
	steps := []float64{0.10, 0.25, 0.50, 0.75}
	const requests = 1000
	failures := func(of, rate float64) walk.Count {
		c := walk.Count{Requests: of}
		for range int(of) {
			if random.Float64() < rate {
				c.Failed++
			}
		}
		return c
	}
	count := 0
	for range n {
		for _, share := range steps {
			is, than := failures(requests*share, canary), failures(requests*(1-share), stable)
			if walk.Worse(is, than, walk.Confidence(len(steps))) > by {
				count++
				break
			}
		}
	}
	return count
}
