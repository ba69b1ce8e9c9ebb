package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
)

// load is a process that sends requests at a steady rate, whatever becomes of them.
type load struct {
	command *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
}

// period counts the requests between two marks.
type period struct {
	Sent    int
	Failed  int
	Unknown int `json:"unknown_cluster"` // lost by gRPC's own client
	Streams []struct {
		Versions map[string]int
		Errors   map[string]int
	}
}

// startLoad starts to send so many requests a second to the service, and returns when they flow.
func (w *demoWorkspace) startLoad(ctx context.Context, rate int) (*load, error) {
	line := slices.Clone(w.call)
	i := slices.Index(line, "call")
	if i < 0 {
		return nil, fmt.Errorf("MESH_TEST_CALL names no command call: %q", line)
	}
	line[i] = "load"
	l := &load{command: exec.CommandContext(ctx, line[0], append(line[1:], "--rate", strconv.Itoa(rate))...)}
	l.command.Stderr = os.Stderr
	in, failedIn := l.command.StdinPipe()
	out, failedOut := l.command.StdoutPipe()
	if err := errors.Join(failedIn, failedOut); err != nil {
		return nil, fmt.Errorf("start the requests: %w", err)
	}
	if err := l.command.Start(); err != nil {
		return nil, fmt.Errorf("start the requests: %w", err)
	}
	l.in, l.answers = in, json.NewDecoder(out)
	var accepted struct {
		Late  []string
		Error string
	}
	err := l.ask(map[string]any{"streams": []any{
		map[string]any{"via": w.via(), "protocol": "grpc", "host": host, "method": hello},
	}}, &accepted)
	if accepted.Error != "" || len(accepted.Late) > 0 {
		err = fmt.Errorf("start the requests: %+v", accepted)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// mark returns what was counted since the last mark.
func (l *load) mark() (period, error) {
	var p period
	err := l.ask(map[string]any{"mark": "demo"}, &p)
	return p, err
}

func (l *load) ask(question, answer any) error {
	if err := json.NewEncoder(l.in).Encode(question); err != nil {
		return fmt.Errorf("ask for the requests: %w", err)
	}
	if err := l.answers.Decode(answer); err != nil {
		return fmt.Errorf("hear of the requests: %w", err)
	}
	return nil
}

// Close ends the process: it does when its input does.
func (l *load) Close() error {
	err := l.in.Close()
	var exit *exec.ExitError
	if ended := l.command.Wait(); !errors.As(ended, &exit) {
		// Who was interrupted has ended as well.
		err = errors.Join(err, ended)
	}
	return err
}
