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
	faults   []Fault
}

// Fault is what happens to one request that changes something.
type Fault int

// The faults.
const (
	// Refuse closes the connection before the API server hears of the request.
	Refuse Fault = iota
	// LoseAnswer closes the connection after the API server did what was asked.
	LoseAnswer
	// Fail answers 500 in the API server's place.
	Fail
)

// Break gives the next requests that change something these faults, one each.
func (p *Proxy) Break(faults ...Fault) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.faults = append(p.faults, faults...)
}

// nextFault takes the next fault, if there is one for the request.
func (p *Proxy) nextFault(r *http.Request) (Fault, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if r.Method == http.MethodGet || len(p.faults) == 0 {
		return 0, false
	}
	fault := p.faults[0]
	p.faults = p.faults[1:]
	return fault, true
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
		fault, broken := p.nextFault(r)
		switch {
		case !broken:
			forward.ServeHTTP(w, r)
			return
		case fault == Fail:
			http.Error(w, "this server is broken", http.StatusInternalServerError)
			return
		case fault == LoseAnswer:
			forward.ServeHTTP(httptest.NewRecorder(), r)
		}
		// This closes the connection without an answer.
		panic(http.ErrAbortHandler)
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
