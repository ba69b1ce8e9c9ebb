package form

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Object is the form in which one object is written, field by field as Istio's API has it.
type Object struct {
	name  string
	Kind  istio.Kind
	shape *attr.Message
	prose string
	// without is what attributes need that the kind does not have.
	without Trait
}

// The forms in which one object is written.
var (
	VirtualService = Object{
		name: "virtual_service", Kind: istio.KindVirtualService, shape: wholeShapeOf(&networking.VirtualService{}),
		prose: "Writes one VirtualService, with every field that Istio's API has.\n\nFor a canary prefer " +
			"`mesh_canary_route` or `mesh_weighted_split`: they own the DestinationRule too, and change both in an " +
			"order in which no request is dropped. Two resources of one object each cannot, whatever `depends_on` " +
			"says: a subset has to come before the rules name it, and to go after them.",
		without: OfSubsets,
	}
	DestinationRule = Object{
		name: "destination_rule", Kind: istio.KindDestinationRule, shape: wholeShapeOf(&networking.DestinationRule{}),
		prose: "Writes one DestinationRule, with every field that Istio's API has.\n\nFor a canary prefer " +
			"`mesh_canary_route` or `mesh_weighted_split`: they own the VirtualService too. Here a subset that is " +
			"removed while rules of a VirtualService still name it takes their requests along: they fail with 503 " +
			"until the rules have changed.",
		without: OfRules,
	}
)

func wholeShapeOf(message proto.Message) *attr.Message {
	return attr.New(message.ProtoReflect().Descriptor(), attr.Options{Docs: describe, KeepZero: istio.DecisiveZero})
}

// object is what an Object describes.
type object struct {
	place *canary.Placement
	kind  istio.Kind
	spec  proto.Message
}

// Place returns where the object is.
func (o *object) Place() *canary.Placement { return o.place }

// PathOf returns the path: attributes have the names of the spec's fields.
func (o *object) PathOf(_ *istio.Object, at istio.Path) istio.Path { return at }

// Render returns a pair with nothing else in it.
func (o *object) Render() istio.Objects {
	rendered := &istio.Object{
		Namespace:   o.place.Namespace,
		Name:        o.place.VirtualServiceName,
		Labels:      o.place.Labels,
		Annotations: o.place.AllAnnotations(),
		Spec:        o.spec,
	}
	if o.kind == istio.KindDestinationRule {
		rendered.Name = o.place.DestinationRuleName
	}
	pair := istio.ObjectsOf(rendered)
	pair = pair.WithSubsetsElsewhere(pair.Declaring() == nil)
	return pair
}

// Problems returns everything that is wrong with the object. Places in the spec are attributes of the same name.
func (o *object) Problems() []istio.Problem {
	problems := append(check.Namespace(o.place.Namespace), check.Metadata(o.place.Labels, o.place.Annotations)...)
	for _, rendered := range o.Render().All() {
		problems = append(problems, check.Name("name", rendered.Name)...)
		problems = append(problems, check.Validate(rendered)...)
	}
	return problems
}

// TypeName implements [Form].
func (f Object) TypeName() string { return f.name }

// Schema implements [Form].
func (f Object) Schema() schema.Schema {
	lifecycle := lifecycleAttributes()
	for _, name := range With(f.without) {
		delete(lifecycle, name)
	}
	return schema.Schema{
		MarkdownDescription: f.prose,
		Attributes: merge(f.shape.Attributes(), lifecycle, map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required: true, Validators: NotEmpty, MarkdownDescription: "Name of the object.",
			},
			"namespace": schema.StringAttribute{
				Optional: true, Computed: true, Validators: NotEmpty,
				MarkdownDescription: "Namespace of the object. Defaults to the provider's `default_namespace`.",
			},
			"foreign_fields": foreignFields(),
			"labels": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Labels of the object. Labels that others put there are left alone.",
			},
			"annotations": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Annotations of the object. Annotations that others put there are left alone.",
			},
		}),
	}
}

// Route implements [Form].
func (f Object) Route(r *attr.Reader, s Defaults) Route {
	o := &object{kind: f.Kind, spec: f.newSpec(), place: &canary.Placement{
		Namespace:     cmp.Or(r.String("namespace"), s.Namespace, canary.UndecidedNamespace),
		ClusterDomain: cmp.Or(s.ClusterDomain, DefaultClusterDomain),
		Labels:        r.StringMap("labels"), Annotations: r.StringMap("annotations"), Owner: r.String("owner"),
	}}
	if r.Has("namespace") && !r.Known("namespace") {
		o.place.Namespace = canary.UndecidedNamespace
	}
	name := r.String("name")
	if r.Has("name") && !r.Known("name") {
		name = "not-known-yet"
	}
	f.call(o.place, name)
	r.Message(f.shape, o.spec)
	if spec, ok := o.spec.(*networking.VirtualService); ok && len(spec.Hosts) == 0 && hostsUndecided(r) {
		spec.Hosts = []string{undecidedHost} // without hosts it would be a delegate
	}
	return o
}

// undecidedHost stands for hosts of which none is known yet: it has every name. What is wrong with it is not told, as
// of all that is not known.
const undecidedHost = "*"

// hostsUndecided reports whether there are hosts of which none is known.
func hostsUndecided(r *attr.Reader) bool {
	return slices.ContainsFunc(r.Unknown(), func(at path.Path) bool {
		steps := at.Steps()
		return len(steps) > 0 && steps[0].Equal(path.PathStepAttributeName("hosts"))
	})
}

// call gives the object its name.
func (f Object) call(place *canary.Placement, name string) {
	if f.Kind == istio.KindDestinationRule {
		place.DestinationRuleName = name
		return
	}
	place.VirtualServiceName, place.SubsetsElsewhere = name, true
}

func (f Object) newSpec() proto.Message {
	if f.Kind == istio.KindDestinationRule {
		return &networking.DestinationRule{}
	}
	return &networking.VirtualService{}
}

// NameAttribute implements [Form].
func (Object) NameAttribute(istio.Kind) string { return "name" }

// Resolve leaves hosts as they are written: an import shows what is there.
func (Object) Resolve(live istio.Objects, _ string) istio.Objects { return live }

// Recognize implements [Form].
func (f Object) Recognize(live istio.Objects, before *canary.Placement, s Defaults) (Route, map[string]attr.Value) {
	place := *before
	o := &object{place: &place, kind: f.Kind, spec: f.newSpec()}
	for _, is := range live.All() {
		place.Namespace, o.spec = is.Namespace, is.Spec
		place.Labels, place.Annotations, place.Owner = is.Labels, maps.Clone(
			is.Annotations,
		), is.Annotations[istio.OwnerAnnotation]
		delete(place.Annotations, istio.OwnerAnnotation)
		f.call(&place, is.Name)
	}
	attributes := f.shape.EncodeAttributes(o.spec)
	attributes["name"] = attr.String(cmp.Or(place.VirtualServiceName, place.DestinationRuleName))
	attributes["namespace"] = attr.String(place.Namespace)
	attributes["labels"] = TextMap(place.Labels)
	attributes["annotations"] = TextMap(place.Annotations)
	attributes["owner"] = Text(place.Owner)
	return o, attributes
}

// Complete implements [Form].
func (Object) Complete(planned, _ map[string]attr.Value, config *attr.Reader, s Defaults, route Route) {
	planned["foreign_fields"] = attr.Strings(nil)
	switch {
	case config.Has("namespace"):
	case s.Namespace == "":
		planned["namespace"] = attr.Unknown()
	default:
		planned["namespace"] = attr.String(route.Place().Namespace)
	}
}

// Void doubts: an object that the API server takes has to be importable as it is.
func (Object) Void() istio.Severity { return istio.Doubtful }

// Find reads the id `namespace/name`.
func (f Object) Find(id string) (*canary.Placement, error) {
	namespace, name, ok := strings.Cut(id, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return nil, fmt.Errorf("the id %q is not of the form NAMESPACE/NAME", id)
	}
	place := &canary.Placement{Namespace: namespace}
	f.call(place, name)
	return place, nil
}

// Seed implements [Form].
func (Object) Seed(place *canary.Placement) map[string]attr.Value {
	return map[string]attr.Value{
		"namespace": attr.String(place.Namespace),
		"name":      attr.String(cmp.Or(place.VirtualServiceName, place.DestinationRuleName)),
	}
}
