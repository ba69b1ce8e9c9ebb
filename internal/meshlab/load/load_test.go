package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
)

var defaults = Stream{Port: 50051, Method: "/helloworld.Greeter/SayHello"}

func TestCompleteAll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		streams []Stream
		want    string
	}{
		"no host": {[]Stream{{}}, "stream 0: host is missing"},
		"port out of range": {
			[]Stream{{Host: "a"}, {Host: "b", Port: 70000}}, "stream 1: port must be between 1 and 65535, got 70000",
		},
		"method not a path": {
			[]Stream{{Host: "a", Method: "SayHello"}}, `stream 0: method "SayHello": want /package.Service/Method`,
		},
		"negative share": {[]Stream{{Host: "a", Share: -1}}, "stream 0: share must be between 0 and 1e+06, got -1"},
		"twice the same": {
			[]Stream{{Host: "a"}, {Host: "a"}},
			`stream 1: there is another one named "a:50051/helloworld.Greeter/SayHello"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := completeAll(c.streams, Options{Defaults: defaults}); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	o := Options{
		Defaults: defaults, Source: call.Source{Proxies: call.Proxies{Sidecar: "127.1.1.21", Gateway: "127.1.1.22"}},
	}
	got, err := completeAll([]Stream{
		{Host: "a", Headers: map[string]string{"version": "200", "tier": "x"}},
		{Via: call.Gateway, Protocol: call.HTTP1, Host: "b", Port: 80, Method: "GET", Share: 2},
	}, o)
	want := []Stream{{
		Name: "a:50051/helloworld.Greeter/SayHello tier=x version=200", Via: call.XDS, Protocol: call.GRPC, Host: "a",
		Port: 50051, Method: defaults.Method, Headers: map[string]string{"version": "200", "tier": "x"}, Share: 1,
	}, {
		Name: "gateway http1 b:80 GET /", Via: call.Gateway, Protocol: call.HTTP1, Host: "b", Port: 80, Method: "GET",
		Path: "/", Share: 2,
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, streams (-want +got):\n%s", err, diff)
	}
}

// Every stream gets its share, and the small one is spread over the time.
func TestTurns(t *testing.T) {
	t.Parallel()
	turns := newTurns([]Stream{{Share: 3}, {Share: 1}, {Share: 0.5}})
	var got strings.Builder
	for range 18 {
		fmt.Fprint(&got, turns.next())
	}
	if want := "010020010" + "010020010"; got.String() != want {
		t.Errorf("got %s, want %s", got.String(), want)
	}
}

func TestParseCommand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ line, want string }{
		"misspelt":     {`{"marks": "a"}`, `json: unknown field "marks"`},
		"two at once":  {`{"mark": "a", "stop": true}`, `want one of "streams", "mark" and "stop"`},
		"none":         {`{}`, `want one of "streams", "mark" and "stop"`},
		"no streams":   {`{"streams": []}`, ""},
		"empty mark":   {`{"mark": ""}`, ""},
		"not a stream": {`{"streams": [{"hosts": "a"}]}`, `json: unknown field "hosts"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseCommand([]byte(c.line))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// Every call is in exactly one of the counts, and grpc-go's own race apart from the errors.
func TestPeriod(t *testing.T) {
	t.Parallel()
	began := time.Now()
	p := newPeriod(began)
	one := Stream{Name: "one"}
	unavailable := status.Error(codes.Unavailable, "gone")
	calls := []error{
		nil, nil, unavailable, status.Error(codes.Unavailable, `unknown cluster selected for RPC: "v2"`), nil,
	}
	for i, err := range calls {
		p.begin(one)
		p.end(one, call.Answer{Version: fmt.Sprintf("v%d", i%2+1), Endpoint: "a"}, err,
			time.Duration(i)*time.Millisecond)
	}
	p.skip(7)
	want := Report{
		Seconds: 2, Sent: 5, Answered: 3, Failed: 1, UnknownCluster: 1, Skipped: 7, Rate: 2.5, MaxMS: 4,
		Streams: []StreamReport{{
			Stream: one, Sent: 5, Answered: 3, Failed: 1, UnknownCluster: 1, Versions: map[string]int{"v1": 2, "v2": 1},
			Endpoints: map[string]int{"a": 3}, Errors: map[string]int{"Unavailable: gone": 1}, MaxMS: 4,
		}},
	}
	if diff := cmp.Diff(want, p.report(began.Add(2*time.Second))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}

	total := newPeriod(began)
	total.add(p)
	total.add(p)
	got := total.report(began.Add(4 * time.Second))
	s := got.Streams[0]
	if got.Sent != 10 || got.Skipped != 14 || got.Rate != 2.5 || s.Versions["v1"] != 4 ||
		s.Errors["Unavailable: gone"] != 2 || s.MaxMS != 4 {
		t.Errorf("twice the same period: %+v", got)
	}
}

// However many messages there are, a report names a bounded number of a bounded length, and loses no call.
func TestCounts_manyErrors(t *testing.T) {
	t.Parallel()
	c := newCounts(Stream{})
	for i := range maxErrors + 5 {
		c.end(call.Answer{}, status.Errorf(codes.Unavailable, "%d %s", i, strings.Repeat("é", i*20)), 0)
	}
	c.end(call.Answer{}, errors.New("no status"), 0)
	if len(c.errors) != maxErrors || c.others != 6 {
		t.Errorf("%d different errors and %d others", len(c.errors), c.others)
	}
	for text := range c.errors {
		if len(text) > maxErrorLength+len("…") {
			t.Errorf("%d bytes: %s", len(text), text)
		}
	}
}

// conversation runs a load against an istiod that is not there.
type conversation struct {
	in    io.WriteCloser
	lines *bufio.Scanner
	ended chan error
}

//nolint:revive // t first, as everywhere
func converse(t *testing.T, ctx context.Context, change func(*Options)) conversation {
	t.Helper()
	o := Options{
		Source: call.Source{XDS: "127.0.0.1:1"}, Identity: call.Identity{Namespace: "default"}, Rate: 200, Channels: 2,
		MaxInFlight: 1000, Timeout: 20 * time.Millisecond, ReadyWait: 20 * time.Millisecond, Defaults: defaults,
	}
	change(&o)
	in, stdin := io.Pipe()
	stdout, out := io.Pipe()
	c := conversation{stdin, bufio.NewScanner(stdout), make(chan error, 1)}
	go func() {
		c.ended <- Run(ctx, o, nil, in, true, out)
		out.Close()
	}()
	t.Cleanup(func() { stdin.Close() })
	return c
}

// ask sends a line, if it is not empty, and returns the next answer.
func (c conversation) ask(t *testing.T, line string) (answer struct {
	Report
	OK    bool
	Late  []string
	Error string
}) {
	t.Helper()
	if line != "" {
		if _, err := fmt.Fprintln(c.in, line); err != nil {
			t.Fatal(err)
		}
	}
	if !c.lines.Scan() {
		t.Fatal("no answer")
	}
	if err := json.Unmarshal(c.lines.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, c.lines.Bytes())
	}
	return answer
}

func TestRun_conversation(t *testing.T) {
	t.Parallel()
	c := converse(t, t.Context(), func(*Options) {})
	if a := c.ask(t, `{"mark": "nothing"}`); a.Mark != "nothing" || a.Sent != 0 || len(a.Streams) != 0 {
		t.Errorf("before the first stream: %+v", a)
	}
	a := c.ask(t, `{"streams": [{"name": "one", "host": "a"}, {"name": "two", "host": "a",`+
		` "headers": {"version": "200"}, "share": 3}]}`)
	if !a.OK || !cmp.Equal(a.Late, []string{"a:50051"}) {
		t.Errorf("streams: %+v", a)
	}
	if a := c.ask(t, `{"streams": [{"name": "x"}]}`); a.Error != "stream 0: host is missing" {
		t.Errorf("wrong streams: %+v", a)
	}
	first := c.ask(t, `{"mark": "first"}`)
	for range 100 {
		if first.Sent >= 50 {
			break
		}
		time.Sleep(100 * time.Millisecond)
		more := c.ask(t, `{"mark": "more of it"}`).Report
		first.Sent, first.Failed = first.Sent+more.Sent, first.Failed+more.Failed
		for i := range first.Streams {
			first.Streams[i].Sent += more.Streams[i].Sent
		}
	}
	if first.Sent < 50 || first.Failed != first.Sent || len(first.Streams) != 2 {
		t.Fatalf("first period: %+v", first)
	}
	if ratio := float64(first.Streams[1].Sent) / float64(first.Streams[0].Sent); ratio < 2.7 || ratio > 3.3 {
		t.Errorf("shares: %d to %d", first.Streams[0].Sent, first.Streams[1].Sent)
	}
	if a := c.ask(t, `{"streams": []}`); !a.OK {
		t.Errorf("no streams: %+v", a)
	}
	second := c.ask(t, `{"mark": "second"}`)
	if a := c.ask(t, `{"mark": "third"}`); a.Sent != 0 || a.Skipped != 0 {
		t.Errorf("without streams: %+v", a)
	}
	total := c.ask(t, `{"stop": true}`)
	if !total.Total || total.Ended != "stop" || total.Sent != first.Sent+second.Sent || total.Failed != total.Sent {
		t.Errorf("total %+v of %d and %d", total, first.Sent, second.Sent)
	}
	if err := <-c.ended; err != nil {
		t.Error(err)
	}
}

// What cannot be sent is counted, and not made up for later.
func TestRun_tooManyInFlight(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	const timeout = 300 * time.Millisecond
	c := converse(t, t.Context(), func(o *Options) {
		o.Source.XDS, o.MaxInFlight, o.Timeout = silent.Addr().String(), 3, timeout
	})
	c.ask(t, `{"streams": [{"host": "a"}]}`)
	time.Sleep(200 * time.Millisecond)
	a := c.ask(t, `{"mark": "full"}`)
	// Each gives way to the next when its time is over.
	most := 3 * (1 + int(a.Seconds/timeout.Seconds()))
	if a.Sent < 3 || a.Sent > most || a.Skipped < 20 {
		t.Errorf("three in flight, so that at most %d are sent: %+v", most, a)
	}
}

func TestRun_ends(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(cancel context.CancelCauseFunc, stdin io.Closer)
		want string
	}{
		"stdin closed": {func(_ context.CancelCauseFunc, stdin io.Closer) { stdin.Close() }, "stdin was closed"},
		"signal": {func(cancel context.CancelCauseFunc, _ io.Closer) {
			cancel(errors.New("interrupt"))
		}, "interrupt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			conversation := converse(t, ctx, func(*Options) {})
			conversation.ask(t, `{"streams": [{"host": "a"}]}`)
			c.end(cancel, conversation.in)
			if a := conversation.ask(t, ""); !a.Total || a.Ended != c.want || a.Failed != a.Sent {
				t.Errorf("total %+v, want it to end by %s", a, c.want)
			}
			if err := <-conversation.ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, seed := range []string{
		`{"mark": "a"}`, `{"stop": true}`, `{"streams": [{"host": "a", "share": 1e308}]}`, `{"streams": null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		c, err := parseCommand(line)
		if err == nil && c.Streams != nil {
			if streams, err := completeAll(*c.Streams, Options{Defaults: defaults}); err == nil && len(streams) > 0 {
				turns := newTurns(streams)
				turns.next()
			}
		}
	})
}
