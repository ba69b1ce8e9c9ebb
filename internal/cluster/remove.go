package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// goneInterval is how often an object with finalizers is looked for.
const goneInterval = time.Second

// remove deletes the object with that uid, and returns when it is gone. That it is gone already, was made anew by
// somebody else, or is of a kind that is not served any more, is no error: ours does not exist any more. An object
// with finalizers routes on until they are done.
func (c *Cluster) remove(ctx context.Context, at Address, uid string) error {
	if kept, _ := c.takenUp.LoadOrStore(uid, false); kept != false {
		warn(ctx, fmt.Sprintf("%s stays: another resource took it up in this run, as with create_before_destroy under "+
			"one name", at))
		return nil
	}
	var finalizers []string
	err := c.persist(ctx, "delete "+at.String(), func(ctx context.Context, _ bool) (err error) {
		finalizers, err = c.delete(ctx, at, uid)
		c.identities[at.Kind].wrote(at, nil, stillThere(finalizers, err))
		return err
	})
	switch {
	case IsReason(err, NotFound) || IsReason(err, Stale) && c.replaced(ctx, at, uid),
		IsReason(err, CRDMissing) && !c.serves(ctx, at.Kind):
		return nil
	case err != nil || len(finalizers) == 0:
		return err
	}
	return c.awaitGone(ctx, at, uid, finalizers)
}

// stillThere is an error where an object is not known to be gone after its deletion.
func stillThere(finalizers []string, err error) error {
	if err == nil && len(finalizers) > 0 {
		return errors.New("it waits for finalizers")
	}
	return err
}

// delete deletes the object with that uid, and returns the finalizers that keep it.
func (c *Cluster) delete(ctx context.Context, at Address, uid string) ([]string, error) {
	ctx, cancel := writeContext(ctx)
	defer cancel()
	options := metav1.DeleteOptions{TypeMeta: metav1.TypeMeta{Kind: "DeleteOptions", APIVersion: "v1"}}
	if uid != "" {
		id := types.UID(uid)
		options.Preconditions = &metav1.Preconditions{UID: &id}
	}
	body, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("delete %s: %w", at, err)
	}
	// The dynamic client would not say what the answer is: it tells an object that is gone from one that is kept.
	result := c.rest.Delete().Namespace(at.Namespace).Resource(resources[at.Kind].Resource).Name(at.Name).
		SetHeader("Content-Type", "application/json").Body(body).Do(ctx)
	if err := result.Error(); err != nil {
		return nil, c.wrap("delete", at.String(), err)
	}
	var kept metav1.PartialObjectMetadata
	raw, err := result.Raw()
	if err != nil || json.Unmarshal(raw, &kept) != nil || kept.DeletionTimestamp == nil {
		return nil, c.wrap("delete", at.String(), err)
	}
	return kept.Finalizers, nil
}

// awaitGone returns when the object with that uid does not exist any more, or with an error that names the finalizers
// when the time for the change is up. It looks once at least.
func (c *Cluster) awaitGone(ctx context.Context, at Address, uid string, finalizers []string) error {
	wait, cancel := waitContext(ctx)
	defer cancel()
	for {
		pause(wait, goneInterval)
		live, err := c.Get(ctx, at)
		if err == nil && (live == nil || live.UID != uid) {
			return nil
		}
		if wait.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
	}
	return &Error{
		Reason: Finalizing, Verb: "delete", Object: at.String(), Host: c.host,
		Err: fmt.Errorf("it is marked for deletion, and kept by its finalizers: %s", strings.Join(finalizers, ", ")),
	}
}
