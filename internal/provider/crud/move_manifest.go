package crud

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// manifestSource is a resource of another provider that holds one Kubernetes object.
type manifestSource struct {
	// provider is the end of the provider's address, typeName the resource's.
	provider, typeName string
	// read finds the object in the attributes of its state.
	read func(state map[string]json.RawMessage) (*istio.Object, error)
}

// manifestSources are the resources that people write Istio's objects with today. Sources: the schemas that the
// providers publish in the Terraform Registry.
var manifestSources = []manifestSource{
	{"hashicorp/kubernetes", "kubernetes_manifest", readKubernetesManifest},
	{"alekc/kubectl", "kubectl_manifest", readYAMLBody},
	{"gavinbunney/kubectl", "kubectl_manifest", readYAMLBody},
	{"jmorris0x0/k8sconnect", "k8sconnect_object", readYAMLBody},
}

// IsForeign reports whether a state is of a resource of another provider that can be moved to one of this.
func IsForeign(providerAddress, typeName string) bool {
	return manifestSourceOf(providerAddress, typeName) != nil
}

// manifestSourceOf returns the resource that a state belongs to, nil if it is none of them.
func manifestSourceOf(providerAddress, typeName string) *manifestSource {
	for i, source := range manifestSources {
		if strings.HasSuffix(providerAddress, "/"+source.provider) && typeName == source.typeName {
			return &manifestSources[i]
		}
	}
	return nil
}

// readKubernetesManifest reads what the API server answered (object), or else what was sent (manifest).
func readKubernetesManifest(state map[string]json.RawMessage) (*istio.Object, error) {
	written := dynamicIn(state, "manifest")
	for _, raw := range []json.RawMessage{dynamicIn(state, "object"), written} {
		if raw != nil {
			return istio.ParseManifest(withoutNulls(raw, written))
		}
	}
	return nil, errors.New("read state: it has neither object nor manifest")
}

// dynamicIn returns an attribute whose value stands in the state together with its type; nil for null.
func dynamicIn(state map[string]json.RawMessage, name string) json.RawMessage {
	raw := state[name]
	var typed struct {
		Value json.RawMessage `json:"value"`
	}
	if json.Unmarshal(raw, &typed) == nil && len(typed.Value) > 0 {
		raw = typed.Value
	}
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// withoutNulls leaves out what is null, and every object with nothing else in it: the state of a manifest has each
// field of the API down to its leaves, most of them null. What was written empty says something, such as a header
// that only has to be there.
// Source: hashicorp/terraform-provider-kubernetes manifest/morph DeepUnknown and UnknownToNull.
func withoutNulls(raw, written json.RawMessage) json.RawMessage {
	var tree, meant any
	if json.Unmarshal(raw, &tree) != nil {
		return raw
	}
	// Without a manifest nothing was written empty.
	_ = json.Unmarshal(written, &meant)
	clean, err := json.Marshal(pruned(tree, meant))
	if err != nil {
		return raw
	}
	return clean
}

func pruned(tree, written any) any {
	switch t := tree.(type) {
	case map[string]any:
		wrote, _ := written.(map[string]any)
		for key, value := range t {
			value = pruned(value, wrote[key])
			if object, ok := value.(map[string]any); value == nil || ok && len(object) == 0 && !isMeant(wrote[key]) {
				delete(t, key)
			} else {
				t[key] = value
			}
		}
	case []any:
		wrote, _ := written.([]any)
		for i := range t {
			var element any
			if i < len(wrote) {
				element = wrote[i]
			}
			t[i] = pruned(t[i], element)
		}
	}
	return tree
}

// isMeant reports whether a value was written: it is neither null nor an object of nothing but nulls, as an imported
// manifest has them.
func isMeant(written any) bool {
	object, ok := written.(map[string]any)
	if !ok || len(object) == 0 {
		return written != nil
	}
	for _, value := range object {
		if isMeant(value) {
			return true
		}
	}
	return false
}

// readYAMLBody reads the attribute yaml_body. Where the object is, the state knows better than the YAML: the resource
// may have put it into another namespace.
func readYAMLBody(state map[string]json.RawMessage) (*istio.Object, error) {
	var text, namespace string
	if err := json.Unmarshal(state["yaml_body"], &text); err != nil || text == "" {
		return nil, errors.New("read state: it has no yaml_body")
	}
	o, err := istio.ParseManifestYAML(text)
	if err != nil {
		return nil, err
	}
	var is struct{ Namespace string }
	// An attribute that another version of the provider does not have, or has in another shape, says nothing.
	_ = json.Unmarshal(state["namespace"], &namespace)
	_ = json.Unmarshal(state["object_ref"], &is)
	o.Namespace = cmp.Or(namespace, is.Namespace, o.Namespace)
	return o, nil
}

// moveManifest takes a state of another provider over. The object itself is not touched; its fields stay owned by the
// other provider's field manager until the first change, which takes them.
func (p *objectsResource) moveManifest(
	ctx context.Context, f form.Object, req resource.MoveStateRequest, resp *resource.MoveStateResponse,
) {
	o, err := readManifest(req)
	if err == nil && o.Kind() != f.Kind {
		err = fmt.Errorf("move %s: it becomes a mesh_%s, not a mesh_%s", o, form.OfKind(o.Kind()).TypeName(),
			f.TypeName())
	}
	if err != nil {
		resp.Diagnostics.AddError("State cannot be moved", report.Sentence(err.Error())+"\n\n"+movable(p.Form))
		return
	}
	state := p.stateOfObject(f, o)
	resp.TargetState.Raw = state.ToTerraform(p.cached.Type().TerraformType(ctx))
	identify(resp.TargetIdentity, p.routeOf(state).Place())
	if resp.TargetPrivate != nil {
		resp.Diagnostics.Append(resp.TargetPrivate.SetKey(ctx, forceKey, encodeJSON(true))...)
	}
}

// readManifest returns the object in a state of another provider.
func readManifest(req resource.MoveStateRequest) (*istio.Object, error) {
	source := manifestSourceOf(req.SourceProviderAddress, req.SourceTypeName)
	if source == nil {
		return nil, fmt.Errorf("move a %.80q of %.160q: it holds no object that is known here", req.SourceTypeName,
			req.SourceProviderAddress)
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(req.SourceRawState.JSON, &state); err != nil {
		return nil, fmt.Errorf("read state of %s: %w", source.typeName, err)
	}
	o, err := source.read(state)
	if err != nil {
		return nil, fmt.Errorf("move a %s: %w", source.typeName, err)
	}
	o.Namespace = cmp.Or(o.Namespace, form.DefaultNamespace)
	if problems := append(check.Namespace(o.Namespace), check.Name("name", o.Name)...); len(problems) > 0 {
		return nil, fmt.Errorf("move a %s: %s", source.typeName, problems[0].Reason)
	}
	return o, nil
}

// movable says in full sentences whose state can be moved to a resource.
func movable(to form.Form) string {
	lists := make([]string, len(manifestSources))
	for i, source := range manifestSources {
		lists[i] = source.typeName + " of " + source.provider
	}
	last := len(lists) - 1
	manifests := strings.Join(lists[:last], ", ") + " or " + lists[last]
	if f, ok := to.(form.Object); ok {
		return fmt.Sprintf("A mesh_%s takes over a %s that holds a %s of %s. Everything else is imported: remove the "+
			"moved block, and run terraform import mesh_%s.NAME NAMESPACE/NAME.", f.TypeName(), manifests, f.Kind,
			istio.APIVersion, f.TypeName())
	}
	other := form.CanaryRoute{}.TypeName()
	if to.TypeName() == other {
		other = form.WeightedSplit{}.TypeName()
	}
	return fmt.Sprintf(
		"A mesh_%s takes over a mesh_%s. A %s becomes a mesh_virtual_service or a mesh_destination_rule. Everything "+
			"else is imported: remove the moved block, and run terraform import mesh_%s.NAME NAMESPACE/NAME.",
		to.TypeName(), other, manifests, to.TypeName(),
	)
}

// stateOfObject returns the state of this form for an object, with the labels and annotations that somebody wrote for
// it.
func (p *objectsResource) stateOfObject(f form.Object, o *istio.Object) attr.Value {
	authored := *o
	authored.Labels, authored.Annotations = istio.Authored(o)
	_, attributes := f.Recognize(istio.ObjectsOf(&authored), &canary.Placement{}, p.settings.Defaults)
	// What is moved has a configuration already: the next refresh is not the first read of an import.
	attributes["foreign_fields"] = attr.Strings(nil)
	return attr.Object(attributes)
}
