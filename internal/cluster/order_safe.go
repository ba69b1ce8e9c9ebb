//go:build !naiveorder

package cluster

import "github.com/meshroute/terraform-provider-mesh/internal/routing"

// order is the order of a change's writes.
func order(from, to routing.Pair) []Step { return Steps(from, to) }
