package crud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// planAdoption shows what adopting the live objects would change.
func (p *objectsResource) planAdoption(d draft, live liveObjects, diagnostics *diag.Diagnostics) {
	for _, o := range live.All() {
		owner := o.Annotations[istio.OwnerAnnotation]
		if owner != "" && owner != p.settings.Owner && owner != d.life.AdoptFrom && p.settings.OwnerKnown {
			diagnostics.AddAttributeError(path.Root("adopt"), otherWorkspace, fmt.Sprintf(
				"%s is not adopted:%s\n\n%s", o.String(), report.Owners(o), report.TakeOver(owner)))
			return
		}
	}
	wanted, adopted := p.adoption(d.route, d.life, live)
	p.warnOfUnknown(live.whole(), diagnostics)
	p.warnOfLost(wanted, live.whole(), diagnostics)
	p.tellMoves(d.life, p.Resolve(live.Ours(wanted), p.settings.ClusterDomain), wanted, outlook.Walk{}, diagnostics)
	d.planned["adopted"] = attr.Strings(adopted)
	warnings, to := report.Warnings{}, p.audience(d.life)
	for _, o := range live.All() {
		for _, tool := range o.Tools() {
			warnings.Add(to, report.ToolWarning(path.Root("adopt"), &o.Object, tool))
		}
	}
	warnings.Tell(diagnostics, to)
}

// adoption returns what the live objects shall become, and says of every one which it is, who wrote it, and what that
// changes. Weights that somebody else sets stay, and may change at any time.
func (p *objectsResource) adoption(
	route form.Route, life form.Lifecycle, live liveObjects,
) (wanted istio.Objects, all []string) {
	wanted = route.Render()
	is := p.Resolve(live.Ours(wanted), p.settings.ClusterDomain)
	if life.HandedOver {
		// What the plan shows to go goes, whoever put it in.
		wanted = istio.KeepOthers(wanted, is, is)
	}
	for _, o := range live.All() {
		kind := string(o.Kind()) + " "
		var changes []string
		for _, at := range canary.Differences(wanted, is) {
			if place, ok := strings.CutPrefix(at, kind); ok {
				changes = append(changes, place)
			}
		}
		text := "changes nothing"
		if len(changes) > 0 {
			text = "changes " + strings.Join(shortList(changes), ", ")
		}
		writers := make([]string, len(o.Others))
		for i, m := range o.Others {
			writers[i] = fmt.Sprintf(" of %q", m.Name)
		}
		if owner := o.Annotations[istio.OwnerAnnotation]; owner != "" && owner != p.settings.Owner {
			writers = append(writers, fmt.Sprintf(" of the workspace %q", owner))
		}
		slices.Sort(writers)
		state := "resource version " + o.ResourceVersion
		if life.HandedOver {
			state = fmt.Sprintf("content %.8s apart from weights", istio.Fingerprint(istio.WithoutWeights(o.Spec)))
		}
		all = append(all, fmt.Sprintf("%s%s, %s: %s", o.String(), strings.Join(slices.Compact(writers), " and"),
			state, text))
	}
	return wanted, all
}

// adoptionChanged says that the objects to adopt are not what the plan showed, and whose they are now.
func adoptionChanged(live liveObjects) error {
	text := "they are not what the plan showed any more."
	for _, o := range live.All() {
		text += " " + o.String() + ":" + report.Owners(o)
	}
	return &cluster.Error{Reason: cluster.Stale, Verb: "adopt", Object: "objects", Err: errors.New(text)}
}

// adoption is a change that takes existing objects over.
type adoption struct {
	// wanted is what the objects were to become, and applied what was done for that.
	wanted  istio.Objects
	applied cluster.Applied
	// texts say what was taken over, before is that as it was before this workspace first wrote it, and found as it
	// stood there.
	texts         []string
	before, found istio.Objects
}

// adopt takes existing objects over. It fails when they are not what the plan showed. Where somebody else sets
// weights it begins anew when those have changed meanwhile.
func (p *objectsResource) adopt(ctx context.Context, c *call, route form.Route) (adoption, error) {
	life := p.lifecycleOf(c.planned)
	live, err := p.getObjects(ctx, route.Place(), &c.diagnostics)
	if err != nil {
		return adoption{}, err
	}
	wanted, texts := p.adoption(route, life, live)
	if r := attr.Read(c.planned); r.Known("adopted") && !slices.Equal(r.Strings("adopted"), texts) {
		return adoption{}, adoptionChanged(live)
	}
	a := adoption{wanted: wanted, texts: texts, before: beforeAdoption(live), found: live.whole()}
	configured := route.Render()
	seen := observedIn(live, configured)
	for range mostAttempts {
		if life.Deletion == form.DeletionRestore {
			a.wanted = withBackup(a.wanted, a.before)
		}
		change := cluster.Change{
			From:       p.Resolve(live.Ours(a.wanted), p.settings.ClusterDomain),
			To:         a.wanted,
			Identities: live.Identities(),
			Force:      true,
		}
		var applied cluster.Applied
		applied, err = p.change(ctx, life, change, &c.diagnostics)
		a.applied = a.applied.Then(applied)
		if !life.HandedOver || !cluster.IsReason(err, cluster.Stale) {
			break
		}
		now, unread := p.getObjects(ctx, route.Place(), &c.diagnostics)
		if unread != nil {
			break
		}
		seen.accept(applied, configured)
		if _, changed := seen.unchanged(now, configured, true); changed != nil {
			err = changed
			break
		}
		live = now
		a.wanted, _ = p.adoption(route, life, live)
	}
	return a, err
}
