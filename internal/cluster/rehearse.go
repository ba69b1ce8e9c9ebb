package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// rehearsalTimeout bounds each request of a rehearsal, which no plan has to wait for.
const rehearsalTimeout = 10 * time.Second

// undeclared reports whether the cluster's schema is older than a field. The API server has no reason of its own for that: it is a 500
// among others.
func undeclared(err error) bool {
	return IsReason(err, ServerFailed) && strings.Contains(err.Error(), "field not declared in schema")
}

// Rehearse asks the API server and its admission webhooks whether they would take what a change writes. Nothing is written. Its errors
// have the reason [Denied] or [Invalid], or tell of a field that the cluster's CRDs are too old for; whatever else goes wrong says nothing of the objects and is none: a user who may read only,
// a webhook that takes no part in a dry run, a namespace that the same run makes.
func (c *Cluster) Rehearse(ctx context.Context, from, to routing.Pair) error {
	var problems []error
	for _, o := range to.Objects() {
		same := func(is *routing.Object) bool { return AddressOf(is) == AddressOf(o) && equal(is, o) }
		if slices.ContainsFunc(from.Objects(), same) {
			continue
		}
		if err := c.rehearse(ctx, o); IsReason(err, Denied) || IsReason(err, Invalid) || undeclared(err) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func (c *Cluster) rehearse(ctx context.Context, o *routing.Object) error {
	manifest, err := routing.Manifest(o)
	if err != nil {
		return err
	}
	body, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, rehearsalTimeout)
	defer cancel()
	// Whose fields would change is another question, and one for apply: a plan has to be able to show drift.
	force := true
	_, err = c.resource(o.Kind(), o.Namespace).Patch(ctx, o.Name, types.ApplyPatchType, body, metav1.PatchOptions{
		FieldManager: c.manager, Force: &force, FieldValidation: metav1.FieldValidationStrict, DryRun: []string{metav1.DryRunAll},
	})
	return c.wrap("apply", o.String(), err)
}
