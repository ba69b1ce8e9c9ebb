package gate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/gate"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// metrics answers as Prometheus does: with how many requests of each version there were, how many of them failed, and
// how long they took.
func metrics(t *testing.T, requests, failed map[string]string, took string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.FormValue("query")
		if r.URL.Path != "/prom/api/v1/query" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("asked at %s with %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		of := requests
		if strings.Contains(query, "response_code") {
			of = failed
		}
		value := ""
		for version, number := range of {
			if strings.Contains(query, `destination_version="`+version+`"`) {
				value = number
			}
		}
		if strings.Contains(query, "histogram_quantile") {
			value = took
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,%q]}]}}`,
			value)
	}))
	t.Cleanup(server.Close)
	return server
}

func version(name string) walk.Version {
	return walk.Version{Subset: name, Host: "reviews.shop.svc", Labels: map[string]string{"version": name}}
}

// about is a step at which v2 gets more requests.
func about() walk.Question {
	return walk.Question{
		Shares:   map[string]map[string]int64{"http[0]": {"v1": 50, "v2": 50}},
		Versions: []walk.Version{version("v2")}, Window: time.Minute, Confidence: 0.95, Enough: 100,
		Others: map[string]walk.Version{"v1": version("v1"), "v2": version("v2")},
	}
}

// Metrics of the version that grows decide, by themselves or compared with another one.
func TestAsker_metrics(t *testing.T) {
	t.Parallel()
	least, compared := walk.Gate{SuccessRate: &walk.SuccessRate{Min: 99}}, walk.Gate{
		SuccessRate: &walk.SuccessRate{WorseThan: "v1", By: 0.5},
	}
	quick := walk.Gate{Latency: &walk.Latency{Quantile: 0.99, Max: 500 * time.Millisecond}}
	gone := about()
	gone.Shares["http[0]"]["v1"] = 0
	other := about()
	other.Versions[0].Labels = map[string]string{"track": "canary"}
	for name, test := range map[string]struct {
		gate     walk.Gate
		about    walk.Question
		requests string
		failed   string
		took     string
		want     walk.Answer
	}{
		"few fail": {
			least, about(), "1000", "1", "",
			walk.Answer{
				Verdict: walk.Pass,
				Why:     "v2: 99.9 % of 1000 requests succeeded, at least 99 % are to",
			},
		},
		"many fail": {
			least, about(), "1000", "90", "",
			walk.Answer{
				Verdict: walk.Fail,
				Why:     "v2: 91 % of 1000 requests succeeded, at least 99 % are to",
			},
		},
		"few came": {
			least, about(), "10", "9", "", walk.Answer{Verdict: walk.NotYet, Why: "v2: 10 of 100 requests came"},
		},
		"no number": {
			least, about(), "NaN", "0", "", walk.Answer{Verdict: walk.NotYet, Why: "v2: 0 of 100 requests came"},
		},
		"as good as the other": {
			compared, about(), "1000", "1", "",
			walk.Answer{
				Verdict: walk.Pass,
				Why:     "v2: 0.1 % of 1000 requests failed, and 0 % of 1000 of the other version",
			},
		},
		"worse than the other": {
			compared, about(), "1000", "50", "",
			walk.Answer{
				Verdict: walk.Fail,
				Why:     "v2: 5 % of 1000 requests failed, and 0 % of 1000 of the other version",
			},
		},
		"nobody to compare": {
			compared, gone, "1000", "50", "",
			walk.Answer{Verdict: walk.Pass, Why: "v1 gets no requests at this step, with which to compare"},
		},
		"quick": {
			quick, about(), "1000", "0", "120.5", walk.Answer{Verdict: walk.Pass, Why: "v2: the value is 120.5 ms"},
		},
		"slow": {
			quick, about(), "1000", "0", "501",
			walk.Answer{
				Verdict: walk.Fail,
				Why:     "v2: the value is 501 ms, at most 500 is to be",
			},
		},
		"slow, and few came": {
			quick, about(), "10", "0", "501", walk.Answer{Verdict: walk.NotYet, Why: "v2: 10 of 100 requests came"},
		},
		"no time is known": {
			quick, about(), "1000", "0", "NaN", walk.Answer{Verdict: walk.NotYet, Why: "v2: there is no value yet"},
		},
		"no such label": {least, other, "1000", "0", "", walk.Answer{
			Verdict: walk.Unreachable,
			Why:     `v2: the subset v2 has the label "track", which Istio's standard metrics do not have`,
		}},
		"nobody grows": {least, walk.Question{}, "", "", "", walk.Answer{
			Verdict: walk.Unreachable, Why: "no subset gets more requests",
		}},
		"no such subset": {
			walk.Gate{SuccessRate: &walk.SuccessRate{WorseThan: "v9"}},
			walk.Question{Shares: map[string]map[string]int64{"a": {"v9": 1}}}, "", "", "",
			walk.Answer{Verdict: walk.Unreachable, Why: "there is no subset v9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := metrics(t, map[string]string{"v1": "1000", "v2": test.requests},
				map[string]string{"v1": "0", "v2": test.failed}, test.took)
			asker := gate.Asker{Prometheus: &gate.Prometheus{URL: server.URL + "/prom/", Token: "secret"}}
			if diff := cmp.Diff(test.want, asker.Ask(t.Context(), test.gate, test.about)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// What is no answer, or none with one value, never passes.
func TestAsker_noMetrics(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status       int
		answer, want string
	}{
		"a wrong query": {
			400, `{"status":"error","errorType":"bad_data","error":"parse error"}`,
			"Prometheus answered 400: parse error",
		},
		"a login page": {200, "<html>", "what answered 200 is no Prometheus"},
		"nothing":      {204, "", "what answered 204 is no Prometheus"},
		"another JSON": {200, `{"kind":"Status"}`, "what answered 200 is no Prometheus"},
		"a long error": {
			500, `{"status":"error","error":"` + strings.Repeat("ä", 1000) + `"}`, strings.Repeat("ä", 100) + "…",
		},
		"two series": {
			200, `{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"1"]},{"value":[1,"2"]}]}}`,
			"comes to 2 series",
		},
		"a matrix": {200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`, "comes to a matrix"},
		"no number": {
			200, `{"status":"success","data":{"resultType":"scalar","result":[1,"x"]}}`, "what is no value",
		},
		"a broken value": {200, `{"status":"success","data":{"resultType":"scalar","result":{}}}`, "what is no value"},
		"broken series":  {200, `{"status":"success","data":{"resultType":"vector","result":{}}}`, "what is no value"},
		"no series": {
			200, `{"status":"success","data":{"resultType":"vector","result":[]}}`, "0 of 100 requests came",
		},
		"a scalar": {
			200, `{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}`, "7 of 100 requests came",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.answer))
			}))
			t.Cleanup(server.Close)
			asker := gate.Asker{UserAgent: "test", Prometheus: &gate.Prometheus{URL: server.URL}}
			got := asker.Ask(t.Context(), walk.Gate{SuccessRate: &walk.SuccessRate{Min: 99}}, about())
			if got.Verdict == walk.Pass || got.Verdict == walk.Fail || !strings.Contains(got.Why, test.want) {
				t.Errorf("answer: %s, want %q", got, test.want)
			}
		})
	}
	for want, asker := range map[string]gate.Asker{
		"says of no Prometheus where it is": {},
		"connection refused":                {Prometheus: &gate.Prometheus{URL: "http://127.0.0.1:1", Token: "secret"}},
		"no URL":                            {Prometheus: &gate.Prometheus{URL: "http://a:x"}},
	} {
		got := asker.Ask(t.Context(), walk.Gate{SuccessRate: &walk.SuccessRate{Min: 99}}, about())
		if got.Verdict != walk.Unreachable || !strings.Contains(got.Why, want) || strings.Contains(got.Why, "secret") {
			t.Errorf("answer: %s, want %q", got, want)
		}
	}
}
