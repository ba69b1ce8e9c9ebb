package envoy

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The golden files are what a person should review; write them anew with UPDATE_GOLDEN=1.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	for golden, c := range map[string]struct {
		proxy  Proxy
		istiod Istiod
	}{
		"testdata/sidecar.json": {
			Proxy{
				Kind: Sidecar, Name: "client", Namespace: "default", Address: "127.1.1.21", Admin: "127.0.0.1:20001",
				Labels: map[string]string{"app": "client"},
			},
			Istiod{Address: "127.0.0.1:20002"},
		},
		"testdata/gateway.json": {
			Proxy{
				Kind: Gateway, Name: "web", Namespace: "edge", ServiceAccount: "web", Address: "127.1.1.22",
				Admin: "127.0.0.1:20001", Labels: map[string]string{"gateway": "web"},
			},
			Istiod{
				Address: "127.0.0.1:20003", Root: "-----BEGIN CERTIFICATE-----", Host: "istiod.istio-system.svc",
				Token: "token",
			},
		},
	} {
		t.Run(golden, func(t *testing.T) {
			t.Parallel()
			got, err := c.proxy.Bootstrap(c.istiod)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("bootstrap (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBootstrap_addresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ admin, istiod, want string }{
		"no port": {"127.0.0.1", "127.0.0.1:1", "read address: address 127.0.0.1: missing port in address"},
		"no number": {
			"127.0.0.1:x", "127.0.0.1:1", `read address 127.0.0.1:x: strconv.Atoi: parsing "x": invalid syntax`,
		},
		"no port of istiod": {"127.0.0.1:1", "istiod", "read address: address istiod: missing port in address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Proxy{Admin: c.admin}.Bootstrap(Istiod{Address: c.istiod})
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
