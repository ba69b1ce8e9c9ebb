package acceptance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// newMetrics answers as Prometheus does: v2 fails so many of its thousand requests, v1 none, and each takes 20 ms.
func newMetrics(t *testing.T, failed int) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, value := r.FormValue("query"), 1000
		switch canary := strings.Contains(query, `destination_app="k8s-combat-service-v2"`); {
		case strings.Contains(query, "histogram_quantile"):
			value = 20
		case strings.Contains(query, "response_code") && canary:
			value = failed
		case strings.Contains(query, "response_code"):
			value = 0
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"%d"]}]}}`, value)
	}))
	t.Cleanup(server.Close)
	return server
}

// TestAccWalk_metrics: metrics of the subset that grows judge each step.
func TestAccWalk_metrics(t *testing.T) {
	t.Parallel()
	const gates = `{ success_rate = { min = 99.5 } }, { success_rate = { worse_than = "v1", by = 0.5 } },
    { name = "latency", latency = { quantile = 0.99, max = "LATENCY" } }`
	for name, test := range map[string]struct {
		failed       int
		latency      string
		summary, say string
		share        int64
	}{
		"healthy": {0, "100ms", "", "", 100},
		"failing": {50, "100ms", "Walk went back", "at step 1 of 2: v1 90 %, v2 10 %: gates[0]: fail: v2: 95 % of 1000 " +
			"requests succeeded, at least 99.5 % are to; gates[1]: fail: v2: 5 % of 1000 requests failed", 0},
		"slow": {0, "10ms", "Walk went back", "latency: fail: v2: the value is 20 ms, at most 10 is to be", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			f := canaryForm
			w := newWorkspace(t, lab, f, "")
			config := func(v1, v2 string) string {
				return f.shared(v1, v2, parts{top: `walk = { steps = [10], pause = "200ms", gates = [` +
					strings.Replace(gates, "LATENCY", test.latency, 1) + `] }`})
			}
			w.block = fmt.Sprintf("prometheus = { url = %q, token = \"secret\" }", newMetrics(t, test.failed).URL)
			w.write(config("100", "0"))
			w.must("apply")
			w.write(config("0", "100"))
			r := w.run("apply")
			if test.summary == "" && !r.ok {
				t.Fatalf("the apply fails:\n%s", r.text)
			}
			if test.summary != "" {
				r.want(t, "error", test.summary, test.say)
			}
			if v2, _ := shares(lab); v2 != test.share {
				t.Errorf("v2 has %d %%, want %d", v2, test.share)
			}
		})
	}
}

// TestAccWalk_unaskable: a plan refuses gates that could never be asked.
func TestAccWalk_unaskable(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f := canaryForm
	w := newWorkspace(t, lab, f, "")
	config := func(v1, v2, gate string) string {
		return f.shared(v1, v2, parts{top: "walk = { steps = [10], pause = \"0s\", gates = [" + gate + "] }"})
	}
	w.write(config("100", "0", `{ success_rate = { min = 99 } }`))
	w.fails("Gate cannot be asked", []string{"walk.gates[0]: asks for metrics", "set prometheus there"}, "plan")
	w.block = `prometheus = { url = "http://127.0.0.1:1" }`
	w.write(config("100", "0", `{ success_rate = { min = 99 } }`))
	w.must("apply")
	w.write(config("0", "100", `{ success_rate = { worse_than = "v7" } }`))
	w.fails("Gate cannot be asked", []string{`compares with the subset "v7", which there is not`}, "plan")
	w.write(strings.Replace(config("0", "100", `{ success_rate = { min = 99 } }`), `app = "k8s-combat-service-v2"`,
		`app = "k8s-combat-service-v2", track = "x"`, 1))
	w.fails("Gate cannot be asked", []string{`the subset v2 has the label "track"`}, "plan")
}
