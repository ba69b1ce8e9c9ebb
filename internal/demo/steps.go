package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// stepLine is a line of Terraform's log that tells of a walk, with what else the log says behind it.
var stepLine = regexp.MustCompile(
	`\bwalk: (on the way back, )?at (?:step (\d+) of (\d+)|the start): (.*?)(?:: (?:@|tf_)\w+=.*)?$`)

const gateWord = "gate "

// steps tells a walk step by step, from what Terraform logs of it: the shares, then who has answered meanwhile and
// what the gates say of that.
type steps struct {
	lines
	out io.Writer
	// mark returns what was counted since it was called last.
	mark func() (period, error)
	// sum counts all requests, and versions who answered them.
	sum      period
	versions map[string]int
	// seen are the steps in their order, such as `1 of 3`, and `back` for all of the way back.
	seen []string
	// judging says that a gate was asked since the step began, and failed are the gates that have said no.
	judging bool
	failed  []string
}

func newSteps(out io.Writer, mark func() (period, error)) *steps {
	s := &steps{out: out, mark: mark, versions: map[string]int{}}
	s.each = s.tell
	return s
}

// tell tells a line of the log that is about the walk.
func (s *steps) tell(line string) error {
	found := stepLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
	if found == nil {
		return nil
	}
	at, text := "the start", found[4]
	if found[2] != "" {
		at = fmt.Sprintf("step %s of %s", found[2], found[3])
	}
	if answer, ok := strings.CutPrefix(text, gateWord); ok {
		return s.judge(answer)
	}
	s.judging = false
	if found[1] != "" {
		at = "back at " + at
	}
	s.seen = append(s.seen, at)
	_, err := fmt.Fprintf(s.out, "\n  %s: %s\n", at, text)
	return err
}

// judge tells what a gate says of the step, and before the first one who has answered meanwhile.
func (s *steps) judge(answer string) error {
	if !s.judging {
		s.judging = true
		answered, err := s.count()
		if err != nil {
			return err
		}
		total := 0
		for _, n := range answered {
			total += n
		}
		if _, err := fmt.Fprintf(s.out, "    v1 %s v2, answered so far: %s\n",
			bar(float64(answered["v1"])/float64(max(total, 1))), s.answered()); err != nil {
			return err
		}
	}
	if gate, verdict, _ := strings.Cut(answer, ": "); strings.HasPrefix(verdict, "fail") {
		s.failed = append(s.failed, gate)
	}
	_, err := fmt.Fprintf(s.out, "    gate %s\n", answer)
	return err
}

// count adds the requests since it was called last, and returns who answered them.
func (s *steps) count() (map[string]int, error) {
	p, err := s.mark()
	if err != nil {
		return nil, err
	}
	answered := map[string]int{}
	s.sum.Sent, s.sum.Failed = s.sum.Sent+p.Sent, s.sum.Failed+p.Failed+p.Unknown
	s.sum.Streams = append(s.sum.Streams, p.Streams...)
	for _, stream := range p.Streams {
		for version, n := range stream.Versions {
			answered[version] += n
			s.versions[version] += n
		}
	}
	return answered, nil
}

// answered says how many requests each version has answered.
func (s *steps) answered() string {
	var all []string
	for _, version := range slices.Sorted(maps.Keys(s.versions)) {
		all = append(all, fmt.Sprintf("%s %d", version, s.versions[version]))
	}
	return strings.Join(all, ", ")
}

// causes says why requests failed.
func (s *steps) causes() []string {
	all := map[string]bool{}
	for _, stream := range s.sum.Streams {
		for cause := range stream.Errors {
			all[cause] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// arrived returns an error unless the walk took each of its steps and no request failed.
func (s *steps) arrived() error {
	if want := []string{"the start", "step 1 of 3", "step 2 of 3", "step 3 of 3"}; !slices.Equal(s.seen, want) {
		return fmt.Errorf("the walk was %q, expected %q", s.seen, want)
	}
	if s.sum.Sent == 0 || s.sum.Failed > 0 {
		return fmt.Errorf("%d of %d requests failed%s", s.sum.Failed, s.sum.Sent, inBrackets(s.causes()))
	}
	return nil
}

// returned returns an error unless failures have led the walk back to its start, and only requests failed that v2
// itself has failed.
func (s *steps) returned(own int) error {
	if len(s.seen) == 0 || s.seen[len(s.seen)-1] != "back at the start" || !slices.Equal(s.failed, []string{"errors"}) {
		return fmt.Errorf("the walk was %q, and %q failed; expected it to end at the start because of errors", s.seen,
			s.failed)
	}
	if s.sum.Sent == 0 || own == 0 || s.sum.Failed > own {
		return fmt.Errorf("%d of %d requests failed, of which v2 failed %d itself%s", s.sum.Failed, s.sum.Sent, own,
			inBrackets(s.causes()))
	}
	return nil
}
