package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/kubelet"
)

const (
	nodeName  = "meshlab"
	istiodPod = "istiod-0"
)

// nodeYAML is a node whose kubelet forwards ports, and on it the pod that istiod would be in. Both say what their
// controllers would say of a healthy one.
const nodeYAML = `
apiVersion: v1
kind: Node
metadata:
  name: ` + nodeName + `
  labels: {kubernetes.io/hostname: ` + nodeName + `, kubernetes.io/os: linux}
status:
  addresses:
  - {type: InternalIP, address: 127.0.0.1}
  - {type: Hostname, address: ` + nodeName + `}
  daemonEndpoints: {kubeletEndpoint: {Port: %d}}
  conditions:
  - {type: Ready, status: "True", reason: KubeletReady}
---
apiVersion: v1
kind: Pod
metadata:
  name: ` + istiodPod + `
  namespace: ` + rootNamespace + `
  labels: {app: istiod, istio: pilot, istio.io/rev: default}
spec:
  nodeName: ` + nodeName + `
  automountServiceAccountToken: false
  containers:
  - name: discovery
    image: pilot
    ports:
    - {name: http-debug, containerPort: 8080, protocol: TCP}
    - {name: http-monitoring, containerPort: 15014, protocol: TCP}
status:
  phase: Running
  conditions:
  - {type: PodScheduled, status: "True"}
  - {type: Initialized, status: "True"}
  - {type: ContainersReady, status: "True"}
  - {type: Ready, status: "True"}
  containerStatuses:
  - {name: discovery, image: pilot, imageID: pilot, ready: true, started: true, restartCount: 0, state: {running: {}}}
`

// startNode starts a kubelet for the pod of istiod, whose ports lead to the addresses, and creates the pod and its
// node.
func (c *Cluster) startNode(ctx context.Context, ports map[int32]string) error {
	pki := func(name string) string { return filepath.Join(c.dir, "pki", name) }
	certificate, err := tls.LoadX509KeyPair(pki("kubelet.crt"), pki("kubelet.key"))
	if err != nil {
		return fmt.Errorf("read kubelet's certificate: %w", err)
	}
	port := c.block.Next()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return fmt.Errorf("start kubelet: %w", err)
	}
	if c.kubeletLog, err = os.OpenFile(
		filepath.Join(c.dir, "logs", "kubelet.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600,
	); err != nil {
		listener.Close()
		return fmt.Errorf("open log of kubelet: %w", err)
	}
	c.kubelet, err = kubelet.Serve(listener, kubelet.Options{
		Certificate: certificate,
		Clients:     c.ca.PEM,
		Namespace:   rootNamespace,
		Pod:         istiodPod,
		Ports:       ports,
		Log:         c.kubeletLog,
	})
	if err != nil {
		listener.Close()
		return err
	}
	return c.Admin.Apply(ctx, fmt.Appendf(nil, nodeYAML, port))
}

func (c *Cluster) stopNode() {
	if c.kubelet != nil {
		c.kubelet.Close()
	}
	if c.kubeletLog != nil {
		c.kubeletLog.Close()
	}
}
