package gate_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/gate"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

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

// What no metrics can say never passes, whoever would be asked.
func TestAsker_unmeasurable(t *testing.T) {
	t.Parallel()
	least := walk.Gate{SuccessRate: &walk.SuccessRate{Min: 99}}
	other := about()
	other.Versions[0].Labels = map[string]string{"track": "canary"}
	for name, test := range map[string]struct {
		gate  walk.Gate
		about walk.Question
		want  walk.Answer
	}{
		"no such label": {least, other, walk.Answer{
			Verdict: walk.Unreachable,
			Why:     `v2: the subset v2 has the label "track", which Istio's standard metrics do not have`,
		}},
		"nobody grows": {least, walk.Question{}, walk.Answer{
			Verdict: walk.Unreachable, Why: "no subset gets more requests",
		}},
		"no such subset": {
			walk.Gate{SuccessRate: &walk.SuccessRate{WorseThan: "v9"}},
			walk.Question{Shares: map[string]map[string]int64{"a": {"v9": 1}}},
			walk.Answer{Verdict: walk.Unreachable, Why: "there is no subset v9"},
		},
		"a query of a label that there is not": {
			walk.Gate{Query: &walk.Query{PromQL: "$labels.track"}}, about(),
			walk.Answer{Verdict: walk.Unreachable, Why: `v2: the subset v2 has no label "track"`},
		},
		"a comparison with nobody": {
			walk.Gate{SuccessRate: &walk.SuccessRate{WorseThan: "v1"}}, walk.Question{},
			walk.Answer{Verdict: walk.Pass, Why: "nothing was compared: v1 gets no requests at this step"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asker := gate.Asker{Prometheus: &gate.Prometheus{URL: "http://127.0.0.1:1"}}
			if diff := cmp.Diff(test.want, asker.Ask(t.Context(), test.gate, test.about)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// A comparison says when there was nothing to compare, and passes only where it cannot be otherwise.
func TestAsker_comparison(t *testing.T) {
	t.Parallel()
	alone := about()
	alone.Shares = map[string]map[string]int64{"http[0]": {"v1": 0, "v2": 100}}
	both := about()
	both.Versions = append(both.Versions, version("v1"))
	itself := walk.Answer{Verdict: walk.Pass, Why: "v2: nothing was compared: it is the version to compare with"}
	for name, test := range map[string]struct {
		about walk.Question
		with  string
		// counts are requests and failures by version; none has no series.
		counts map[string][2]string
		want   walk.Answer
	}{
		"the other one has no share": {alone, "v1", nil, walk.Answer{
			Verdict: walk.Pass, Why: "nothing was compared: v1 gets no requests at this step",
		}},
		"it is compared with itself, with many": {about(), "v2", map[string][2]string{"v2": {"200", "200"}}, itself},
		"it is compared with itself, with few":  {about(), "v2", map[string][2]string{"v2": {"5", "5"}}, itself},
		"it is compared with itself, with none": {about(), "v2", nil, itself},
		"nobody is asked":                       {about(), "v1", nil, walk.Answer{Why: "v2: 0 of 100 requests came"}},
		"too few are asked": {
			about(), "v1", map[string][2]string{"v1": {"900", "0"}, "v2": {"99", "99"}},
			walk.Answer{Why: "v2: 99 of 100 requests came"},
		},
		"the other one is in no metrics": {
			about(), "v1", map[string][2]string{"v2": {"200", "0"}},
			walk.Answer{Why: "v2: 200 requests came, and none to the other version, with which to compare"},
		},
		"the other one has no number": {
			about(), "v1", map[string][2]string{"v1": {"NaN", "NaN"}, "v2": {"200", "0"}},
			walk.Answer{Why: "v2: 200 requests came, and none to the other version, with which to compare"},
		},
		"the other one has few": {
			about(), "v1", map[string][2]string{"v1": {"5", "0"}, "v2": {"200", "1"}},
			walk.Answer{Verdict: walk.Pass, Why: "v2: 0.5 % of 200 requests failed, and 0 % of 5 of the other " +
				"version, which are so few that only a large difference shows"},
		},
		"one of two is compared with itself and gets few, and the other is better": {
			both, "v1", map[string][2]string{"v1": {"50", "50"}, "v2": {"200", "0"}},
			walk.Answer{Verdict: walk.Pass, Why: "v2: 0 % of 200 requests failed, and 100 % of 50 of the other " +
				"version, which are so few that only a large difference shows"},
		},
		"one of two is compared with itself, and the other is worse": {
			both, "v1", map[string][2]string{"v1": {"200", "0"}, "v2": {"200", "100"}},
			walk.Answer{
				Verdict: walk.Fail, Why: "v2: 50 % of 200 requests failed, and 0 % of 200 of the other version",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				query, result := r.FormValue("query"), ""
				for of, counts := range test.counts {
					if !strings.Contains(query, "destination_version=\""+of+"\"") {
						continue
					}
					value := counts[0]
					if strings.Contains(query, "response_code") {
						value = counts[1]
					}
					result = `{"value":[0,"` + value + `"]}`
				}
				_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[` + result + `]}}`))
			}))
			t.Cleanup(server.Close)
			asker := gate.Asker{Prometheus: &gate.Prometheus{URL: server.URL}}
			got := asker.Ask(t.Context(), walk.Gate{SuccessRate: &walk.SuccessRate{WorseThan: test.with}}, test.about)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// Where there is nothing to compare nobody has to answer, nor to lead to who would.
func TestAsker_comparisonUnasked(t *testing.T) {
	t.Parallel()
	alone := about()
	alone.Shares = map[string]map[string]int64{"http[0]": {"v1": 0, "v2": 100}}
	for name, asked := range map[string]*gate.Prometheus{
		"nobody listens": {URL: "http://127.0.0.1:1"},
		"nobody leads there": {Forward: func(context.Context) (*http.Client, error) {
			return nil, errors.New("there is no Pod")
		}},
	} {
		for with, about := range map[string]walk.Question{"v1": alone, "v2": about()} {
			t.Run(name+", "+with, func(t *testing.T) {
				t.Parallel()
				got := gate.Asker{Prometheus: asked}.Ask(t.Context(),
					walk.Gate{SuccessRate: &walk.SuccessRate{WorseThan: with}}, about)
				if got.Verdict != walk.Pass || !strings.Contains(got.Why, "nothing was compared: ") {
					t.Errorf("answer: %s", got)
				}
			})
		}
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

// Beside the steps of a walk, too, it can be asked how many requests a version has answered, and how many failed.
func TestAsker_Count(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := `{"status":"success","data":{"resultType":"scalar","result":[0,"600"]}}`
		if query := r.FormValue("query"); !strings.Contains(query, "[300s]") {
			t.Errorf("it asks %q", query)
		} else if strings.Contains(query, "response_code") {
			answer = strings.Replace(answer, "600", "6", 1)
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	asker := gate.Asker{Prometheus: &gate.Prometheus{URL: server.URL}}
	got, err := asker.Count(t.Context(), version("v2"), 5*time.Minute)
	if diff := cmp.Diff(walk.Count{Requests: 600, Failed: 6}, got); diff != "" || err != nil {
		t.Errorf("counted (-want +got): %v\n%s", err, diff)
	}
	if _, err = (gate.Asker{}).Count(t.Context(), version("v2"), time.Minute); err == nil {
		t.Error("nobody is asked, and there is no error")
	}
}
