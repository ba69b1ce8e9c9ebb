package watch

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

// Command is a line of JSON that a running watch obeys: Mark ends a period, Stop ends the watch. Exactly one of them
// is there, or Problem, which says what is wrong with the line.
type Command struct {
	Mark    *string `json:"mark"`
	Stop    bool    `json:"stop"`
	Problem error   `json:"-"`
}

// Commands reads commands until in ends, and closes the channel then. It stays in its last read when ctx ends.
func Commands(ctx context.Context, in io.Reader) <-chan Command {
	commands := make(chan Command)
	go func() {
		defer close(commands)
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			if len(lines.Bytes()) == 0 {
				continue
			}
			select {
			case commands <- parseCommand(lines.Bytes()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return commands
}

func parseCommand(line []byte) Command {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	var c Command
	switch err := decoder.Decode(&c); {
	case err != nil:
		return Command{Problem: fmt.Errorf("parse command: %w", err)}
	case (c.Mark != nil) == c.Stop:
		return Command{Problem: errors.New(`parse command: want one of "mark" and "stop"`)}
	}
	return c
}

// obey answers commands until ctx ends, or one of them, or their end, says to stop.
func (w *watcher) obey(ctx context.Context, commands <-chan Command) {
	for {
		select {
		case <-ctx.Done():
			return
		case c, open := <-commands:
			if !open || c.Stop {
				return
			}
			w.mu.Lock()
			if c.Problem != nil {
				w.report.write(problemEvent{event: event{time.Now().UTC(), "error"}, Error: c.Problem.Error()})
			} else {
				w.report.mark(time.Now(), *c.Mark, w.picture)
			}
			w.mu.Unlock()
		}
	}
}
