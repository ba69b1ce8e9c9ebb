package crud

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// warnOfUnknown names the fields of live objects that this version of the provider does not know.
func (p *objectsResource) warnOfUnknown(live istio.Objects, diagnostics *diag.Diagnostics) {
	var warnings report.Warnings
	for _, o := range live.All() {
		if len(o.Unknown) > 0 {
			warnings.Add(report.Audience{}, noteOn(o, "Fields this version does not know", fmt.Sprintf(
				"%s holds fields or values that this version of the provider does not know: %s.\n\nThey stay as they "+
					"are. A newer version may know them.",
				o, places(o.Unknown))))
		}
	}
	warnings.Tell(diagnostics, report.Audience{Told: p.settings.Told})
}

// warnOfLost names those of them that go when the wanted objects are written.
func (p *objectsResource) warnOfLost(wanted, live istio.Objects, diagnostics *diag.Diagnostics) {
	var warnings report.Warnings
	for _, is := range live.All() {
		for _, o := range wanted.All() {
			if lost := istio.Lost(o, is); o.Kind() == is.Kind() && len(lost) > 0 {
				warnings.Add(report.Audience{}, noteOn(is, "Apply removes unknown fields", fmt.Sprintf(
					"%s holds fields or values that this version of the provider does not know, in a part that the "+
						"configuration removes or replaces: %s. They go with it.\n\nTo keep them, leave that part as "+
						"it is, or use a version of the provider that knows them.", is, places(lost))))
			}
		}
	}
	warnings.Tell(diagnostics, report.Audience{Told: p.settings.Told})
}

// keepUnknownFields keeps the live objects with fields that this version does not know for the plan, and reports
// whether there are any.
func (c *call) keepUnknownFields(live istio.Objects) bool {
	unknown := live.Map(func(o *istio.Object) *istio.Object {
		if o.RawSpec == nil {
			return nil
		}
		return o
	})
	if found := len(unknown.All()) > 0; found || len(c.private[unknownFieldsKey]) > 0 {
		c.private.set(unknownFieldsKey, manifestsOf(unknown))
		return found
	}
	return false
}

// noteOn is a warning about one object, whatever form describes it.
func noteOn(o *istio.Object, kind, text string) report.Warning {
	return report.Warning{
		Kind: kind, Of: fmt.Sprintf("%s %s/%s", o.Kind(), o.Namespace, o.Name), Text: text,
		Names: []string{o.Namespace, o.Name},
	}
}
