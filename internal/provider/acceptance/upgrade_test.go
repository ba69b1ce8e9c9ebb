package acceptance_test

import (
	"encoding/json"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// splitOfOld is a state of the first version of the schema, in which {} stood for a header that is there. It lacks
// the attributes that came since.
const splitOfOld = `{
	"service": "shop", "namespace": "shop", "virtual_service_name": "shop", "destination_rule_name": "shop",
	"host": "shop.shop.svc.cluster.local", "manage_destination_rule": true, "otherwise": "v1",
	"subsets": {"v1": {"labels": {"version": "v1"}, "weight": 90}, "v2": {"labels": {"version": "v2"}, "weight": 10}},
	"match": [{"headers": {"x-any": {"exact": null, "prefix": null, "regex": null}}}]
}`

// TestUpgradeState: a state of an earlier version of the schema becomes one of this version, also on its way to
// another type, and what is no state is refused.
func TestUpgradeState(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	old := &tfprotov6.RawState{JSON: []byte(splitOfOld)}
	upgraded, err := s.UpgradeResourceState(t.Context(),
		&tfprotov6.UpgradeResourceStateRequest{TypeName: "mesh_weighted_split", RawState: old})
	if err != nil || len(upgraded.Diagnostics) > 0 {
		t.Fatalf("upgrade: %v, %v", err, upgraded.Diagnostics)
	}
	split := s.read(t, "mesh_weighted_split", upgraded.UpgradedState)
	wantPresent(t, split.Get("match"))
	moved := s.move(t, sourceAddress, "mesh_weighted_split", "mesh_canary_route", 0, old.JSON)
	if len(moved.Diagnostics) > 0 {
		t.Fatalf("move: %v", moved.Diagnostics)
	}
	wantPresent(t, s.read(t, "mesh_canary_route", moved.TargetState).Get("rules").Elements()[0].Get("match"))

	wrong, err := s.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: "mesh_weighted_split", RawState: &tfprotov6.RawState{JSON: json.RawMessage(`{"subsets": 1}`)},
	})
	if err != nil || len(wrong.Diagnostics) != 1 || wrong.Diagnostics[0].Summary != "State cannot be read" {
		t.Errorf("subsets = 1: %v, %v", err, wrong.Diagnostics)
	}
}

func (s server) read(t *testing.T, typeName string, state *tfprotov6.DynamicValue) attr.Value {
	t.Helper()
	value, err := state.Unmarshal(s.schemas.ResourceSchemas[typeName].ValueType())
	if err != nil {
		t.Fatal(err)
	}
	return attr.FromTerraform(value)
}

func wantPresent(t *testing.T, matches attr.Value) {
	t.Helper()
	header := matches.Elements()[0].Get("headers").Get("x-any")
	if got, _ := header.Get("present").Bool(); !got {
		t.Errorf("the header is %s, want present = true", header)
	}
}
