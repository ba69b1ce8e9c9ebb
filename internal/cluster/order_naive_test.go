package cluster

import "github.com/meshroute/terraform-provider-mesh/internal/istio"

// naiveSteps is the order in which Terraform changes two resources that refer to each other, whatever the change: the
// DestinationRule as it shall be, then the VirtualService. The load test builds a provider with it in place of
// [Steps], which shows that the order is what keeps requests, and not the waits: those are there. This file is the
// naive order and nothing else, because it becomes a file of that provider.
func naiveSteps(from, to istio.Objects) []Step {
	var steps []Step
	for _, o := range []struct{ before, after *istio.Object }{
		{from.Declaring(), to.Declaring()}, {from.Routing(), to.Routing()},
	} {
		kept := o.after == nil && to.SubsetsElsewhere()
		if moved(o.before, o.after) && !kept {
			steps = appendAfterWait(steps, Step{Action: Delete, Object: o.before})
		}
		if step, needed := write(o.before, o.after); needed {
			steps = appendAfterWait(steps, step)
		}
	}
	return steps
}
