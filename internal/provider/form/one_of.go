package form

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// oneOf accepts the texts that it lists. Unlike the validator of the framework it does not quote all of a text,
// however long.
type oneOf []string

// OneOf returns what accepts some texts.
func OneOf(texts ...string) validator.String { return oneOf(texts) }

// Description implements validator.Describer.
func (o oneOf) Description(context.Context) string {
	return fmt.Sprintf("must be one of %q", []string(o))
}

// MarkdownDescription implements validator.Describer.
func (o oneOf) MarkdownDescription(ctx context.Context) string { return o.Description(ctx) }

// ValidateString implements validator.String.
func (o oneOf) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := req.ConfigValue
	if text.IsNull() || text.IsUnknown() || slices.Contains(o, text.ValueString()) {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid value",
		report.Located(req.Path, fmt.Sprintf("%s, got %q", o.Description(ctx), text.ValueString())))
}
