package acceptance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// steady is how long requests have to follow the new routes alone after a transition, and longestFollow how long that
// may take to begin.
const (
	steady        = 300 * time.Millisecond
	longestFollow = acctest.Patience
)

// loadModes are how the provider waits, in turn. The times are short: nothing else happens on the lab.
var loadModes = []string{`mode = "settle", settle = "500ms"`, `mode = "ack", settle = "500ms"`}

// loadRun makes transitions under load.
type loadRun struct {
	t        *testing.T
	lab      *acctest.Lab
	services []loadService
	load     *acctest.Load
	watch    *acctest.Watch
	// control says that failures are only counted: what keeps requests is switched off.
	control bool
	total   loadTotal
	// log is where Terraform writes the steps of the provider.
	log string
}

// loadService is a service whose route the test changes, with a twin of the same pods.
type loadService struct {
	lab, twin *acctest.Lab
	// resource is the name of its route in the configuration, and app what the labels of its pods begin with.
	resource, app string
	// ways are how requests are sent to it.
	ways []acctest.Stream
}

// grpcService is a service of gRPC.
func grpcService(lab *acctest.Lab, ways ...acctest.Stream) loadService {
	return loadService{lab: lab, twin: lab.Twin("-b"), resource: "grpc", app: "k8s-combat-service", ways: ways}
}

// httpService is a service of HTTP, which only Envoys route to.
func httpService(lab *acctest.Lab, ways ...acctest.Stream) loadService {
	return loadService{lab: lab, twin: lab.Twin("-b"), resource: "http", app: "echo", ways: ways}
}

// text puts the service's names in the place of SERVICE, NAMESPACE, HOST, TWIN (the host of the twin), RESOURCE, APP,
// GATEWAY and EDGE (the namespace of the gateway).
func (s loadService) text(text string) string {
	at := s.lab.Gateway()
	return s.lab.Expand(strings.NewReplacer("TWIN", s.twin.Host, "RESOURCE", s.resource, "APP", s.app,
		"GATEWAY", at.Namespace+"/"+at.Name, edge, at.Namespace).Replace(text))
}

// text is a text of every service.
func (r *loadRun) text(text string) string {
	var b strings.Builder
	for _, s := range r.services {
		b.WriteString(s.text(text))
	}
	return b.String()
}

// streams are all kinds of requests that a route can tell apart, in each way. Their names begin with the host, as a
// route names it.
func (r *loadRun) streams() []acctest.Stream {
	var streams []acctest.Stream
	for _, s := range r.services {
		for _, stream := range s.ways {
			for _, host := range loadHosts {
				for _, header := range append([]string{""}, testerHeaders...) {
					stream.Name = fmt.Sprintf("%s %s %s", host, stream.Way(), header)
					stream.Host, stream.Headers = s.text(host), nil
					if header != "" {
						stream.Headers = version(header)
					}
					streams = append(streams, stream)
				}
			}
		}
	}
	return streams
}

// sequence makes transitions one after the other, in a state of their own, with the provider at path, which waits as
// waits says.
func (r *loadRun) sequence(name string, steps []loadStep, path, waits string) {
	r.t.Helper()
	terraform := r.newTerraform(path)
	provider := fmt.Sprintf("  config_path = %q\n  owner = %q\n  propagation = { %s }\n", r.lab.Kubeconfig,
		"load/"+name, waits)
	for i, step := range steps {
		if step.byHand {
			r.makeByHand()
			r.judge("made by hand", loadStep{kind: "made by hand"}, nil)
		}
		terraform.configure(provider, r.text(step.config()))
		if err := os.WriteFile(r.log, nil, 0o600); err != nil {
			r.t.Fatal(err)
		}
		terraform.must("apply")
		time.Sleep(acctest.Pushed)
		at := fmt.Sprintf("%s, step %d of %d: %s", name, i+1, len(steps), step.kind)
		r.judge(at, step, step.before)
		r.total.of(step.kind).times++
		if !r.control {
			r.follow(at, step)
		}
		if r.t.Failed() {
			return
		}
	}
}

// newTerraform returns a state of its own, with the provider at path, or that of the test's own binary where there is
// none, and keeps what it logs.
func (r *loadRun) newTerraform(path string) *cli {
	r.t.Helper()
	terraform := newCLI(r.t)
	if path != "" {
		plugin := filepath.Join(terraform.dir, "plugins", "terraform-provider-mesh")
		if err := os.Remove(plugin); err != nil {
			r.t.Fatal(err)
		}
		if err := os.Symlink(path, plugin); err != nil {
			r.t.Fatal(err)
		}
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
		fmt.Sprintf("\nresource \"terraform_data\" \"RESOURCE\" {\n  input = %d\n}\n", s.after.generation)
	if s.before != nil && !s.byHand && s.before.split != s.after.split {
		config += fmt.Sprintf("\nmoved {\n  from = %s.RESOURCE\n  to   = %s.RESOURCE\n}\n", s.before.resourceType(),
			s.after.resourceType())
	}
	return config
}

// makeByHand makes what a step of the kind adopt takes over.
func (r *loadRun) makeByHand() {
	r.t.Helper()
	const route = "[{destination: {host: SERVICE, subset: v2}}]"
	for _, s := range r.services {
		s.lab.Create(strings.ReplaceAll(handMadeDestinationRule, "k8s-combat-service", s.app))
	}
	time.Sleep(2 * acctest.Pushed)
	for _, s := range r.services {
		s.lab.Create(strings.ReplaceAll(handMadeVirtualService, "ROUTE", route))
	}
	time.Sleep(acctest.Pushed)
}

// follow ends when the new route alone decided for a while, as it has to after a transition. On a busy machine a
// proxy takes longer than usual to come to that; until then the old route may decide too.
func (r *loadRun) follow(at string, step loadStep) {
	r.t.Helper()
	for deadline := time.Now().Add(longestFollow); ; r.total.late++ {
		time.Sleep(steady)
		load, watch := r.load.Mark(at), r.watch.Mark(at)
		_, problems := judged(load, step.after, step.after)
		if len(problems) == 0 || time.Now().After(deadline) {
			r.record(at+", afterwards", step, step.after, load, watch)
			return
		}
		r.record(at+", still on its way", step, step.before, load, watch)
	}
}

// judge ends a period in which one route gave way to another, and reports what went wrong in it.
func (r *loadRun) judge(name string, step loadStep, before *loadRoute) {
	r.t.Helper()
	r.record(name, step, before, r.load.Mark(name), r.watch.Mark(name))
}

// record counts a period in which one route gave way to another, and reports what went wrong in it.
func (r *loadRun) record(
	name string, step loadStep, before *loadRoute, load acctest.LoadReport, watch acctest.WatchReport,
) {
	r.t.Helper()
	ways, problems := judged(load, before, step.after)
	problems = append(r.total.add(step.kind, ways, load, watch), problems...)
	if len(problems) == 0 || r.control {
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
