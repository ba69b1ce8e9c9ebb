package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// What the private state keeps.
const (
	// seenKey is what was last seen of the objects.
	seenKey = "seen"
	// begunKey are the identities of objects that an update created before it failed: ours, and not in the state.
	begunKey = "begun"
	// ownerKey is the owner that this resource wrote last.
	ownerKey = "owner"
	// originalsKey are adopted objects as they were.
	originalsKey = "originals"
	// movedKey says that the state came from another provider: its first change takes the fields from that one's manager.
	movedKey = "moved"
)

// privateState is the private part of a state or a plan.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// remember keeps what a later plan and apply need to know of the objects that were just written. What earlier tries had begun
// is done with.
func (p *pairResource) remember(
	ctx context.Context, private privateState, wanted routing.Pair, identities, begun cluster.Identities, diagnostics *diag.Diagnostics,
) {
	diagnostics.Append(private.SetKey(ctx, seenKey, seenAfter(wanted, identities))...)
	diagnostics.Append(private.SetKey(ctx, ownerKey, encodeJSON(p.settings.owner))...)
	if wasMoved(ctx, private, diagnostics) {
		diagnostics.Append(private.SetKey(ctx, movedKey, encodeJSON(false))...)
	}
	if len(begun) > 0 {
		diagnostics.Append(private.SetKey(ctx, begunKey, encodeJSON(cluster.Identities{}))...)
	}
}

// recall returns what was last seen, and what an earlier try had begun.
func (p *pairResource) recall(ctx context.Context, private privateState, diagnostics *diag.Diagnostics) (seen, cluster.Identities) {
	raw, problems := private.GetKey(ctx, seenKey)
	diagnostics.Append(problems...)
	begunRaw, problems := private.GetKey(ctx, begunKey)
	diagnostics.Append(problems...)
	begun := cluster.Identities{}
	// What cannot be read was not written by this version: nothing is known to be ours then.
	_ = json.Unmarshal(begunRaw, &begun)
	return readSeen(raw), begun
}

// begunBeside returns the identities of objects that exist and are none of the live pair.
func begunBeside(live livePair, identities cluster.Identities) []byte {
	known, beside := live.Identities(), cluster.Identities{}
	for at, is := range identities {
		if _, ok := known[at]; !ok {
			beside[at] = is
		}
	}
	return encodeJSON(beside)
}

// wasMoved reports whether the state came from another provider and nothing was written since.
func wasMoved(ctx context.Context, private privateState, diagnostics *diag.Diagnostics) bool {
	raw, problems := private.GetKey(ctx, movedKey)
	diagnostics.Append(problems...)
	return string(raw) == "true"
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
