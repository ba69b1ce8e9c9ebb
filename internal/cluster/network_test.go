package cluster

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// network is a network within a test. Who waits on it waits for somebody in the same test, so that in a bubble of
// testing/synctest time passes as soon as everybody waits, and costs none.
type network struct {
	mutex   sync.Mutex
	servers map[string]*listener
}

// serve lets a server answer at an address of the network until the test ends.
func (n *network) serve(t *testing.T, address string, handler http.HandlerFunc) {
	t.Helper()
	l := &listener{connections: make(chan net.Conn), closed: make(chan struct{})}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.servers == nil {
		n.servers = map[string]*listener{}
	}
	n.servers[address] = l
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mutex.Lock()
	l := n.servers[address]
	n.mutex.Unlock()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: net.UnknownNetworkError(address)}
	if l == nil {
		return nil, refused
	}
	near, far := net.Pipe()
	select {
	case l.connections <- far:
		return near, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// listener accepts the connections of a network.
type listener struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.connections:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }
