package cluster

import (
	"context"
	"net/http"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster/tunnel"
)

// monitoringPort is where istiod tells what the proxies have. It answers there to whoever comes from its own pod, as
// a forwarded connection does.
const monitoringPort = 15014

// forward returns a client all of whose connections lead to the pod's monitoring port. It ends with its idle
// connections.
func (c *Cluster) forward(ctx context.Context, namespace, pod string) (*http.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return tunnel.Pod(ctx, c.rest, c.config, namespace, pod, monitoringPort)
}

// ForwardService returns a client all of whose connections lead to a pod of a Service. It ends with its idle
// connections.
func (c *Cluster) ForwardService(ctx context.Context, to tunnel.Service) (*http.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	client, err := to.Client(ctx, c.client, c.rest, c.config)
	if err != nil {
		return nil, c.wrap("forward a port of", to.String(), err)
	}
	return client, nil
}
