package call

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/xds"
)

func validRequest() Request {
	return Request{
		Host: "greeter", Port: 50051, Method: "/helloworld.Greeter/SayHello", Count: 10, Concurrency: 2,
		Timeout: Duration(time.Second), Namespace: "default",
	}
}

func TestRequestValidate(t *testing.T) {
	t.Parallel()
	if err := validRequest().validate(); err != nil {
		t.Errorf("valid request: %v", err)
	}
	for name, c := range map[string]struct {
		change func(*Request)
		want   string
	}{
		"negative count":    {func(r *Request) { r.Count = -1 }, "count, rate and duration must not be negative"},
		"endless":           {func(r *Request) { r.Count = 0 }, "count or duration must be given"},
		"nobody sends":      {func(r *Request) { r.Concurrency = 0 }, "concurrency must be at least 1, got 0"},
		"no time to answer": {func(r *Request) { r.Timeout = 0 }, "timeout must be positive"},
		"gRPC is not counted": {func(r *Request) {
			r.Seen = true
		}, "who has seen a request is told by the servers of HTTP only"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := validRequest()
			c.change(&request)
			if err := request.validate(); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestSynthesize(t *testing.T) {
	t.Parallel()
	data, err := synthesize("127.0.0.1:15010", Identity{Namespace: "shop", Labels: "app=client,tier=web"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := xds.NewXDSResolverWithConfigForTesting(data); err != nil {
		t.Errorf("grpc-go does not accept it: %v", err)
	}
	var got struct {
		Node struct {
			ID       string
			Metadata map[string]any
		}
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.Node.ID, "sidecar~127.0.0.99~client-") ||
		!strings.HasSuffix(got.Node.ID, ".shop~shop.svc.cluster.local") {
		t.Errorf("node id %q", got.Node.ID)
	}
	want := map[string]any{
		"GENERATOR": "grpc", "NAMESPACE": "shop", "INSTANCE_IPS": "127.0.0.99",
		"LABELS": map[string]any{"app": "client", "tier": "web"},
	}
	if diff := cmp.Diff(want, got.Node.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if _, err := synthesize("127.0.0.1:15010", Identity{Labels: "app"}); err == nil {
		t.Error("a label without a value was accepted")
	}
}

func TestSourceBootstrap(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bootstrap.json")
	if err := os.WriteFile(file, []byte("from the variable"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(BootstrapVariable, file)
	if got, err := (Source{}).bootstrap(Identity{}); err != nil || string(got) != "from the variable" {
		t.Errorf("got %q, error %v", got, err)
	}
	t.Setenv(BootstrapVariable, "")
	if _, err := (Source{}).bootstrap(Identity{}); err == nil || !strings.Contains(err.Error(), "--xds") {
		t.Errorf("got error %v", err)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	one, two := newTally(), newTally()
	one.answers["v1"], one.endpoints["a"], one.attempts["3"] = 2, 2, 1
	one.latencies = []time.Duration{3 * time.Millisecond, time.Millisecond}
	two.answers["v1"], two.endpoints["b"], two.errors["Unavailable: gone"] = 1, 1, 1
	two.latencies = []time.Duration{2 * time.Millisecond, 4 * time.Millisecond}
	got := report([]*tally{one, two}, 2*time.Second)
	want := Report{
		Total: 4, Answers: map[string]int{"v1": 3}, Errors: map[string]int{"Unavailable: gone": 1},
		Endpoints: map[string]int{"a": 2, "b": 1}, Attempts: map[string]int{"3": 1},
		Latency: map[string]float64{"min": 1, "p50": 2, "p90": 4, "p99": 4, "max": 4}, Seconds: 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestReportPrint(t *testing.T) {
	t.Parallel()
	r := Report{
		Total: 1000, Answers: map[string]int{"v1": 100, "v2": 890}, Errors: map[string]int{"Unavailable: gone": 10},
		Attempts: map[string]int{"2": 5}, Latency: map[string]float64{"p50": 0.4, "max": 12}, Seconds: 1.5,
	}
	var got bytes.Buffer
	r.Print(&got)
	want := `v1  ███░░░░░░░░░░░░░░░░░░░░░░░░░░░    100 of 1000   10.0 %
v2  ███████████████████████████░░░    890 of 1000   89.0 %
✗   ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░     10 of 1000    1.0 %  Unavailable: gone
answered at attempt 2: 5
1000 calls in 1.5 s, half of them within 0.4 ms, the slowest 12 ms
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// A wrong line is answered with its problem, and the lines after it are answered too.
func TestClientsBatch(t *testing.T) {
	t.Parallel()
	clients := NewClients(Source{XDS: "127.0.0.1:1"})
	t.Cleanup(clients.Close)
	in := strings.Join([]string{
		`{"host": ""}`, `{"via": "sidecar"}`, `{"count": -1}`, ``, `{"timeout": 5}`, `{"labels": "x"}`,
		`{"count": 1, "timeout": "10ms"}`, ``,
	}, "\n")
	var out bytes.Buffer
	if err := clients.Batch(t.Context(), validRequest(), strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		var answer struct {
			Error  string
			Errors map[string]int
			Total  int
		}
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Total == 1 && len(answer.Errors) == 1 {
			answer.Error = "one call, one error"
		}
		got = append(got, answer.Error)
	}
	want := []string{
		"host is missing",
		"this lab has no sidecar: it needs an Envoy (MESHLAB_SIDECAR_ADDRESS is not set)",
		"count, rate and duration must not be negative",
		"parse request: parse duration: json: cannot unmarshal number into Go value of type string",
		`parse label "x": want key=value`,
		"one call, one error",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}
