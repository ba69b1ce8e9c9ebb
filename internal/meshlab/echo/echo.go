// Package echo is the HTTP service whose traffic the lab routes: it answers with what it received.
package echo

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry"
)

// Port is where the lab's servers of HTTP listen.
const Port = 50080

// What a request can ask for by its headers, besides what it can ask a greeter for.
const (
	StatusHeader = "x-status"   // the status of the answer, such as 500
	CountHeader  = "x-count-as" // a name under which the request is counted, also one that a proxy mirrors
)

// SeenPath is where every server tells how many requests of a name the servers of each version have received.
const SeenPath = "/meshlab/seen/"

// Answer is what a server received, and who it is.
type Answer struct {
	Version   string              `json:"version"`
	Address   string              `json:"address"`
	Protocol  string              `json:"protocol"`
	Method    string              `json:"method"`
	Authority string              `json:"authority"`
	Path      string              `json:"path"` // with the query, as it was received
	Headers   map[string][]string `json:"headers"`
}

// Seen counts requests by name and version. All servers of a lab share one.
type Seen struct {
	mu     sync.Mutex
	counts map[string]map[string]int
}

// NewSeen returns an empty count.
func NewSeen() *Seen { return &Seen{counts: map[string]map[string]int{}} }

func (s *Seen) add(name, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts[name] == nil {
		s.counts[name] = map[string]int{}
	}
	s.counts[name][version]++
}

func (s *Seen) of(name string) map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts[name])
}

// Server is an echo that serves.
type Server struct {
	http     *http.Server
	version  string
	address  string
	attempts *greeter.Attempts
	seen     *Seen
	reporter telemetry.Reporter
	done     chan error
}

// Serve answers requests of HTTP/1.1, and of HTTP/2 without TLS, on listener until Stop. The reporter counts the
// answers.
func Serve(
	listener net.Listener, version string, attempts *greeter.Attempts, seen *Seen, reporter telemetry.Reporter,
) *Server {
	s := &Server{
		version: version, address: listener.Addr().String(), attempts: attempts, seen: seen, reporter: reporter,
		done: make(chan error, 1),
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute, Protocols: new(http.Protocols)}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetUnencryptedHTTP2(true)
	go func() { s.done <- s.http.Serve(listener) }()
	return s
}

// Wait returns when the server has stopped serving, and why.
func (s *Server) Wait() error { return <-s.done }

// Stop ends the server and every request in progress.
func (s *Server) Stop() { s.http.Close() }

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, asked := strings.CutPrefix(r.URL.Path, SeenPath); asked {
		write(w, http.StatusOK, s.seen.of(name))
		return
	}
	if name := r.Header.Get(CountHeader); name != "" {
		s.seen.add(name, s.version)
	}
	request := s.reporter.Begin(telemetry.HTTP, r.Host, r.Header.Get)
	// The sender has not sent it, and is not told of it.
	r.Header.Del(telemetry.ClusterHeader)
	code := s.serve(w, r, request)
	if r.Context().Err() != nil {
		code = 0
	}
	request.End(telemetry.Answer{Code: code})
}

// serve answers, and returns the status of the answer, or 0 where nobody waits for one.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, request telemetry.Request) int {
	w.Header().Set(greeter.VersionHeader, s.version)
	w.Header().Set(greeter.AddressHeader, s.address)
	if request.Fault(r.Context()) {
		http.Error(w, telemetry.Failed, http.StatusServiceUnavailable)
		return http.StatusServiceUnavailable
	}
	status, err := s.status(w, r)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return http.StatusBadRequest
	case status == 0:
	case status == http.StatusServiceUnavailable:
		http.Error(w, "failed as the request asked for", status)
	default:
		write(w, status, s.answer(r))
	}
	return status
}

// status waits as long as the request asks for and returns the status that it asks for, or 0 where it was given up.
func (s *Server) status(w http.ResponseWriter, r *http.Request) (int, error) {
	if sleep := r.Header.Get(greeter.SleepHeader); sleep != "" {
		duration, err := time.ParseDuration(sleep)
		if err != nil {
			return 0, fmt.Errorf("header %s: %w", greeter.SleepHeader, err)
		}
		select {
		case <-time.After(duration):
		case <-r.Context().Done():
			return 0, nil
		}
	}
	if id := r.Header.Get(greeter.CallIDHeader); id != "" {
		attempt := s.attempts.Add(id)
		failing, err := number(r, greeter.FailFirstHeader, 0)
		if err != nil {
			return 0, err
		}
		if attempt <= failing {
			return http.StatusServiceUnavailable, nil
		}
		w.Header().Set(greeter.AttemptsHeader, strconv.Itoa(attempt))
	}
	status, err := number(r, StatusHeader, http.StatusOK)
	if err == nil && (status < 200 || status > 599) {
		err = fmt.Errorf("header %s: %d is no status", StatusHeader, status)
	}
	return status, err
}

func number(r *http.Request, header string, otherwise int) (int, error) {
	text := r.Header.Get(header)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("header %s: %w", header, err)
	}
	return n, nil
}

func (s *Server) answer(r *http.Request) Answer {
	a := Answer{
		Version: s.version, Address: s.address, Protocol: r.Proto, Method: r.Method, Authority: r.Host,
		Path: r.RequestURI, Headers: map[string][]string{},
	}
	for name, values := range r.Header {
		a.Headers[strings.ToLower(name)] = values
	}
	return a
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone, or has it
}
