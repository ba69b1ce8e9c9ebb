package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// mostPlaces is how many places of a change are listed.
const mostPlaces = 12

// planAdoption shows what adopting the live objects would change.
func (p *pairResource) planAdoption(d draft, live livePair, diagnostics *diag.Diagnostics) {
	_, adopted := p.adoption(d.route, d.life, live)
	d.planned["adopted"] = tftypes.NewValue(stringList, stringValues(adopted))
	for _, o := range live.Objects() {
		if d.life.deletion == deletionRestore && len(o.Unknown) > 0 {
			diagnostics.AddAttributeError(path.Root("deletion"), "Object cannot be restored", fmt.Sprintf(
				"%s holds fields that this version of the provider does not know, and which it could not put back: %s.", o.String(), strings.Join(o.Unknown, ", ")))
		}
		for _, tool := range o.Tools() {
			diagnostics.AddAttributeWarning(path.Root("adopt"), "Object of another tool", fmt.Sprintf(
				"%s belongs to %s (%s), which does not know of Terraform: %s.", o.String(), tool.Name, tool.Evidence, tool.Advice))
		}
	}
}

// adoption returns what the live objects shall become, and says of every one which it is, who wrote it, and what that changes.
// Weights that somebody else sets stay, and may change at any time.
func (p *pairResource) adoption(route compactRoute, life lifecycle, live livePair) (wanted routing.Pair, all []string) {
	wanted = route.Render()
	is := canary.Resolve(live.Ours(wanted), p.settings.clusterDomain)
	if life.handedOver {
		wanted = routing.KeepWeights(wanted, is)
	}
	for _, o := range live.Objects() {
		kind := string(o.Kind()) + " "
		var changes []string
		for _, at := range canary.Differences(wanted, is) {
			if place, ok := strings.CutPrefix(at, kind); ok {
				changes = append(changes, place)
			}
		}
		text := "changes nothing"
		if more := len(changes) - mostPlaces; more > 0 {
			changes = append(changes[:mostPlaces], fmt.Sprintf("and %d more", more))
		}
		if len(changes) > 0 {
			text = "changes " + strings.Join(changes, ", ")
		}
		writers := make([]string, len(o.Others))
		for i, m := range o.Others {
			writers[i] = fmt.Sprintf(" of %q", m.Name)
		}
		if owner := o.Annotations[routing.OwnerAnnotation]; owner != "" && owner != p.settings.owner {
			writers = append(writers, fmt.Sprintf(" of the workspace %q", owner))
		}
		slices.Sort(writers)
		state := "resource version " + o.ResourceVersion
		if life.handedOver {
			state = fmt.Sprintf("content %.8s apart from weights", routing.Fingerprint(routing.WithoutWeights(o.Spec)))
		}
		all = append(all, fmt.Sprintf("%s%s, %s: %s", o.String(), strings.Join(slices.Compact(writers), " and"), state, text))
	}
	return wanted, all
}

// adoptionChanged says that the objects to adopt are not what the plan showed, and whose they are now.
func adoptionChanged(live livePair) error {
	text := "they are not what the plan showed any more."
	for _, o := range live.Objects() {
		text += " " + o.String() + ":" + ownersText(o)
	}
	return &cluster.Error{Reason: cluster.Stale, Verb: "adopt", Object: "objects", Err: errors.New(text)}
}

// adoption is a change that takes existing objects over.
type adoption struct {
	change cluster.Change
	// texts say what was taken over, and before is that as it was.
	texts  []string
	before routing.Pair
}

// adopt takes existing objects over. It fails when they are not what the plan showed. Where somebody else sets weights it begins
// anew when those have changed meanwhile.
func (p *pairResource) adopt(
	ctx context.Context, plan tftypes.Value, route compactRoute, diagnostics *diag.Diagnostics,
) (adoption, cluster.Identities, error) {
	life := p.lifecycleOf(plan)
	live, err := p.getPair(ctx, route.Place(), diagnostics)
	if err != nil {
		return adoption{}, nil, err
	}
	wanted, texts := p.adoption(route, life, live)
	if r := attr.Read(plan); r.Known("adopted") && !slices.Equal(r.Strings("adopted"), texts) {
		return adoption{}, nil, adoptionChanged(live)
	}
	a := adoption{texts: texts, before: beforeAdoption(live)}
	seen, first := readSeen(seenIn(live)), live.Identities()
	var identities cluster.Identities
	for range mostAttempts {
		if life.deletion == deletionRestore {
			wanted = withOriginals(wanted, a.before)
		}
		a.change = cluster.Change{
			From: canary.Resolve(live.Ours(wanted), p.settings.clusterDomain), To: wanted, Identities: live.Identities(), Take: true,
		}
		identities, err = p.change(ctx, life, a.change, diagnostics)
		if !life.handedOver || !cluster.IsReason(err, cluster.Stale) {
			break
		}
		now, unread := p.getPair(ctx, route.Place(), diagnostics)
		if unread != nil {
			break
		}
		seen.accept(now, a.change, identities)
		if _, changed := seen.unchanged(now, true); changed != nil {
			err = changed
			break
		}
		live = now
		wanted, _ = p.adoption(route, life, live)
	}
	// What was there before tells what this wrote.
	a.change.Identities = first
	return a, identities, err
}

// whole returns the objects as they are, with the labels and annotations of everybody.
func (l livePair) whole() routing.Pair {
	var pair routing.Pair
	if l.VirtualService != nil {
		pair.VirtualService = &l.VirtualService.Object
	}
	if l.DestinationRule != nil {
		pair.DestinationRule = &l.DestinationRule.Object
	}
	return pair
}

// beforeAdoption returns live objects as they were before this workspace first wrote them: an adoption that was killed has left
// that in an annotation.
func beforeAdoption(live livePair) routing.Pair {
	before := live.whole()
	for _, o := range live.Objects() {
		original, ok := o.Annotations[routing.OriginalAnnotation]
		if !ok || !o.Applied {
			continue
		}
		was, err := routing.ParseManifest([]byte(original))
		switch {
		case err != nil:
		case o.Kind() == routing.KindDestinationRule:
			before.DestinationRule = was
		default:
			before.VirtualService = was
		}
	}
	return before
}

// mostOriginal is how many bytes an original may take as an annotation. An object's annotations together may take 256 KiB.
const mostOriginal = 128 << 10

// withOriginals returns the pair with what its objects were before in an annotation. One that is too large for that is in the state
// alone.
func withOriginals(wanted, before routing.Pair) routing.Pair {
	annotated := func(o, was *routing.Object) *routing.Object {
		if o == nil || was == nil || cluster.AddressOf(o) != cluster.AddressOf(was) {
			return o
		}
		manifest, err := routing.Manifest(was)
		original := encodeJSON(manifest)
		if err != nil || len(original) > mostOriginal {
			return o
		}
		object := *o
		object.Annotations = maps.Clone(o.Annotations)
		if object.Annotations == nil {
			object.Annotations = map[string]string{}
		}
		object.Annotations[routing.OriginalAnnotation] = string(original)
		return &object
	}
	wanted.VirtualService = annotated(wanted.VirtualService, before.VirtualService)
	wanted.DestinationRule = annotated(wanted.DestinationRule, before.DestinationRule)
	return wanted
}

// restoration returns the change that gives adopted objects back what they were. Labels and annotations that this resource never
// wrote stay as they are now.
func (p *pairResource) restoration(
	ctx context.Context, req resource.DeleteRequest, route compactRoute, life lifecycle, before routing.Pair, diagnostics *diag.Diagnostics,
) (cluster.Change, error) {
	live, err := p.getPair(ctx, route.Place(), diagnostics)
	if err != nil {
		return cluster.Change{}, err
	}
	kept, _ := p.recall(ctx, req.Private, diagnostics)
	if live, err = kept.unchanged(live, life.handedOver); err != nil {
		return cluster.Change{}, err
	}
	rendered := withOriginals(route.Render(), before)
	from, to := live.Ours(rendered), before
	for _, o := range []struct {
		live   *cluster.Live
		wanted *routing.Object
		before **routing.Object
	}{{live.VirtualService, rendered.VirtualService, &to.VirtualService}, {live.DestinationRule, rendered.DestinationRule, &to.DestinationRule}} {
		if o.live == nil || *o.before == nil || cluster.AddressOf(&o.live.Object) != cluster.AddressOf(*o.before) {
			continue
		}
		restored := **o.before
		restored.Labels = restoredKeys(restored.Labels, o.live.Labels, o.live.Owned.Labels, o.wanted.Labels)
		restored.Annotations = restoredKeys(restored.Annotations, o.live.Annotations, o.live.Owned.Annotations, o.wanted.Annotations)
		*o.before = &restored
	}
	return cluster.Change{From: canary.SpellAs(from, before, p.settings.clusterDomain), To: to, Identities: live.Identities(), Take: true}, nil
}

// restoredKeys returns what was there before of the keys that this resource writes now, and of those that are gone.
func restoredKeys(before, live map[string]string, owned map[string]bool, wanted map[string]string) map[string]string {
	restored := map[string]string{}
	for key, value := range before {
		_, there := live[key]
		if _, ours := wanted[key]; ours || owned[key] || !there {
			restored[key] = value
		}
	}
	return restored
}

// originals are adopted objects as they were before, by kind.
type originals map[routing.Kind]json.RawMessage

func originalsOf(pair routing.Pair) []byte {
	kept := originals{}
	for _, o := range pair.Objects() {
		if manifest, err := routing.Manifest(o); err == nil {
			kept[o.Kind()], _ = json.Marshal(manifest)
		}
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return []byte("{}")
	}
	return raw
}

// originals returns the adopted objects as they were.
func (p *pairResource) originals(ctx context.Context, private privateState, diagnostics *diag.Diagnostics) routing.Pair {
	raw, problems := private.GetKey(ctx, originalsKey)
	diagnostics.Append(problems...)
	return readOriginals(raw)
}

// readOriginals returns the pair that was adopted, each object under its own name.
func readOriginals(raw []byte) routing.Pair {
	kept := originals{}
	var pair routing.Pair
	// What cannot be read was never kept.
	_ = json.Unmarshal(raw, &kept)
	for kind, manifest := range kept {
		o, err := routing.ParseManifest(manifest)
		switch {
		case err != nil:
		case kind == routing.KindDestinationRule:
			pair.DestinationRule = o
		default:
			pair.VirtualService = o
		}
	}
	return pair
}
