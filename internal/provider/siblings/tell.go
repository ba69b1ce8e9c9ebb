package siblings

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// MadeAnew is the summary of what is told of a c.
const MadeAnew = "Objects are made anew"

// Tell tells of a route that one resource of a plan destroys and another one makes anew, as after a change of the keys
// of for_each. One that adopts may lose what it took over, which is an error. No clash is not told.
func (c Clash) Tell(to report.Audience, diagnostics *diag.Diagnostics) {
	if c == (Clash{}) {
		return
	}
	const moved = "\n\nIf it is the same resource under another address, as after a change of the keys of for_each " +
		"or the name of a module, say so, and nothing happens to the objects:\n\n  moved {\n    from = " +
		"ADDRESS_BEFORE\n    to   = ADDRESS_NOW\n  }"
	if c.Adopts && c.Host == "" {
		diagnostics.AddError(report.Summary(MadeAnew, ofObject(c.New)), fmt.Sprintf("One resource of this plan "+
			"destroys %s, and another one adopts it. Terraform does both in no certain order, and what was taken over "+
			"could go.%s\n\nOtherwise set deletion = \"abandon\" in the one that goes, apply that, and take it out of "+
			"the configuration then.", c.Object, moved))
		return
	}
	text := fmt.Sprintf("One resource of this plan destroys %s, and another one makes an object of the same name. "+
		"Terraform does both in no certain order: for some seconds there is no rule, and requests go to all pods of "+
		"the service, or, with more of them than -parallelism, the new one finds the old one in its way, and is made "+
		"by the next apply only.%s", c.Object, moved)
	if c.Host != "" {
		text = fmt.Sprintf("One resource of this plan destroys %s, and another one makes %s for the same host, %s. "+
			"Terraform does both in no certain order, so that there may be no rule for some seconds, and requests go "+
			"to all pods of the service.\n\nTo lose none, do it in two applies: leave the old one in the "+
			"configuration until the new one is made, which takes the requests when the old one goes.",
			c.Old, c.New, c.Host)
	}
	report.Warnings{{
		Kind: MadeAnew, Of: ofObject(c.New), Text: text,
		Names: []string{c.Object.String(), c.Old.String(), c.New.String(), c.Host},
	}}.Tell(diagnostics, to)
}

func ofObject(at cluster.Address) string { return at.Namespace + "/" + at.Name }
