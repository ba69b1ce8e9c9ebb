package main

import (
	"strings"
	"testing"
)

// What was written last is passed on, and before what was said after that.
func TestTail(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	close(done)
	var out strings.Builder
	of := &tail{file: strings.NewReader("the log, "), to: &out}
	if _, err := of.behind(&out).Write([]byte("then this, ")); err != nil {
		t.Fatal(err)
	}
	of.file = strings.NewReader("its end")
	if err := of.follow(done); err != nil {
		t.Fatal(err)
	}
	if want := "the log, then this, its end"; out.String() != want {
		t.Errorf("passed on %q, want %q", out.String(), want)
	}
}
