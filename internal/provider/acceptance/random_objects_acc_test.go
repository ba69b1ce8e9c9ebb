package acceptance

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/testing/protocmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// mostRandomObjects are as many objects as are made, and workers how many at the same time.
const (
	mostRandomObjects = 500
	workers           = 8
)

// TestAccRandomObjects: a configuration becomes an object of the API server that says the same, and a state that an
// import of that object, by its identity, gives plans empty against the configuration. MESH_TEST_SEED draws the same
// objects again.
func TestAccRandomObjects(t *testing.T) {
	t.Parallel()
	api := startAPIServer(t)
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("MESH_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("the seed is %d", seed)
	namespace := api.makeNamespace(t)
	m := newMixer(t, seed, namespace)
	wire := newWire(t, api.kubeconfig)
	var wait sync.WaitGroup
	var passed, bytes atomic.Int64
	objects := make(chan *istio.Object)
	for range workers {
		wait.Go(func() {
			for o := range objects {
				if err := wire.roundTrip(t, api, o); err != nil {
					t.Errorf("%s: %v\n%s", o, err, manifestOf(o))
					continue
				}
				passed.Add(1)
				bytes.Add(int64(len(manifestOf(o))))
			}
		})
	}
	for i := range mostRandomObjects {
		objects <- m.object([]istio.Kind{istio.KindVirtualService, istio.KindDestinationRule}[i%2], i)
	}
	close(objects)
	wait.Wait()
	t.Logf("%d of %d random objects, of %d bytes of YAML on average", passed.Load(), mostRandomObjects,
		bytes.Load()/max(passed.Load(), 1))
}

func manifestOf(o *istio.Object) string {
	text, err := istio.ManifestYAML(istio.ObjectsOf(o))
	if err != nil {
		return err.Error()
	}
	return text
}

// makeNamespace makes a namespace for the test alone. It and what is in it go after the test.
func (a *apiServer) makeNamespace(t *testing.T) string {
	t.Helper()
	name := strings.ToLower(fmt.Sprintf("acc-random-%x", time.Now().UnixNano()))
	namespaces := a.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	o := &unstructured.Unstructured{
		Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}},
	}
	if _, err := namespaces.Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
		t.Fatalf("create namespace: %v", err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, resource := range []string{"virtualservices", "destinationrules"} {
			if err := a.client.Resource(istioResource(resource)).Namespace(name).DeleteCollection(
				ctx, metav1.DeleteOptions{}, metav1.ListOptions{},
			); err != nil {
				t.Errorf("delete %s: %v", resource, err)
			}
		}
		if err := namespaces.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("delete namespace: %v", err)
		}
	})
	return name
}

func istioResource(name string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: name}
}

// wire is the provider as Terraform talks to it.
type wire struct{ tfprotov6.ProviderServer }

func newWire(t *testing.T, kubeconfig string) wire {
	t.Helper()
	w := wire{provider.NewServer("test")()}
	schemas, err := w.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	blockType := schemas.Provider.ValueType().(tftypes.Object)
	attributes := map[string]tftypes.Value{}
	for name, attributeType := range blockType.AttributeTypes {
		attributes[name] = tftypes.NewValue(attributeType, nil)
	}
	attributes["config_path"] = tftypes.NewValue(tftypes.String, kubeconfig)
	block, err := tfprotov6.NewDynamicValue(blockType, tftypes.NewValue(blockType, attributes))
	if err != nil {
		t.Fatal(err)
	}
	configured, err := w.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &block})
	if err = failure(err, configured.Diagnostics); err != nil {
		t.Fatal(err)
	}
	return w
}

// failure returns what went wrong.
func failure(err error, diagnostics []*tfprotov6.Diagnostic) error {
	for _, d := range diagnostics {
		if err == nil && d.Severity == tfprotov6.DiagnosticSeverityError {
			err = fmt.Errorf("%s: %s: %s", d.Attribute, d.Summary, d.Detail)
		}
	}
	return err
}

// roundTrip creates an object from a configuration, imports it, and plans.
func (w wire) roundTrip(t *testing.T, api *apiServer, o *istio.Object) error {
	t.Helper()
	f := form.OfKind(o.Kind())
	ctx, typeName := t.Context(), "mesh_"+f.TypeName()
	objectType := form.SchemaOf(f).Type().TerraformType(ctx).(tftypes.Object)
	config := objectConfig(objectType, o)
	planned, private, err := w.plan(ctx, typeName, objectType, tftypes.NewValue(objectType, nil), config, nil)
	if err != nil {
		return fmt.Errorf("plan a new object: %w", err)
	}
	applied, err := w.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName:     typeName,
		PriorState:   onWire(objectType, tftypes.NewValue(objectType, nil)),
		PlannedState: onWire(objectType, planned),
		Config:       onWire(objectType, config), PlannedPrivate: private,
	})
	if err = failure(err, applied.Diagnostics); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	is, err := api.client.Resource(istioResource(strings.ToLower(string(o.Kind()))+"s")).Namespace(o.Namespace).Get(ctx,
		o.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	spec, _, err := istio.ParseSpec(o.Kind(), is.Object["spec"].(map[string]any))
	if err != nil {
		return err
	}
	if !istio.SameSpec(o.Spec, spec) {
		return fmt.Errorf("live object (-want +got):\n%s", cmp.Diff(o.Spec, spec, protocmp.Transform()))
	}
	state, private, err := w.imported(ctx, typeName, objectType, o)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	planned, _, err = w.plan(ctx, typeName, objectType, state, config, private)
	if err != nil {
		return fmt.Errorf("plan after import: %w", err)
	}
	if !planned.Equal(state) {
		differences, _ := state.Diff(planned)
		return fmt.Errorf("the plan after the import is not empty: %v", differences)
	}
	return nil
}

// objectConfig returns the configuration of an object, without the empty texts that mean nothing.
func objectConfig(objectType tftypes.Object, o *istio.Object) tftypes.Value {
	f := form.OfKind(o.Kind())
	_, attributes := f.Recognize(istio.ObjectsOf(o), &canary.Placement{}, form.Defaults{})
	form.LeaveOutEmpty(f, attributes, form.Defaults{})
	return attr.Object(attributes).ToTerraform(objectType)
}

func (w wire) plan(
	ctx context.Context, typeName string, objectType tftypes.Object, prior, config tftypes.Value, private []byte,
) (tftypes.Value, []byte, error) {
	proposed, before := terraformAttributesOf(config), terraformAttributesOf(prior)
	for name, value := range proposed {
		if was, ok := before[name]; ok && value.IsNull() && computed[name] {
			proposed[name] = was
		}
	}
	resp, err := w.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: typeName, PriorState: onWire(objectType, prior), Config: onWire(objectType, config),
		ProposedNewState: onWire(objectType, tftypes.NewValue(objectType, proposed)), PriorPrivate: private,
	})
	if err := failure(err, resp.Diagnostics); err != nil {
		return tftypes.Value{}, nil, err
	}
	planned, err := resp.PlannedState.Unmarshal(objectType)
	return planned, resp.PlannedPrivate, err
}

// computed are attributes of an object that Terraform takes from the prior state where the configuration has none.
var computed = map[string]bool{
	"owner": true, "adopted": true, "left_over": true, "foreign_fields": true, "live_weights": true, "summary": true,
}

// imported returns the state that an import gives, by the object's identity.
func (w wire) imported(
	ctx context.Context, typeName string, objectType tftypes.Object, o *istio.Object,
) (tftypes.Value, []byte, error) {
	identity := tftypes.NewValue(objectIdentity, map[string]tftypes.Value{
		"namespace": tftypes.NewValue(tftypes.String, o.Namespace), "name": tftypes.NewValue(tftypes.String, o.Name),
	})
	imported, err := w.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{
		TypeName: typeName, Identity: &tfprotov6.ResourceIdentityData{IdentityData: onWire(objectIdentity, identity)},
	})
	if err := failure(err, imported.Diagnostics); err != nil {
		return tftypes.Value{}, nil, err
	}
	first := imported.ImportedResources[0]
	read, err := w.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: typeName, CurrentState: first.State, CurrentIdentity: first.Identity, Private: first.Private,
	})
	if err := failure(err, read.Diagnostics); err != nil {
		return tftypes.Value{}, nil, err
	}
	if is, err := read.NewIdentity.IdentityData.Unmarshal(objectIdentity); err != nil || !is.Equal(identity) {
		return tftypes.Value{}, nil, fmt.Errorf("the identity is %s: %w", is, err)
	}
	state, err := read.NewState.Unmarshal(objectType)
	return state, read.Private, err
}

// onWire encodes what always can be encoded: a value of its own type.
func onWire(objectType tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	encoded, err := tfprotov6.NewDynamicValue(objectType, value)
	if err != nil {
		panic(err)
	}
	return &encoded
}

// objectIdentity is the type of an object's identity.
var objectIdentity = tftypes.Object{
	AttributeTypes: map[string]tftypes.Type{"namespace": tftypes.String, "name": tftypes.String},
}

// terraformAttributesOf returns the attributes of an object, none of a null one.
func terraformAttributesOf(object tftypes.Value) map[string]tftypes.Value {
	attributes := map[string]tftypes.Value{}
	if object.IsNull() || !object.IsKnown() || object.As(&attributes) != nil {
		return map[string]tftypes.Value{}
	}
	return maps.Clone(attributes)
}
