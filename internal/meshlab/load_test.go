package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/load"
)

// loadProcess is a `meshlab load` that is started as an acceptance test starts it: from MESH_TEST_CALL.
type loadProcess struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Scanner
}

// startLoadProcess makes the load a child of this process, or of a shell whose last words are after it.
func startLoadProcess(t *testing.T, p *labProcess, args, after string) loadProcess {
	t.Helper()
	replace := "exec"
	if after != "" {
		replace = ""
	}
	script := fmt.Sprintf(". %s/env; %s $(echo $MESH_TEST_CALL | sed 's/ call / load /') %s%s", p.dir, replace,
		args, after)
	l := loadProcess{cmd: exec.Command("/bin/sh", "-c", script)}
	l.cmd.Stderr = os.Stderr
	var err error
	if l.stdin, err = l.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.cmd.Process.Kill() }) //nolint:errcheck // it may have ended
	l.lines = bufio.NewScanner(stdout)
	l.lines.Buffer(nil, 1<<20)
	return l
}

// ask sends a command, if it is not empty, and returns its answer.
func (l loadProcess) ask(t *testing.T, command string) (answer struct {
	load.Report
	OK    bool
	Late  []string
	Error string
}) {
	t.Helper()
	if command != "" {
		if _, err := fmt.Fprintln(l.stdin, command); err != nil {
			t.Fatal(err)
		}
	}
	if !l.lines.Scan() {
		t.Fatalf("no answer to %s", command)
	}
	if err := json.Unmarshal(l.lines.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, l.lines.Bytes())
	}
	return answer
}

const twoStreams = `{"streams": [
	{"name": "v2 only", "host": "greeter.greeter.svc.cluster.local", "headers": {"version": "200"}},
	{"name": "split", "host": "greeter.greeter.svc.cluster.local", "share": 4}]}`

// TestLoad changes routes under load, in the order that loses nothing and once in one that does, with a watch beside
// it.
func TestLoad(t *testing.T) {
	t.Parallel()
	p := startLabProcess(t, needLab(t))
	p.ready(t)
	client := p.client(t, "kubeconfig-developer")
	w := startWatchProcess(t, p, "--host", watchedHost)
	w.until(t, func(line watchLine) bool { return line.Event == "ready" })
	l := startLoadProcess(t, p, "--rate 1000 --timeout 3s --duration 1m", "")
	if a := l.ask(t, strings.ReplaceAll(twoStreams, "\n", " ")); !a.OK || len(a.Late) > 0 {
		t.Fatalf("streams: %+v", a)
	}
	mark := func(name string) (load.Report, watchLine) {
		t.Helper()
		report := l.ask(t, fmt.Sprintf(`{"mark": %q}`, name)).Report
		lines := w.mark(t, name)
		t.Logf("%s: %+v\nwatch: %+v", name, report, lines[len(lines)-1])
		return report, lines[len(lines)-1]
	}
	mark("warm up")

	time.Sleep(2 * time.Second)
	report, window := mark("no routes")
	if due := float64(report.Sent+report.Skipped) / report.Seconds; due < 950 || due > 1050 || report.Failed > 0 ||
		report.UnknownCluster > 0 || len(report.Streams[1].Versions) != 3 ||
		report.Streams[1].Sent < 3*report.Streams[0].Sent {
		t.Errorf("no routes: %+v", report)
	}
	if window.NCMS != 0 || len(window.Faults) != 0 {
		t.Errorf("no routes: watch %+v", window)
	}

	applyOrFail(t, client, strings.Split(routes, "---")[0])
	time.Sleep(time.Second)
	applyOrFail(t, client, routes)
	w.until(t, func(line watchLine) bool { return line.Event == "routes" })
	time.Sleep(time.Second)
	report, window = mark("subsets first")
	if report.Failed > 0 || window.NCMS != 0 || window.WarmingMS != 0 {
		t.Errorf("subsets first: %+v, watch %+v", report, window)
	}
	time.Sleep(time.Second)
	report, _ = mark("routed")
	if got := report.Streams[0].Versions; report.Failed > 0 ||
		!cmp.Equal(got, map[string]int{"v2": report.Streams[0].Sent}) {
		t.Errorf("routed: %+v", report)
	}

	applyOrFail(t, client, destinationRule("v1"))
	w.broken(t)
	time.Sleep(time.Second)
	report, window = mark("subset removed under its route")
	applyOrFail(t, client, destinationRule("v1", "v2"))
	if report.Streams[0].Failed < 50 || len(report.Streams[0].Errors) == 0 {
		t.Errorf("subset removed under its route: %+v", report)
	}
	if window.NCMS < 700 || len(window.Faults) == 0 || !strings.Contains(window.Faults[0].Cluster, "|v2|") {
		t.Errorf("subset removed under its route: watch %+v", window)
	}
	w.until(t, func(line watchLine) bool { return line.Event == "window" && line.Kind == "NC" })
	time.Sleep(time.Second)
	mark("repaired")

	if a := l.ask(t, `{"streams": [{"host": "k8s-combat-service-istio-mesh.greeter.svc.cluster.local"}]}`); !a.OK ||
		len(a.Late) > 0 {
		t.Errorf("another host: %+v", a)
	}
	time.Sleep(time.Second)
	if report, _ = mark("another host"); report.Failed > 0 || report.Streams[len(report.Streams)-1].Sent < 900 {
		t.Errorf("another host: %+v", report)
	}
	total := l.ask(t, `{"stop": true}`)
	if err := l.cmd.Wait(); err != nil || !total.Total || total.Ended != "stop" || total.Sent < 8000 {
		t.Errorf("total %+v, error %v", total, err)
	}
	usage, ok := l.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if ok {
		t.Logf("%d calls in %.1f s, %.0f %% of a processor, %d MB", total.Sent, total.Seconds,
			100*l.cmd.ProcessState.UserTime().Seconds()/total.Seconds+
				100*l.cmd.ProcessState.SystemTime().Seconds()/total.Seconds, usage.Maxrss/1024)
	}
	p.stop(t)
}

// TestLoad_ends starts a load and takes away what it needs to go on.
func TestLoad_ends(t *testing.T) { //nolint:tparallel // one lab, step by step
	t.Parallel()
	p := startLabProcess(t, needLab(t))
	p.ready(t)
	for name, c := range map[string]struct {
		end   func(*testing.T, loadProcess)
		args  string
		after string
		want  string
	}{
		"SIGINT": {func(t *testing.T, l loadProcess) {
			signalOrFail(t, l, syscall.SIGINT)
		}, "", "", "interrupt"},
		"SIGTERM": {func(t *testing.T, l loadProcess) {
			signalOrFail(t, l, syscall.SIGTERM)
		}, "", "", "terminated"},
		"stdin is closed":  {func(_ *testing.T, l loadProcess) { l.stdin.Close() }, "", "", "stdin was closed"},
		"the time is over": {func(*testing.T, loadProcess) {}, "--duration 500ms", "", "duration is over"},
		"the parent is gone": {func(t *testing.T, l loadProcess) {
			signalOrFail(t, l, syscall.SIGKILL)
		}, "", "; exit 0", "the parent process is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			l := startLoadProcess(t, p, c.args+" --streams '["+`{"host": "`+watchedHost+`"}`+"]'", c.after)
			if a := l.ask(t, ""); !a.OK {
				t.Fatalf("streams: %+v", a)
			}
			c.end(t, l)
			if total := l.ask(t, ""); !total.Total || total.Ended != c.want || total.Failed > 0 {
				t.Errorf("total %+v, want it to end by %s", total, c.want)
			}
			if err := l.cmd.Wait(); err != nil && c.after == "" {
				t.Error(err)
			}
		})
	}
	p.stop(t)
}

func signalOrFail(t *testing.T, l loadProcess, signal os.Signal) {
	t.Helper()
	if err := l.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

func TestReadStreams(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/streams.json"
	if err := os.WriteFile(file, []byte(`[{"host": "a", "share": 2}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		want []load.Stream
		ok   bool
	}{
		"none":         {"", nil, true},
		"in place":     {`[{"host": "b"}]`, []load.Stream{{Host: "b"}}, true},
		"a file":       {"@" + file, []load.Stream{{Host: "a", Share: 2}}, true},
		"no such file": {"@" + file + "x", nil, false},
		"not a list":   {`{"host": "b"}`, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readStreams(c.text)
			if diff := cmp.Diff(c.want, got); diff != "" || (err == nil) != c.ok {
				t.Errorf("error %v, streams (-want +got):\n%s", err, diff)
			}
		})
	}
}
