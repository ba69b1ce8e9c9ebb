package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// RefuseLeftovers returns an error of reason FieldConflict for fields that other managers added to the live objects and
// that wanted has not. Server-side apply would leave them where they are without a word. With force they are removed
// after the apply, and this returns nil.
func (c *Cluster) RefuseLeftovers(live LivePair, wanted routing.Pair) error {
	if c.force {
		return nil
	}
	var problems []error
	for _, is := range live.Objects() {
		for _, o := range wanted.Objects() {
			if AddressOf(o) != AddressOf(&is.Object) {
				continue
			}
			left, err := leftovers(is, o)
			if err != nil {
				return err
			}
			if conflicts := is.conflicts(left); len(conflicts) > 0 {
				problems = append(problems, &Error{
					Reason: FieldConflict, Verb: "apply", Object: o.String(), Host: c.host, Conflicts: conflicts,
					Err: errors.New("other field managers added fields that the configuration does not have"),
				})
			}
		}
	}
	return errors.Join(problems...)
}

// conflicts names the owners of leftovers.
func (l *Live) conflicts(left map[string]any) []Conflict {
	var found []Conflict
	for _, field := range sortedKeys(left) {
		for _, manager := range l.Others {
			if at := ".spec." + field; slices.Contains(manager.Fields, at) {
				found = append(found, Conflict{Field: at, Owner: fmt.Sprintf("conflict with %q using %s at %s",
					manager.Name, routing.APIVersion, manager.Time.UTC().Format(time.RFC3339))})
			}
		}
	}
	return found
}

// removeLeftovers removes from the live object what wanted has not, after wanted was applied to it.
func (c *Cluster) removeLeftovers(ctx context.Context, live *Live, wanted *routing.Object) (*Live, error) {
	left, err := leftovers(live, wanted)
	if err != nil || len(left) == 0 {
		return live, err
	}
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": live.UID, "resourceVersion": live.ResourceVersion},
		"spec":     left,
	})
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", wanted, err)
	}
	return c.mergePatch(ctx, wanted, body)
}

// mergePatch merges a patch that names the state of the object that it is for, after which the object is as o says.
func (c *Cluster) mergePatch(ctx context.Context, o *routing.Object, body []byte) (after *Live, err error) {
	err = c.persist(ctx, "update "+o.String(), func(ctx context.Context, again bool) error {
		after, err = c.mergeOnce(ctx, o, body)
		if again && IsReason(err, Stale) {
			if earlier := c.written(ctx, o); earlier != nil {
				after, err = earlier, nil
			}
		}
		return err
	})
	return after, err
}

func (c *Cluster) mergeOnce(ctx context.Context, o *routing.Object, body []byte) (*Live, error) {
	ctx, cancel := writeContext(ctx)
	defer cancel()
	object, err := c.resource(o.Kind(), o.Namespace).Patch(ctx, o.Name, types.MergePatchType, body,
		metav1.PatchOptions{FieldManager: c.manager})
	if err != nil {
		return nil, c.wrap("update", o.String(), err)
	}
	return c.live(AddressOf(o), object)
}

// leftovers returns the fields of the live spec that wanted has not, as a merge patch that removes them. What is inside
// a list is no leftover: a list is written as a whole. Neither are fields that this version does not know, as long as what they
// are in is wanted.
func leftovers(live *Live, wanted *routing.Object) (map[string]any, error) {
	if routing.SameSpec(live.Spec, wanted.Spec) {
		return nil, nil
	}
	is, err := routing.Manifest(&live.Object)
	if err != nil {
		return nil, err
	}
	want, err := routing.Manifest(routing.Keep(wanted, &live.Object))
	if err != nil {
		return nil, err
	}
	return removal(is["spec"].(map[string]any), want["spec"].(map[string]any)), nil
}

// removal returns a merge patch that removes what only live has.
func removal(live, wanted map[string]any) map[string]any {
	patch := map[string]any{}
	for _, key := range sortedKeys(live) {
		value, ok := wanted[key]
		if !ok {
			patch[key] = nil
			continue
		}
		inner, isObject := live[key].(map[string]any)
		other, wantsObject := value.(map[string]any)
		if isObject && wantsObject {
			if nested := removal(inner, other); len(nested) > 0 {
				patch[key] = nested
			}
		}
	}
	return patch
}
