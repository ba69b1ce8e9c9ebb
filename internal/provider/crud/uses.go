package crud

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// How long a change waits for VirtualServices of the same workspace, which may be about to change in the same apply,
// and how often it looks.
const (
	usesWait     = 10 * time.Second
	usesInterval = time.Second
)

// planUses refuses a removal that takes away what others send requests to. What is of the same workspace may
// go in the same run: apply looks again.
func (p *objectsResource) planUses(
	ctx context.Context, route form.Route, before, after istio.Objects, diagnostics *diag.Diagnostics,
) {
	view, used := p.uses(ctx, before, after, false, diagnostics)
	for _, f := range used {
		if !f.Own {
			p.tellUse(diagnostics, view, route, f, true)
		}
	}
}

// awaitUses reports whether nobody sends requests to what a change takes away. It gives what is of the same workspace
// some time to change too.
func (p *objectsResource) awaitUses(
	ctx context.Context, route form.Route, before, after istio.Objects, diagnostics *diag.Diagnostics,
) bool {
	if p.settings.AllowUsedRemoval {
		return true
	}
	// An API server that does not answer has to be waited for by the change itself, and needs the time for it.
	looking, cancel := context.WithTimeout(cluster.Once(ctx), usesWait)
	defer cancel()
	if deadline, ok := ctx.Deadline(); ok {
		looking, cancel = context.WithTimeout(looking, time.Until(deadline)/2)
		defer cancel()
	}
	until := time.Now().Add(usesWait - usesInterval)
	var (
		view *cluster.View
		used []around.Finding
	)
	for anew := false; ; anew = true {
		seen, found := p.uses(looking, before, after, anew, diagnostics)
		// What cannot be listed now is as it was.
		if looking.Err() == nil && (seen == nil || len(seen.Unlisted) == 0) {
			view = seen
			used = slices.DeleteFunc(found, func(f around.Finding) bool { return f.Severity != istio.Refused })
		}
		others := slices.ContainsFunc(used, func(f around.Finding) bool { return !f.Own })
		switch {
		case len(used) == 0:
			return true
		case anew && (others || time.Now().After(until)) || looking.Err() != nil:
			for _, f := range used {
				p.tellUse(diagnostics, view, route, f, true)
			}
			return false
		case anew:
			tflog.Info(ctx, "waiting for "+used[0].Other.String()+" to send its requests elsewhere")
			select {
			case <-looking.Done():
			case <-time.After(usesInterval):
			}
		}
	}
}

// uses looks for others who send requests to what a change takes away: in what was listed lately, or anew.
func (p *objectsResource) uses(
	ctx context.Context, before, after istio.Objects, anew bool, diagnostics *diag.Diagnostics,
) (*cluster.View, []around.Finding) {
	if p.settings.Surroundings == nil || before.Routing() == nil && before.Declaring() == nil {
		return nil, nil
	}
	view := p.settings.View(before.All()[0].Namespace, p.settings.Owner)
	if anew {
		view.Anew()
	}
	return view, Look(report.WithWarnings(ctx, diagnostics), view, func() ([]around.Finding, []around.Query) {
		return around.Uses(before, after, &view.Facts)
	})
}

// tellUse says who sends requests to what goes, at the subsets of the route, and refuses the change where requests
// would be lost.
func (p *objectsResource) tellUse(
	diagnostics *diag.Diagnostics, view *cluster.View, route form.Route, f around.Finding, refuse bool,
) {
	at := report.Path(route.PathOf(f.Of, f.At))
	text := report.Located(at, report.Text(f.Problem)) + "\n\n" + useAdvice(view, f)
	summary := fmt.Sprintf("%s (%s/%s)", tellingOf(f.Kind).summary, f.Of.Namespace, f.Of.Name)
	if refuse && f.Severity == istio.Refused && !p.settings.AllowUsedRemoval {
		diagnostics.AddAttributeError(at, summary, text)
		return
	}
	diagnostics.AddAttributeWarning(at, summary, text)
}

// useAdvice says what to do about somebody who sends requests to what goes.
func useAdvice(view *cluster.View, f around.Finding) string {
	what, keep := "the subset out of the rules", "the subset"
	if f.Kind == around.Handed {
		what, keep = "the rule out", "it"
	}
	if f.Own {
		return "Both are of this workspace. Take " + what + " first, in an apply of its own; or, " +
			"where both go, let the VirtualService's resource depend on this one (depends_on), so that it goes first."
	}
	text := ""
	if live := view.Live(f.Other); live != nil {
		text = report.Printable(strings.TrimSpace(report.Owners(live)), report.LongestPath) + "\n\n"
	}
	return text + "Let it send its requests elsewhere first, or keep " + keep + " until it does. If no requests are " +
		"lost by it, say so for this one apply: allow_used_removal = true in the provider block, or the environment " +
		"variable MESH_ALLOW_USED_REMOVAL=true."
}
