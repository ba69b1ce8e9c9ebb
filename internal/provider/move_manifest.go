package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// manifestSource is a resource of another provider that holds one Kubernetes object.
type manifestSource struct {
	// provider is the end of the provider's address, typeName the resource's.
	provider, typeName string
	// read finds the object in the attributes of its state.
	read func(state map[string]json.RawMessage) (*routing.Object, error)
}

// manifestSources are the resources that people write Istio's objects with today. Sources: the schemas that the providers
// publish in the Terraform Registry.
var manifestSources = []manifestSource{
	{"/hashicorp/kubernetes", "kubernetes_manifest", readKubernetesManifest},
	{"/alekc/kubectl", "kubectl_manifest", readYAMLBody},
	{"/gavinbunney/kubectl", "kubectl_manifest", readYAMLBody},
	{"/jmorris0x0/k8sconnect", "k8sconnect_object", readYAMLBody},
}

// readKubernetesManifest reads what the API server answered (object), or else what was sent (manifest). A value of any type
// stands in the state together with its type.
func readKubernetesManifest(state map[string]json.RawMessage) (*routing.Object, error) {
	for _, name := range []string{"object", "manifest"} {
		var typed struct {
			Value json.RawMessage `json:"value"`
		}
		raw := state[name]
		if json.Unmarshal(raw, &typed) == nil && len(typed.Value) > 0 {
			raw = typed.Value
		}
		if len(raw) > 0 && string(raw) != "null" {
			return routing.ParseManifest(withoutNulls(raw))
		}
	}
	return nil, fmt.Errorf("read state: it has neither object nor manifest")
}

// withoutNulls leaves out what is null: the state of a manifest has every field of the API, most of them null.
func withoutNulls(raw json.RawMessage) json.RawMessage {
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return raw
	}
	clean, err := json.Marshal(pruned(tree))
	if err != nil {
		return raw
	}
	return clean
}

func pruned(tree any) any {
	switch t := tree.(type) {
	case map[string]any:
		for key, value := range t {
			if value == nil {
				delete(t, key)
			} else {
				t[key] = pruned(value)
			}
		}
	case []any:
		for i := range t {
			t[i] = pruned(t[i])
		}
	}
	return tree
}

// readYAMLBody reads the attribute yaml_body.
func readYAMLBody(state map[string]json.RawMessage) (*routing.Object, error) {
	var text string
	if err := json.Unmarshal(state["yaml_body"], &text); err != nil {
		return nil, fmt.Errorf("read state: yaml_body: %w", err)
	}
	return routing.ParseManifestYAML(text)
}

// moveManifest takes a state of another provider over. The object itself is not touched; its fields stay owned by the other
// provider's field manager until the first change, which takes them.
func (p *pairResource) moveManifest(ctx context.Context, f objectForm, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	for _, source := range manifestSources {
		if !strings.HasSuffix(req.SourceProviderAddress, source.provider) || req.SourceTypeName != source.typeName || req.SourceRawState == nil {
			continue
		}
		var state map[string]json.RawMessage
		err := json.Unmarshal(req.SourceRawState.JSON, &state)
		var o *routing.Object
		if err == nil {
			o, err = source.read(state)
		}
		if err == nil && o.Kind() != f.kind {
			err = fmt.Errorf("move %s: it becomes a mesh_%s, not a mesh_%s", o, formOf(o.Kind()).name, f.name)
		}
		if err != nil {
			resp.Diagnostics.AddError("State cannot be moved", sentence(err.Error())+
				"\n\nRemove the moved block, and import the object instead: terraform import ADDRESS NAMESPACE/NAME.")
			return
		}
		o.Namespace = firstOf(o.Namespace, defaultNamespace)
		resp.TargetState.Raw = p.stateOfObject(ctx, f, o)
		if resp.TargetPrivate != nil {
			resp.Diagnostics.Append(resp.TargetPrivate.SetKey(ctx, takeKey, encodeJSON(true))...)
		}
		return
	}
}

func formOf(kind routing.Kind) objectForm {
	if kind == routing.KindDestinationRule {
		return destinationRule
	}
	return virtualService
}

// stateOfObject returns the state of this form for an object. Labels and annotations stay with whoever wrote them.
func (p *pairResource) stateOfObject(ctx context.Context, f objectForm, o *routing.Object) tftypes.Value {
	bare := *o
	bare.Labels, bare.Annotations = nil, nil
	pair := routing.Pair{VirtualService: &bare}
	if f.kind == routing.KindDestinationRule {
		pair = routing.Pair{DestinationRule: &bare}
	}
	_, attributes := f.recognize(pair, &canary.Placement{}, p.settings)
	objectType := p.cached.Type().TerraformType(ctx).(tftypes.Object)
	for name, t := range objectType.AttributeTypes {
		if _, ok := attributes[name]; !ok {
			attributes[name] = tftypes.NewValue(t, nil)
		}
	}
	return tftypes.NewValue(objectType, attributes)
}
