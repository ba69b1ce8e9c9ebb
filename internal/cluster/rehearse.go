package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// rehearsalTimeout bounds each request of a rehearsal, which no plan has to wait for.
const rehearsalTimeout = 10 * time.Second

// Rehearse asks the API server and its admission webhooks whether they would take what a change writes. Nothing is
// written. Its errors have the reason [Denied] or [Invalid]. Whatever else goes wrong says nothing of the objects and
// is none: a user who may read only, a webhook that takes no part in a dry run, a namespace that the same run makes.
func (c *Cluster) Rehearse(ctx context.Context, from, to istio.Objects) error {
	var problems []error
	for _, o := range to.All() {
		same := func(is *istio.Object) bool { return AddressOf(is) == AddressOf(o) && equal(is, o) }
		if slices.ContainsFunc(from.All(), same) {
			continue
		}
		if err := c.rehearse(ctx, o); IsReason(err, Denied) || IsReason(err, Invalid) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func (c *Cluster) rehearse(ctx context.Context, o *istio.Object) error {
	manifest, err := istio.Manifest(o)
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
		FieldManager:    c.manager,
		Force:           &force,
		FieldValidation: metav1.FieldValidationStrict,
		DryRun:          []string{metav1.DryRunAll},
	})
	return c.wrap("apply", o.String(), err)
}
