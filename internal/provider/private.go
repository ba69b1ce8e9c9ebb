package provider

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// What the private state keeps.
const (
	// seenKey is what was last seen of the objects.
	seenKey = "seen"
	// besideKey are the identities of objects that are ours and not those of the state: an update that failed had created them, or
	// could not delete them.
	besideKey = "beside"
	// takeKey says that the next change takes fields from other managers, as one that was asked for and has not come about yet: the
	// rest of an adoption that was stopped, or the first change of a state that another provider had.
	takeKey = "take"
	// owedKey are the objects that a change wrote without seeing that the proxies have them: the next one waits for that first.
	owedKey = "owed"
	// ownerKey is the owner that this resource wrote last.
	ownerKey = "owner"
	// originsKey are live objects with fields that this version does not know, as last seen.
	originsKey = "origins"
	// originalsKey are adopted objects as they were.
	originalsKey = "originals"
)

// privateState is the private part of a state or a plan.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// remember keeps what a later plan and apply need to know of the objects that were just written, as configured and as others set weights in them.
func (p *pairResource) remember(
	ctx context.Context, private privateState, wanted, configured routing.Pair, identities, beside cluster.Identities, diagnostics *diag.Diagnostics,
) {
	diagnostics.Append(private.SetKey(ctx, seenKey, seenAfter(wanted, configured, identities))...)
	diagnostics.Append(private.SetKey(ctx, ownerKey, encodeJSON(p.settings.owner))...)
	diagnostics.Append(private.SetKey(ctx, besideKey, encodeJSON(beside))...)
	diagnostics.Append(private.SetKey(ctx, takeKey, encodeJSON(false))...)
	diagnostics.Append(private.SetKey(ctx, owedKey, encodeJSON(nil))...)
}

// owe keeps what an error says of objects that the proxies may not have yet.
func owe(ctx context.Context, private privateState, err error, diagnostics *diag.Diagnostics) {
	if objects := cluster.OwedBy(err); len(objects) > 0 {
		diagnostics.Append(private.SetKey(ctx, owedKey, encodeJSON(objects))...)
	}
}

// owed returns what owe kept.
func owed(ctx context.Context, private privateState, diagnostics *diag.Diagnostics) map[cluster.Address]cluster.Written {
	raw, problems := private.GetKey(ctx, owedKey)
	diagnostics.Append(problems...)
	var objects map[cluster.Address]cluster.Written
	// What cannot be read was not written by this version.
	_ = json.Unmarshal(raw, &objects)
	return objects
}

// recall returns what was last seen, and what else is ours.
func (p *pairResource) recall(ctx context.Context, private privateState, diagnostics *diag.Diagnostics) (seen, cluster.Identities) {
	raw, problems := private.GetKey(ctx, seenKey)
	diagnostics.Append(problems...)
	besideRaw, problems := private.GetKey(ctx, besideKey)
	diagnostics.Append(problems...)
	var kept cluster.Identities
	// What cannot be read was not written by this version: nothing is known to be ours then.
	_ = json.Unmarshal(besideRaw, &kept)
	beside := cluster.Identities{}
	maps.Copy(beside, kept)
	return readSeen(raw), beside
}

// takes reports whether the next change takes fields from other managers.
func takes(ctx context.Context, private privateState, diagnostics *diag.Diagnostics) bool {
	raw, problems := private.GetKey(ctx, takeKey)
	diagnostics.Append(problems...)
	return string(raw) == "true"
}

// without returns the identities of all objects but those of a pair.
func without(identities cluster.Identities, pair routing.Pair) cluster.Identities {
	others := maps.Clone(identities)
	for _, o := range pair.Objects() {
		delete(others, cluster.AddressOf(o))
	}
	return others
}

// released returns the objects that a change lets go of, and that stay.
func released(change cluster.Change) routing.Pair {
	if change.To.DestinationRule == nil {
		return routing.Pair{DestinationRule: change.From.DestinationRule}
	}
	return routing.Pair{}
}

// leftOverTexts say of objects beside those of the state that they are left over.
func leftOverTexts(beside cluster.Identities) []string {
	texts := make([]string, 0, len(beside))
	for at := range beside {
		texts = append(texts, at.String()+" is left over")
	}
	slices.Sort(texts)
	return texts
}

// readOwner returns the owner that was written last, empty for none.
func readOwner(raw []byte) string {
	var owner string
	_ = json.Unmarshal(raw, &owner)
	return owner
}

// encodeJSON writes what always can be written: strings and maps of them.
func encodeJSON(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		return []byte("null")
	}
	return raw
}
