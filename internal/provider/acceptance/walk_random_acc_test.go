package acceptance_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccWalk_random walks at random, under load: other steps, gates and resources, canaries that are healthy and
// that are not, and hits from outside, after which apply goes on. Each ends at its target, at its start, or at the
// step that it says. Two run by default, and MESH_TEST_CANARIES=30 as `make walk` does; MESH_TEST_SEED draws the same
// ones again.
func TestAccWalk_random(t *testing.T) { //nolint:tparallel // one after the other, each with a load of its own
	t.Parallel()
	walks := 2
	rate, _, _ := walkLoad()
	if text := os.Getenv("MESH_TEST_CANARIES"); text != "" {
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 {
			t.Fatalf("read MESH_TEST_CANARIES: %q", text)
		}
		walks = number
	}
	seed := loadSeed(t)
	t.Logf("to draw the same walks again: MESH_TEST_SEED=%d MESH_TEST_CANARIES=%d", seed, walks)
	table := &strings.Builder{}
	lines := tabwriter.NewWriter(table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(lines, "walk\tcanary\tsteps\ton failure\thit\tapplies\tended\trequests\tfailed")
	for i := range walks {
		drawn := drawWalk(rand.New(rand.NewPCG(seed, uint64(i))), i)
		t.Run(fmt.Sprintf("%d_%s", i, drawn.canary), func(t *testing.T) {
			r := &randomRun{walkDraw: drawn, rate: rate}
			r.do(t)
			fmt.Fprintf(lines, "%d\t%s\t%v\t%s\t%s\t%d\t%s\t%d\t%d\n", i, r.canary, r.steps, r.onFailure, r.hit,
				r.applies,
				r.ended, r.sent, r.lost)
		})
	}
	lines.Flush()
	t.Logf("%d walks, seed %d\n%s", walks, seed, table)
}

// walkDraw is what is drawn for a walk.
type walkDraw struct {
	f         form
	canary    string
	steps     []int
	onFailure string
	via       string
	hit       string
	after     time.Duration
	fault     acctest.ServerFault
	// gates may hold PROMETHEUS, and badStep is the share at which a webhook refuses.
	gates   string
	badStep int64
}

// canaries are how the new version, or whoever judges it, may fare, and how often each comes in a round.
var canaries = []string{
	"healthy", "failing", "healthy", "slow", "silent", "healthy", "gone", "refused", "healthy", "hanging",
}

func drawWalk(d *rand.Rand, number int) walkDraw {
	w := walkDraw{
		f: []form{canaryForm, splitForm}[d.IntN(2)], canary: canaries[number%len(canaries)],
		onFailure: []string{"back", "hold"}[d.IntN(2)], via: []string{"sidecar", "xds"}[d.IntN(2)],
		hit:   []string{"", "", "SIGINT", "SIGKILL of the provider", "SIGKILL of Terraform"}[d.IntN(5)],
		after: time.Duration(500+d.IntN(6000)) * time.Millisecond,
	}
	for range 1 + d.IntN(3) {
		if step := 20 + d.IntN(60); !slices.Contains(w.steps, step) {
			w.steps = append(w.steps, step)
		}
	}
	slices.Sort(w.steps)
	const rate, latency = `{ success_rate = { min = 99 } }`, `{ latency = { quantile = 0.95, max = "250ms" } }`
	switch w.canary {
	case "healthy":
		all := []string{
			rate, latency, `{ success_rate = { worse_than = "v1", by = 1 } }`, `{ webhook = "WEBHOOK" }`,
			`{ query = { promql = "vector(1)", min = 1 } }`,
		}
		d.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		w.gates = strings.Join(all[:1+d.IntN(len(all))], ", ")
	case "failing":
		w.gates, w.fault = rate, acctest.ServerFault{Version: "v2", Fail: float64(5 + d.IntN(30))}
	case "slow":
		w.gates = latency
		w.fault = acctest.ServerFault{Version: "v2", Delay: time.Duration(300+d.IntN(300)) * time.Millisecond}
	case "silent":
		w.gates = rate
	case "gone":
		w.gates = `{ query = { promql = "vector(1)", min = 1 } }`
	case "refused", "hanging":
		w.gates, w.badStep = `{ webhook = "WEBHOOK" }`, int64(w.steps[d.IntN(len(w.steps))])
	}
	return w
}

// randomRun is a walk that was drawn, and what became of it.
type randomRun struct {
	walkDraw
	rate    int
	w       *judgedWalk
	process *process
	relay   *acctest.Relay

	applies    int
	ended      string
	sent, lost int
}

func (r *randomRun) do(t *testing.T) {
	t.Helper()
	lab := acctest.Start(t)
	r.relay = acctest.StartRelay(t, strings.TrimPrefix(lab.Prometheus(), "http://"))
	if r.canary == "silent" {
		r.rate = 0
	}
	r.w = &judgedWalk{workspace: &workspace{cli: newCLI(t), lab: lab, f: r.f}}
	r.w.block = fmt.Sprintf("owner = \"walker\"\n  prometheus = { url = %q }", "http://"+r.relay.Address)
	r.w.top = fmt.Sprintf(`walk = {
    steps = %s
    pause = "1s"
    patience = %q
    min_requests = 300
    on_failure = %q
    gates = [%s]
  }`, strings.ReplaceAll(fmt.Sprint(r.steps), " ", ", "), r.patience(), r.onFailure,
		strings.ReplaceAll(r.gates, "WEBHOOK", r.webhook(t)))
	r.w.share("100", "0")
	r.w.must("apply")
	if r.rate > 0 {
		r.w.start(r.rate, r.via)
	}
	if r.fault.Version != "" {
		lab.SetFault(r.fault)
	}
	r.process = newProcess(t)
	r.w.wrapper = r.process.wrap()
	r.w.share("0", "100")
	result := r.apply(true)
	for r.applies < 3 && !r.isDone(result) {
		result = r.apply(false)
	}
	r.judge(t, result)
}

// patience is long enough for the requests that a verdict needs, where there are any.
func (r *randomRun) patience() string {
	if r.rate == 0 || r.canary == "gone" || r.canary == "hanging" {
		return "2s"
	}
	return "1m"
}

// webhook judges by the share of v2: one step is refused, or never answered.
func (r *randomRun) webhook(t *testing.T) string {
	t.Helper()
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	var mutex sync.Mutex
	return newJudge(t, func(v2 int64) int {
		mutex.Lock()
		defer mutex.Unlock()
		switch {
		case v2 != r.badStep || r.badStep == 0:
			return http.StatusNoContent
		case r.canary == "refused":
			return http.StatusConflict
		}
		select {
		case <-ended:
		case <-time.After(15 * time.Second):
		}
		return http.StatusNoContent
	}).URL + "/secret"
}

// apply applies, and hits what applies if it is to.
func (r *randomRun) apply(hit bool) result {
	r.applies++
	done := r.w.begin("apply")
	if r.canary == "gone" {
		ended, cut := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(cut)
			r.cutAtFirstStep(ended)
		}()
		defer func() { close(ended); <-cut }()
	}
	if hit && r.hit != "" {
		select {
		case result := <-done:
			r.hit = "too late"
			return result
		case <-time.After(r.after):
		}
		switch r.hit {
		case "SIGINT":
			r.process.interrupt()
		case "SIGKILL of the provider":
			r.process.killProvider()
		case "SIGKILL of Terraform":
			r.process.killTerraform()
			defer r.process.gone()
		}
	}
	return <-done
}

// cutAtFirstStep lets Prometheus go away when the first step is live, unless the apply has ended before.
func (r *randomRun) cutAtFirstStep(ended <-chan struct{}) {
	for {
		if v2, _ := shares(r.w.lab); v2 == int64(r.steps[0]) {
			r.relay.Cut(true)
			return
		}
		select {
		case <-ended:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// isDone reports whether an apply came to where it is to come, and was not only hit.
func (r *randomRun) isDone(result result) bool {
	return result.ok || strings.Contains(result.text, "Walk went back") || strings.Contains(result.text, "Walk held")
}

// judge checks where the walk has ended, and what was lost.
func (r *randomRun) judge(t *testing.T, result result) {
	t.Helper()
	v2, annotation := shares(r.w.lab)
	state := r.w.attribute("walk_state")
	switch {
	case r.canary == "healthy":
		if r.ended = "at its target"; !result.ok || v2 != 100 || annotation != "" || state != `"arrived"` {
			t.Errorf("v2 has %d %%, walk_state = %s, annotation %q:\n%s", v2, state, annotation, result.text)
		}
		r.w.wrapper = nil
		r.w.unchanged()
	case r.onFailure == "back":
		if r.ended = "at its start"; v2 != 0 || annotation != "" ||
			!strings.HasPrefix(state, `"went back to the start`) {
			t.Errorf("v2 has %d %%, walk_state = %s, annotation %q:\n%s", v2, state, annotation, result.text)
		}
	default:
		at := slices.Index(append(slices.Clone(r.steps), 100), int(v2))
		want := fmt.Sprintf(`"stopped at step %d of %d, %d %% of the way"`, at+1, len(r.steps)+1, v2)
		if r.ended = "at step " + strconv.Itoa(at+1); at < 0 || state != want {
			t.Errorf("v2 has %d %%, walk_state = %s, want %s:\n%s", v2, state, want, result.text)
		}
	}
	if r.badStep > 0 && r.onFailure == "hold" && v2 != r.badStep {
		t.Errorf("v2 has %d %%, and %d %% was refused", v2, r.badStep)
	}
	if r.w.load == nil {
		return
	}
	report := r.w.load.Mark("the walk")
	for _, stream := range report.Streams {
		r.sent, r.lost = r.sent+stream.Sent, r.lost+stream.Failed
	}
	r.w.failedItself(r.lost)
	if r.sent == 0 || t.Failed() {
		t.Errorf("of %d requests %d failed: %+v", r.sent, r.lost, report.Streams)
	}
}
