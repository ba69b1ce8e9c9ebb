package call

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
)

// answer is one line of a batch's output: a report, or what was wrong with the line.
type answer struct {
	*Report
	Problem string `json:"error,omitempty"`
}

// Batch reads one request per line as JSON and writes one line of JSON for each, in order, until the input ends.
// What a line leaves out is as in defaults.
func (c *Clients) Batch(ctx context.Context, defaults Request, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := encoder.Encode(c.line(ctx, defaults, lines.Bytes())); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read requests: %w", err)
	}
	return nil
}

func (c *Clients) line(ctx context.Context, request Request, line []byte) answer {
	request.Headers = maps.Clone(request.Headers)
	if err := json.Unmarshal(line, &request); err != nil {
		return answer{Problem: fmt.Sprintf("parse request: %v", err)}
	}
	report, err := c.Run(ctx, request)
	if err != nil {
		return answer{Problem: err.Error()}
	}
	return answer{Report: &report}
}
