// Package tunnel carries HTTP through a port-forward of the API server, in memory.
//
// client-go's own forwarder listens on a port of this machine, where everybody on it may connect, and writes failures
// to standard error.
package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
)

// What the streams of a port-forward are told apart by. Source: k8s.io/api/core/v1, StreamType and so on.
const (
	headerType    = "streamType"
	headerPort    = "port"
	headerRequest = "requestID"
)

// Client returns a client all of whose connections lead to a port of the pod that the dialer forwards to. The context
// bounds the dialing. The tunnel ends with the client's idle connections.
func Client(ctx context.Context, dialer httpstream.Dialer, port int) (*http.Client, error) {
	tunnel, err := open(ctx, dialer)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return tunnel.connect(port) },
	}
	return &http.Client{Transport: tunnelled{transport, tunnel}}, nil
}

// tunnelled closes the tunnel together with the connections in it.
type tunnelled struct {
	*http.Transport
	tunnel *tunnel
}

// CloseIdleConnections implements what [http.Client.CloseIdleConnections] looks for.
func (t tunnelled) CloseIdleConnections() {
	t.Transport.CloseIdleConnections()
	t.tunnel.connection.Close()
}

// tunnel is a port-forward: a connection to the pod's node that carries others.
type tunnel struct {
	connection httpstream.Connection
	mutex      sync.Mutex
	opened     int
}

func open(ctx context.Context, dialer httpstream.Dialer) (*tunnel, error) {
	type answer struct {
		connection httpstream.Connection
		err        error
	}
	// The dialer knows no context; an answer that comes too late is hung up on.
	dialed := make(chan answer, 1)
	go func() {
		connection, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
		dialed <- answer{connection, err}
	}()
	select {
	case a := <-dialed:
		return &tunnel{connection: a.connection}, a.err
	case <-ctx.Done():
		go func() {
			if a := <-dialed; a.err == nil {
				a.connection.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// connect returns a connection to a port of the pod: a stream of data, and one on which the node says what went
// wrong.
func (t *tunnel) connect(port int) (net.Conn, error) {
	t.mutex.Lock()
	t.opened++
	id := t.opened
	t.mutex.Unlock()
	headers := http.Header{}
	headers.Set(headerType, "error")
	headers.Set(headerPort, strconv.Itoa(port))
	headers.Set(headerRequest, strconv.Itoa(id))
	complaints, err := t.connection.CreateStream(headers)
	if err != nil {
		return nil, fmt.Errorf("forward port %d: %w", port, err)
	}
	headers.Set(headerType, "data")
	data, err := t.connection.CreateStream(headers)
	if err != nil {
		t.connection.RemoveStreams(complaints)
		return nil, fmt.Errorf("forward port %d: %w", port, err)
	}
	forwarded := &forwardedConn{Stream: data, tunnel: t, complaints: complaints, said: make(chan struct{})}
	// Nothing is written to it; the node waits for its end.
	complaints.Close()
	go forwarded.listen()
	return forwarded, nil
}

// forwardedConn is a connection in a tunnel. It knows no deadlines: http.Transport sets none.
type forwardedConn struct {
	httpstream.Stream
	tunnel     *tunnel
	complaints httpstream.Stream
	// said is closed when the node has nothing more to say, and complaint holds what it said.
	said      chan struct{}
	complaint string
}

func (c *forwardedConn) listen() {
	defer close(c.said)
	if text, err := io.ReadAll(c.complaints); err == nil {
		c.complaint = string(text)
	}
}

// Read implements net.Conn. Where the node could not connect, its words take the place of the end of the stream.
func (c *forwardedConn) Read(into []byte) (int, error) {
	n, err := c.Stream.Read(into)
	if n == 0 && err != nil {
		select {
		case <-c.said:
		case <-time.After(time.Second):
			return n, err
		}
		if c.complaint != "" {
			err = errors.New(c.complaint)
		}
	}
	return n, err
}

// Close implements net.Conn.
func (c *forwardedConn) Close() error {
	err := c.Reset()
	c.tunnel.connection.RemoveStreams(c.Stream, c.complaints)
	return err
}

// LocalAddr implements net.Conn.
func (c *forwardedConn) LocalAddr() net.Addr { return forwardedAddr{} }

// RemoteAddr implements net.Conn.
func (c *forwardedConn) RemoteAddr() net.Addr { return forwardedAddr{} }

// SetDeadline implements net.Conn.
func (c *forwardedConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (c *forwardedConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (c *forwardedConn) SetWriteDeadline(time.Time) error { return nil }

type forwardedAddr struct{}

// Network implements net.Addr.
func (forwardedAddr) Network() string { return "port-forward" }

// String implements net.Addr.
func (forwardedAddr) String() string { return "pod" }
