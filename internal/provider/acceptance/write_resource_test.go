package acceptance_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	forms "github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/write"
)

// formsByType are the forms by the names of their resources.
var formsByType = map[string]forms.Form{
	"mesh_canary_route":     forms.CanaryRoute{},
	"mesh_weighted_split":   forms.WeightedSplit{},
	"mesh_virtual_service":  forms.OfKind(istio.KindVirtualService),
	"mesh_destination_rule": forms.OfKind(istio.KindDestinationRule),
}

// writeAny runs the command, however it ends.
func writeAny(arguments ...string) (configuration, said string, code int) {
	var out, errors bytes.Buffer
	code = write.Run(arguments, provider.OpenWrite("test"), &out, &errors)
	return out.String(), errors.String(), code
}

// writtenResource is a resource that write has printed, whose calls are as Terraform makes them.
type writtenResource struct {
	*drawnNamespace
	typeName, id, text string
	schema             *tfprotov6.Schema
	config             tftypes.Value
	// mayFail says that a call may well end with an error.
	mayFail bool
}

// checkImports checks that what is imported into a form of two objects without a word is all that there is.
func (d *drawnNamespace) checkImports() {
	d.t.Helper()
	for _, o := range d.live {
		for _, typeName := range []string{"mesh_canary_route", "mesh_weighted_split"} {
			w := &writtenResource{
				drawnNamespace: d, typeName: typeName, id: d.name + "/" + o.GetName(), text: "# imported\n",
				schema: d.schemas.ResourceSchemas[typeName], mayFail: true,
			}
			if o.GetKind() != acctest.VirtualService {
				continue
			}
			read := w.imported()
			if read == nil {
				continue
			}
			w.mayFail = false
			attributes := entriesOf(w.stateOf(read.NewState))
			for _, a := range w.schema.Block.Attributes {
				if a.Computed && !a.Optional {
					attributes[a.Name] = tftypes.NewValue(a.ValueType(), nil)
				}
			}
			w.config = tftypes.NewValue(w.schema.ValueType(), attributes)
			w.checkConfig()
			w.checkPlan(read)
		}
	}
}

// checkResource checks a resource whose attributes are a text of HCL, and returns the objects that it has.
func (d *drawnNamespace) checkResource(typeName, id, text string) (keys []string) {
	d.t.Helper()
	w := &writtenResource{
		drawnNamespace: d, typeName: typeName, id: id, text: text, schema: d.schemas.ResourceSchemas[typeName],
	}
	w.config = parseHCL(d.t, w.schema.ValueType(), text)
	said := w.checkConfig()
	for _, o := range said {
		keys = append(keys, keyOf(string(o.Kind()), o.Name))
	}
	if read := w.imported(); read != nil {
		w.checkPlan(read)
		if again := w.read(read.NewState, read.NewIdentity, read.Private); again != nil {
			w.wantState("second read", w.stateOf(read.NewState), w.stateOf(again.NewState))
			w.annotate(again, said)
		}
	}
	return keys
}

// checkConfig checks that the configuration is valid, and says what the objects say, which it returns.
func (w *writtenResource) checkConfig() []*istio.Object {
	w.t.Helper()
	valid, err := w.ValidateResourceConfig(w.t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: w.typeName, Config: w.onWire(w.config),
	})
	w.failed("validate", err, valid.Diagnostics)
	said := formsByType[w.typeName].Route(attr.Read(attr.FromTerraform(w.config)),
		forms.Defaults{Namespace: "default", ClusterDomain: "cluster.local"}).Render().All()
	for _, o := range said {
		w.saysTheSame(o)
	}
	return said
}

// checkPlan checks that there is nothing to do after a read.
func (w *writtenResource) checkPlan(read *tfprotov6.ReadResourceResponse) {
	w.t.Helper()
	if planned := w.plan(read, w.config); planned != nil {
		w.wantState("plan", w.stateOf(read.NewState), w.stateOf(planned.PlannedState))
	}
}

func (w *writtenResource) onWire(v tftypes.Value) *tfprotov6.DynamicValue {
	encoded, err := tfprotov6.NewDynamicValue(w.schema.ValueType(), v)
	if err != nil {
		w.t.Fatal(err)
	}
	return &encoded
}

func (w *writtenResource) stateOf(v *tfprotov6.DynamicValue) tftypes.Value {
	state, err := v.Unmarshal(w.schema.ValueType())
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

// failed reports whether a call ends with an error, or says that an import takes something away.
func (w *writtenResource) failed(call string, err error, diagnostics []*tfprotov6.Diagnostic) bool {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, said := range diagnostics {
		_, more := report.TextOf(report.MoreThanExpressed, said.Summary, said.Detail)
		_, refused := report.TextOf(report.RefusedByForm, said.Summary, said.Detail)
		if isError(said) || more || refused {
			if w.mayFail {
				return true
			}
			w.wrong("%s: %s: %s", call, said.Summary, said.Detail)
			return true
		}
	}
	return false
}

// wrong says what is wrong with the resource.
func (w *writtenResource) wrong(format string, args ...any) {
	w.t.Helper()
	var live strings.Builder
	for _, kind := range bothKinds {
		for name := range strings.SplitSeq(strings.TrimPrefix(w.id, w.name+"/"), "/") {
			if o := w.live[keyOf(kind, name)]; o != nil {
				live.WriteString("---\n" + asYAML(w.t, o))
			}
		}
	}
	w.t.Errorf("%s %s: %s\n%s%s", w.typeName, w.id, fmt.Sprintf(format, args...), w.text, &live)
}

func (w *writtenResource) wantState(what string, want, got tftypes.Value) {
	w.t.Helper()
	if !got.Equal(want) {
		differences, err := want.Diff(got)
		w.wrong("the %s changes something: %v %v", what, differences, err)
	}
}

// imported is what an import and its first read give.
func (w *writtenResource) imported() *tfprotov6.ReadResourceResponse {
	w.t.Helper()
	imported, err := w.ImportResourceState(w.t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: w.typeName, ID: w.id,
	})
	if w.failed("import", err, imported.Diagnostics) {
		return nil
	}
	first := imported.ImportedResources[0]
	return w.read(first.State, first.Identity, first.Private)
}

func (w *writtenResource) read(
	state *tfprotov6.DynamicValue, identity *tfprotov6.ResourceIdentityData, private []byte,
) *tfprotov6.ReadResourceResponse {
	w.t.Helper()
	read, err := w.ReadResource(w.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: w.typeName, CurrentState: state, CurrentIdentity: identity, Private: private,
	})
	if w.failed("read", err, read.Diagnostics) {
		return nil
	}
	return read
}

func (w *writtenResource) plan(
	read *tfprotov6.ReadResourceResponse, config tftypes.Value,
) *tfprotov6.PlanResourceChangeResponse {
	w.t.Helper()
	planned, err := w.PlanResourceChange(w.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: w.typeName, PriorState: read.NewState, Config: w.onWire(config), PriorPrivate: read.Private,
		ProposedNewState: w.onWire(proposedOf(w.schema, config, w.stateOf(read.NewState))),
		PriorIdentity:    read.NewIdentity,
	})
	if w.failed("plan", err, planned.Diagnostics) {
		return nil
	}
	if len(planned.RequiresReplace) > 0 {
		w.wrong("it is replaced, for %v", planned.RequiresReplace)
	}
	return planned
}

// saysTheSame checks that an object that follows from the configuration is the one that there is.
func (w *writtenResource) saysTheSame(o *istio.Object) {
	w.t.Helper()
	is := w.live[keyOf(string(o.Kind()), o.Name)]
	if is == nil {
		w.wrong("there is no %s", o)
		return
	}
	spec, unknown, err := istio.ParseSpec(o.Kind(), specOf(is))
	if err != nil || len(unknown) > 0 {
		w.wrong("%s: %v, not known: %v", o, err, unknown)
	}
	w.sameSpec("what is written", spec, o.Spec)
	if _, single := formsByType[w.typeName].(forms.Object); !single {
		return // One set of labels for both objects is what they have in common.
	}
	labels, annotations := istio.Authored(&istio.Object{Labels: is.GetLabels(), Annotations: is.GetAnnotations()})
	w.sameMetadata("what is written", [2]map[string]string{labels, annotations},
		[2]map[string]string{o.Labels, o.Annotations})
}

// sameMetadata compares labels and annotations, of which none are the same as empty ones.
func (w *writtenResource) sameMetadata(what string, want, got [2]map[string]string) {
	w.t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.wrong("%s has other labels or annotations (-live +other):\n%s", what, diff)
	}
}

// annotation is what is added to each resource.
const annotation = "example.com/added"

// annotate adds an annotation, which is all that changes.
func (w *writtenResource) annotate(read *tfprotov6.ReadResourceResponse, said []*istio.Object) {
	w.t.Helper()
	attributes := entriesOf(w.config)
	annotations := entriesOf(attributes["annotations"])
	annotations[annotation] = tftypes.NewValue(tftypes.String, "yes")
	attributes["annotations"] = tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, annotations)
	config := tftypes.NewValue(w.schema.ValueType(), attributes)
	planned := w.plan(read, config)
	if planned == nil {
		return
	}
	applied, err := w.ApplyResourceChange(w.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: w.typeName, PriorState: read.NewState, Config: w.onWire(config), PlannedState: planned.PlannedState,
		PlannedPrivate: planned.PlannedPrivate, PlannedIdentity: planned.PlannedIdentity,
	})
	if w.failed("apply", err, applied.Diagnostics) {
		return
	}
	for _, o := range said {
		was := w.live[keyOf(string(o.Kind()), o.Name)]
		if was == nil {
			continue
		}
		is := w.kube.get(was)
		before, _, err := istio.ParseSpec(o.Kind(), specOf(was))
		if err != nil {
			continue // It is told of already.
		}
		after, _, err := istio.ParseSpec(o.Kind(), specOf(is))
		if err != nil {
			w.t.Fatal(err)
		}
		w.sameSpec("an annotation", before, after)
		labels, annotations := is.GetLabels(), is.GetAnnotations()
		if labels[istio.ManagedByLabel] == istio.ManagedBy {
			delete(labels, istio.ManagedByLabel)
		}
		delete(annotations, annotation)
		w.sameMetadata("an annotation", [2]map[string]string{was.GetLabels(), was.GetAnnotations()},
			[2]map[string]string{labels, annotations})
	}
}

// sameSpec checks that two specs say the same of all requests. How hosts are spelled means nothing.
func (w *writtenResource) sameSpec(what string, want, got proto.Message) {
	w.t.Helper()
	want, got = w.withFullHosts(want), w.withFullHosts(got)
	if !istio.SameSpec(want, got) {
		w.wrong("%s makes another object (-live +other):\n%s", what, cmp.Diff(want, got, protocmp.Transform()))
	}
}

func (w *writtenResource) withFullHosts(spec proto.Message) proto.Message {
	spec = proto.Clone(spec)
	changeHosts(spec.ProtoReflect(), func(host string) string {
		return strings.ToLower(istio.FullHost(host, w.name, "cluster.local"))
	})
	return spec
}

// changeHosts changes each host in a message.
func changeHosts(m protoreflect.Message, change func(string) string) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap():
		case fd.IsList() && fd.Message() != nil:
			for i := range v.List().Len() {
				changeHosts(v.List().Get(i).Message(), change)
			}
		case fd.IsList() && fd.Name() == "hosts":
			for i := range v.List().Len() {
				v.List().Set(i, protoreflect.ValueOfString(change(v.List().Get(i).String())))
			}
		case fd.IsList():
		case fd.Message() != nil:
			changeHosts(v.Message(), change)
		case fd.Name() == "host":
			m.Set(fd, protoreflect.ValueOfString(change(v.String())))
		}
		return true
	})
}
