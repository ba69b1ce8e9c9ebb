package provider

import (
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

var (
	_ fwprovider.ProviderWithListResources = (*meshProvider)(nil)
	_ list.ListResourceWithConfigure       = (*listResource)(nil)
	_ list.ListResourceWithValidateConfig  = (*listResource)(nil)
)

// allNamespaces is what a list block calls them.
const allNamespaces = "*"

// listResource finds the objects of the cluster that a resource of its form could own.
type listResource struct{ *pairResource }

// ListResources implements provider.ProviderWithListResources.
func (p *meshProvider) ListResources(context.Context) []func() list.ListResource {
	var all []func() list.ListResource
	for _, f := range forms {
		all = append(all, func() list.ListResource { return &listResource{newPairResource(f)} })
	}
	return all
}

// ListResourceConfigSchema implements list.ListResource.
func (l *listResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = listschema.Schema{
		MarkdownDescription: "Finds the objects of the cluster that a `mesh_" + l.typeName() + "` can own, whoever wrote them.",
		Attributes: map[string]listschema.Attribute{
			"namespace": listschema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Namespace to look in; `*` is all namespaces. Defaults to the provider's `default_namespace`.",
			},
			"label_selector": listschema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Labels that the objects must carry, as `kubectl get --selector` takes them, such as `app=greeter`. Defaults to all objects.",
			},
		},
	}
}

// ValidateListResourceConfig implements list.ListResourceWithValidateConfig.
func (l *listResource) ValidateListResourceConfig(_ context.Context, req list.ValidateConfigRequest, resp *list.ValidateConfigResponse) {
	resp.Diagnostics = checkList(attr.Read(attr.FromTerraform(req.Config.Raw)))
}

// checkList says what is wrong with a list block.
func checkList(r *attr.Reader) diag.Diagnostics {
	var diagnostics diag.Diagnostics
	if namespace := r.String("namespace"); r.Known("namespace") && namespace != "" && namespace != allNamespaces {
		for _, problem := range check.Namespace(namespace) {
			diagnostics.AddAttributeError(path.Root("namespace"), "Invalid namespace", sentence(problem.Reason))
		}
	}
	if err := cluster.CheckLabelSelector(r.String("label_selector")); r.Known("label_selector") && err != nil {
		diagnostics.AddAttributeError(path.Root("label_selector"), "Invalid label selector", sentence(err.Error())+
			"\n\nWrite it as kubectl get --selector takes it, such as app=greeter,env!=dev.")
	}
	return diagnostics
}

// List implements list.ListResource.
func (l *listResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	r := attr.Read(attr.FromTerraform(req.Config.Raw))
	if wrong := checkList(r); wrong.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(wrong)
		return
	}
	if l.settings.cluster == nil {
		stream.Results = failed(errNotConnected)
		return
	}
	query := cluster.Query{Namespace: firstOf(r.String("namespace"), l.settings.namespace), LabelSelector: r.String("label_selector")}
	if query.Namespace == allNamespaces {
		query.Namespace = ""
	}
	if _, every := l.form.(objectForm); every {
		query.Few = req.Limit
	}
	stream.Results = func(push func(list.ListResult) bool) {
		left := req.Limit
		for live, err := range l.candidates(ctx, query) {
			if err != nil {
				for result := range failed(err) {
					if !push(result) {
						return
					}
				}
				continue
			}
			result, ok := l.result(ctx, req, live)
			if !ok {
				continue
			}
			if left--; !push(result) || left == 0 {
				return
			}
		}
	}
}

// failed is a stream of nothing but an error.
func failed(err error) iter.Seq[list.ListResult] {
	var diagnostics diag.Diagnostics
	reportErrors(&diagnostics, nil, err)
	return list.ListResultsStreamDiagnostics(diagnostics)
}

// result describes live objects as this form; false says that it cannot without loss.
func (l *listResource) result(ctx context.Context, req list.ListRequest, live livePair) (list.ListResult, bool) {
	place := &canary.Placement{SubsetsElsewhere: live.DestinationRule == nil}
	for _, o := range live.Objects() {
		place.Namespace = o.Namespace
		if o.Kind() == istio.KindDestinationRule {
			place.DestinationRuleName = o.Name
		} else {
			place.VirtualServiceName = o.Name
		}
	}
	imported := attr.Object(l.seed(place))
	state := withLeftOver(l.refresh(imported, l.routeOf(imported), lifecycle{}, live), nil)
	if _, every := l.form.(objectForm); !every && !isEmptyList(state.Get("foreign_fields")) {
		return list.ListResult{}, false
	}
	result := req.NewListResult(ctx)
	result.DisplayName = place.Namespace + "/" + firstOf(place.VirtualServiceName, place.DestinationRuleName)
	identify(result.Identity, place)
	if req.IncludeResource {
		result.Resource.Raw = state.ToTerraform(l.cached.Type().TerraformType(ctx))
	}
	return result, true
}

// candidates goes through the objects that this form might describe: a VirtualService with the DestinationRule for its host,
// or one object.
func (l *listResource) candidates(ctx context.Context, query cluster.Query) iter.Seq2[livePair, error] {
	if f, ok := l.form.(objectForm); ok {
		query.Kind = f.kind
		return func(yield func(livePair, error) bool) {
			for o, err := range l.settings.cluster.Each(ctx, query) {
				if !yield(pairWith(o), err) {
					return
				}
			}
		}
	}
	return func(yield func(livePair, error) bool) {
		// By namespace and host.
		rules := map[[2]string][]*cluster.Live{}
		for o, err := range l.settings.cluster.Each(ctx, cluster.Query{Kind: istio.KindDestinationRule, Namespace: query.Namespace}) {
			if err != nil {
				yield(livePair{}, err)
				return
			}
			key := [2]string{o.Namespace, l.hostOfRule(o)}
			rules[key] = append(rules[key], o)
		}
		query.Kind = istio.KindVirtualService
		for o, err := range l.settings.cluster.Each(ctx, query) {
			pair := pairWith(o)
			if err == nil {
				for _, rule := range rules[[2]string{o.Namespace, l.hostOf(o)}] {
					if pair.DestinationRule == nil || rule.Name == o.Name {
						pair.DestinationRule = rule
					}
				}
			}
			if !yield(pair, err) {
				return
			}
		}
	}
}

func pairWith(o *cluster.Live) livePair {
	var pair livePair
	switch {
	case o == nil:
	case o.Kind() == istio.KindDestinationRule:
		pair.DestinationRule = o
	default:
		pair.VirtualService = o
	}
	return pair
}
