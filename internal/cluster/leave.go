package cluster

import (
	"context"
	"errors"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Remove deletes objects that an earlier change could not take back or take away, each only if it is still that one.
// It returns those that are left.
func (c *Cluster) Remove(ctx context.Context, objects Identities) (Identities, error) {
	left := Identities{}
	var problems []error
	for at, is := range objects {
		if err := c.remove(ctx, at, is.UID); err != nil {
			left[at] = is
			problems = append(problems, err)
		}
	}
	return left, errors.Join(problems...)
}

// Remaining returns those of the objects that still exist.
func (c *Cluster) Remaining(ctx context.Context, objects Identities) (Identities, error) {
	left := Identities{}
	for at, is := range objects {
		live, err := c.Get(ctx, at)
		if err != nil {
			return nil, err
		}
		if live != nil && live.UID == is.UID {
			left[at] = is
		}
	}
	return left, nil
}

// StandIn returns the identity of the DestinationRule that a change of host made to stand in for a live one, and that
// was left behind when it was killed; empty where there is none.
func (c *Cluster) StandIn(ctx context.Context, destinationRule *Live) (Identities, error) {
	at := AddressOf(standIn(&destinationRule.Object))
	live, err := c.Get(ctx, at)
	if err != nil || live == nil || !live.Applied || live.Annotations[istio.StandInAnnotation] != destinationRule.Name {
		return Identities{}, err
	}
	return Identities{at: live.Identity}, nil
}
