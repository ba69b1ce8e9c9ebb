package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Why a run ended, as the total says it. Another cause of the context's end is said in its own words.
var (
	errStopped = errors.New("stop")
	errClosed  = errors.New("stdin was closed")
)

// command is a line of the input. Exactly one of its fields is there.
type command struct {
	Streams *[]Stream `json:"streams"`
	Mark    *string   `json:"mark"`
	Stop    bool      `json:"stop"`
}

func parseCommand(line []byte) (command, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	var c command
	if err := decoder.Decode(&c); err != nil {
		return c, fmt.Errorf("parse command: %w", err)
	}
	given := 0
	for _, there := range []bool{c.Streams != nil, c.Mark != nil, c.Stop} {
		if there {
			given++
		}
	}
	if given != 1 {
		return c, errors.New(`parse command: want one of "streams", "mark" and "stop"`)
	}
	return c, nil
}

// accepted is the answer to new streams.
type accepted struct {
	OK   bool     `json:"ok"`
	Late []string `json:"late,omitempty"` // targets that had no connection in time
}

type refused struct {
	Problem string `json:"error"`
}

// Run sends streams until ctx ends or a command stops it, and answers each command, a line of JSON, with a line of
// JSON; the total comes last. Streams that are given here are answered as if they had come first. The end of in stops
// the run if closes is set.
func Run(ctx context.Context, o Options, streams []Stream, in io.Reader, closes bool, out io.Writer) error {
	began := time.Now()
	l := &load{sender: newSender(o, began), total: newPeriod(began), encoder: json.NewEncoder(out)}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if len(streams) > 0 {
		if err := l.encoder.Encode(l.use(ctx, streams)); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
	lines := read(ctx, in)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.sender.run(ctx)
	}()
	failure := l.serve(ctx, lines, closes)
	cancel(failure)
	<-done
	ended := time.Now()
	l.total.add(l.sender.cut(ended))
	l.sender.close()
	report := l.total.report(ended)
	report.Total, report.Ended = true, context.Cause(ctx).Error()
	if err := l.encoder.Encode(report); err != nil {
		return fmt.Errorf("write total: %w", err)
	}
	return nil
}

// load answers commands, one at a time.
type load struct {
	sender  *sender
	total   *period // of the periods that are over
	encoder *json.Encoder
}

// read delivers lines until in ends, and closes the channel then. It stays in its last read when ctx ends.
func read(ctx context.Context, in io.Reader) <-chan []byte {
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			select {
			case lines <- bytes.Clone(scanner.Bytes()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// serve answers commands until the run has to end, and says why.
func (l *load) serve(ctx context.Context, lines <-chan []byte, closes bool) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case line, open := <-lines:
			if !open {
				if closes {
					return errClosed
				}
				lines = nil
				continue
			}
			if len(line) == 0 {
				continue
			}
			c, err := parseCommand(line)
			if err == nil && c.Stop {
				return errStopped
			}
			if err := l.encoder.Encode(l.answer(ctx, c, err)); err != nil {
				return fmt.Errorf("write answer: %w", err)
			}
		}
	}
}

func (l *load) answer(ctx context.Context, c command, problem error) any {
	switch {
	case problem != nil:
		return refused{problem.Error()}
	case c.Streams != nil:
		return l.use(ctx, *c.Streams)
	default:
		now := time.Now()
		over := l.sender.cut(now)
		l.total.add(over)
		report := over.report(now)
		report.Mark = *c.Mark
		return report
	}
}

func (l *load) use(ctx context.Context, streams []Stream) any {
	streams, err := completeAll(streams, l.sender.o)
	if err != nil {
		return refused{err.Error()}
	}
	late, err := l.sender.use(ctx, streams)
	if err != nil {
		return refused{err.Error()}
	}
	return accepted{OK: true, Late: late}
}
