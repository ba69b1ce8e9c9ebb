package scenario

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The golden file is what a person should review; write it anew with UPDATE_GOLDEN=1.
func TestRender(t *testing.T) {
	t.Parallel()
	got, err := render([]Workload{
		{Name: "k8s-combat-service-v1-1", Version: "v1", Address: "127.1.1.1"},
		{Name: "k8s-combat-service-v2-1", Version: "v2", Address: "127.1.1.2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/two_workloads.yaml"
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
