package cluster

import (
	"context"
	"errors"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// rehearsalTimeout bounds each request of a rehearsal, which no plan has to wait for.
const rehearsalTimeout = 10 * time.Second

// refusals are the reasons for which a write would fail whenever it came.
var refusals = []Reason{Denied, Invalid, FieldConflict, Forbidden, CRDTerminating, NamespaceMissing}

// Rehearsal is what the API server and its admission webhooks say of a change that they were asked about.
type Rehearsal struct {
	// Taken are the conflicts with other field managers whose fields the change takes: the user said so.
	Taken []*Error
	// Refused are the reasons for which a write of the change would fail: [Denied], [Invalid], [FieldConflict],
	// [Forbidden], [CRDTerminating] and [NamespaceMissing].
	Refused error
}

// Rehearse asks the API server and its admission webhooks whether they would take what a change writes. Nothing is
// written. Whatever else goes wrong says nothing of the objects and is none: a webhook that takes no part in a dry
// run, or an API server that does not answer.
func (c *Cluster) Rehearse(ctx context.Context, change Change) Rehearsal {
	var (
		rehearsal Rehearsal
		refused   []error
	)
	for _, o := range change.To.All() {
		same := func(is *istio.Object) bool { return AddressOf(is) == AddressOf(o) && equal(is, o) }
		if slices.ContainsFunc(change.From.All(), same) {
			continue
		}
		err := c.rehearse(ctx, o, false)
		var conflict *Error
		if errors.As(err, &conflict) && conflict.Reason == FieldConflict {
			switch {
			case c.force || change.Force || change.ForceConflicts:
				rehearsal.Taken = append(rehearsal.Taken, conflict)
				err = c.rehearse(ctx, o, true)
			case change.SharesLists && onlyLists(err):
				err = c.rehearse(ctx, o, true)
			}
		}
		if slices.ContainsFunc(refusals, func(r Reason) bool { return IsReason(err, r) }) {
			refused = append(refused, err)
		}
	}
	rehearsal.Refused = errors.Join(refused...)
	return rehearsal
}

func (c *Cluster) rehearse(ctx context.Context, o *istio.Object, force bool) error {
	manifest, err := istio.Manifest(o)
	if err != nil {
		return err
	}
	body, err := istio.EncodeManifest(manifest)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, rehearsalTimeout)
	defer cancel()
	_, err = c.resource(o.Kind(), o.Namespace).Patch(ctx, o.Name, types.ApplyPatchType, body, metav1.PatchOptions{
		FieldManager:    c.manager,
		Force:           &force,
		FieldValidation: metav1.FieldValidationStrict,
		DryRun:          []string{metav1.DryRunAll},
	})
	return c.wrap("apply", o.String(), err)
}
