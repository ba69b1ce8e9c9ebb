package acceptance_test

import (
	"strings"
	"testing"
)

// What a provider block says of Prometheus is checked when the provider is configured, and nothing of it is printed.
func TestConfigurePrometheus(t *testing.T) {
	t.Parallel()
	in := func(text string) string { return "prometheus = { " + text + " }" }
	const url = `url = "https://u:marker-4711@prometheus.example/prom"`
	for name, c := range map[string]struct{ block, at, says string }{
		"null":      {block: "prometheus = null"},
		"a URL":     {block: in(url)},
		"a Service": {block: in(`service = "istio-system/prometheus:9090"`)},
		"a Service, by the name of its port": {
			block: in(`service = "istio-system/prometheus:http-web"`),
		},
		"everything": {
			block: in(url + `, token = "marker-4711", headers = { X-Scope-OrgID = "shop" }, reporter = "source"`),
		},
		"not known yet":      {block: "prometheus = unknown"},
		"no part known yet":  {block: in("url = unknown, token = unknown, headers = unknown")},
		"no more known yet":  {block: in("service = unknown, ca_certificate = unknown, reporter = unknown")},
		"nothing":            {in(""), "prometheus", "one of url and service"},
		"two places":         {in(url + `, service = "a/b:1"`), "prometheus", "one of url and service"},
		"an empty URL":       {in(`url = ""`), "prometheus.url", "must be a URL"},
		"a URL of no server": {in(`url = "file:///marker-4711"`), "prometheus.url", "must be a URL"},
		"a Service without its namespace": {
			in(`service = "prometheus:9090"`), "prometheus.service", "must be NAMESPACE/NAME:PORT",
		},
		"a Service without a port": {in(`service = "a/b"`), "prometheus.service", "must be NAMESPACE/NAME:PORT"},
		"a Service that is a path": {in(`service = "../b:1"`), "prometheus.service", "must be NAMESPACE/NAME:PORT"},
		"a huge Service": {
			in(`service = "a/` + strings.Repeat("b", 1<<16) + `:1"`), "prometheus.service", "",
		},
		"a token of two lines":     {in(url + `, token = "a\nmarker-4711"`), "prometheus.token", "printable ASCII"},
		"a header that is no name": {in(url + `, headers = { "a b" = "c" }`), "prometheus.headers", "HTTP headers"},
		"a header of two lines": {
			in(url + `, headers = { a = "c\r\nb: marker-4711" }`), "prometheus.headers", "HTTP",
		},
		"a certificate that is one": {in(url + `, ca_certificate = "marker-4711"`), "prometheus.ca_certificate", "PEM"},
		"a reporter that is none":   {in(url + `, reporter = "both"`), "prometheus.reporter", "must be one of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := configure(t, c.block)
			if len(found) == 0 {
				if c.at != "" {
					t.Error("it is accepted")
				}
				return
			}
			text := found[0].Detail
			if at := placeOf(found[0]); at != c.at || !strings.Contains(text, c.says) {
				t.Errorf("at %q it says %q, want %q at %q", at, text, c.says, c.at)
			}
			if strings.Contains(text, "marker-4711") || len(text) > 1000 {
				t.Errorf("%d bytes of text: %.300q", len(text), text)
			}
		})
	}
}
