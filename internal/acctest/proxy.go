package acctest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Proxy stands before the API server, acts as the administrator, remembers what was asked, and breaks what it is told
// to.
type Proxy struct {
	// URL is where the proxy listens, without TLS.
	URL string
	// Delay is how long a request waits before and after the API server hears of it, nil for no time.
	Delay func(*http.Request) time.Duration

	forward http.Handler
	// calls are the requests under way, also those whose client has gone.
	calls sync.WaitGroup

	mutex    sync.Mutex
	requests []string
	faults   []Fault
	trap     trap
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
	p := &Proxy{forward: &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		// A client that goes away in the middle is what these tests are about.
		ErrorLog: log.New(io.Discard, "", 0),
	}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.calls.Add(1)
	defer p.calls.Done()
	// With the whole body read, the server notices when the client goes away.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if p.Delay != nil {
		time.Sleep(p.Delay(r))
		defer func() { time.Sleep(p.Delay(r)) }()
	}
	fault, meanwhile := p.next(r)
	if meanwhile != nil {
		meanwhile()
	}
	switch fault {
	case Pass:
		p.forward.ServeHTTP(w, r)
		return
	case Fail:
		http.Error(w, "this server is broken", http.StatusInternalServerError)
		return
	case Throttle:
		http.Error(w, "too many requests", http.StatusTooManyRequests)
		return
	case ThrottleForASecond:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many requests", http.StatusTooManyRequests)
		return
	case Disown:
		answer(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":404,`+
			`"message":"Kubernetes cluster \"prod\" not found"}`, http.StatusNotFound)
		return
	case Contend:
		answer(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409,`+
			`"message":"Operation cannot be fulfilled on resourcequotas \"few\": the object has been modified",`+
			`"details":{"name":"few","kind":"resourcequotas"}}`, http.StatusConflict)
		return
	case Hang:
		<-r.Context().Done()
	case LoseAnswer:
		p.forward.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
	case Refuse:
	}
	// This closes the connection without an answer.
	panic(http.ErrAbortHandler)
}

// answer answers with a Status.
func answer(w http.ResponseWriter, status string, code int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, status) // a client that has gone does not want it
}

// rehearsal reports whether a request only asks what would come of it.
func rehearsal(r *http.Request) bool { return r.URL.Query().Has("dryRun") }

// request is a request as `PATCH virtualservices`, or `PATCH virtualservices, dry run`; one that is for no object
// keeps its path.
func request(r *http.Request) string {
	for kind := range resources {
		if plural := resources[kind].Resource; slices.Contains(strings.Split(r.URL.Path, "/"), plural) {
			if rehearsal(r) {
				return r.Method + " " + plural + ", dry run"
			}
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, plural) {
				return "LIST " + plural
			}
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
