package acceptance_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// slowRate is how many requests a second go through each of the two sidecars.
const slowRate = 200

// TestAccLoad_slowProxy makes transitions while requests pass two sidecars. One is behind, as in a big mesh: what
// istiod tells it arrives late, and so does what it tells istiod. Waits that ask istiod lose nothing, nor does a
// fixed time that is longer than the way to the proxy and back. A shorter one loses requests of the slow proxy, which
// are counted, and none of the other one: until the proxy has got the endpoints of a new cluster, for which it has to
// ask, it answers requests to it by itself.
//
// A sample runs by default, and more transitions at a delay of 3 s with MESH_TEST_LOAD. Like [TestAccLoad] it does
// not run in parallel, also because whoever asks istiod waits for the slow proxy.
func TestAccLoad_slowProxy(t *testing.T) {
	lab := acctest.StartProxied(t)
	r := newSlow(t, lab)
	r.delay = 600 * time.Millisecond
	steps := controlSequence()
	waits := []slowWaits{
		{"settle of 500 ms", lab.Kubeconfig, `mode = "settle", settle = "500ms"`, steps[:1], false},
		{"ack", lab.Kubeconfig, `mode = "ack", settle = "500ms"`, steps[1:2], true},
	}
	if loadRequests(t) > 0 {
		r.delay = 3 * time.Second
		steps = slowSequence()
		waits = []slowWaits{
			{"settle of 2 s", lab.Kubeconfig, `mode = "settle"`, steps, false},
			{"ack", lab.Acker, `mode = "ack"`, steps, true},
			{"auto, istiod may be asked", lab.Acker, `mode = "auto"`, controlSequence(), true},
			{"auto, istiod may not be asked", lab.Developer, `mode = "auto"`, controlSequence(), false},
			{"settle of 8 s", lab.Kubeconfig, `mode = "settle", settle = "8s"`, controlSequence(), true},
		}
	}
	relay := acctest.StartRelay(t, lab.XDS())
	behind := lab.StartSidecar(relay.Address)
	r.load, r.behind = lab.StartLoad(slowRate, r.streams()), behind.StartLoad(slowRate, r.streams())
	relay.Slow(r.delay)
	r.mark("begin")
	terraform := r.newTerraform("")
	for _, w := range waits {
		lost := r.transitions(terraform, w)
		if w.long {
			continue
		}
		// A busy istiod may tell of two writes at once, which loses nothing.
		for tries := 1; lost == 0 && tries < 5 && !t.Failed(); tries++ {
			r.takeBack(terraform, w)
			lost = r.transitions(terraform, w)
		}
		if lost == 0 && !t.Failed() {
			t.Errorf("%s: nothing fails through a sidecar that is %s behind: the test cannot fail", w.name, r.delay)
		}
	}
	r.print()
}

// slowWaits are waits as the provider block says them, and transitions that are made with them.
type slowWaits struct {
	name, kubeconfig, propagation string
	steps                         []loadStep
	// long says that they are over when the slow proxy has followed, and lose nothing.
	long bool
}

// slowRun makes transitions under a load through each of the two sidecars.
type slowRun struct {
	*loadRun
	// behind is the load through the slow one.
	behind *acctest.Load
	delay  time.Duration
	rows   []string
}

func newSlow(t *testing.T, lab *acctest.Lab) *slowRun {
	t.Helper()
	return &slowRun{loadRun: &loadRun{t: t, lab: lab, services: []loadService{
		grpcService(acctest.Start(t), acctest.Stream{Via: "sidecar", Protocol: "grpc"}),
		httpService(lab, acctest.Stream{Via: "sidecar", Protocol: "http1"},
			acctest.Stream{Via: "sidecar", Protocol: "http2"}),
	}}}
}

// transitions makes the steps with these waits, and returns how many requests the slow sidecar lost.
func (r *slowRun) transitions(terraform *cli, w slowWaits) (lost int) {
	r.t.Helper()
	for i, step := range w.steps {
		terraform.configure(w.provider(), r.text(step.config()))
		writeFile(r.t, r.log, "")
		began := time.Now()
		terraform.must("apply")
		took := time.Since(began)
		time.Sleep(r.behindBy(w) + acctest.Pushed)
		name := fmt.Sprintf("%s, step %d of %d: %s", w.name, i+1, len(w.steps), step.kind)
		reports := r.mark(name)
		var counts [2]loadCount
		for i, report := range reports {
			ways, problems := judged(report, step.before, step.after)
			for _, n := range ways {
				counts[i].add(n)
			}
			if len(problems) > 0 && (i == 0 || w.long) {
				r.t.Errorf("%s, through sidecar %d of 2:\n%s\nwrites:\n%s", name, i+1, strings.Join(problems, "\n"),
					r.writes())
			}
		}
		lost += counts[1].failed
		r.rows = append(r.rows, fmt.Sprintf("%s\t%s\t%.1f s\t%d\t%d\t%d\t%d", w.name, step.kind, took.Seconds(),
			counts[0].sent, counts[0].failed, counts[1].sent, counts[1].failed))
	}
	return lost
}

// provider is the provider block.
func (w slowWaits) provider() string {
	return fmt.Sprintf("  config_path = %q\n  owner = \"slow\"\n  propagation = { %s }\n", w.kubeconfig, w.propagation)
}

// behindBy is how long the slow proxy may take to follow what was applied.
func (r *slowRun) behindBy(w slowWaits) time.Duration {
	if w.long {
		return r.delay
	}
	// A new cluster is told, its endpoints are asked for, and those are told.
	return 3 * r.delay
}

// takeBack removes what transitions have made, so that they can be made again.
func (r *slowRun) takeBack(terraform *cli, w slowWaits) {
	r.t.Helper()
	terraform.configure(w.provider(), "")
	terraform.must("apply")
	time.Sleep(r.behindBy(w) + acctest.Pushed)
	r.mark("taken back")
}

// mark ends a period of both loads, the slow one's last.
func (r *slowRun) mark(name string) []acctest.LoadReport {
	r.t.Helper()
	return []acctest.LoadReport{r.load.Mark(name), r.behind.Mark(name)}
}

// slowSequence has transitions that give the proxies clusters and take some away, all in the services' namespace.
func slowSequence() []loadStep {
	steps := shortSequence()
	last := steps[len(steps)-1]
	steps = steps[:5]
	last.before = steps[4].after
	return append(steps, last)
}

func (r *slowRun) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "load through a sidecar, and through one that is %s behind istiod\n", r.delay)
	fmt.Fprintln(w, "  waits\ttransition\tapply took\trequests\tfailed\trequests, behind\tfailed, behind")
	for _, row := range r.rows {
		fmt.Fprintf(w, "  %s\n", row)
	}
	w.Flush()
}
