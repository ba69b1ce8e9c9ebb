package telemetry

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ask sends a request for the faults and returns its status and its text.
func ask(t *testing.T, m *Mesh, method, query string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(method, "/faults?"+query, nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

const reviews = "service=reviews.shop.svc.cluster.local&version=v2"

func TestFaults_put(t *testing.T) {
	t.Parallel()
	const named = `[{"service":"reviews.shop.svc.cluster.local","version":"v2",`
	for name, c := range map[string]struct{ query, want string }{
		"fails":              {"&fail=5", `"fail":5,"delay":"0s","share":0}]`},
		"a part of one":      {"&fail=0.5", `"fail":0.5,"delay":"0s","share":0}]`},
		"all":                {"&fail=100", `"fail":100,"delay":"0s","share":0}]`},
		"none":               {"&fail=0", `"fail":0,"delay":"0s","share":0}]`},
		"waits":              {"&delay=300ms", `"fail":0,"delay":"300ms","share":100}]`},
		"a share waits":      {"&delay=1m&share=50", `"fail":0,"delay":"1m0s","share":50}]`},
		"fails and waits":    {"&fail=5&delay=300ms&share=50", `"fail":5,"delay":"300ms","share":50}]`},
		"a share of nothing": {"&delay=300ms&share=0", `"fail":0,"delay":"300ms","share":0}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := New([]string{"v1", "v2"})
			for _, query := range []string{"&fail=99&delay=59s", c.query} {
				status, text := ask(t, m, http.MethodPut, reviews+query)
				if status != http.StatusNoContent || text != "" {
					t.Fatalf("status %d: %s", status, text)
				}
			}
			if _, got := ask(t, m, http.MethodGet, ""); got != named+c.want {
				t.Errorf("got %s, want %s", got, named+c.want)
			}
			if status, text := ask(t, m, http.MethodDelete, reviews); status != http.StatusNoContent || text != "" {
				t.Errorf("delete: status %d: %s", status, text)
			}
			if _, got := ask(t, m, http.MethodGet, ""); got != "[]" {
				t.Errorf("after delete: %s", got)
			}
		})
	}
}

func TestFaults_refused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ method, query, want string }{
		"over 100": {http.MethodPut, reviews + "&fail=101", `fail: want percent, 0 to 100, got "101"`},
		"negative": {http.MethodPut, reviews + "&fail=-1", `fail: want percent, 0 to 100, got "-1"`},
		"no number": {
			http.MethodPut, reviews + "&fail=NaN", `fail: want percent, 0 to 100, got "NaN"`,
		},
		"infinite":    {http.MethodPut, reviews + "&fail=Inf", `fail: want percent, 0 to 100, got "Inf"`},
		"huge":        {http.MethodPut, reviews + "&fail=1e400", `fail: want percent, 0 to 100, got "1e400"`},
		"empty":       {http.MethodPut, reviews + "&fail=", `fail: want percent, 0 to 100, got ""`},
		"with a sign": {http.MethodPut, reviews + "&fail=5%25", `fail: want percent, 0 to 100, got "5%"`},
		"a wrong share": {
			http.MethodPut, reviews + "&delay=1s&share=500", `share: want percent, 0 to 100, got "500"`,
		},
		"a share without a delay": {
			http.MethodPut, reviews + "&fail=5&share=50",
			"share: it is of the requests that wait for a delay, which is missing",
		},
		"a delay without a unit": {
			http.MethodPut, reviews + "&delay=300", `delay: want a duration of at most 1m0s, such as 300ms, got "300"`,
		},
		"no delay": {
			http.MethodPut, reviews + "&delay=0s", `delay: want a duration of at most 1m0s, such as 300ms, got "0s"`,
		},
		"a negative delay": {
			http.MethodPut, reviews + "&delay=-1s", `delay: want a duration of at most 1m0s, such as 300ms, got "-1s"`,
		},
		"a huge delay": {
			http.MethodPut, reviews + "&delay=61s", `delay: want a duration of at most 1m0s, such as 300ms, got "61s"`,
		},
		"nothing": {http.MethodPut, reviews, "want fail or delay"},
		"another version": {
			http.MethodPut, "service=a.b.svc.cluster.local&version=v9&fail=5", `version: want one of v1, v2, got "v9"`,
		},
		"no version": {
			http.MethodPut, "service=a.b.svc.cluster.local&fail=5", `version: want one of v1, v2, got ""`,
		},
		"no service": {
			http.MethodPut, "version=v2&fail=5",
			`service: want the full name of a Service, such as reviews.shop.svc.cluster.local, got ""`,
		},
		"a short name": {
			http.MethodPut, "service=reviews&version=v2&fail=5",
			`service: want the full name of a Service, such as reviews.shop.svc.cluster.local, got "reviews"`,
		},
		"a misspelt parameter": {
			http.MethodPut, reviews + "&fial=5", "fial: want one of service, version, fail, delay, share",
		},
		"twice":          {http.MethodPut, reviews + "&fail=5&fail=6", "fail: it is there 2 times"},
		"no query":       {http.MethodPut, "%zz", `query: invalid URL escape "%zz"`},
		"delete of more": {http.MethodDelete, reviews + "&fail=5", "fail: want one of service, version"},
		"delete of none": {http.MethodDelete, "version=v1",
			`service: want the full name of a Service, such as reviews.shop.svc.cluster.local, got ""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := New([]string{"v1", "v2"})
			if status, got := ask(t, m, c.method, c.query); status != http.StatusBadRequest || got != c.want {
				t.Errorf("status %d: %s, want %s", status, got, c.want)
			}
			if _, got := ask(t, m, http.MethodGet, ""); got != "[]" {
				t.Errorf("there is a fault: %s", got)
			}
		})
	}
}

// A fault is of one version of one Service.
func TestRequestFault(t *testing.T) {
	t.Parallel()
	m := New([]string{"v1", "v2"})
	if status, text := ask(t, m, http.MethodPut, reviews+"&fail=100"); status != http.StatusNoContent {
		t.Fatalf("status %d: %s", status, text)
	}
	v1 := v2
	v1.Version = "v1"
	for name, c := range map[string]struct {
		workload  Workload
		authority string
		want      bool
	}{
		"asked for by the name of the Service": {v2, "reviews.shop.svc.cluster.local", true},
		"asked for by another name":            {v2, "reviews.example", true},
		"another Service of the same workload": {v2, "ratings.shop.svc.cluster.local", false},
		"another version":                      {v1, "reviews.shop.svc.cluster.local", false},
	} {
		if got := m.Reporter(c.workload).Begin(HTTP, c.authority, none).Fault(t.Context()); got != c.want {
			t.Errorf("%s: fails = %t", name, got)
		}
	}
}

// So many requests fail as were asked for, within five standard deviations.
func TestRequestFault_share(t *testing.T) {
	t.Parallel()
	m := New([]string{"v1", "v2"})
	if status, text := ask(t, m, http.MethodPut, reviews+"&fail=5"); status != http.StatusNoContent {
		t.Fatalf("status %d: %s", status, text)
	}
	failed := 0
	for range 20_000 {
		if m.Reporter(v2).Begin(HTTP, v2.Service, none).Fault(t.Context()) {
			failed++
		}
	}
	if failed < 846 || failed > 1154 { // 1000, and 30.8 to each side
		t.Errorf("%d of 20,000 failed, want 1,000", failed)
	}
}

// A request waits as long as was asked for, unless its sender goes away.
func TestRequestFault_delay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query    string
		patience time.Duration
		want     time.Duration
	}{
		"all":                    {"&delay=300ms", time.Minute, 300 * time.Millisecond},
		"none":                   {"&delay=300ms&share=0", time.Minute, 0},
		"only failures":          {"&fail=100", time.Minute, 0},
		"the sender goes before": {"&delay=300ms", 100 * time.Millisecond, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := New([]string{"v1", "v2"})
				if status, text := ask(t, m, http.MethodPut, reviews+c.query); status != http.StatusNoContent {
					t.Fatalf("status %d: %s", status, text)
				}
				ctx, cancel := context.WithTimeout(t.Context(), c.patience)
				defer cancel()
				begin := time.Now()
				m.Reporter(v2).Begin(HTTP, v2.Service, none).Fault(ctx)
				if diff := cmp.Diff(c.want, time.Since(begin)); diff != "" {
					t.Errorf("waited (-want +got):\n%s", diff)
				}
			})
		})
	}
}
