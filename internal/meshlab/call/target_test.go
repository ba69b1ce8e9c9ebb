package call

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

var proxies = Proxies{Sidecar: "127.1.1.21", Gateway: "127.1.1.22", HTTP: 50080, HTTPS: 50443, CA: "ca.crt"}

// What a request leaves out follows from what it says.
func TestProxiesComplete(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		target  Target
		message Message
		want    string
	}{
		"nothing": {Target{}, Message{}, "greeter:50051 /helloworld.Greeter/SayHello "},
		"another method": {
			Target{Port: 1}, Message{Method: "/a.B/C"}, "greeter:1 /a.B/C ",
		},
		"gRPC by the sidecar": {
			Target{Via: Sidecar}, Message{}, "sidecar grpc greeter:50051 /helloworld.Greeter/SayHello ",
		},
		"HTTP by the sidecar": {Target{Via: Sidecar, Protocol: HTTP1}, Message{}, "sidecar http1 greeter:50080 GET /"},
		"HTTP by the gateway": {
			Target{Via: Gateway, Protocol: HTTP2}, Message{Method: "POST", Path: "/a?b"},
			"gateway http2 greeter:50080 POST /a?b",
		},
		"HTTPS": {Target{Via: Gateway, Protocol: HTTP1, TLS: true}, Message{}, "gateway http1 tls greeter:50443 GET /"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.target.Host = "greeter"
			target, message, err := proxies.Complete(c.target, c.message)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, target.String()+" "+message.Method+" "+message.Path); diff != "" {
				t.Errorf("completed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProxiesComplete_wrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Target, *Message, *Proxies)
		want   string
	}{
		"no host": {func(t *Target, _ *Message, _ *Proxies) { t.Host = "" }, "host is missing"},
		"no way": {
			func(t *Target, _ *Message, _ *Proxies) { t.Via = "envoy" }, `via "envoy": want xds, sidecar or gateway`,
		},
		"no protocol": {
			func(t *Target, _ *Message, _ *Proxies) { t.Protocol = "http" },
			`protocol "http": want grpc, http1 or http2`,
		},
		"HTTP without an Envoy": {
			func(t *Target, _ *Message, _ *Proxies) { t.Via = XDS },
			"protocol http1 goes through a sidecar or a gateway",
		},
		"TLS to the sidecar": {
			func(t *Target, _ *Message, _ *Proxies) { t.Via, t.TLS = Sidecar, true },
			"TLS is for the gateway: a sidecar's clients send without",
		},
		"no gateway": {
			func(_ *Target, _ *Message, p *Proxies) { *p = Proxies{} },
			"this lab has no gateway: it needs an Envoy (MESHLAB_GATEWAY_ADDRESS is not set)",
		},
		"port out of range": {
			func(t *Target, _ *Message, _ *Proxies) { t.Port = 70000 }, "port must be between 1 and 65535, got 70000",
		},
		"method of gRPC for HTTP": {
			func(_ *Target, m *Message, _ *Proxies) { m.Method = "/a.B/C" },
			`method "/a.B/C": want one of HTTP, such as GET`,
		},
		"method of HTTP for gRPC": {
			func(t *Target, m *Message, _ *Proxies) { t.Protocol, m.Method = GRPC, "GET" },
			`method "GET": want /package.Service/Method`,
		},
		"path for gRPC": {
			func(t *Target, m *Message, _ *Proxies) { t.Protocol, m.Path = GRPC, "/a" },
			"a path is for HTTP: that of gRPC is the method",
		},
		"path without a slash": {
			func(_ *Target, m *Message, _ *Proxies) { m.Path = "a" },
			`path "a": want one that begins with one slash`,
		},
		"path with two slashes": {
			func(_ *Target, m *Message, _ *Proxies) { m.Path = "//a" },
			`path "//a": want one that begins with one slash`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, message, p := Target{Via: Gateway, Protocol: HTTP1, Host: "shop.example"}, Message{}, proxies
			c.change(&target, &message, &p)
			if _, _, err := p.Complete(target, message); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestProxiesOf(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"MESHLAB_SIDECAR_ADDRESS": "127.1.1.21", "MESHLAB_GATEWAY_ADDRESS": "127.1.1.22",
		"MESHLAB_GATEWAY_HTTP_PORT": "50080", "MESHLAB_GATEWAY_HTTPS_PORT": "50443", "MESHLAB_GATEWAY_CA": "ca.crt",
	}
	got, err := ProxiesOf(func(name string) string { return env[name] })
	if diff := cmp.Diff(proxies, got); diff != "" || err != nil {
		t.Errorf("error %v, proxies (-want +got):\n%s", err, diff)
	}
	if got, err := ProxiesOf(func(string) string { return "" }); err != nil || got != (Proxies{}) {
		t.Errorf("without an Envoy: %v, %v", got, err)
	}
	env["MESHLAB_GATEWAY_HTTP_PORT"] = "http"
	if _, err := ProxiesOf(func(name string) string { return env[name] }); err == nil {
		t.Error("a port that is no number was accepted")
	}
}
