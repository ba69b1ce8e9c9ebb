package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// monitoringPort is where istiod tells what the proxies have. It answers there to whoever comes from its own pod, as a
// forwarded connection does.
const monitoringPort = 15014

// proxy is what istiod knows of one proxy: the nonces of what it was sent last, and of what it acknowledged last.
// Source: istio.io/istio pilot/pkg/xds SyncStatus, served as /debug/syncz.
type proxy struct {
	ID           string              `json:"proxy"`
	ClusterSent  string              `json:"cluster_sent"`
	ClusterAcked string              `json:"cluster_acked"`
	RouteSent    string              `json:"route_sent"`
	RouteAcked   string              `json:"route_acked"`
	Resources    map[string]resource `json:"resources"`
}

type resource struct {
	LastError string `json:"lastError"`
}

// nonces are what changes when a proxy is sent something or acknowledges it.
func (p proxy) nonces() [4]string {
	return [4]string{p.ClusterSent, p.ClusterAcked, p.RouteSent, p.RouteAcked}
}

// objection is why the proxy refuses what it was sent, empty if it has not said.
func (p proxy) objection() string {
	for _, name := range sortedKeys(p.Resources) {
		if text := p.Resources[name].LastError; text != "" {
			return text
		}
	}
	return ""
}

// proxies are those that are connected to one istiod, by their id.
type proxies map[string]proxy

// nonceTail is the length of the random part of a nonce, a UUID. In front of it stands the version that was sent.
const nonceTail = 36

// version is the newest that istiod sent to any of them: a number that it counts up, 0 where the nonces are of another
// form.
func (p proxies) version() int {
	newest := 0
	for _, one := range p {
		for _, nonce := range []string{one.ClusterSent, one.RouteSent} {
			if len(nonce) < nonceTail {
				continue
			}
			version := nonce[:len(nonce)-nonceTail]
			if n, err := strconv.Atoi(version[strings.LastIndex(version, "/")+1:]); err == nil {
				newest = max(newest, n)
			}
		}
	}
	return newest
}

// controlPlane is a connection to every istiod.
type controlPlane struct {
	client    *http.Client
	addresses []string
	stop      []chan struct{}
}

// connectControlPlane connects to the istiods: at the given addresses, or through a port-forward to every pod.
func (c *Cluster) connectControlPlane(ctx context.Context, p Propagation) (*controlPlane, error) {
	control := &controlPlane{client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	for _, address := range p.IstiodAddresses {
		control.addresses = append(control.addresses, strings.TrimSuffix(address, "/"))
	}
	if len(control.addresses) > 0 {
		return control, nil
	}
	pods, err := c.istiodPods(ctx, p.IstiodNamespace)
	if err != nil {
		return nil, err
	}
	for _, pod := range pods {
		if err := control.forward(ctx, c, p.IstiodNamespace, pod); err != nil {
			control.close()
			return nil, c.wrap("forward a port of", fmt.Sprintf("Pod %q", p.IstiodNamespace+"/"+pod), err)
		}
	}
	return control, nil
}

// istiodPods returns the names of istiod's running pods.
func (c *Cluster) istiodPods(ctx context.Context, namespace string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	list, err := c.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(namespace).
		List(ctx, metav1.ListOptions{LabelSelector: "app=istiod", FieldSelector: "status.phase=Running"})
	what := fmt.Sprintf("every Pod of istiod in namespace %q", namespace)
	if err != nil {
		return nil, c.wrap("list", what, err)
	}
	var names []string
	for i := range list.Items {
		if list.Items[i].GetDeletionTimestamp() == nil && isReady(&list.Items[i]) {
			names = append(names, list.Items[i].GetName())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("list %s: there is none that is ready", what)
	}
	return names, nil
}

// isReady reports whether a pod is ready: an istiod that is not has no proxies yet, or none any more.
func isReady(pod *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(pod.Object, "status", "conditions")
	for _, entry := range conditions {
		condition, ok := entry.(map[string]any)
		if ok && condition["type"] == "Ready" && condition["status"] == "True" {
			return true
		}
	}
	return false
}

// forward opens a port on this machine that leads to the pod's monitoring port.
func (p *controlPlane) forward(ctx context.Context, c *Cluster, namespace, pod string) error {
	dialer, err := c.portForwardDialer(namespace, pod)
	if err != nil {
		return err
	}
	stop, ready, failed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	forwarder, err := portforward.NewOnAddressesForStreaming(dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", monitoringPort)},
		stop, ready, io.Discard, io.Discard)
	if err != nil {
		return err
	}
	go func() { failed <- forwarder.ForwardPorts() }()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	select {
	case <-ready:
	case err := <-failed:
		return err
	case <-ctx.Done():
		close(stop)
		return ctx.Err()
	}
	p.stop = append(p.stop, stop)
	ports, err := forwarder.GetPorts()
	if err != nil {
		return err
	}
	p.addresses = append(p.addresses, fmt.Sprintf("http://127.0.0.1:%d", ports[0].Local))
	return nil
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

// ask returns what the proxies have, by istiod.
func (p *controlPlane) ask(ctx context.Context) ([]proxies, error) {
	answers, failed := make([]proxies, len(p.addresses)), make([]error, len(p.addresses))
	var group sync.WaitGroup
	for i, address := range p.addresses {
		group.Go(func() { answers[i], failed[i] = p.askOne(ctx, address) })
	}
	group.Wait()
	return answers, errors.Join(failed...)
}

func (p *controlPlane) askOne(ctx context.Context, address string) (proxies, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/debug/syncz", nil)
	if err != nil {
		return nil, fmt.Errorf("ask istiod: %w", err)
	}
	response, err := p.client.Do(request)
	if err != nil {
		// The address may be a forwarded port, which says nothing to a reader.
		var cause *url.Error
		errors.As(err, &cause)
		return nil, fmt.Errorf("ask istiod: %w", cause.Err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask istiod for /debug/syncz: it answered %s", response.Status)
	}
	var list []proxy
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		return nil, fmt.Errorf("ask istiod for /debug/syncz: %w", err)
	}
	answer := make(proxies, len(list))
	for _, one := range list {
		answer[one.ID] = one
	}
	return answer, nil
}

// close ends the port-forwards.
func (p *controlPlane) close() {
	for _, stop := range p.stop {
		close(stop)
	}
	p.stop = nil
}
