package crud

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// What the framework sees of a resource: schema, identity, import and moves. It plans and changes nothing for
// Terraform, which gets its answers in [guard.guard]; that it can is what those answers are compared with.
var (
	_ resource.Resource                   = (*objectsResource)(nil)
	_ resource.ResourceWithConfigure      = (*objectsResource)(nil)
	_ resource.ResourceWithValidateConfig = (*objectsResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*objectsResource)(nil)
	_ resource.ResourceWithImportState    = (*objectsResource)(nil)
)

// Metadata implements resource.Resource.
func (p *objectsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + p.TypeName()
	// Another name or namespace is an update in place.
	resp.ResourceBehavior.MutableIdentity = true
}

// Schema implements resource.Resource.
func (p *objectsResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = p.cached
}

// Configure implements resource.ResourceWithConfigure.
func (p *objectsResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if s, ok := req.ProviderData.(Settings); ok {
		p.settings = s
	}
}

// ValidateConfig implements resource.ResourceWithValidateConfig.
func (p *objectsResource) ValidateConfig(
	_ context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	c := call{config: attr.FromTerraform(req.Config.Raw)}
	p.validateConfig(&c)
	resp.Diagnostics.Append(c.diagnostics...)
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (p *objectsResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	c := call{
		config:  attr.FromTerraform(req.Config.Raw),
		prior:   attr.FromTerraform(req.State.Raw),
		planned: attr.FromTerraform(req.Plan.Raw),
	}
	c.private = takePrivate(ctx, req.Private, &resp.Diagnostics)
	p.plan(ctx, &c)
	resp.Plan.Raw = c.planned.ToTerraform(req.Plan.Raw.Type())
	resp.Diagnostics.Append(c.diagnostics...)
}

// Read implements resource.Resource.
func (p *objectsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	c := call{prior: attr.FromTerraform(req.State.Raw), private: takePrivate(ctx, req.Private, &resp.Diagnostics)}
	p.readState(ctx, &c)
	c.answer(ctx, p.cached.Type().TerraformType(ctx), &resp.State, resp.Identity, resp.Private, &resp.Diagnostics)
}

// Create implements resource.Resource.
func (p *objectsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	c := call{config: attr.FromTerraform(req.Config.Raw), planned: attr.FromTerraform(req.Plan.Raw)}
	p.apply(ctx, &c)
	c.answer(ctx, req.Plan.Raw.Type(), &resp.State, resp.Identity, resp.Private, &resp.Diagnostics)
}

// Update implements resource.Resource.
func (p *objectsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	c := call{
		config:  attr.FromTerraform(req.Config.Raw),
		prior:   attr.FromTerraform(req.State.Raw),
		planned: attr.FromTerraform(req.Plan.Raw),
	}
	c.private = takePrivate(ctx, req.Private, &resp.Diagnostics)
	p.apply(ctx, &c)
	c.answer(ctx, req.Plan.Raw.Type(), &resp.State, resp.Identity, resp.Private, &resp.Diagnostics)
}

// Delete implements resource.Resource.
func (p *objectsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	c := call{prior: attr.FromTerraform(req.State.Raw), private: takePrivate(ctx, req.Private, &resp.Diagnostics)}
	p.apply(ctx, &c)
	c.answer(ctx, req.State.Raw.Type(), &resp.State, nil, resp.Private, &resp.Diagnostics)
}

// answer puts the answer of a call into that of the framework.
func (c *call) answer(
	ctx context.Context,
	of tftypes.Type,
	state *tfsdk.State,
	identity *tfsdk.ResourceIdentity,
	private privateState,
	diagnostics *diag.Diagnostics,
) {
	state.Raw = c.state.ToTerraform(of)
	if c.place != nil {
		identify(identity, c.place)
	}
	for _, key := range privateKeys {
		diagnostics.Append(private.SetKey(ctx, key, c.private[key])...)
	}
	diagnostics.Append(c.diagnostics...)
}

// privateState is the private part of a state or a plan as the framework has it.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

var privateKeys = []string{
	observedKey, settledKey, leftOverKey, forceKey, owedKey, ownerKey, unknownFieldsKey, backupKey,
}

func takePrivate(ctx context.Context, from privateState, diagnostics *diag.Diagnostics) private {
	kept := private{}
	for _, key := range privateKeys {
		value, problems := from.GetKey(ctx, key)
		diagnostics.Append(problems...)
		if len(value) > 0 {
			kept[key] = value
		}
	}
	return kept
}
