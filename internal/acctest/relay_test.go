package acctest

import (
	"io"
	"net"
	"testing"
	"time"
)

// TestRelay_slow: each piece arrives later by the delay, however many are under way.
func TestRelay_slow(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	r := StartRelay(t, server.Addr().String())
	client, err := net.Dial("tcp", r.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ask := func(pieces int) time.Duration {
		t.Helper()
		began := time.Now()
		for range pieces {
			if _, err := client.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
		if _, err := io.ReadFull(client, make([]byte, pieces)); err != nil {
			t.Fatal(err)
		}
		return time.Since(began)
	}
	// A relay that is slow is so every time, and a machine that is busy is not.
	soonest := func(pieces int, most time.Duration) time.Duration {
		t.Helper()
		took := ask(pieces)
		for range 20 {
			if took > most {
				took = min(took, ask(pieces))
			}
		}
		return took
	}
	ask(1)
	const delay, pieces = 100 * time.Millisecond, 20
	r.Slow(delay)
	// There and back.
	if took := soonest(pieces, pieces*delay); took < 2*delay || took > pieces*delay {
		t.Errorf("an answer took %s with a delay of %s each way", took, delay)
	}
	r.Slow(0)
	if took := soonest(1, delay); took > delay {
		t.Errorf("an answer took %s without a delay", took)
	}
	r.Cut(true)
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Error("a connection that was cut still answers")
	}
	if n := r.Refused(); n != 0 {
		t.Errorf("%d connections were refused before there was one", n)
	}
	another, err := net.Dial("tcp", r.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer another.Close()
	if _, err := another.Read(make([]byte, 1)); err == nil || r.Refused() != 1 {
		t.Errorf("a relay that is cut has refused %d connections: %v", r.Refused(), err)
	}
}
