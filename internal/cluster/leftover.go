package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// RefuseLeftovers returns an error of reason FieldConflict for fields that other managers added to the live objects
// and that To has not, and for labels and annotations that go with this change and that they own too. Server-side
// apply would leave them where they are without a word. With force they are removed after the apply, and this returns
// nil.
func (c *Cluster) RefuseLeftovers(live LiveObjects, change Change) error {
	from, wanted := change.From, change.To
	if c.force || change.Force || change.ForceConflicts {
		return nil
	}
	var problems []error
	for _, is := range live.All() {
		o := wanted.Counterpart(&is.Object)
		if o == nil {
			continue
		}
		spec, err := leftovers(is, o)
		if err != nil {
			return err
		}
		if conflicts := is.conflicts(spec, leftoverMetadata(is, from.Counterpart(o), o)); len(conflicts) > 0 {
			problems = append(problems, &Error{
				Reason: FieldConflict, Verb: "apply", Object: o.String(), Host: c.host, Conflicts: conflicts,
				Err: errors.New("other field managers added fields that the configuration does not have"),
			})
		}
	}
	return errors.Join(problems...)
}

// conflicts names the other owners of fields of the spec and of the metadata that are to go.
func (l *Live) conflicts(spec, metadata map[string]any) []Conflict {
	var fields []string
	for _, field := range slices.Sorted(maps.Keys(spec)) {
		fields = append(fields, ".spec."+field)
	}
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		marks, _ := metadata[name].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(marks)) {
			fields = append(fields, ".metadata."+name+"."+key)
		}
	}
	var found []Conflict
	for _, field := range fields {
		for _, manager := range slices.Concat(l.Others, l.labelled) {
			if slices.Contains(manager.Fields, field) {
				found = append(found, Conflict{Field: field, Owner: fmt.Sprintf("conflict with %q using %s at %s",
					manager.Name, istio.APIVersion, manager.Time.UTC().Format(time.RFC3339))})
			}
		}
	}
	return found
}

// removeLeftovers removes from the live object what wanted has not, after wanted was applied to it. Of the labels and
// annotations that is what was named before.
func (c *Cluster) removeLeftovers(ctx context.Context, live *Live, was, wanted *istio.Object) (*Live, error) {
	left, err := leftovers(live, wanted)
	metadata := leftoverMetadata(live, was, wanted)
	if err != nil || len(left)+len(metadata) == 0 {
		return live, err
	}
	metadata["uid"], metadata["resourceVersion"] = live.UID, live.ResourceVersion
	patch := map[string]any{"metadata": metadata}
	if len(left) > 0 {
		// An empty one would be null, which removes the whole spec.
		patch["spec"] = left
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", wanted, err)
	}
	return c.mergePatch(ctx, wanted, body)
}

// mergePatch merges a patch that names the state of the object that it is for, after which the object is as o says.
func (c *Cluster) mergePatch(ctx context.Context, o *istio.Object, body []byte) (after *Live, err error) {
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

func (c *Cluster) mergeOnce(ctx context.Context, o *istio.Object, body []byte) (*Live, error) {
	ctx, cancel := writeContext(ctx)
	defer cancel()
	object, err := c.resource(o.Kind(), o.Namespace).Patch(ctx, o.Name, types.MergePatchType, body,
		metav1.PatchOptions{FieldManager: c.manager})
	c.wrote(AddressOf(o), object, err)
	if err != nil {
		return nil, c.wrap("update", o.String(), err)
	}
	return c.live(AddressOf(o), object)
}

// leftovers returns the fields of the live spec that wanted has not, as a merge patch that removes them. What is
// inside a list is no leftover: a list is written as a whole. Neither are fields that this version does not know, as
// long as what they are in is wanted.
func leftovers(live *Live, wanted *istio.Object) (map[string]any, error) {
	if istio.SameSpec(live.Spec, wanted.Spec) {
		return nil, nil
	}
	is, err := istio.Manifest(&live.Object)
	if err != nil {
		return nil, err
	}
	want, err := istio.Manifest(istio.Keep(wanted, &live.Object))
	if err != nil {
		return nil, err
	}
	//nolint:errcheck,forcetypeassert // a manifest has a spec
	return removal(is["spec"].(map[string]any), want["spec"].(map[string]any)), nil
}

// leftoverMetadata returns the labels and annotations that are still live, as a merge patch that removes them: those
// that the object had been given before and that wanted has not.
func leftoverMetadata(live *Live, was, wanted *istio.Object) map[string]any {
	patch := map[string]any{}
	if was == nil {
		return patch
	}
	dropped := func(name string, live, was, wanted map[string]string) {
		keys := map[string]any{}
		for key := range was {
			_, stays := wanted[key]
			if _, is := live[key]; is && !stays {
				keys[key] = nil
			}
		}
		if len(keys) > 0 {
			patch[name] = keys
		}
	}
	dropped("labels", live.Labels, was.Labels, wanted.Labels)
	dropped("annotations", live.Annotations, was.Annotations, wanted.Annotations)
	return patch
}

// removal returns a merge patch that removes what only live has.
func removal(live, wanted map[string]any) map[string]any {
	patch := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(live)) {
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
