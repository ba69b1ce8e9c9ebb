package crud

import (
	"cmp"
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

var (
	_ list.ListResourceWithConfigure      = (*listResource)(nil)
	_ list.ListResourceWithValidateConfig = (*listResource)(nil)
)

// allNamespaces is what a list block calls them.
const allNamespaces = "*"

// listResource finds the objects of the cluster that a resource of its form could own.
type listResource struct{ *objectsResource }

// NewList returns what finds the objects of a form.
func NewList(f form.Form) list.ListResource { return &listResource{newObjectsResource(f)} }

// ListResourceConfigSchema implements list.ListResource.
func (l *listResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = listschema.Schema{
		MarkdownDescription: "Finds the objects of the cluster that a `mesh_" + l.TypeName() +
			"` can own, whoever wrote them.",
		Attributes: map[string]listschema.Attribute{
			"namespace": listschema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Namespace to look in; `*` is all namespaces. Defaults to the provider's " +
					"`default_namespace`, and to all namespaces where the provider block sets none.",
			},
			"label_selector": listschema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Labels that the objects must carry, as `kubectl get --selector` takes them, " +
					"such as `app=greeter`. Defaults to all objects.",
			},
		},
	}
}

// ValidateListResourceConfig implements list.ListResourceWithValidateConfig.
func (l *listResource) ValidateListResourceConfig(
	_ context.Context, req list.ValidateConfigRequest, resp *list.ValidateConfigResponse,
) {
	resp.Diagnostics = checkList(attr.Read(attr.FromTerraform(req.Config.Raw)))
}

// checkList says what is wrong with a list block.
func checkList(r *attr.Reader) diag.Diagnostics {
	var diagnostics diag.Diagnostics
	if namespace := r.String("namespace"); r.Known("namespace") && namespace != "" && namespace != allNamespaces {
		for _, problem := range check.Namespace(namespace) {
			diagnostics.AddAttributeError(path.Root("namespace"), "Invalid namespace", report.Sentence(problem.Reason))
		}
	}
	if err := cluster.CheckLabelSelector(r.String("label_selector")); r.Known("label_selector") && err != nil {
		diagnostics.AddAttributeError(path.Root("label_selector"), "Invalid label selector",
			report.Sentence(err.Error())+
				"\n\nWrite it as kubectl get --selector takes it, such as app=greeter,env!=dev.")
	}
	return diagnostics
}

// listed is what a list found: live objects as a resource of the form describes them, or why they could not be looked
// for.
type listed struct {
	place *canary.Placement
	// state is null where only names were asked for.
	state attr.Value
	err   error
}

// displayName is what a person is shown.
func (l listed) displayName() string {
	return l.place.Namespace + "/" + cmp.Or(l.place.VirtualServiceName, l.place.DestinationRuleName)
}

// List implements list.ListResource.
func (l *listResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	r := attr.Read(attr.FromTerraform(req.Config.Raw))
	if wrong := checkList(r); wrong.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(wrong)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		for found := range l.findListed(ctx, r, req.Limit, req.IncludeResource) {
			result := req.NewListResult(ctx)
			if found.err != nil {
				report.Errors(&result.Diagnostics, nil, found.err)
			} else {
				result.DisplayName = found.displayName()
				identify(result.Identity, found.place)
				if req.IncludeResource {
					result.Resource.Raw = found.state.ToTerraform(l.cached.Type().TerraformType(ctx))
				}
			}
			if !push(result) {
				return
			}
		}
	}
}

// findListed finds what a list block asks for, at most limit results if that is not 0.
func (p *objectsResource) findListed(
	ctx context.Context, config *attr.Reader, limit int64, states bool,
) iter.Seq[listed] {
	return func(yield func(listed) bool) {
		if p.settings.Cluster == nil {
			yield(listed{err: errNotConnected})
			return
		}
		query := cluster.Query{
			Namespace:     cmp.Or(config.String("namespace"), p.settings.ListNamespace),
			LabelSelector: config.String("label_selector"),
		}
		if query.Namespace == allNamespaces {
			query.Namespace = ""
		}
		if _, every := p.Form.(form.Object); every {
			query.Few = limit
		}
		left := limit
		for live, err := range p.candidates(ctx, query) {
			found, ok := listed{err: err}, true
			if err == nil {
				found, ok = p.describe(live, states)
			}
			if !ok {
				continue
			}
			if err == nil {
				left--
			}
			if !yield(found) || err == nil && left == 0 {
				return
			}
		}
	}
}

// describe describes live objects as this form; false says that it cannot without loss.
func (p *objectsResource) describe(live liveObjects, states bool) (listed, bool) {
	place := &canary.Placement{SubsetsElsewhere: live.Declaring() == nil}
	for _, o := range live.All() {
		place.Namespace = o.Namespace
		if o.Kind() == istio.KindDestinationRule {
			place.DestinationRuleName = o.Name
		} else {
			place.VirtualServiceName = o.Name
		}
	}
	_, every := p.Form.(form.Object)
	if every && !states {
		return listed{place: place}, true
	}
	imported := attr.Object(p.Seed(place))
	state := withLeftOver(p.refresh(imported, p.routeOf(imported), form.Lifecycle{}, live, nil), nil)
	if !every && (!isEmptyList(state.Get("foreign_fields")) || p.lacksDefault(state) || len(p.refusals(state)) > 0) {
		return listed{}, false
	}
	return listed{place, state, nil}, true
}

// candidates goes through the objects that this form might describe: pairs, or one object.
func (p *objectsResource) candidates(ctx context.Context, query cluster.Query) iter.Seq2[liveObjects, error] {
	if f, ok := p.Form.(form.Object); ok {
		query.Kind = f.Kind
		return func(yield func(liveObjects, error) bool) {
			for o, err := range p.settings.Cluster.Each(ctx, query) {
				if !yield(liveWith(o), err) {
					return
				}
			}
		}
	}
	return p.pairs(ctx, query)
}

func liveWith(o *cluster.Live) liveObjects { return liveObjects{cluster.LiveObjectsOf(o)} }
