package acceptance_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// steady is how long requests have to follow the new routes alone after a transition.
const steady = 300 * time.Millisecond

// loadModes are how the provider waits, in turn. The times are short: nothing else happens on the lab.
var loadModes = []string{`mode = "settle", settle = "500ms"`, `mode = "ack", settle = "500ms"`}

// loadRun makes transitions under load.
type loadRun struct {
	t         *testing.T
	lab, twin *acctest.Lab
	load      *acctest.Load
	watch     *acctest.Watch
	// naive says that failures are only counted: the order is switched off.
	naive bool
	total loadTotal
	// log is where Terraform writes the steps of the provider.
	log string
}

// loadTotal is what a run comes to.
type loadTotal struct {
	transitions                            map[string]int
	sent, failed, unknown, leaked, skipped int
	seconds, slowest, nc, warming, uh      float64
	nacks, disconnects                     int
}

func (r *loadRun) text(text string) string {
	return r.lab.Expand(strings.ReplaceAll(text, "TWIN", r.twin.Host))
}

// streams are all kinds of requests that a route can tell apart.
func (r *loadRun) streams() []acctest.Stream {
	var streams []acctest.Stream
	for _, host := range loadHosts {
		for _, header := range append([]string{""}, testerHeaders...) {
			stream := acctest.Stream{Name: host + " " + header, Host: r.text(host)}
			if header != "" {
				stream.Headers = version(header)
			}
			streams = append(streams, stream)
		}
	}
	return streams
}

// sequence makes transitions one after the other, in a state of their own, with the provider at path.
func (r *loadRun) sequence(number int, steps []loadStep, path string) {
	r.t.Helper()
	terraform := r.newTerraform(path)
	provider := fmt.Sprintf("  config_path = %q\n  owner = \"load/%d\"\n  propagation = { %s }\n", r.lab.Kubeconfig,
		number, loadModes[number%len(loadModes)])
	for i, step := range steps {
		if step.byHand {
			r.makeByHand()
			r.judge("made by hand", loadStep{}, nil)
		}
		terraform.configure(provider, r.text(step.config()))
		if err := os.WriteFile(r.log, nil, 0o600); err != nil {
			r.t.Fatal(err)
		}
		terraform.must("apply")
		time.Sleep(acctest.Pushed)
		name := fmt.Sprintf("sequence %d, step %d of %d: %s", number, i+1, len(steps), step.kind)
		r.total.transitions[step.kind]++
		r.judge(name, step, step.before)
		time.Sleep(steady)
		r.judge(name+", afterwards", step, step.after)
		if r.t.Failed() {
			return
		}
	}
}

// newTerraform returns a state of its own, with the provider at path, and keeps what it logs.
func (r *loadRun) newTerraform(path string) *cli {
	r.t.Helper()
	terraform := newCLI(r.t)
	plugin := filepath.Join(terraform.dir, "plugins", "terraform-provider-mesh")
	if err := os.Remove(plugin); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Symlink(path, plugin); err != nil {
		r.t.Fatal(err)
	}
	r.log = filepath.Join(terraform.dir, "terraform.log")
	terraform.env = []string{"TF_LOG_PROVIDER=INFO", "TF_LOG_PATH=" + r.log}
	return terraform
}

// config is what is declared after the step.
func (s loadStep) config() string {
	if s.after == nil {
		return ""
	}
	config := s.after.config() +
		fmt.Sprintf("\nresource \"terraform_data\" \"generation\" {\n  input = %d\n}\n", s.after.generation)
	if s.before != nil && !s.byHand && s.before.split != s.after.split {
		config += fmt.Sprintf("\nmoved {\n  from = %s.test\n  to   = %s.test\n}\n", s.before.resourceType(),
			s.after.resourceType())
	}
	return config
}

// makeByHand makes what a step of the kind adopt takes over.
func (r *loadRun) makeByHand() {
	r.t.Helper()
	r.lab.Create(handMadeDestinationRule)
	time.Sleep(2 * acctest.Pushed)
	r.lab.Create(strings.ReplaceAll(handMadeVirtualService, "ROUTE", "[{destination: {host: SERVICE, subset: v2}}]"))
	time.Sleep(acctest.Pushed)
}

// judge ends a period in which one route gave way to another, and reports what went wrong in it.
func (r *loadRun) judge(name string, step loadStep, before *loadRoute) {
	r.t.Helper()
	load, watch := r.load.Mark(name), r.watch.Mark(name)
	problems := r.total.add(load, watch)
	leaked, wrong := wrongAnswers(load, before, step.after)
	r.total.leaked += leaked
	problems = append(problems, wrong...)
	if len(problems) == 0 || r.naive {
		return
	}
	was := ""
	if before != nil {
		was = before.config()
	}
	r.t.Errorf("%s:\n%s\n\nbefore:\n%s\nafter:\n%s\nwrites:\n%s\nevents of the watch:\n%s",
		name, strings.Join(problems, "\n"),
		r.text(was), r.text(step.config()), r.writes(), strings.Join(watch.Events, "\n"))
}

// wrongAnswers says which requests failed while one route gave way to another, and which were answered by a version
// that neither names, and how many those are.
func wrongAnswers(load acctest.LoadReport, before, after *loadRoute) (leaked int, problems []string) {
	for _, stream := range load.Streams {
		host, header, _ := strings.Cut(stream.Name, " ")
		may := allowed(before, after, host, header)
		for _, v := range slices.Sorted(maps.Keys(stream.Versions)) {
			if n := stream.Versions[v]; !may[v] {
				leaked += n
				problems = append(problems, fmt.Sprintf("%d of %d requests to %s were answered by %s, want one of %v",
					n, stream.Sent, stream.Name, v, slices.Sorted(maps.Keys(may))))
			}
		}
		for text, n := range stream.Errors {
			problems = append(problems, fmt.Sprintf("%d of %d requests to %s failed: %s", n, stream.Sent, stream.Name,
				text))
		}
	}
	return leaked, problems
}

// add counts a period, and returns what went wrong in it.
func (total *loadTotal) add(load acctest.LoadReport, watch acctest.WatchReport) (problems []string) {
	total.sent += load.Sent
	total.failed += load.Failed
	total.unknown += load.UnknownCluster
	total.skipped += load.Skipped
	total.seconds += load.Seconds
	total.slowest = max(total.slowest, load.MaxMS)
	total.nc += watch.NCMS
	total.warming += watch.WarmingMS
	total.uh += watch.UHMS
	total.nacks += watch.NACKs
	total.disconnects += watch.Disconnects
	if load.Failed > 0 {
		problems = append(problems, fmt.Sprintf("%d of %d requests failed", load.Failed, load.Sent))
	}
	if watch.NCMS > 0 || watch.WarmingMS > 0 || watch.UHMS > 0 {
		problems = append(problems, fmt.Sprintf("a sidecar could not follow its routes: no cluster for %.1f ms, no "+
			"answer about endpoints for %.1f ms, no endpoints for %.1f ms: %s",
			watch.NCMS, watch.WarmingMS, watch.UHMS, watch.Faults))
	}
	if watch.NACKs > 0 || watch.Disconnects > 0 || !watch.Connected {
		problems = append(problems, fmt.Sprintf("the sidecar refused %d answers of istiod and lost it %d times",
			watch.NACKs, watch.Disconnects))
	}
	return problems
}

// step is what the provider says to Terraform's log before each of its steps.
var stepLine = regexp.MustCompile(`(?m)^(\S+) .*?((?:step \d+ of \d+|waiting ).*?)(?:: @|: tf_|$)`)

// writes returns the steps of the last apply, with their times.
func (r *loadRun) writes() string {
	var lines []string
	for _, match := range stepLine.FindAllStringSubmatch(readFileOrNone(r.log), -1) {
		lines = append(lines, match[1]+" "+match[2])
	}
	return strings.Join(lines, "\n")
}

// print shows what the run came to.
func (r *loadRun) print(title string) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	n := r.total
	transitions := 0
	for _, times := range n.transitions {
		transitions += times
	}
	fmt.Fprintf(w, "%s\n", title)
	for _, line := range []struct {
		what  string
		value any
	}{
		{"requests", fmt.Sprintf("%d in %.0f s, %.0f a second, the slowest %.0f ms, %d "+
			"skipped", n.sent, n.seconds, float64(n.sent)/n.seconds, n.slowest, n.skipped)},
		{"failed requests", n.failed},
		{"lost by grpc-go (unknown cluster)", n.unknown},
		{"answered by a version not routed to", n.leaked},
		{"routes without their cluster", fmt.Sprintf("%.1f ms", n.nc)},
		{"routes to a cluster without answer about endpoints", fmt.Sprintf("%.1f ms", n.warming)},
		{"routes to a cluster without endpoints", fmt.Sprintf("%.1f ms", n.uh)},
		{"transitions", transitions},
	} {
		fmt.Fprintf(w, "  %s\t%v\n", line.what, line.value)
	}
	for _, kind := range slices.Sorted(maps.Keys(n.transitions)) {
		fmt.Fprintf(w, "    %s\t%d\n", kind, n.transitions[kind])
	}
	w.Flush()
}
