package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// front stands before the API server, acts as the administrator, and counts what is asked. It speaks TLS and HTTP/2
// as the API server does, because they are part of what a provider pays.
type front struct {
	server *httptest.Server
	api    *http.Client
	host   string
	// kubeconfig is the path of one that leads here.
	kubeconfig string

	mutex sync.Mutex
	seen  calls
}

func startFront(kubeconfig string) (*front, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("prepare transport: %w", err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		return nil, fmt.Errorf("parse the API server's address: %w", err)
	}
	f := &front{api: &http.Client{Transport: transport}, host: config.Host, seen: calls{}}
	forward := &httputil.ReverseProxy{
		Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		// A client that is interrupted goes away in the middle.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.count(r)
		forward.ServeHTTP(w, r)
	}))
	f.server.EnableHTTP2 = true
	f.server.StartTLS()
	if err := f.writeKubeconfig(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *front) close() {
	f.server.Close()
	if f.kubeconfig != "" {
		_ = os.Remove(f.kubeconfig)
	}
}

func (f *front) count(r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.seen[callOf(r)]++
}

// take returns the calls since the last one.
func (f *front) take() calls {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	seen := f.seen
	f.seen = calls{}
	return seen
}

func (f *front) writeKubeconfig() error {
	file, err := os.CreateTemp("", "mesh-bench-kubeconfig-")
	if err != nil {
		return err
	}
	f.kubeconfig = file.Name()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.server.Certificate().Raw})
	_, err = fmt.Fprintf(file, `apiVersion: v1
kind: Config
current-context: bench
contexts: [{name: bench, context: {cluster: bench, user: bench}}]
users: [{name: bench, user: {}}]
clusters: [{name: bench, cluster: {server: %q, certificate-authority-data: %s}}]
`, f.server.URL, base64.StdEncoding.EncodeToString(authority))
	if err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

// createServices makes what the routes route, and who answers for it, so that the provider has nothing to warn of. It
// all goes with the lab.
func (f *front) createServices(ctx context.Context, o options) error {
	for i := range o.namespaces {
		namespace := o.namespaceOf(i)
		err := f.create(ctx, "/api/v1/namespaces", map[string]any{"metadata": map[string]any{"name": namespace}})
		if err != nil {
			return err
		}
		for _, version := range []string{"v1", "v2"} {
			err := f.create(ctx, "/apis/networking.istio.io/v1/namespaces/"+namespace+
				"/workloadentries", map[string]any{
				"apiVersion": "networking.istio.io/v1",
				"kind":       "WorkloadEntry", "metadata": map[string]any{"name": version},
				"spec": map[string]any{
					"address": "127.0.0.1",
					"labels":  map[string]string{"app": "bench", "version": version},
				},
			})
			if err != nil {
				return err
			}
		}
	}
	for i := range o.routes {
		err := f.create(ctx, "/api/v1/namespaces/"+o.namespaceOf(i)+"/services", map[string]any{
			"metadata": map[string]any{"name": serviceName(i)},
			"spec": map[string]any{
				"selector": map[string]string{"app": "bench"},
				"ports":    []map[string]any{{"name": "grpc", "port": 50051}},
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *front) create(ctx context.Context, path string, object map[string]any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.host+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := f.api.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if answer, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusCreated {
		return fmt.Errorf("POST %s: %s: %s", path, response.Status, answer)
	}
	return nil
}
