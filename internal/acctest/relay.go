package acctest

import (
	"errors"
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
	refused  int
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
		r.refused++
		return false
	}
	for _, c := range connections {
		r.open[c] = true
	}
	return true
}

// piece is what was read from a connection, and when it is passed on.
type piece struct {
	bytes []byte
	due   time.Time
}

// pass passes on in the order of arrival. What comes while something waits does not wait for it too: a slow
// connection delays, and carries as much as ever.
func (r *Relay) pass(from, to net.Conn) {
	pieces := make(chan piece, mostPieces)
	go func() {
		defer close(pieces)
		for {
			buffer := make([]byte, 32<<10)
			n, err := from.Read(buffer)
			pieces <- piece{buffer[:n], time.Now().Add(r.slowness())}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.bytes); err != nil {
			break
		}
	}
	r.drop(from, to)
	for range pieces {
	}
}

// mostPieces is far more than is under way on a connection.
const mostPieces = 1 << 12

// drop ends and forgets connections.
func (r *Relay) drop(connections ...net.Conn) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, c := range connections {
		c.Close()
		delete(r.open, c)
	}
}

func (r *Relay) slowness() time.Duration {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.delay
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

// Refused is how many connections it has refused since it was made.
func (r *Relay) Refused() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.refused
}

// Slow lets everything that is passed on arrive so much later.
func (r *Relay) Slow(delay time.Duration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.delay = delay
}
