package acctest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Proxy stands before the API server, acts as the administrator and remembers what was asked.
type Proxy struct {
	// URL is where the proxy listens, without TLS.
	URL string

	mutex    sync.Mutex
	requests []string
}

// StartProxy starts a proxy that ends with the test.
func (l *Lab) StartProxy(t *testing.T) *Proxy {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	if err != nil {
		t.Fatalf("read kubeconfig: %v", err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatalf("prepare transport: %v", err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatalf("parse the API server's address: %v", err)
	}
	p := &Proxy{}
	forward := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mutex.Lock()
		p.requests = append(p.requests, request(r))
		p.mutex.Unlock()
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// request is a request as `PATCH virtualservices`; one that is for no object keeps its path.
func request(r *http.Request) string {
	for kind := range resources {
		if plural := resources[kind].Resource; slices.Contains(strings.Split(r.URL.Path, "/"), plural) {
			return r.Method + " " + plural
		}
	}
	return fmt.Sprintf("%s %s", r.Method, r.URL.Path)
}

// Take returns the requests since the last call, in the order of their names.
func (p *Proxy) Take() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	taken := p.requests
	p.requests = nil
	slices.Sort(taken)
	return taken
}
