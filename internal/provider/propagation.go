package provider

import (
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// The bounds of propagation, and what holds where nothing is said of it.
const (
	defaultSettle = 2 * time.Second
	longestSettle = 60 * time.Second
	// defaultAck leaves room for the time that istiod may take to come back to an API server, and for slow proxies.
	defaultAck = 2 * time.Minute
	longestAck = 10 * time.Minute
	// longestBackoff is the most that settle_after_failure may be.
	longestBackoff = 5 * time.Minute
	// defaultIstiodNamespace is where istioctl and the charts put istiod.
	defaultIstiodNamespace = "istio-system"
)

// defaultPropagation is how a change lets the proxies follow where nothing is said of it.
func defaultPropagation() cluster.Propagation {
	return cluster.Propagation{
		Mode: cluster.Auto, Settle: defaultSettle, SettleAfterFailure: cluster.InformerBackoff, Timeout: defaultAck, OnTimeout: cluster.Continue,
		IstiodNamespace: defaultIstiodNamespace,
	}
}
