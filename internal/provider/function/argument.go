package function

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/guard"
)

// valueOf returns the value of an argument of any type. The problem is that there is none, in the given words.
func valueOf(ctx context.Context, given types.Dynamic, none string) (value tftypes.Value, problem string) {
	value, err := given.ToTerraformValue(ctx)
	if err != nil || value.IsNull() {
		return tftypes.Value{}, none
	}
	return value, ""
}

// readRoutes reads the argument at a place: a route, or a list of them. The same argument is read once.
func readRoutes(ctx context.Context, at int, given types.Dynamic) *argument.Routes {
	return guard.Once(ctx, at, func() *argument.Routes {
		value, problem := valueOf(ctx, given, "There is no route.")
		if problem != "" {
			return &argument.Routes{Problem: problem}
		}
		return argument.ReadRoutes(value)
	})
}

// readRequest reads the argument that is a request.
func readRequest(ctx context.Context, given types.Dynamic) argument.Request {
	value, problem := valueOf(ctx, given, "There is no request; {} is a GET of / at the first host of the route.")
	if problem != "" {
		return argument.Request{Problem: problem}
	}
	return argument.ReadRequest(value)
}
