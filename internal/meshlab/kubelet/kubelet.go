// Package kubelet forwards ports of a pod to servers on this machine, over the protocol that the API server expects
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
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/klog/v2"
)

// The limits that a kubelet has unless its configuration says otherwise.
const (
	idleTimeout           = 4 * time.Hour
	streamCreationTimeout = 30 * time.Second
)

// Options say who may ask for which pod.
type Options struct {
	Certificate tls.Certificate // for the address of the listener
	Clients     []byte          // PEM of the authority whose clients may ask
	Namespace   string
	Pod         string
	Ports       map[int32]string // of the pod; the values are addresses on this machine
	Log         io.Writer
}

// Server is a kubelet that serves.
type Server struct{ http *http.Server }

// Serve serves on a listener until Close.
func Serve(listener net.Listener, o Options) (*Server, error) {
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(o.Clients) {
		return nil, errors.New("start kubelet: no certificate authority for its clients")
	}
	logger := slog.New(slog.NewTextHandler(o.Log, nil))
	// The library says through klog what it cannot say to the client, such as that nobody listens on a port.
	klog.SetSlogLogger(logger)
	s := &Server{&http.Server{
		Handler: o.handler(),
		// Long enough for everybody on this machine.
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelError),
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{o.Certificate},
			ClientCAs:    clients,
			ClientAuth:   tls.RequireAndVerifyClientCert,
		},
		Protocols: new(http.Protocols), // a connection of HTTP/2 cannot be taken over by another protocol
	}}
	s.http.Protocols.SetHTTP1(true)
	go s.http.ServeTLS(listener, "", "") //nolint:errcheck // it ends with Close
	return s, nil
}

// Close ends the listener. A connection that forwards ports lives until its client ends it.
func (s *Server) Close() { s.http.Close() }

func (o Options) handler() http.Handler {
	mux := http.NewServeMux()
	forward := func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("namespace") != o.Namespace || r.PathValue("pod") != o.Pod {
			http.Error(w, "pod does not exist", http.StatusNotFound)
			return
		}
		portforward.ServePortForward(w, r, forwarder(o.Ports), o.Pod, "", &portforward.V4Options{},
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
