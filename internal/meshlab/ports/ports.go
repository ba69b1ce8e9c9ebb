// Package ports finds addresses and ports for a lab that no other lab on this machine has.
package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Outgoing connections take their ports from 32768 upwards; a server that wants one of those may find it taken.
const (
	first     = 20000
	last      = 32767
	blockSize = 16
)

// Block is a run of ports on 127.0.0.1. It is reserved by listening on the one before its first for as long as the
// lab lives, so that another lab looks elsewhere even while some of the ports are not yet, or for a moment not, in
// use.
type Block struct {
	guard net.Listener
	next  int
	end   int
}

// Reserve finds a block whose ports are all free.
func Reserve() (*Block, error) {
	blocks := (last - first + 1) / blockSize
	for _, i := range rand.Perm(blocks) {
		if b := try(first + i*blockSize); b != nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("find free ports: no %d ports in a row on 127.0.0.1 between %d and %d", blockSize, first,
		last)
}

func try(base int) *Block {
	guard, err := net.Listen("tcp", address(base))
	if err != nil {
		return nil
	}
	for port := base + 1; port < base+blockSize; port++ {
		l, err := net.Listen("tcp", address(port))
		if err != nil {
			guard.Close()
			return nil
		}
		l.Close()
	}
	return &Block{guard: guard, next: base + 1, end: base + blockSize}
}

// Next returns a port of the block that it has not returned before. It panics when there is none left, because how
// many are needed is fixed in the program.
func (b *Block) Next() int {
	if b.next == b.end {
		panic("ports: block is used up")
	}
	b.next++
	return b.next - 1
}

// Release gives the block back.
func (b *Block) Release() { b.guard.Close() }

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// ListenOne listens on one free port of 127.0.0.1 below those of outgoing connections.
func ListenOne() (net.Listener, error) {
	for range 1000 {
		if l, err := net.Listen("tcp", address(first+rand.IntN(last-first+1))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("find a free port on 127.0.0.1 between %d and %d", first, last)
}

// Network is a 127.X.Y.0/24 that no other lab on this machine uses. The listeners that came with it are its
// reservation.
type Network struct{ prefix string }

// Address returns one of its addresses.
func (n Network) Address(host int) string { return n.prefix + strconv.Itoa(host) }

// Listen opens listeners on one port, each on an address of its own, from first upwards.
func (n Network) Listen(first, count, port int) ([]net.Listener, error) {
	var listeners []net.Listener
	for i := range count {
		l, err := net.Listen("tcp", net.JoinHostPort(n.Address(first+i), strconv.Itoa(port)))
		if err != nil {
			return nil, errors.Join(err, closeAll(listeners))
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// Listen finds a network and opens listeners on one port of its first addresses.
func Listen(count, port int) (Network, []net.Listener, error) {
	var err error
	for range 64 {
		// 127.0.0.0/16 is left alone: that is where people put things by hand.
		n := Network{fmt.Sprintf("127.%d.%d.", 1+rand.IntN(254), rand.IntN(256))}
		var listeners []net.Listener
		if listeners, err = n.Listen(1, count, port); err == nil {
			return n, listeners, nil
		}
	}
	return Network{}, nil, fmt.Errorf("listen on port %d of %d loopback addresses (on a system other than Linux they "+
		"need an alias on the loopback interface): %w", port, count, err)
}

func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
