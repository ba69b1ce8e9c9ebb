package scenario

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/pki"
)

// The golden files are what a person should review; write them anew with UPDATE_GOLDEN=1.
func TestRender(t *testing.T) {
	t.Parallel()
	s := &Scenario{
		Workloads: []Workload{
			{Name: "k8s-combat-service-v1-1", Version: "v1", Address: "127.1.1.1"},
			{Name: "k8s-combat-service-v2-1", Version: "v2", Address: "127.1.1.2"},
		},
		Echoes:  []Workload{{Name: "echo-v1-1", Version: "v1", Address: "127.1.1.11"}},
		Sidecar: sidecar("127.1.1.21"), Gateway: gateway("127.1.1.22"),
	}
	for golden, render := range map[string]func() ([]byte, error){
		"testdata/two_workloads.yaml": s.render,
		"testdata/proxies.yaml": func() ([]byte, error) {
			return s.renderProxies(pki.Pair{Certificate: []byte("certificate"), Key: []byte("key")})
		},
	} {
		t.Run(golden, func(t *testing.T) {
			t.Parallel()
			got, err := render()
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
				t.Errorf("manifest (-want +got):\n%s", diff)
			}
		})
	}
}

// The lab tries the Roles that the provider's users are given.
func TestRoles_shipped(t *testing.T) {
	t.Parallel()
	for name, got := range map[string][]byte{"role.yaml": routesRole, "role-ack.yaml": ackRole} {
		want, err := os.ReadFile("../../../examples/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not the shipped one (-want +got):\n%s", name, diff)
		}
	}
}
