package cluster

import (
	"context"
	"net/http"

	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster/tunnel"
)

// monitoringPort is where istiod tells what the proxies have. It answers there to whoever comes from its own pod, as
// a forwarded connection does.
const monitoringPort = 15014

// forward returns a client all of whose connections lead to the pod's monitoring port. It ends with its idle
// connections.
func (c *Cluster) forward(ctx context.Context, namespace, pod string) (*http.Client, error) {
	dialer, err := c.portForwardDialer(namespace, pod)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return tunnel.Client(ctx, dialer, monitoringPort)
}

// portForwardDialer speaks WebSocket, and SPDY to servers and proxies that do not know that.
func (c *Cluster) portForwardDialer(namespace, pod string) (httpstream.Dialer, error) {
	at := c.rest.Post().AbsPath("/api/v1/namespaces", namespace, "pods", pod, "portforward").URL()
	socket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(at, c.config)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	stream := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, at)
	return portforward.NewFallbackDialerForStreaming(socket, stream, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}
