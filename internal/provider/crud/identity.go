package crud

import (
	"cmp"
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

var _ resource.ResourceWithIdentity = (*objectsResource)(nil)

// IdentitySchema implements resource.ResourceWithIdentity: a namespace and a name tell the objects of one cluster
// apart. That of two objects is the name of the VirtualService.
func (p *objectsResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"namespace": identityschema.StringAttribute{RequiredForImport: true, Description: "Namespace of the objects."},
		"name": identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "Name of the object, of two that of the VirtualService.",
		},
	}}
}

var identityType = tftypes.Object{
	AttributeTypes: map[string]tftypes.Type{"namespace": tftypes.String, "name": tftypes.String},
}

// identify writes the identity of what stands at a place. A CLI that knows no identities gave none to write.
func identify(identity *tfsdk.ResourceIdentity, place *canary.Placement) {
	if identity == nil {
		return
	}
	identity.Raw = tftypes.NewValue(identityType, map[string]tftypes.Value{
		"namespace": tftypes.NewValue(tftypes.String, place.Namespace),
		"name":      tftypes.NewValue(tftypes.String, cmp.Or(place.VirtualServiceName, place.DestinationRuleName)),
	})
}

// importID returns what is to be imported, by its id or by its identity.
func importID(req resource.ImportStateRequest) string {
	if req.ID != "" || req.Identity == nil {
		return plainID(req.ID)
	}
	identity := attr.Read(attr.FromTerraform(req.Identity.Raw))
	return identity.String("namespace") + "/" + identity.String("name")
}

// plainID returns an id as `namespace/name` where it is in the form of kubernetes_manifest, such as
// `apiVersion=networking.istio.io/v1,kind=VirtualService,namespace=shop,name=reviews`.
func plainID(id string) string {
	fields := map[string]string{}
	for part := range strings.SplitSeq(id, ",") {
		name, value, _ := strings.Cut(part, "=")
		fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	if !strings.HasPrefix(fields["apiVersion"], "networking.istio.io/") || fields["name"] == "" {
		return id
	}
	return cmp.Or(fields["namespace"], form.DefaultNamespace) + "/" + fields["name"]
}

var identityValues = attr.TypeOf(identityType)

// identityAt returns the identity of what stands at a place.
func identityAt(namespace, name string) *tfprotov6.ResourceIdentityData {
	return encodeIdentity(attr.Object(map[string]attr.Value{
		"namespace": attr.String(namespace),
		"name":      attr.String(name),
	}))
}

// noIdentity returns the identity of what is not there.
func noIdentity() *tfprotov6.ResourceIdentityData { return encodeIdentity(attr.Null()) }

func encodeIdentity(identity attr.Value) *tfprotov6.ResourceIdentityData {
	// Two texts always can be encoded, and so can null.
	encoded, _ := identityValues.Encode(identity)
	return &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{MsgPack: encoded}}
}
