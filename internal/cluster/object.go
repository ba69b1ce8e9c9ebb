package cluster

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Get reads one object; nil without error says that there is none. A missing namespace is no error either: nothing
// exists in it.
func (c *Cluster) Get(ctx context.Context, at Address) (live *Live, err error) {
	err = c.persist(ctx, "read "+at.String(), func(ctx context.Context, _ bool) error {
		live, err = c.get(ctx, at)
		return err
	})
	return live, err
}

func (c *Cluster) get(ctx context.Context, at Address) (*Live, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	object, err := c.resource(at.Kind, at.Namespace).Get(ctx, at.Name, metav1.GetOptions{})
	if err = c.wrap("read", at.String(), err); IsReason(err, NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.live(at, object)
}

// mostCreates is how often a create is tried while what it found in its way is gone when it looks.
const mostCreates = 3

// create applies an object that must not exist yet. The resource version 1 is one that no object has: where the
// object exists the API server answers with a conflict, and where it does not, apply makes it. So the check and the
// write are one request, nothing of somebody else's is ever touched, and the fields are ours by Apply from the start.
func (c *Cluster) create(ctx context.Context, o *istio.Object) (live *Live, err error) {
	for range mostCreates {
		live, err = c.apply(ctx, o, c.force, func(metadata map[string]any) { metadata["resourceVersion"] = "1" })
		if err == nil {
			c.made.Store(live.UID, true)
			return live, nil
		}
		// Fields in conflict are those of an object that exists: the API server looks at them first.
		if !IsReason(err, Stale) && !IsReason(err, FieldConflict) {
			return nil, err
		}
		var e *Error
		errors.As(err, &e)
		e.Reason, e.Verb, e.Err = AlreadyExists, "create", errors.New("an object of this name exists")
		// Who owns it decides what to do.
		existing, unread := c.Get(ctx, AddressOf(o))
		if e.Existing = existing; existing != nil || unread != nil {
			return nil, err
		}
		// What was in the way is gone.
	}
	return nil, err
}

// update applies an object that must still be the one that was read: the API server refuses another uid or resource
// version, and refuses to make the object where it is gone. Labels and annotations that was has, if it is not nil,
// and o has not are removed. With force it takes fields from other managers.
func (c *Cluster) update(ctx context.Context, o, was *istio.Object, is Identity, force bool) (*Live, error) {
	live, err := c.apply(ctx, o, force || c.force, func(metadata map[string]any) {
		metadata["uid"] = is.UID
		metadata["resourceVersion"] = is.ResourceVersion
	})
	if IsReason(err, Invalid) && c.replaced(ctx, AddressOf(o), is.UID) {
		var e *Error
		errors.As(err, &e)
		e.Reason = Stale
	}
	if err != nil {
		return nil, err
	}
	return c.removeLeftovers(ctx, live, was, o)
}

// replaced reports whether another object stands at the address now. It is asked only after a refused write.
func (c *Cluster) replaced(ctx context.Context, at Address, uid string) bool {
	live, err := c.Get(ctx, at)
	return err == nil && live != nil && live.UID != uid
}

func (c *Cluster) apply(
	ctx context.Context, o *istio.Object, force bool, guard func(metadata map[string]any),
) (*Live, error) {
	manifest, err := istio.Manifest(o)
	if err != nil {
		return nil, err
	}
	guard(manifest["metadata"].(map[string]any)) //nolint:errcheck,forcetypeassert // a manifest has metadata
	body, err := istio.EncodeManifest(manifest)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", o, err)
	}
	var live *Live
	err = c.persist(ctx, "apply "+o.String(), func(ctx context.Context, again bool) (err error) {
		live, err = c.patch(ctx, o, force, body)
		if !again || !IsReason(err, Stale) {
			return err
		}
		if earlier := c.written(ctx, o); earlier != nil {
			live, err = earlier, nil
		}
		return err
	})
	return live, err
}

func (c *Cluster) patch(ctx context.Context, o *istio.Object, force bool, body []byte) (*Live, error) {
	ctx, cancel := writeContext(ctx)
	defer cancel()
	object, err := c.resource(o.Kind(), o.Namespace).Patch(ctx, o.Name, types.ApplyPatchType, body, metav1.PatchOptions{
		FieldManager: c.manager, Force: &force, FieldValidation: metav1.FieldValidationStrict,
	})
	c.wrote(AddressOf(o), object, err)
	if err != nil {
		return nil, c.wrap("apply", o.String(), err)
	}
	return c.live(AddressOf(o), object)
}
