package ports

import (
	"net"
	"strconv"
	"testing"
)

func TestReserve(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 3 {
		block, err := Reserve()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(block.Release)
		for range blockSize - 1 {
			port := block.Next()
			if port < first || port > last || seen[port] {
				t.Errorf("port %d is outside %d to %d or given twice", port, first, last)
			}
			seen[port] = true
		}
	}
}

// Two labs side by side: the second finds other addresses with the same port.
func TestListen(t *testing.T) {
	t.Parallel()
	probe, err := ListenOne()
	if err != nil {
		t.Fatal(err)
	}
	port := probe.Addr().(*net.TCPAddr).Port
	probe.Close()
	seen := map[string]bool{}
	for range 2 {
		network, listeners, err := Listen(6, port)
		if err != nil {
			t.Fatal(err)
		}
		more, err := network.Listen(11, 2, port)
		if err != nil {
			t.Fatal(err)
		}
		want := net.JoinHostPort(network.Address(12), strconv.Itoa(port))
		if got := more[1].Addr().String(); got != want {
			t.Errorf("listens on %s instead of %s", got, want)
		}
		listeners = append(listeners, more...)
		for _, l := range listeners {
			address := l.Addr().(*net.TCPAddr)
			if !address.IP.IsLoopback() || address.Port != port || seen[address.String()] {
				t.Errorf("listens on %s", address)
			}
			seen[address.String()] = true
			t.Cleanup(func() { l.Close() })
		}
	}
}
