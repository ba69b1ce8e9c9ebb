package main

import (
	"io"
	"sync"
	"time"
)

// tail passes on what somebody else writes into a file.
type tail struct {
	lock sync.Mutex
	file io.Reader
	to   io.Writer
}

// read passes on what was written since it was called last.
func (t *tail) read() error {
	t.lock.Lock()
	defer t.lock.Unlock()
	_, err := io.Copy(t.to, t.file)
	return err
}

// follow reads again and again until done is closed, and once more then.
func (t *tail) follow(done <-chan struct{}) error {
	for {
		select {
		case <-done:
			return t.read()
		case <-time.After(100 * time.Millisecond):
		}
		if err := t.read(); err != nil {
			return err
		}
	}
}

// behind returns a writer before whose words the file is read, which was written before them.
func (t *tail) behind(w io.Writer) io.Writer { return behind{t, w} }

type behind struct {
	*tail
	io.Writer
}

// Write implements io.Writer.
func (b behind) Write(p []byte) (int, error) {
	if err := b.read(); err != nil {
		return 0, err
	}
	return b.Writer.Write(p)
}
