// Package kubelet forwards ports of pods to servers on this machine, over the protocol that the API server expects
// of a kubelet. It is all of a kubelet that a lab without containers can use.
package kubelet

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/klog/v2"
)

// The limits that a kubelet has unless its configuration says otherwise.
const (
	idleTimeout           = 4 * time.Hour
	streamCreationTimeout = 30 * time.Second
)

// Options say who may ask.
type Options struct {
	Certificate tls.Certificate // for the address of the listener
	Clients     []byte          // PEM of the authority whose clients may ask
	Log         io.Writer
}

// Pod is the name of a pod.
type Pod struct{ Namespace, Name string }

// Server is a kubelet that serves.
type Server struct {
	http *http.Server

	mu   sync.Mutex
	pods map[Pod]forwarder
}

// Serve serves on a listener until Close.
func Serve(listener net.Listener, o Options) (*Server, error) {
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(o.Clients) {
		return nil, errors.New("start kubelet: no certificate authority for its clients")
	}
	logger := slog.New(slog.NewTextHandler(o.Log, nil))
	// The library says through klog what it cannot say to the client, such as that nobody listens on a port.
	klog.SetSlogLogger(logger)
	s := &Server{pods: map[Pod]forwarder{}}
	s.http = &http.Server{
		Handler: s.handler(),
		// Long enough for everybody on this machine.
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelError),
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{o.Certificate},
			ClientCAs:    clients,
			ClientAuth:   tls.RequireAndVerifyClientCert,
		},
		Protocols: new(http.Protocols), // a connection of HTTP/2 cannot be taken over by another protocol
	}
	s.http.Protocols.SetHTTP1(true)
	go s.http.ServeTLS(listener, "", "") //nolint:errcheck // it ends with Close
	return s, nil
}

// Close ends the listener. A connection that forwards ports lives until its client ends it.
func (s *Server) Close() { s.http.Close() }

// Run makes ports of a pod lead to addresses on this machine.
func (s *Server) Run(pod Pod, ports map[int32]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods[pod] = ports
}

func (s *Server) find(pod Pod) (forwarder, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ports, runs := s.pods[pod]
	return ports, runs
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	forward := func(w http.ResponseWriter, r *http.Request) {
		pod := Pod{r.PathValue("namespace"), r.PathValue("pod")}
		ports, runs := s.find(pod)
		if !runs {
			http.Error(w, "pod does not exist", http.StatusNotFound)
			return
		}
		portforward.ServePortForward(w, r, ports, pod.Name, "", &portforward.V4Options{},
			idleTimeout, streamCreationTimeout, portforward.SupportedProtocols)
	}
	// The API server asks as its client does: with POST for SPDY, with GET for SPDY inside a WebSocket, which it
	// unpacks itself.
	mux.HandleFunc("GET /portForward/{namespace}/{pod}", forward)
	mux.HandleFunc("POST /portForward/{namespace}/{pod}", forward)
	return mux
}

// forwarder connects ports of the pod to addresses.
type forwarder map[int32]string

// PortForward copies between the stream and a new connection until both directions have ended, or the server has
// closed the connection.
func (f forwarder) PortForward(ctx context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	address, listens := f[port]
	if !listens {
		return fmt.Errorf("nobody listens on port %d", port)
	}
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("connect to port %d: %w", port, err)
	}
	defer connection.Close()
	go func() {
		_, _ = io.Copy(connection, stream)
		if half, ok := connection.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
	}()
	if _, err := io.Copy(stream, connection); err != nil {
		return fmt.Errorf("forward port %d: %w", port, err)
	}
	return nil
}
