//go:build !naiveorder

package cluster

import "github.com/meshroute/terraform-provider-mesh/internal/istio"

// order is the order of a change's writes.
func order(from, to istio.Objects) []Step { return Steps(from, to) }
