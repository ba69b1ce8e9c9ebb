package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// mostPlaces is how many places of a change are listed.
const mostPlaces = 12

// planAdoption shows what adopting the live objects would change.
func (p *pairResource) planAdoption(d draft, live livePair, wanted routing.Pair, diagnostics *diag.Diagnostics) {
	d.planned["adopted"] = tftypes.NewValue(stringList, stringValues(p.adoption(live, wanted)))
	for _, o := range live.Objects() {
		if d.life.deletion == deletionRestore && len(o.Unknown) > 0 {
			diagnostics.AddAttributeError(path.Root("deletion"), "Object cannot be restored", printablef(
				"%s holds fields that this version of the provider does not know, and which it could not put back: %s.", o.String(), strings.Join(o.Unknown, ", ")))
		}
		for _, tool := range o.Tools() {
			diagnostics.AddAttributeWarning(path.Root("adopt"), "Object of another tool", printablef(
				"%s belongs to %s (%s), which does not know of Terraform: %s.", o.String(), tool.Name, tool.Evidence, tool.Advice))
		}
	}
}

// adoption says of every live object which it is, who wrote it, and what becoming the wanted one changes.
func (p *pairResource) adoption(live livePair, wanted routing.Pair) []string {
	is := p.resolve(live.Ours(wanted), p.settings.clusterDomain)
	var all []string
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
		slices.Sort(writers)
		all = append(all, fmt.Sprintf("%s%s, resource version %s: %s", o.String(), strings.Join(slices.Compact(writers), " and"), o.ResourceVersion, text))
	}
	return all
}

// errAdoptionChanged says that the objects to adopt are not what the plan showed.
var errAdoptionChanged = errors.New("adopt objects: they are not what the plan showed any more; nothing was changed")

// adopt returns the change that takes existing objects over, with what they were before. It fails when they are not what the
// plan showed.
func (p *pairResource) adopt(
	ctx context.Context, plan tftypes.Value, route described, diagnostics *diag.Diagnostics,
) (change cluster.Change, adopted []string, err error) {
	wanted := route.Render()
	live, err := p.getPair(ctx, route.Place(), diagnostics)
	if err != nil {
		return change, nil, err
	}
	adopted = p.adoption(live, wanted)
	if r := attr.Read(plan); r.Known("adopted") && !slices.Equal(r.Strings("adopted"), adopted) {
		return change, nil, errAdoptionChanged
	}
	return cluster.Change{
		From: p.resolve(live.Ours(wanted), p.settings.clusterDomain), To: wanted, Identities: live.Identities(), Take: true,
	}, adopted, nil
}

// originals are adopted objects as they were before, by kind, as far as this resource writes them.
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
