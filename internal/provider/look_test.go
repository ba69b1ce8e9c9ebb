package provider

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/gate"
	"github.com/meshroute/terraform-provider-mesh/internal/view"
)

// A Prometheus that is slow is not asked about every subset of a large plan.
func TestLooker_slow(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	l := looker{asker: gate.Asker{Prometheus: &gate.Prometheus{URL: server.URL}}, asking: mostAsking - 1}
	subset := view.Labelled{Name: "v1", Labels: map[string]string{"version": "v1"}}
	var answers []string
	for range 3 {
		is := view.SeenSubset{}
		l.measure(t.Context(), "reviews.shop.svc.cluster.local", subset, &is)
		answers = append(answers, is.Why)
	}
	const late = "not asked: Prometheus took more than 1m0s for those before"
	if asked != 1 || answers[0] == late || answers[1] != late || answers[2] != late {
		t.Errorf("after %d questions it says %q", asked, answers)
	}
}

// Prometheus is named by a URL, or as a Service; a text that is neither is not told again, because it may hold a
// password.
func TestPrometheusAt(t *testing.T) {
	t.Parallel()
	const refused = "--prometheus must be a URL such as https://prometheus.example, or NAMESPACE/NAME:PORT of a Service"
	for where, test := range map[string]struct {
		url, refused string
		forwarded    bool
	}{
		"":                            {},
		"http://127.0.0.1:9090/a":     {url: "http://127.0.0.1:9090/a"},
		"istio-system/prometheus:909": {url: "http://prometheus", forwarded: true},
		"istio-system/prometheus":     {refused: refused},
		"ftp://user:secret@127.0.0.1": {refused: refused},
	} {
		got, err := prometheusAt(where, nil)
		switch {
		case err != nil:
			if err.Error() != test.refused {
				t.Errorf("%q is refused: %v", where, err)
			}
		case got == nil:
			if test.url != "" || test.refused != "" {
				t.Errorf("%q is nowhere", where)
			}
		case got.URL != test.url, (got.Forward != nil) != test.forwarded:
			t.Errorf("%q is at %q, by way of the cluster: %t", where, got.URL, got.Forward != nil)
		}
	}
}
