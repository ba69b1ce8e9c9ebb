// Package provider is Terraform's face of the project: schemas, the models between HCL and routes, CRUD as lists of
// steps, and diagnostics. It decides no routing rule.
package provider

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"

	fwaction "github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	fwfunction "github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/action"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/crud"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/function"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/siblings"
)

// What names may be.
const (
	defaultFieldManager = "terraform-provider-mesh"
	longestOwner        = 128
)

var (
	_ fwprovider.Provider                  = (*meshProvider)(nil)
	_ fwprovider.ProviderWithActions       = (*meshProvider)(nil)
	_ fwprovider.ProviderWithFunctions     = (*meshProvider)(nil)
	_ fwprovider.ProviderWithListResources = (*meshProvider)(nil)
)

// New returns the provider in the given version.
func New(version string) func() fwprovider.Provider {
	return func() fwprovider.Provider { return &meshProvider{version: version} }
}

type meshProvider struct {
	version string
	// configured is what the provider block says, nil until it was read.
	configured atomic.Pointer[crud.Settings]
	// validated knows what was told before that.
	validated report.Tally
}

// current returns what the provider block says.
func (p *meshProvider) current() crud.Settings {
	if s := p.configured.Load(); s != nil {
		return *s
	}
	s := crud.Unconfigured()
	s.Told = &p.validated
	return s
}

// Metadata implements provider.Provider.
func (p *meshProvider) Metadata(_ context.Context, _ fwprovider.MetadataRequest, resp *fwprovider.MetadataResponse) {
	resp.TypeName = "mesh"
	resp.Version = p.version
}

// Schema implements provider.Provider.
func (p *meshProvider) Schema(_ context.Context, _ fwprovider.SchemaRequest, resp *fwprovider.SchemaResponse) {
	attributes := connectionAttributes()
	attributes["default_namespace"] = schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "Namespace of the resources that set none themselves. Short service names resolve in " +
			"the resource's namespace. Defaults to `default`; the namespace of the kubeconfig's context is not used.",
	}
	attributes["cluster_domain"] = schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: "DNS domain of the cluster, the end of every full host name. Defaults to `cluster.local`.",
	}
	attributes["field_manager"] = schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How the fields that Terraform writes are owned in Kubernetes' server-side apply. Give " +
			"every workspace that may touch the same objects its own name.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name that `kubectl get --show-managed-fields` shows for the fields that " +
					"Terraform owns, 1 to 128 characters. Defaults to `terraform-provider-mesh`.",
			},
			"force_conflicts": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Takes fields that another manager has changed. By default such a change is " +
					"shown and left alone: apply ends with an error that names the manager, the field and the time. " +
					"Defaults to `false`.",
			},
		},
	}
	attributes["propagation"] = schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "How apply lets the proxies follow before it takes the next step.",
		Attributes: map[string]schema.Attribute{
			"mode": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{form.PropagationMode},
				MarkdownDescription: form.DescribePropagation["mode"],
			},
			"settle": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: form.DescribePropagation["settle"],
			},
			"settle_after_failure": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: form.DescribePropagation["settle_after_failure"],
			},
			"timeout": schema.StringAttribute{Optional: true, MarkdownDescription: form.DescribePropagation["timeout"]},
			"on_timeout": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{form.PropagationOnTimeout},
				MarkdownDescription: form.DescribePropagation["on_timeout"],
			},
			"istiod_namespace": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Namespace of istiod's pods, which the modes `auto` and `ack` ask through a " +
					"port-forward. Defaults to `istio-system`.",
			},
			"istiod_addresses": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "URLs of every istiod's monitoring port, such as `http://127.0.0.1:15014`, " +
					"which the modes `auto` and `ack` ask in place of the pods. istiod answers only to its own host " +
					"unless it is configured otherwise.",
			},
		},
	}
	attributes["owner"] = schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "Name of this workspace, such as `shop/${terraform.workspace}`, at most 128 printable " +
			"characters. It is written on every object as the annotation `terraform-provider-mesh/owner`. With it an " +
			"apply goes on where a killed one left off, and two workspaces that mean the same objects are told of " +
			"each other. Defaults to what the service that runs Terraform calls the workspace, from " +
			"`TFC_WORKSPACE_SLUG` (HCP Terraform), `TF_VAR_spacelift_stack_id` (Spacelift) or `ENV0_ENVIRONMENT_ID` " +
			"(env0), and elsewhere to none; `\"\"` is none anywhere.",
	}
	attributes["allow_used_removal"] = schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "Lets a plan take away a subset, or give it other labels, while a VirtualService of " +
			"somebody else sends requests to it, and a VirtualService to which another one delegates. By default " +
			"that is an error that names the VirtualService and its " +
			"rule, also when a resource is destroyed. Meant for one apply: the environment variable " +
			"`MESH_ALLOW_USED_REMOVAL` says the same. Defaults to `false`.",
	}
	attributes["prometheus"] = prometheusAttribute()
	resp.Schema = schema.Schema{
		MarkdownDescription: "Canary routing on Istio: which requests go to which version of a service, in which " +
			"shares.",
		Attributes: attributes,
		Blocks:     connectionBlocks(),
	}
}

// Configure implements provider.Provider.
func (p *meshProvider) Configure(
	_ context.Context, req fwprovider.ConfigureRequest, resp *fwprovider.ConfigureResponse,
) {
	r := attr.Read(attr.FromTerraform(req.Config.Raw))
	config := readConnection(r)
	config.UserAgent = "terraform-provider-mesh/" + p.version
	s := p.readSettings(r, &config, &resp.Diagnostics)
	for _, problem := range r.Problems()[:min(len(r.Problems()), report.MostProblems)] {
		resp.Diagnostics.AddAttributeError(problem.At, "Invalid provider configuration",
			report.Located(problem.At, problem.Reason))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if config.Insecure {
		resp.Diagnostics.AddAttributeWarning(path.Root("insecure"), "TLS is not verified",
			"Anybody between Terraform and the API server can read and change what is sent, the credentials "+
				"included.\n\n"+
				"Give the API server's certificate authority in cluster_ca_certificate instead.")
	}
	if !slices.ContainsFunc(r.Unknown(), ofConnection) {
		s.Cluster = connect(config, &resp.Diagnostics)
	}
	forwardPrometheus(r, s.Gates.Prometheus, s.Cluster)
	if s.Cluster != nil {
		s.Surroundings = cluster.NewSurroundings(s.Cluster, s.ClusterDomain)
	}
	s.Gates.UserAgent = config.UserAgent
	s.Told, s.Read = &report.Tally{}, &siblings.Set{}
	s.Planned, s.Claims, s.Going = &siblings.Plan{}, &siblings.Claims{}, &siblings.Deletions{}
	s.Stamp = strings.Join([]string{p.version, s.Namespace, s.ClusterDomain, config.FieldManager}, " ")
	p.configured.Store(&s)
	resp.ResourceData, resp.ListResourceData, resp.DataSourceData = s, s, s
	resp.ActionData = action.Settings{Defaults: s.Defaults, Cluster: s.Cluster, Owner: s.Owner}
}

func (p *meshProvider) readSettings(
	r *attr.Reader, config *cluster.Config, diagnostics *diag.Diagnostics,
) crud.Settings {
	refuse := func(at path.Path, reason string) {
		diagnostics.AddAttributeError(at, "Invalid provider configuration", report.Located(at, reason))
	}
	s := crud.Settings{Defaults: form.Defaults{
		Namespace:     form.DefaultNamespace,
		ClusterDomain: form.DefaultClusterDomain,
		Propagation:   form.DefaultPropagation(),
	}}
	// A value that is not known yet is empty, so that nothing is planned from it.
	name := func(into *string, attribute string, valid func(string) bool, reason string) {
		value := r.String(attribute)
		if r.Has(attribute) && (value != "" || !r.Known(attribute)) {
			*into = value
		}
		if value != "" && !valid(value) {
			refuse(path.Root(attribute), reason)
		}
	}
	name(&s.Namespace, "default_namespace", istio.IsNamespaceName,
		"must be the name of a namespace: lower case letters, digits and -, at most 63 characters")
	s.ListNamespace = r.String("default_namespace")
	name(&s.ClusterDomain, "cluster_domain", istio.IsObjectName,
		"must be a DNS domain in lower case, such as \"cluster.local\"")
	config.FieldManager = defaultFieldManager
	if manager := r.Object("field_manager"); manager != nil {
		if name := manager.String("name"); name != "" {
			config.FieldManager = name
		}
		config.ForceConflicts = manager.Bool("force_conflicts")
	}
	if len(config.FieldManager) > 128 ||
		strings.ContainsFunc(config.FieldManager, func(c rune) bool { return !unicode.IsPrint(c) }) {
		refuse(path.Root("field_manager").AtName("name"), "must have at most 128 characters, all of them printable")
	}
	s.Owner, s.OwnerKnown = r.String("owner"), !r.Has("owner") || r.Known("owner")
	if !r.Has("owner") {
		s.Owner = ownerOfRunner()
	}
	if !isOwner(s.Owner) {
		refuse(path.Root("owner"), "must have at most 128 characters, all of them printable")
	}
	refuseBase64(r, refuse)
	s.AllowUsedRemoval = readSwitch(r, "allow_used_removal", "MESH_ALLOW_USED_REMOVAL")
	s.Gates.Prometheus = readPrometheus(r, refuse)
	for _, problem := range form.ReadPropagation(r, &s.Propagation) {
		refuse(report.Path(problem.At), problem.Reason)
	}
	return s
}

// runners are the variables of the environment by which the services that run Terraform say whose state it is.
// Source: HCP Terraform, run environment; Spacelift, environment variables; env0, system environment variables.
var runners = []string{"TFC_WORKSPACE_SLUG", "TF_VAR_spacelift_stack_id", "ENV0_ENVIRONMENT_ID"}

// ownerOfRunner returns the name of the workspace as the service that runs Terraform calls it, empty without one or
// for one that is no good as an owner.
func ownerOfRunner() string {
	for _, variable := range runners {
		if name := os.Getenv(variable); name != "" && isOwner(name) {
			return name
		}
	}
	return ""
}

func isOwner(name string) bool {
	return len(name) <= longestOwner && !strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) })
}

// ofConnection reports whether a value has to be known before the cluster can be asked.
func ofConnection(at path.Path) bool {
	steps := at.Steps()
	return len(steps) == 0 || !steps[0].Equal(path.PathStepAttributeName("prometheus"))
}

func connect(config cluster.Config, diagnostics *diag.Diagnostics) *cluster.Cluster {
	c, err := cluster.Connect(config)
	switch {
	case errors.Is(err, cluster.ErrNoConfiguration):
		diagnostics.AddError("No cluster is configured",
			"The provider does not know which Kubernetes cluster to talk to.\n\n"+
				"Set one of these:\n"+
				"  - config_path (or the environment variable KUBE_CONFIG_PATH) to a kubeconfig file, such as "+
				"~/.kube/config\n"+
				"  - host with token, client_certificate and client_key, or exec (or KUBE_HOST and KUBE_TOKEN)\n"+
				"Inside a cluster the pod's service account is used when nothing is set.")
	case err != nil:
		diagnostics.AddError("Cluster configuration unusable",
			"Could not "+err.Error()+"."+"\n\nCheck config_path, config_context and the other connection attributes "+
				"of the provider block, and the KUBE_* environment variables.")
	}
	return c
}

// Resources implements provider.Provider.
func (p *meshProvider) Resources(context.Context) []func() resource.Resource {
	var all []func() resource.Resource
	for _, f := range form.All {
		all = append(all, func() resource.Resource { return crud.New(f) })
	}
	return all
}

// DataSources implements provider.Provider.
func (p *meshProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newServiceRouting}
}

// ListResources implements provider.ProviderWithListResources.
func (p *meshProvider) ListResources(context.Context) []func() list.ListResource {
	var all []func() list.ListResource
	for _, f := range form.All {
		all = append(all, func() list.ListResource { return crud.NewList(f) })
	}
	return all
}

// Actions implements provider.ProviderWithActions.
func (p *meshProvider) Actions(context.Context) []func() fwaction.Action { return action.All() }

// Functions implements provider.ProviderWithFunctions.
func (p *meshProvider) Functions(context.Context) []func() fwfunction.Function { return function.All() }
