package provider

import (
	"cmp"
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/crud"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

var (
	_ datasource.DataSourceWithConfigure      = (*serviceRouting)(nil)
	_ datasource.DataSourceWithValidateConfig = (*serviceRouting)(nil)
)

// serviceRouting is the data source mesh_service_routing.
type serviceRouting struct{ settings crud.Settings }

func newServiceRouting() datasource.DataSource { return &serviceRouting{settings: crud.Unconfigured()} }

// Metadata implements datasource.DataSource.
func (*serviceRouting) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_service_routing"
}

// Schema implements datasource.DataSource.
func (*serviceRouting) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "What routes a service now, whoever wrote it: which VirtualServices claim it and which " +
			"of them holds, which DestinationRules declare its subsets, who answers in them, and what contradicts " +
			"what.\n\nWhat the user may not read is `null`, and a warning names the right that is missing. Who may " +
			"list in the namespace of the service only gets what is there, and a warning too.",
		Attributes: map[string]schema.Attribute{
			"service": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Service that is looked at. A name without a dot is a service of `namespace`; " +
					"every name with a dot is taken as it is. It has to exist, as a Service or as a host of a " +
					"ServiceEntry.",
			},
			"namespace": schema.StringAttribute{
				Optional: true, Computed: true, Validators: form.NotEmpty,
				MarkdownDescription: "Namespace in which a short name is resolved. Defaults to the provider's " +
					"`default_namespace`.",
			},
			"host": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Full name of the service, such as `greeter.shop.svc.cluster.local`.",
			},
			"ports": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "Ports of the Service, `null` for a host of a ServiceEntry.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name": schema.StringAttribute{
						Computed:            true,
						MarkdownDescription: "Name of the port, by which Istio knows its protocol.",
					},
					"number": schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the port."},
				}},
			},
			"ready_endpoints": schema.Int64Attribute{
				Computed: true,
				MarkdownDescription: "Number of ready pods and WorkloadEntries behind the Service. `null` where its " +
					"selector does not decide who they are: without a selector, for a name of something outside, and " +
					"for a host of a ServiceEntry.",
			},
			"virtual_services":  virtualServicesAttribute(),
			"destination_rules": destinationRulesAttribute(),
			argument.ManifestsAttribute: schema.ListAttribute{
				ElementType: types.StringType, Computed: true,
				MarkdownDescription: "What decides about requests for the service, each object as a text of YAML: " +
					"the " +
					"VirtualServices of `virtual_services` with their delegates, the DestinationRules of every " +
					"service " +
					"to which they send requests, and the Gateways where they are. The oldest of a kind is first. " +
					"With " +
					"them `provider::mesh::evaluate(data.mesh_service_routing.NAME, {…})` tells where a request goes " +
					"now, and `provider::mesh::picture(data.mesh_service_routing.NAME)` draws it. Labels and " +
					"annotations are left out. `null` where something may be that the user may not read.",
			},
			"conflicts": schema.ListAttribute{
				ElementType: types.StringType, Computed: true,
				MarkdownDescription: "What contradicts what, a sentence each, as the checks of a plan say it: " +
					"VirtualServices without effect, subsets that are hidden, declared twice or empty, and services, " +
					"ports and gateways that do not exist. Of what else these objects route nothing is said. At " +
					"most 100.",
			},
		},
	}
}

// objectAttributes are what both kinds of objects tell of themselves.
func objectAttributes(more map[string]schema.Attribute) schema.NestedAttributeObject {
	attributes := map[string]schema.Attribute{
		"namespace": schema.StringAttribute{Computed: true, MarkdownDescription: "Namespace of the object."},
		"name":      schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the object."},
		"created": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Time at which the object was made, in UTC, such as `2026-01-31T12:00:00Z`.",
		},
		"owner": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Workspace that owns the object, by the annotation `" +
				istio.OwnerAnnotation + "`. May be `null`.",
		},
		"managed_by": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Tools whose marks the object carries, such as `Flagger`: Argo Rollouts, Flagger, " +
				"Kiali, Argo CD, Flux and Helm are known.",
		},
	}
	for name, a := range more {
		attributes[name] = a
	}
	return schema.NestedAttributeObject{Attributes: attributes}
}

func virtualServicesAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Computed: true,
		MarkdownDescription: "VirtualServices that claim the host, by its name or by a wildcard, and those that send " +
			"requests to it. The oldest is first.",
		NestedObject: objectAttributes(map[string]schema.Attribute{
			"hosts": schema.ListAttribute{
				ElementType:         types.StringType,
				Computed:            true,
				MarkdownDescription: "Hosts for which its rules are, as they are written.",
			},
			"gateways": schema.ListAttribute{
				ElementType:         types.StringType,
				Computed:            true,
				MarkdownDescription: "Gateways at which they hold; `mesh` is every sidecar.",
			},
			"effective": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether some caller follows its rules: `false` says that for each of its hosts " +
					"another VirtualService goes first, for everybody. At gateways several are merged.",
			},
			"weights": schema.MapAttribute{
				ElementType: types.MapType{ElemType: types.NumberType}, Computed: true,
				MarkdownDescription: "Weights of the rules with several destinations, by rule and subset. A rule " +
					"without a name is called by its place, such as `http[0]`.",
			},
			"summary": schema.ListAttribute{
				ElementType:         types.StringType,
				Computed:            true,
				MarkdownDescription: "What its rules do, in words, a line each.",
			},
		}),
	}
}

func destinationRulesAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: "DestinationRules for the host, by its name or by a wildcard. The oldest is first.",
		NestedObject: objectAttributes(map[string]schema.Attribute{
			"host": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Host that the rule is for, as it is written.",
			},
			"subsets": schema.MapNestedAttribute{
				Computed: true, MarkdownDescription: "Subsets that it declares, by name.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"labels": schema.MapAttribute{
						ElementType:         types.StringType,
						Computed:            true,
						MarkdownDescription: "Labels of the pods of the subset.",
					},
					"ready_endpoints": schema.Int64Attribute{
						Computed: true, MarkdownDescription: "Number of ready pods and WorkloadEntries of the " +
							"Service that carry these labels. `null` where that is not known.",
					},
				}},
			},
		}),
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *serviceRouting) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	if s, ok := req.ProviderData.(crud.Settings); ok {
		d.settings = s
	}
}

// ValidateConfig implements datasource.DataSourceWithValidateConfig.
func (d *serviceRouting) ValidateConfig(
	_ context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
	r := attr.Read(attr.FromTerraform(req.Config.Raw))
	if service := r.String("service"); r.Known("service") && !istio.IsHost(service) {
		at := path.Root("service")
		resp.Diagnostics.AddAttributeError(at, "Invalid service", report.Located(at,
			fmt.Sprintf("%.80q is no name of a service: a DNS name, with *. in front or not, or an address", service)))
	}
	if namespace := r.String("namespace"); r.Known("namespace") && namespace != "" {
		for _, problem := range check.Namespace(namespace) {
			at := report.Path(problem.At)
			resp.Diagnostics.AddAttributeError(at, "Invalid namespace", report.Located(at, problem.Reason))
		}
	}
}

// Read implements datasource.DataSource.
func (d *serviceRouting) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if d.settings.Surroundings == nil {
		resp.Diagnostics.AddError(
			"Cluster not known yet", "The provider block holds values that are known only after apply, so that there "+
				"is no cluster to read from yet. Let this data source depend on what makes the cluster: depends_on "+
				"puts it off until apply.",
		)
		return
	}
	r := attr.Read(attr.FromTerraform(req.Config.Raw))
	namespace := cmp.Or(r.String("namespace"), d.settings.Namespace)
	host := istio.FullHost(r.String("service"), namespace, d.settings.ClusterDomain)
	view := d.settings.View(namespace, "")
	// depends_on may have put this read off until something was written.
	view.Anew()
	if home, _, inside := view.InCluster(host); inside {
		view.Namespace = home
	}
	service := lookAtService(report.WithWarnings(ctx, &resp.Diagnostics), view, host, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	attributes := map[string]attr.Value{
		"service": attr.String(r.String("service")), "namespace": attr.String(namespace), "host": attr.String(host),
	}
	encodeServing(attributes, view, host, service, d.conflicts(ctx, view, host, &resp.Diagnostics))
	attributes[argument.ManifestsAttribute] = encodeManifests(view, host)
	lines, missing := report.UnseenLines(view)
	if lines = append(lines, report.NarrowLines(view)...); len(lines) > 0 {
		resp.Diagnostics.AddWarning("Not everything could be read",
			report.UnseenText("The answer does not say:", lines, missing))
	}
	resp.State.Raw = attr.Object(attributes).ToTerraform(req.Config.Raw.Type())
}

// lookAtService looks at all that may have to do with a host. It returns its Service, nil where there is none or
// nothing is known of it, which is an error if it is certain that nothing has the host.
func lookAtService(
	ctx context.Context, view *cluster.View, host string, diagnostics *diag.Diagnostics,
) *around.Service {
	wanted := []around.Query{{Resource: around.VirtualServices}, {Resource: around.DestinationRules}}
	namespace, name, inside := view.InCluster(host)
	if inside {
		for _, resource := range []around.Resource{around.Services, around.Pods, around.WorkloadEntries} {
			wanted = append(wanted, around.Query{Resource: resource, Namespace: namespace})
		}
	}
	view.List(ctx, wanted)
	services, known := view.Services[namespace]
	if service, ok := services[name]; ok {
		return &service
	}
	if inside && !known {
		return nil
	}
	view.List(ctx, []around.Query{{Resource: around.ServiceEntries}})
	if view.Unentered(host) {
		at, advice := path.Root("service"), "Check the name and the namespace."
		if !inside {
			advice = "A name with a dot is taken as it is: of a Service write the name alone and its namespace, or " +
				"the full name."
		}
		diagnostics.AddAttributeError(at, "Service does not exist", report.Located(at,
			fmt.Sprintf("there is no Service, and no ServiceEntry, for %s in the cluster", host))+"\n\n"+advice)
	}
	return nil
}

// conflicts says what contradicts what among the objects that route a host, whoever owns them. Without the right to
// list them nothing is known, which is nil.
func (d *serviceRouting) conflicts(
	ctx context.Context, view *cluster.View, host string, diagnostics *diag.Diagnostics,
) []string {
	if view.VirtualServices == nil || view.DestinationRules == nil {
		return nil
	}
	conflicts := []string{}
	findings := crud.Look(report.WithWarnings(ctx, diagnostics), view, func() ([]around.Finding, []around.Query) {
		return around.InspectHost(host, &view.Facts)
	})
	for _, f := range findings {
		conflicts = append(conflicts, report.Sentence(report.Text(f.Problem)))
	}
	return conflicts
}
