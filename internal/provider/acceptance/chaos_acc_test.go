package acceptance_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const (
	// chaosRate is how many requests a second go through the sidecar.
	chaosRate = 400
	// fewHits are those of a run that is no whole one.
	fewHits = 3
	// firstHit and latestHit are how long after the start of an apply it is hit.
	firstHit  = 200 * time.Millisecond
	latestHit = 4 * time.Second
	// sidecarProxy is what istiod calls the sidecar of the lab.
	sidecarProxy = "client.default"
	// convergence is how long a route may take to become what is configured, apply after apply.
	convergence = 4 * time.Minute
)

// TestAccChaos makes transitions of a route while requests pass a real Envoy, and hits most applies at a random
// moment: Terraform or the provider is killed or interrupted, a server of the control plane is restarted or stands
// still, the connection to the API server is cut or slow. After a hit Terraform applies again until it succeeds. No
// request fails, none is answered by a version that neither the old nor the new route names, and the plan is empty.
//
// MESH_TEST_CHAOS is the number of hits, and `make chaos` makes 200. MESH_TEST_CHAOS_WAITS is how the provider waits,
// as the attributes of propagation; with other waits than the default lost requests are only counted.
// MESH_TEST_SEED draws the same transitions, hits and moments again.
func TestAccChaos(t *testing.T) {
	t.Parallel()
	lab := newBreakable(t)
	c := newChaos(t, lab)
	for number := 0; c.hits < c.wanted && !t.Failed(); number++ {
		c.sequence(number)
	}
	c.print()
	if c.lost > 0 && c.waits == "" {
		t.Errorf("%d of %d requests failed", c.lost, c.sent)
	}
}

// chaos is a run of the test.
type chaos struct {
	*rand.Rand
	*loadRun
	control  *breakable
	kube     *kube
	relay    *acctest.Relay
	seed     uint64
	waits    string
	provider string
	wanted   int

	hits, sent, lost, transitions int
	tally                         map[string]*hitCount
}

// hitCount is what hits of a kind came to.
type hitCount struct{ hits, applies, sent, lost, leaked int }

func newChaos(t *testing.T, control *breakable) *chaos {
	t.Helper()
	lab := acctest.At(t, control.dir)
	c := &chaos{
		loadRun: &loadRun{t: t, lab: lab},
		control: control, kube: newKube(t, control.kubeconfig()), seed: loadSeed(t),
		waits: os.Getenv("MESH_TEST_CHAOS_WAITS"), wanted: int(numberIn(t, "MESH_TEST_CHAOS", fewHits)),
		tally: map[string]*hitCount{},
	}
	t.Logf("to draw the same run again: MESH_TEST_SEED=%d", c.seed)
	c.Rand = rand.New(rand.NewPCG(c.seed, 0))
	c.relay, c.lab.Kubeconfig = c.startRelay()
	c.provider = buildProvider(t, nil)()
	way := acctest.Stream{Via: "sidecar"}
	if !lab.Sidecar() {
		t.Log("this machine has no Envoy: gRPC's own client routes")
		way.Via = "xds"
	}
	c.services = []loadService{grpcService(lab, way)}
	c.load = lab.StartLoad(chaosRate, c.streams())
	time.Sleep(acctest.Pushed)
	c.load.Mark("begin")
	return c
}

// startRelay puts a relay before the API server, and returns a kubeconfig that leads through it.
func (c *chaos) startRelay() (*acctest.Relay, string) {
	c.t.Helper()
	kubeconfig := readFile(c.t, c.lab.Kubeconfig)
	_, server, _ := strings.Cut(kubeconfig, "server: https://")
	server, _, found := strings.Cut(server, "\n")
	if !found {
		c.t.Fatal("the kubeconfig names no server")
	}
	server = strings.TrimSpace(server)
	relay := acctest.StartRelay(c.t, server)
	path := filepath.Join(c.t.TempDir(), "kubeconfig")
	writeFile(c.t, path, strings.ReplaceAll(kubeconfig, "https://"+server, "https://"+relay.Address))
	return relay, path
}

// sequence makes the transitions of one sequence.
func (c *chaos) sequence(number int) {
	terraform := c.newTerraform(c.provider)
	provider := fmt.Sprintf("  config_path = %q\n  owner = \"chaos/%d\"\n", c.lab.Kubeconfig, number)
	if c.waits != "" {
		provider += fmt.Sprintf("  propagation = { %s }\n", c.waits)
	}
	steps := drawSequence(c.seed, number)
	for i, step := range steps {
		if step.byHand {
			c.makeByHand()
			c.load.Mark("made by hand")
		}
		terraform.configure(provider, c.text(step.config()))
		writeFile(c.t, c.log, "")
		if c.hits >= c.wanted {
			terraform.must("destroy")
			return
		}
		h := c.draw()
		name := fmt.Sprintf("sequence %d, step %d of %d: %s, %s", number, i+1, len(steps), step.kind, h.name)
		applies := c.apply(terraform, h, name)
		if c.t.Failed() {
			return
		}
		c.catchUp(name)
		c.judgeHit(name, h, step, applies)
	}
}

// apply applies, hits that, applies again until it succeeds, and returns how often. The plan is empty then.
func (c *chaos) apply(terraform *cli, h hit, name string) (applies int) {
	c.t.Helper()
	p := newProcess(c.t)
	terraform.wrapper = p.wrap()
	moment := c.between(firstHit, latestHit)
	under := terraform.start("apply")
	if h.do != nil {
		time.Sleep(moment)
		h.do(c, p)
		c.hits++
	}
	last := <-under.done
	terraform.wrapper = nil
	p.gone()
	c.calm()
	applies = 1
	for deadline := time.Now().Add(convergence); !last.ok; applies++ {
		if time.Now().After(deadline) {
			c.t.Errorf("%s, after %s: apply %d still fails:\n%s", name, moment, applies, last)
			return applies
		}
		time.Sleep(500 * time.Millisecond)
		last = terraform.run("apply")
	}
	if r := terraform.run("plan", "-detailed-exitcode"); !r.ok {
		c.t.Errorf("%s, after %s: the plan is not empty:\n%s", name, moment, r)
	}
	return applies
}

// catchUp waits until the sidecar has what was applied. An apply cannot wait for a proxy that has lost its istiod: it
// is not connected to any that could tell of it. Such a proxy goes on with the routes that it has.
func (c *chaos) catchUp(name string) {
	c.t.Helper()
	sidecar := ""
	if c.lab.Sidecar() {
		sidecar = sidecarProxy
	}
	began := time.Now()
	for !c.control.caughtUp(c.kube, sidecar) {
		if time.Since(began) > catchingUp {
			c.t.Errorf("%s: istiod or the sidecar still has something else after %s", name, catchingUp)
			return
		}
		time.Sleep(acctest.Pushed)
	}
	if late := time.Since(began); late > 2*time.Second {
		c.t.Logf("%s: istiod and the sidecar had it %s after the apply", name, late.Round(100*time.Millisecond))
	}
	time.Sleep(acctest.Pushed)
}

// judgeHit ends the period of a transition.
func (c *chaos) judgeHit(name string, h hit, step loadStep, applies int) {
	c.t.Helper()
	report := c.load.Mark(name)
	n := c.tally[h.name]
	if n == nil {
		n = &hitCount{}
		c.tally[h.name] = n
	}
	n.hits++
	n.applies += applies
	n.sent += report.Sent
	n.lost += report.Failed
	c.sent += report.Sent
	c.lost += report.Failed
	c.transitions++
	c.t.Logf("%s: %d applies, %d requests, %d failed", name, applies, report.Sent, report.Failed)
	ways, problems := judged(report, step.before, step.after)
	for _, way := range ways {
		n.leaked += way.leaked
	}
	if len(problems) > 0 {
		say := c.t.Logf
		if c.waits == "" {
			say = c.t.Errorf
		}
		say("%s, %d applies:\n%s\nwrites:\n%s", name, applies, strings.Join(problems, "\n"), c.writes())
	}
}

// print shows what the run came to.
func (c *chaos) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "chaos, seed %d: %d transitions, %d hits, %d requests, %d failed\n", c.seed, c.transitions, c.hits,
		c.sent, c.lost)
	fmt.Fprintln(w, "  hit\ttransitions\tapplies\trequests\tfailed\tby another version")
	for _, name := range slices.Sorted(maps.Keys(c.tally)) {
		n := c.tally[name]
		fmt.Fprintf(w, "  %s\t%d\t%d\t%d\t%d\t%d\n", name, n.hits, n.applies, n.sent, n.lost, n.leaked)
	}
	w.Flush()
}
