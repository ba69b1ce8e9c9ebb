package provider

import "testing"

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
