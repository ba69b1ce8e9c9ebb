package guard

import (
	"context"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// ValidateListResourceConfig implements tfprotov6.ListResourceServer.
func (g *guard) ValidateListResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateListResourceConfigRequest,
) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	if wrong := refused(dynamic(req.Config, nil, InConfig)); wrong != nil {
		return &tfprotov6.ValidateListResourceConfigResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.Served.ValidateListResourceConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// ListResource implements tfprotov6.ListResourceServer. An object that is too large to be a resource is listed with
// an error in place of its content.
func (g *guard) ListResource(
	ctx context.Context, req *tfprotov6.ListResourceRequest,
) (*tfprotov6.ListResourceServerStream, error) {
	if wrong := refused(dynamic(req.Config, nil, InConfig)); wrong != nil {
		return &tfprotov6.ListResourceServerStream{Results: func(push func(tfprotov6.ListResourceResult) bool) {
			push(tfprotov6.ListResourceResult{Diagnostics: wrong})
		}}, nil
	}
	if r, ok := g.of.Resource(req.TypeName); ok {
		if stream, ok := r.List(ctx, req); ok {
			return stream, nil
		}
	}
	of := g.typeOf(req.TypeName)
	stream, err := g.Served.ListResource(ctx, req)
	if stream == nil || stream.Results == nil {
		return stream, err
	}
	results := stream.Results
	stream.Results = func(push func(tfprotov6.ListResourceResult) bool) {
		for result := range results {
			if wrong := refused(dynamic(result.Resource, of, InCluster)); wrong != nil {
				result.Resource = nil
				result.Diagnostics = append(result.Diagnostics, wrong...)
			}
			result.DisplayName = report.Printable(result.DisplayName, report.LongestPath)
			result.Diagnostics = Shown(result.Diagnostics)
			if !push(result) {
				return
			}
		}
	}
	return stream, err
}

// ValidateDataResourceConfig implements tfprotov6.ProviderServer.
func (g *guard) ValidateDataResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest,
) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	if wrong := refused(dynamic(req.Config, g.of.Reads[req.TypeName], InConfig)); wrong != nil {
		return &tfprotov6.ValidateDataResourceConfigResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.Served.ValidateDataResourceConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// ReadDataSource implements tfprotov6.ProviderServer. What somebody put into the cluster is measured as a resource
// is.
func (g *guard) ReadDataSource(
	ctx context.Context, req *tfprotov6.ReadDataSourceRequest,
) (*tfprotov6.ReadDataSourceResponse, error) {
	of := g.of.Reads[req.TypeName]
	if wrong := refused(dynamic(req.Config, of, InConfig)); wrong != nil {
		return &tfprotov6.ReadDataSourceResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.Served.ReadDataSource(ctx, req)
	if resp == nil {
		return nil, err
	}
	if wrong := refused(dynamic(resp.State, of, InCluster)); wrong != nil {
		resp.State, resp.Diagnostics = nil, append(resp.Diagnostics, wrong...)
	}
	resp.Diagnostics = Shown(resp.Diagnostics)
	return resp, err
}

// CallFunction implements tfprotov6.FunctionServer.
func (g *guard) CallFunction(
	ctx context.Context, req *tfprotov6.CallFunctionRequest,
) (*tfprotov6.CallFunctionResponse, error) {
	for i, argument := range req.Arguments {
		if at := int64(i); argument == nil {
			return &tfprotov6.CallFunctionResponse{
				Error: &tfprotov6.FunctionError{Text: "There is no value", FunctionArgument: &at},
			}, nil
		}
	}
	ctx, req = g.memo.call(ctx, req)
	for i, argument := range req.Arguments {
		at := int64(i)
		if wrong := dynamic(argument, nil, inArgument).refuse(); wrong != nil {
			text := saidOfFunction(report.Located(withinArgument(wrong.at), wrong.reason))
			return &tfprotov6.CallFunctionResponse{Error: &tfprotov6.FunctionError{Text: text, FunctionArgument: &at}},
				nil
		}
	}
	resp, err := g.Served.CallFunction(ctx, req)
	if resp != nil && resp.Error != nil {
		resp.Error.Text = saidOfFunction(resp.Error.Text)
	}
	return resp, err
}

// saidOfFunction is an error of a function as it may be shown. Terraform puts it into a sentence, and a full stop
// behind it.
func saidOfFunction(text string) string {
	return strings.TrimSuffix(report.Printable(text, report.LongestDetail), ".")
}

// identifier is a name that stands behind a dot in a configuration.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// withinArgument returns a path in an encoded argument as it is written in the configuration. A value of any type is
// encoded as a pair, its type first, and objects are encoded as maps are.
func withinArgument(encoded path.Path) path.Path {
	at := path.Empty()
	for i, step := range encoded.Steps() {
		switch s := step.(type) {
		case path.PathStepElementKeyInt:
			if i > 0 {
				at = at.AtListIndex(int(s))
			}
		case path.PathStepElementKeyString:
			if identifier.MatchString(string(s)) {
				at = at.AtName(string(s))
			} else {
				at = at.AtMapKey(string(s))
			}
		}
	}
	return at
}
