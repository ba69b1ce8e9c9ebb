package guard

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// Limits are the bounds as the decoder of the protocol's values counts.
func (b Bounds) Limits() attr.Limits {
	return attr.Limits{
		Bytes: b.bytes, Values: b.values, Objects: mostObjects, Elements: mostElements, Text: b.text, Depth: mostDepth,
	}
}

// FlawOf says what the decoder has found wrong.
func (b Bounds) FlawOf(err error) *Flaw {
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

// Diagnostics returns the flaw as Terraform is told it, none for nil.
func (f *Flaw) Diagnostics() []*tfprotov6.Diagnostic {
	if f == nil {
		return nil
	}
	return []*tfprotov6.Diagnostic{{
		Severity:  tfprotov6.DiagnosticSeverityError,
		Summary:   f.summary,
		Detail:    report.Located(f.at, f.reason),
		Attribute: wirePath(f.at),
	}}
}

// Diagnostics returns diagnostics as the protocol has them.
func Diagnostics(diagnostics diag.Diagnostics) []*tfprotov6.Diagnostic {
	var all []*tfprotov6.Diagnostic
	for _, d := range diagnostics {
		wired := &tfprotov6.Diagnostic{
			Severity: tfprotov6.DiagnosticSeverityWarning,
			Summary:  d.Summary(),
			Detail:   d.Detail(),
		}
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
