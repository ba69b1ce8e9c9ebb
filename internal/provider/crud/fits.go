package crud

import (
	"context"
	"math"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// fits reports whether an object of a configuration has all that its schema requires and nothing that is read-only,
// and passes the validators of its attributes. Where it does not, the framework says why.
func fits(ctx context.Context, attributes map[string]schema.Attribute, object attr.Value) bool {
	if object.IsNull() || !object.IsKnown() {
		return false
	}
	for name, a := range attributes {
		v := object.Get(name)
		switch {
		case v.IsNull() && a.IsRequired(), !v.IsNull() && !a.IsRequired() && !a.IsOptional(),
			isSet(v) && !fitsAttribute(ctx, a, v):
			return false
		}
	}
	return true
}

func fitsAttribute(ctx context.Context, a schema.Attribute, v attr.Value) bool {
	switch a := a.(type) {
	case schema.StringAttribute:
		return fitsValidators(ctx, a.Validators, v)
	case schema.Int64Attribute:
		_, whole := v.Int()
		return whole && len(a.Validators) == 0
	case schema.Float64Attribute:
		n, ok := v.Number()
		if !ok || len(a.Validators) > 0 {
			return false
		}
		f, _ := n.Float64()
		return !math.IsInf(f, 0) && (f != 0 || n.Sign() == 0)
	case schema.SingleNestedAttribute:
		return fits(ctx, a.Attributes, v)
	case schema.ListNestedAttribute:
		return fitsElements(v, func(e attr.Value) bool { return fits(ctx, a.NestedObject.Attributes, e) })
	case schema.MapNestedAttribute:
		return fitsElements(v, func(e attr.Value) bool { return fits(ctx, a.NestedObject.Attributes, e) })
	}
	// What is left are bools and whole numbers, and lists and maps of those and of texts, whose elements may be null.
	return true
}

// fitsElements reports whether the objects in a list or map fit that are known. One that is null is for the
// framework.
func fitsElements(v attr.Value, fit func(attr.Value) bool) bool {
	for _, e := range v.Elements() {
		if e.IsNull() || e.IsKnown() && !fit(e) {
			return false
		}
	}
	for _, e := range v.Entries() {
		if e.IsNull() || e.IsKnown() && !fit(e) {
			return false
		}
	}
	return true
}

func fitsValidators(ctx context.Context, validators []validator.String, v attr.Value) bool {
	text, ok := v.Text()
	for _, check := range validators {
		var resp validator.StringResponse
		check.ValidateString(ctx, validator.StringRequest{Path: path.Empty(), ConfigValue: types.StringValue(text)},
			&resp)
		ok = ok && !resp.Diagnostics.HasError()
	}
	return ok
}
