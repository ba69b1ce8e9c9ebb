package provider

import (
	"errors"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// limits are the bounds as the decoder of the protocol's values counts.
func (b bounds) limits() attr.Limits {
	return attr.Limits{Bytes: b.bytes, Values: b.values, Objects: mostObjects, Elements: mostElements, Text: b.text, Depth: mostDepth}
}

// flawOf says what the decoder has found wrong.
func (b bounds) flawOf(err error) *flaw {
	var wrong *attr.DecodeError
	if !errors.As(err, &wrong) {
		return nil
	}
	switch wrong.Reason {
	case attr.TooManyBytes:
		return b.tooManyBytes(wrong.Got)
	case attr.TooManyValues:
		return b.tooManyValues()
	case attr.TooManyElements:
		return b.tooManyElements(wrong.At, wrong.Most, wrong.Got)
	case attr.TextTooLong:
		return b.textTooLong(wrong.At, wrong.Got)
	case attr.TooDeep:
		return b.tooDeep(wrong.At)
	case attr.Malformed:
	}
	return unreadable(wrong.At, wrong.Err)
}

// diagnostics returns the flaw as Terraform is told it, none for nil.
func (f *flaw) diagnostics() []*tfprotov6.Diagnostic {
	if f == nil {
		return nil
	}
	return []*tfprotov6.Diagnostic{{
		Severity: tfprotov6.DiagnosticSeverityError, Summary: f.summary, Detail: located(f.at, f.reason), Attribute: wirePath(f.at),
	}}
}

// wireDiagnostics returns diagnostics as the protocol has them.
func wireDiagnostics(diagnostics diag.Diagnostics) []*tfprotov6.Diagnostic {
	var all []*tfprotov6.Diagnostic
	for _, d := range diagnostics {
		wired := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityWarning, Summary: d.Summary(), Detail: d.Detail()}
		if d.Severity() == diag.SeverityError {
			wired.Severity = tfprotov6.DiagnosticSeverityError
		}
		if at, ok := d.(diag.DiagnosticWithPath); ok {
			wired.Attribute = wirePath(at.Path())
		}
		all = append(all, wired)
	}
	return all
}

var identityValues = attr.TypeOf(identityType)

// identityAt returns the identity of what stands at a place.
func identityAt(namespace, name string) *tfprotov6.ResourceIdentityData {
	return encodeIdentity(attr.Object(map[string]attr.Value{"namespace": attr.String(namespace), "name": attr.String(name)}))
}

// noIdentity returns the identity of what is not there.
func noIdentity() *tfprotov6.ResourceIdentityData { return encodeIdentity(attr.Null()) }

func encodeIdentity(identity attr.Value) *tfprotov6.ResourceIdentityData {
	// Two texts always can be encoded, and so can null.
	encoded, _ := identityValues.Encode(identity)
	return &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{MsgPack: encoded}}
}

// terraformAttributesOf returns the attributes of an object, none of a null one.
func terraformAttributesOf(object tftypes.Value) map[string]tftypes.Value {
	attributes := map[string]tftypes.Value{}
	if object.IsNull() || !object.IsKnown() || object.As(&attributes) != nil {
		return map[string]tftypes.Value{}
	}
	return maps.Clone(attributes)
}
