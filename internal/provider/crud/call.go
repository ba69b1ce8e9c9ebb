package crud

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// call is what Terraform asks of a resource, and the answer: the same whether it came over the protocol or through
// the framework.
type call struct {
	// config, prior and planned are the configuration, the state before, and what is proposed or planned; null where
	// there is none.
	config, prior, planned attr.Value
	// sum tells one configuration from another, 0 where it is not known.
	sum uint64
	// private is what the resource keeps beside its state. What is put there is in the answer.
	private private
	// isApply reports whether a plan is part of an apply, as far as can be told; nil where it cannot.
	isApply func(context.Context) bool
	// state answers what is there afterwards, null for nothing.
	state attr.Value
	// place answers where the objects of the state are; nil leaves the identity as it was.
	place       *canary.Placement
	diagnostics diag.Diagnostics
}

// report adds what went wrong between provider and cluster, at the attributes of a route.
func (c *call) report(route form.Route, err error) { report.Errors(&c.diagnostics, route, err) }

// remember keeps what a later plan and apply need to know of the objects that a change has written: the wanted
// objects, which is the configured one with what others have put into it.
func (p *objectsResource) remember(
	c *call, wanted, configured istio.Objects, applied cluster.Applied, leftOver cluster.Identities,
) {
	c.private.set(observedKey, observedAfter(wanted, configured, applied.Identities))
	c.private.set(ownerKey, p.settings.Owner)
	c.private.set(leftOverKey, leftOver)
	c.private.set(forceKey, false)
	c.private.set(owedKey, nil)
	delete(c.private, walkKey)
	delete(c.private, steppedKey)
}

// settle keeps whether the state describes just what is live, so that it does as long as no object has another
// version.
func (p *objectsResource) settle(c *call, settled bool) {
	delete(c.private, settledKey)
	if settled {
		c.private.set(settledKey, p.settings.Stamp)
	}
}
