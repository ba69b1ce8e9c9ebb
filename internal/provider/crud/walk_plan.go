package crud

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// walkMoves returns what moves at once, and the moves that are too large at some step.
func (p *objectsResource) walkMoves(
	life form.Lifecycle, is istio.Objects, w outlook.Walk,
) (first, jumps []traffic.Move) {
	first = p.movesBetween(is, w.Plan.Objects(w.At.Stage))
	for i := w.At.Stage; i < w.Plan.Last() && !w.At.Back; i++ {
		jumps = append(jumps, p.jumpsBetween(life, w.Plan.Objects(i), w.Plan.Objects(i+1))...)
	}
	return first, append(p.jumpsBetween(life, is, w.Plan.Objects(w.At.Stage)), jumps...)
}

// warnOfWalk says a walk in words: its steps, and how long it takes.
func (p *objectsResource) warnOfWalk(life form.Lifecycle, o *istio.Object, w outlook.Walk, d *diag.Diagnostics) {
	lines := w.Lines(life.Walk)
	text := strings.Join(lines, "\n")
	if p.settings.Told.More() {
		d.AddWarning(fmt.Sprintf("%s in %s/%s", trafficWalks, o.Namespace, o.Name), text)
		return
	}
	d.AddWarning(trafficWalks+" in more routes", fmt.Sprintf("In %s/%s: %s\n\nWhat happens to requests is in the "+
		"attribute summary of each route.", o.Namespace, o.Name, text))
}
