package guard

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// ValidateActionConfig implements tfprotov6.ActionServer.
func (g *guard) ValidateActionConfig(
	ctx context.Context, req *tfprotov6.ValidateActionConfigRequest,
) (*tfprotov6.ValidateActionConfigResponse, error) {
	if wrong := refused(dynamic(req.Config, nil, InConfig)); wrong != nil {
		return &tfprotov6.ValidateActionConfigResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.Served.ValidateActionConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// PlanAction implements tfprotov6.ActionServer.
func (g *guard) PlanAction(
	ctx context.Context, req *tfprotov6.PlanActionRequest,
) (*tfprotov6.PlanActionResponse, error) {
	if wrong := refused(dynamic(req.Config, nil, InConfig)); wrong != nil {
		return &tfprotov6.PlanActionResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.Served.PlanAction(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// InvokeAction implements tfprotov6.ActionServer. What it tells on the way is fit for a terminal too.
func (g *guard) InvokeAction(
	ctx context.Context, req *tfprotov6.InvokeActionRequest,
) (*tfprotov6.InvokeActionServerStream, error) {
	if wrong := refused(dynamic(req.Config, nil, InConfig)); wrong != nil {
		return &tfprotov6.InvokeActionServerStream{Events: func(push func(tfprotov6.InvokeActionEvent) bool) {
			push(tfprotov6.InvokeActionEvent{Type: tfprotov6.CompletedInvokeActionEventType{Diagnostics: wrong}})
		}}, nil
	}
	stream, err := g.Served.InvokeAction(ctx, req)
	if stream == nil || stream.Events == nil {
		return stream, err
	}
	events := stream.Events
	stream.Events = func(push func(tfprotov6.InvokeActionEvent) bool) {
		for event := range events {
			switch of := event.Type.(type) {
			case tfprotov6.ProgressInvokeActionEventType:
				of.Message = report.Printable(of.Message, longestProgress)
				event.Type = of
			case tfprotov6.CompletedInvokeActionEventType:
				of.Diagnostics = Shown(of.Diagnostics)
				event.Type = of
			}
			if !push(event) {
				return
			}
		}
	}
	return stream, err
}

// longestProgress is how many bytes are shown of what an action tells on the way.
const longestProgress = 1000
