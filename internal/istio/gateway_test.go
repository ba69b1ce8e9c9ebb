package istio_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

func TestServersOf(t *testing.T) {
	t.Parallel()
	spec, _ := istiotest.Object(t, "Gateway", "web", `
servers:
- {port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example], tls: {httpsRedirect: true}}
- {port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE}}
- {port: {number: 444, name: tls, protocol: HTTPS}, hosts: [a.example], tls: {mode: PASSTHROUGH}}
- {port: {number: 90, name: tcp, protocol: TCP}, hosts: ["*"]}
- {port: {number: 81, name: grpc, protocol: grpc-web}, hosts: ["*"]}
`).Spec.(*networking.Gateway)
	servers := istio.ServersOf(spec)
	want := []istio.Server{
		{Port: 80, Protocol: "HTTP", Hosts: []string{"a.example"}, Redirects: true},
		{Port: 443, Protocol: "HTTPS", Hosts: []string{"a.example"}},
		{Port: 444, Protocol: "HTTPS", Hosts: []string{"a.example"}, Unread: true},
		{Port: 90, Protocol: "TCP", Hosts: []string{"*"}},
		{Port: 81, Protocol: "grpc-web", Hosts: []string{"*"}},
	}
	if diff := cmp.Diff(want, servers); diff != "" {
		t.Errorf("servers (-want +got):\n%s", diff)
	}
	taken := map[string][]uint32{}
	for _, s := range servers {
		for _, scheme := range []string{"http", "https"} {
			if s.Takes(scheme) {
				taken[scheme] = append(taken[scheme], s.Port)
			}
		}
	}
	if diff := cmp.Diff(map[string][]uint32{"http": {80, 81}, "https": {443}}, taken); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
}

func TestServer_ServedTo(t *testing.T) {
	t.Parallel()
	s := istio.Server{Hosts: []string{"a", "*/b", "shop/c", "./d", "other/e", "*/b", "*/*"}}
	for namespace, want := range map[string][]string{
		"shop": {"a", "b", "c", "*"}, "edge": {"a", "b", "d", "*"}, "none": {"a", "b", "*"},
	} {
		if diff := cmp.Diff(want, s.ServedTo(namespace, "edge")); diff != "" {
			t.Errorf("to %s (-want +got):\n%s", namespace, diff)
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e", "b", "*"}, s.ServedToAny()); diff != "" {
		t.Errorf("to any (-want +got):\n%s", diff)
	}
}

func TestCommon(t *testing.T) {
	t.Parallel()
	for hosts, want := range map[[2]string]string{
		{"a.example", "a.example"}:     "a.example",
		{"a.example", "b.example"}:     "",
		{"a.example", "*.example"}:     "a.example",
		{"a.example", "*"}:             "a.example",
		{"example", "*.example"}:       "",
		{"*.a.example", "*.example"}:   "*.a.example",
		{"*.a.example", "*"}:           "*.a.example",
		{"*.example", "*.example"}:     "*.example",
		{"*.a.example", "*.b.example"}: "",
	} {
		for _, h := range [][2]string{hosts, {hosts[1], hosts[0]}} {
			if got, ok := istio.Common(h[0], h[1]); got != want || ok != (want != "") {
				t.Errorf("Common(%q, %q) = %q, %v, want %q", h[0], h[1], got, ok, want)
			}
		}
	}
}
