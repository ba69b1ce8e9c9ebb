package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// plan returns the steps of the change. One that takes fields from other managers writes each object that exists,
// also one that says already what it shall say: who owns a field cannot be seen in it, and what was taken is not
// taken again.
func (c Change) plan() []Step {
	steps := Steps(c.From, c.To)
	if len(c.stillOwed()) > 0 {
		steps = append([]Step{{Action: Wait}}, steps...)
	}
	if !c.Force {
		return steps
	}
	for _, o := range c.Identities.Existing(c.To).All() {
		if !slices.ContainsFunc(steps, func(s Step) bool {
			return s.Object != nil && AddressOf(s.Object) == AddressOf(o) && s.Action != Delete
		}) {
			steps = append(steps, Step{Action: Update, Object: o})
		}
	}
	return steps
}

// ownAlone makes this field manager the only owner of what it has applied. A field that was applied with the value
// that it had already has two owners from then on, and the next change of it would be a conflict with a manager that
// has long gone. The object itself does not change. What cannot be taken stays shared, which a warning says: the
// change itself has been made.
func (c *Cluster) ownAlone(ctx context.Context, live *Live, o *istio.Object) *Live {
	alone, err := c.disown(ctx, live, o)
	if err != nil {
		warn(ctx, fmt.Sprintf("%s is written, and other field managers still own fields of it too: %s", o, err))
		return live
	}
	return alone
}

func (c *Cluster) disown(ctx context.Context, live *Live, o *istio.Object) (*Live, error) {
	entries, changed := c.withoutOurs(live.managedFields)
	if !changed {
		return live, nil
	}
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": live.UID, "resourceVersion": live.ResourceVersion, "managedFields": entries},
	})
	if err != nil {
		return nil, fmt.Errorf("render managers of %s: %w", o, err)
	}
	return c.mergePatch(ctx, o, body)
}

// withoutOurs returns the entries of field managers without what this one has applied in those of the others, and
// whether that makes a difference. An entry that cannot be read stays as it is.
func (c *Cluster) withoutOurs(entries []metav1.ManagedFieldsEntry) (kept []metav1.ManagedFieldsEntry, changed bool) {
	ours := &fieldpath.Set{}
	mine := func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == c.manager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == ""
	}
	for _, entry := range entries {
		if mine(entry) && entry.FieldsV1 != nil && ours.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())) != nil {
			return entries, false
		}
	}
	for _, entry := range entries {
		theirs := &fieldpath.Set{}
		if mine(entry) || entry.Subresource != "" || entry.FieldsV1 == nil ||
			theirs.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())) != nil {
			kept = append(kept, entry)
			continue
		}
		rest := theirs.Difference(ours)
		if rest.Equals(theirs) {
			kept = append(kept, entry)
			continue
		}
		changed = true
		raw, err := rest.ToJSON()
		if err != nil || rest.Empty() {
			continue
		}
		entry.FieldsV1 = metav1.NewFieldsV1(string(raw))
		kept = append(kept, entry)
	}
	return kept, changed
}
