package provider_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// TestMoveState_manifests: a state of another provider becomes the state of the object, and its first change takes the fields.
func TestMoveState_manifests(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const manifest = `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"reviews","namespace":"shop","labels":null},` +
		`"spec":{"host":"reviews","subsets":[{"name":"v1","labels":{"version":"v1"},"trafficPolicy":null}]}}`
	body, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]struct{ provider, resource, state string }{
		"hashicorp/kubernetes, the answer": {"hashicorp/kubernetes", "kubernetes_manifest", fmt.Sprintf(`{"manifest":{"value":{},"type":"object"},"object":{"value":%s,"type":"object"}}`, manifest)},
		"hashicorp/kubernetes, untyped":    {"hashicorp/kubernetes", "kubernetes_manifest", fmt.Sprintf(`{"object":null,"manifest":%s}`, manifest)},
		"alekc/kubectl":                    {"alekc/kubectl", "kubectl_manifest", fmt.Sprintf(`{"yaml_body":%s}`, body)},
		"gavinbunney/kubectl":              {"gavinbunney/kubectl", "kubectl_manifest", fmt.Sprintf(`{"yaml_body":%s}`, body)},
		"jmorris0x0/k8sconnect":            {"jmorris0x0/k8sconnect", "k8sconnect_object", fmt.Sprintf(`{"yaml_body":%s}`, body)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			moved := func(to string) *tfprotov6.MoveResourceStateResponse {
				resp, err := s.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
					SourceProviderAddress: "registry.terraform.io/" + source.provider, SourceTypeName: source.resource,
					SourceState: &tfprotov6.RawState{JSON: []byte(source.state)}, TargetTypeName: to,
				})
				if err != nil {
					t.Fatal(err)
				}
				return resp
			}
			resp := moved("mesh_destination_rule")
			for _, d := range resp.Diagnostics {
				t.Fatalf("%s: %s", d.Summary, d.Detail)
			}
			objectType := s.schemas.ResourceSchemas["mesh_destination_rule"].ValueType()
			state, err := resp.TargetState.Unmarshal(objectType)
			if err != nil {
				t.Fatal(err)
			}
			want := parseHCL(t, objectType, "name = \"reviews\"\nnamespace = \"shop\"\nhost = \"reviews\"\nsubsets = [{ name = \"v1\", labels = { version = \"v1\" } }]\n")
			if !state.Equal(want) {
				t.Errorf("state is\n%s, want\n%s", state, want)
			}
			private := map[string][]byte{}
			if err := json.Unmarshal(resp.TargetPrivate, &private); err != nil || string(private["take"]) != "true" {
				t.Errorf("the private state is %s", resp.TargetPrivate)
			}
			if wrong := moved("mesh_virtual_service").Diagnostics; len(wrong) != 1 || !strings.Contains(wrong[0].Detail, "it becomes a mesh_destination_rule") {
				t.Errorf("a move to the other kind says %v", wrong)
			}
		})
	}
}
