package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// dialers are the ways in which client-go asks an API server to forward ports.
var dialers = map[string]func(*rest.Config, *url.URL) (httpstream.Dialer, error){
	"SPDY": spdyDialer,
	"WebSocket": func(config *rest.Config, at *url.URL) (httpstream.Dialer, error) {
		return portforward.NewSPDYOverWebsocketDialerForStreaming(at, config)
	},
	"as kubectl does": func(config *rest.Config, at *url.URL) (httpstream.Dialer, error) {
		first, err := portforward.NewSPDYOverWebsocketDialerForStreaming(at, config)
		if err != nil {
			return nil, err
		}
		second, err := spdyDialer(config, at)
		return portforward.NewFallbackDialerForStreaming(first, second, httpstream.IsUpgradeFailure), err
	},
}

func spdyDialer(config *rest.Config, at *url.URL) (httpstream.Dialer, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	return spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, at), nil
}

func (p *labProcess) config(t *testing.T, kubeconfig string) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(p.dir, kubeconfig))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// forwarded gets a path from a port of a pod of Istio's, through the API server.
func forwarded(ctx context.Context, config *rest.Config, way, pod string, port int, path string) (string, error) {
	at, err := url.Parse(config.Host + "/api/v1/namespaces/istio-system/pods/" + pod + "/portforward")
	if err != nil {
		return "", err
	}
	dialer, err := dialers[way](config, at)
	if err != nil {
		return "", err
	}
	stop, ready, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	defer close(stop)
	forwarder, err := portforward.NewOnAddressesForStreaming(dialer, []string{"127.0.0.1"},
		[]string{fmt.Sprintf("0:%d", port)}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		return "", err
	}
	go func() { ended <- forwarder.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-ended:
		return "", err
	case <-ctx.Done():
		return "", ctx.Err()
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		fmt.Sprintf("http://127.0.0.1:%d%s", ports[0].Local, path), nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), err
}

// TestKubelet_portForward asks istiod, through the API server, which proxies have acknowledged what.
func TestKubelet_portForward(t *testing.T) { //nolint:tparallel // one lab, step by step
	t.Parallel()
	p := startLabProcess(t, needLab(t))
	p.ready(t)
	w := startWatchProcess(t, p)
	w.until(t, func(line watchLine) bool { return line.Event == "ready" })
	// The shipped Role does without what a WebSocket alone would need: see TestKubelet_verbs.
	for way, user := range map[string]string{
		"SPDY":            "kubeconfig-acker",
		"as kubectl does": "kubeconfig-acker",
		"WebSocket":       "kubeconfig",
	} {
		t.Run(way, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			for _, port := range []int{15014, 8080} {
				text, err := forwarded(ctx, p.config(t, user), way, "istiod-0", port, "/debug/syncz")
				if err != nil {
					t.Fatalf("port %d: %v", port, err)
				}
				var proxies []struct {
					Proxy        string
					ClusterSent  string `json:"cluster_sent"`
					ClusterAcked string `json:"cluster_acked"`
				}
				if err := json.Unmarshal([]byte(text), &proxies); err != nil {
					t.Fatalf("%v: %s", err, text)
				}
				acknowledged := map[string]bool{} // the lab's Envoys are there too
				for _, proxy := range proxies {
					acknowledged[proxy.Proxy] = proxy.ClusterSent != "" && proxy.ClusterSent == proxy.ClusterAcked
				}
				if !acknowledged["watch.greeter"] {
					t.Errorf("port %d: %v", port, proxies)
				}
			}
			if _, err := forwarded(ctx, p.config(t, user), way, "istiod-0", 4242, "/"); err == nil {
				t.Error("a port on which nobody listens answered")
			}
			for _, other := range []string{"kubeconfig-developer", "kubeconfig-nobody"} {
				if _, err := forwarded(ctx, p.config(t, other), way, "istiod-0", 15014, "/debug/syncz"); err == nil ||
					!strings.Contains(err.Error(), "orbidden") {
					t.Errorf("with %s: %v", other, err)
				}
			}
		})
	}
	p.stop(t)
}

// TestKubelet_verbs shows which verbs on pods/portforward are asked for: SPDY begins with a POST, which is "create";
// a WebSocket begins with a GET, which is "get", and since Kubernetes 1.35 needs "create" as well.
func TestKubelet_verbs(t *testing.T) {
	t.Parallel()
	p := startLabProcess(t, needLab(t))
	p.ready(t)
	admin := p.client(t, "kubeconfig")
	for name, c := range map[string]struct {
		verbs string
		want  map[string]bool
	}{
		"create":         {"create", map[string]bool{"SPDY": true, "WebSocket": false, "as kubectl does": true}},
		"get":            {"get", map[string]bool{"SPDY": false, "WebSocket": false, "as kubectl does": false}},
		"get and create": {"get, create", map[string]bool{"SPDY": true, "WebSocket": true, "as kubectl does": true}},
	} {
		user := strings.ReplaceAll(name, " ", "-")
		applyOrFail(t, admin, fmt.Sprintf(`
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: %[1]s, namespace: istio-system}, rules: [
  {apiGroups: [""], resources: [pods], verbs: [list]},
  {apiGroups: [""], resources: [pods/portforward], verbs: [%[2]s]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: %[1]s, namespace: istio-system},
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: %[1]s},
 subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %[1]s}]}
`, user, c.verbs))
		config := p.config(t, "kubeconfig")
		config.Impersonate.UserName = user
		client, err := dynamic.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		p.waitFor(t, "Role of "+user, 30*time.Second, func() error {
			_, err := client.Resource(schema.GroupVersionResource{
				Version:  "v1",
				Resource: "pods",
			}).Namespace("istio-system").List(t.Context(), metav1.ListOptions{})
			return err
		})
		for way, allowed := range c.want {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			_, err := forwarded(ctx, config, way, "istiod-0", 15014, "/debug/syncz")
			cancel()
			t.Logf("%s with %s: %v", way, c.verbs, err)
			if (err == nil) != allowed {
				t.Errorf("%s with %s: %v", way, c.verbs, err)
			}
		}
	}
	p.stop(t)
}
