package acctest

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ClientNamespace is where the clients of a [Load] and a [Watch] are: not in the services' namespace.
const ClientNamespace = "default"

// Stream is a kind of requests among those that a [Load] sends in turn.
type Stream struct {
	Name string `json:"name"`
	// Via is `xds`, which is gRPC's own client, or an Envoy of the lab: `sidecar` or `gateway`. Empty: xds.
	Via string `json:"via,omitempty"`
	// Protocol is `grpc` unless it says `http1` or `http2`, and TLS is for the gateway.
	Protocol string            `json:"protocol,omitempty"`
	TLS      bool              `json:"tls,omitempty"`
	Host     string            `json:"host"`
	Headers  map[string]string `json:"headers,omitempty"`
	// Share is how often its turn is, next to the other streams.
	Share float64 `json:"share,omitempty"`
}

// Way says how its requests are sent.
func (s Stream) Way() string {
	way := cmp.Or(s.Via, "xds") + " " + cmp.Or(s.Protocol, "grpc")
	if s.TLS {
		way += " tls"
	}
	return way
}

// LoadReport counts the calls between two marks, or all of them. Sent is the sum of Answered, Failed and
// UnknownCluster, which grpc-go lost by itself.
type LoadReport struct {
	Seconds        float64
	Sent           int
	Answered       int
	Failed         int
	UnknownCluster int `json:"unknown_cluster"`
	// Skipped calls were due and not sent, because the machine had no time for them.
	Skipped int
	Rate    float64
	MaxMS   float64 `json:"max_ms"`
	Streams []StreamReport
}

// StreamReport is the part of one stream.
type StreamReport struct {
	Stream
	Sent     int
	Failed   int
	Versions map[string]int
	// Errors counts failed calls by "Code: message".
	Errors map[string]int
}

// WatchReport says what a sidecar saw between two marks. The times are how long at least one route named a cluster
// that the sidecar did not have, one without its endpoints, and one that has none.
type WatchReport struct {
	Connected   bool
	Disconnects int
	NACKs       int
	NCMS        float64           `json:"nc_ms"`
	WarmingMS   float64           `json:"warming_ms"`
	UHMS        float64           `json:"uh_ms"`
	Faults      []json.RawMessage `json:"faults"`
	// Events are the lines since the mark before, with their times.
	Events []string `json:"-"`
}

// Load sends calls at a steady rate, whatever becomes of them.
type Load struct{ *conversation }

// Watch follows the routes as a sidecar does.
type Watch struct{ *conversation }

// StartLoad starts to send calls, so many in a second, and returns when all streams flow. They end with the test.
func (l *Lab) StartLoad(rate int, streams []Stream) *Load {
	l.t.Helper()
	arguments := []string{
		"--rate", fmt.Sprint(rate), "--client-namespace", ClientNamespace, "--duration", "3h",
	}
	if l.sidecar == "" {
		arguments = append(arguments, "--dir", l.Dir)
	}
	load := &Load{l.converse("load", arguments...)}
	var accepted struct {
		Late  []string
		Error string
	}
	load.ask(map[string]any{"streams": streams}, &accepted)
	if accepted.Error != "" || len(accepted.Late) > 0 {
		l.t.Fatalf("start load: %+v", accepted)
	}
	return load
}

// Mark ends a period, and returns what was counted in it once the last of its calls has ended.
func (o *Load) Mark(name string) LoadReport {
	o.lab.t.Helper()
	var report LoadReport
	o.ask(map[string]any{"mark": name}, &report)
	return report
}

// Stop ends the load, and returns what was counted in all.
func (o *Load) Stop() LoadReport {
	o.lab.t.Helper()
	var report LoadReport
	o.ask(map[string]any{"stop": true}, &report)
	return report
}

// StartWatch starts to follow the routes of the hosts, and returns when it has a full picture.
func (l *Lab) StartWatch(hosts ...string) *Watch {
	l.t.Helper()
	arguments := []string{"--client-namespace", ClientNamespace, "--client-labels", "app=client"}
	for _, host := range hosts {
		arguments = append(arguments, "--host", host)
	}
	w := &Watch{l.converse("watch", arguments...)}
	w.until("ready", nil)
	return w
}

// Mark ends a period, and returns what happened in it.
func (w *Watch) Mark(name string) WatchReport {
	w.lab.t.Helper()
	w.send(map[string]any{"mark": name})
	var report WatchReport
	report.Events = w.until("mark", &report)
	return report
}

// until reads lines up to an event of that name, into which it unmarshals, and returns those before it.
func (w *Watch) until(event string, into any) []string {
	w.lab.t.Helper()
	var before []string
	for {
		line := w.read()
		var is struct{ Event string }
		if err := json.Unmarshal(line, &is); err != nil {
			w.lab.t.Fatalf("read event: %v: %s", err, line)
		}
		if is.Event != event {
			before = append(before, strings.TrimSpace(string(line)))
			continue
		}
		if into != nil {
			if err := json.Unmarshal(line, into); err != nil {
				w.lab.t.Fatalf("read event: %v: %s", err, line)
			}
		}
		return before
	}
}

// answerTime is how long an answer may take: a mark waits for the last of its calls.
const answerTime = time.Minute

// conversation is a process of meshlab that answers lines of JSON.
type conversation struct {
	lab *Lab
	in  io.WriteCloser
	// lines are read as they come, so that the process never waits for the test.
	lines  chan []byte
	stderr bytes.Buffer
}

// mostLines is far more than a process says between two marks.
const mostLines = 1 << 16

// converse starts a command of meshlab in the place of `call`.
func (l *Lab) converse(name string, arguments ...string) *conversation {
	l.t.Helper()
	line := slices.Clone(l.traffic.command)
	i := slices.Index(line, "call")
	if i < 0 {
		l.t.Fatalf("MESH_TEST_CALL names no command call: %q", line)
	}
	line[i] = name
	line = append(line, arguments...)
	c := &conversation{lab: l}
	command := exec.Command(line[0], line[1:]...)
	command.Stderr = &c.stderr
	if l.sidecar != "" {
		command.Env = append(os.Environ(), "MESHLAB_SIDECAR_ADDRESS="+l.sidecar)
	}
	in, err := command.StdinPipe()
	if err != nil {
		l.t.Fatalf("start %s: %v", name, err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		l.t.Fatalf("start %s: %v", name, err)
	}
	if err := command.Start(); err != nil {
		l.t.Fatalf("start %s: %v", name, err)
	}
	c.in, c.lines = in, make(chan []byte, mostLines)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(c.lines)
		for reader := bufio.NewReader(out); ; {
			line, err := reader.ReadBytes('\n')
			if err != nil {
				return
			}
			c.lines <- line
		}
	}()
	l.t.Cleanup(func() {
		// The end of its input ends the process.
		_ = in.Close()
		<-ended
		_ = command.Wait()
	})
	return c
}

func (c *conversation) send(command any) {
	c.lab.t.Helper()
	line, err := json.Marshal(command)
	if err == nil {
		_, err = c.in.Write(append(line, '\n'))
	}
	if err != nil {
		c.lab.t.Fatalf("tell meshlab: %v\n%s", err, c.stderr.String())
	}
}

func (c *conversation) read() []byte {
	c.lab.t.Helper()
	select {
	case line, open := <-c.lines:
		if !open {
			c.lab.t.Fatalf("hear from meshlab: it has ended\n%s", c.stderr.String())
		}
		return line
	case <-time.After(answerTime):
		c.lab.t.Fatal("hear from meshlab: it says nothing")
		return nil
	}
}

func (c *conversation) ask(command, answer any) {
	c.lab.t.Helper()
	c.send(command)
	line := c.read()
	if err := json.Unmarshal(line, answer); err != nil {
		c.lab.t.Fatalf("hear from meshlab: %v: %s", err, line)
	}
}

// Twin makes another Service of the same pods, with a suffix to the test's own name, and returns the lab with it as
// its own. It ends with the test, and so does what was left for its host.
func (l *Lab) Twin(suffix string) *Lab {
	l.t.Helper()
	other := *l
	other.Service = l.Service + suffix
	other.Host = strings.Replace(l.Host, l.Service, other.Service, 1)
	ctx, cancel := l.context()
	defer cancel()
	all := l.client.Resource(services).Namespace(l.Namespace)
	like, err := all.Get(ctx, l.Service, metav1.GetOptions{})
	if err != nil {
		l.t.Fatalf("read service: %v", err)
	}
	spec := l.within(like.Object, "spec")
	for _, field := range []string{"clusterIP", "clusterIPs"} {
		delete(spec, field)
	}
	like.Object["metadata"] = map[string]any{"name": other.Service, "namespace": l.Namespace}
	delete(like.Object, "status")
	if _, err := all.Create(ctx, like, metav1.CreateOptions{}); err != nil {
		l.t.Fatalf("create service: %v", err)
	}
	l.t.Cleanup(func() {
		ctx, cancel := other.context()
		defer cancel()
		other.deleteLeftovers(ctx)
		if err := all.Delete(ctx, other.Service, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			other.t.Errorf("delete service: %v", err)
		}
	})
	return &other
}

// Pushed is how long istiod takes, on a lab where nothing else happens, to tell the proxies of a change.
const Pushed = 500 * time.Millisecond
