package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/crud"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/guard"
)

// NewServer returns what is served to Terraform: the provider in the given version behind a guard.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer { return (&meshProvider{version: version}).serve() }
}

// serve returns the provider behind a guard.
func (p *meshProvider) serve() guard.Served {
	types := terraformTypes()
	framework := providerserver.NewProtocol6(p)()
	served := framework.(guard.Served) //nolint:errcheck,forcetypeassert // it serves all of it
	return guard.New(served, guard.Subject{
		Block: types.block, Reads: types.reads, Foreign: crud.IsForeign,
		Resource: func(name string) (guard.Resource, bool) { return crud.Named(name, p.current()) },
	})
}

// valueTypes are the types of the provider block and of the data sources, by name.
type valueTypes struct {
	block tftypes.Type
	reads map[string]tftypes.Type
}

// terraformTypes are the same for every server.
var terraformTypes = sync.OnceValue(func() valueTypes {
	ctx := context.Background()
	var block fwprovider.SchemaResponse
	(&meshProvider{}).Schema(ctx, fwprovider.SchemaRequest{}, &block)
	var routing datasource.SchemaResponse
	newServiceRouting().Schema(ctx, datasource.SchemaRequest{}, &routing)
	return valueTypes{
		block: block.Schema.Type().TerraformType(ctx),
		reads: map[string]tftypes.Type{"mesh_service_routing": routing.Schema.Type().TerraformType(ctx)},
	}
})
