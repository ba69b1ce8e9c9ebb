package acctest

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Relay stands before a server and passes bytes on, until it is told to cut the connections or to be slow.
type Relay struct {
	// Address is where it listens, on 127.0.0.1.
	Address string

	listener net.Listener
	target   string
	mutex    sync.Mutex
	open     map[net.Conn]bool
	closed   bool
	delay    time.Duration
}

// StartRelay starts a relay before the server at target, host:port. It ends with the test.
func StartRelay(t *testing.T, target string) *Relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start a relay: %v", err)
	}
	r := &Relay{
		Address: listener.Addr().String(), listener: listener, target: target, open: map[net.Conn]bool{},
	}
	go r.accept()
	t.Cleanup(func() { listener.Close(); r.Cut(true) })
	return r
}

func (r *Relay) accept() {
	for {
		client, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		server, err := net.Dial("tcp", r.target)
		if err != nil || !r.keep(client, server) {
			client.Close()
			if server != nil {
				server.Close()
			}
			continue
		}
		go r.pass(client, server)
		go r.pass(server, client)
	}
}

// keep remembers connections, unless there must be none.
func (r *Relay) keep(connections ...net.Conn) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.closed {
		return false
	}
	for _, c := range connections {
		r.open[c] = true
	}
	return true
}

func (r *Relay) pass(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		r.mutex.Lock()
		delay := r.delay
		r.mutex.Unlock()
		time.Sleep(delay)
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			break
		}
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, c := range []io.Closer{from, to} {
		c.Close()
	}
	delete(r.open, from)
	delete(r.open, to)
}

// Cut ends every connection, and refuses new ones until it is called with false.
func (r *Relay) Cut(cut bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.closed = cut
	for c := range r.open {
		c.Close()
	}
}

// Slow lets every piece of what is passed on wait so long.
func (r *Relay) Slow(delay time.Duration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.delay = delay
}
