package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"text/template"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/kubelet"
)

const nodeName = "meshlab"

// nodeYAML is a node whose kubelet forwards ports. It says what its controllers would say of a healthy one.
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
`

// podYAML is the pod on that node that a server would be in, as healthy.
const podYAML = `
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Name }}
  namespace: ` + RootNamespace + `
  labels: { {{- .Labels -}} }
spec:
  nodeName: ` + nodeName + `
  automountServiceAccountToken: false
  containers:
  - name: {{ .Container }}
    image: {{ .Image }}
    ports:
{{- range .Ports }}
    - {name: {{ .Name }}, containerPort: {{ .Number }}, protocol: TCP}
{{- end }}
status:
  phase: Running
  conditions:
  - {type: PodScheduled, status: "True"}
  - {type: Initialized, status: "True"}
  - {type: ContainersReady, status: "True"}
  - {type: Ready, status: "True"}
  containerStatuses:
  - name: {{ .Container }}
    image: {{ .Image }}
    imageID: {{ .Image }}
    ready: true
    started: true
    restartCount: 0
    state: {running: {}}
`

var podTemplate = template.Must(template.New("pod").Parse(podYAML))

// Pod is a pod of a server of the lab, in Istio's own namespace.
type Pod struct {
	Name      string
	Labels    string // as YAML has them in braces
	Container string
	Image     string
	Ports     []PodPort
}

// PodPort is a port of a pod.
type PodPort struct {
	Name    string
	Number  int32
	Address string // on this machine, to which it leads
}

// startNode starts a kubelet and creates its node.
func (c *Cluster) startNode(ctx context.Context) error {
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
		Log:         c.kubeletLog,
	})
	if err != nil {
		listener.Close()
		return err
	}
	return c.Admin.Apply(ctx, fmt.Appendf(nil, nodeYAML, port))
}

// RunPod creates the pod of a server that runs already, and forwards its ports.
func (c *Cluster) RunPod(ctx context.Context, pod Pod) error {
	var manifest bytes.Buffer
	if err := podTemplate.Execute(&manifest, pod); err != nil {
		return fmt.Errorf("render pod: %w", err)
	}
	ports := map[int32]string{}
	for _, port := range pod.Ports {
		ports[port.Number] = port.Address
	}
	c.kubelet.Run(kubelet.Pod{Namespace: RootNamespace, Name: pod.Name}, ports)
	return c.Admin.Apply(ctx, manifest.Bytes())
}

func (c *Cluster) stopNode() {
	if c.kubelet != nil {
		c.kubelet.Close()
	}
	if c.kubeletLog != nil {
		c.kubeletLog.Close()
	}
}
