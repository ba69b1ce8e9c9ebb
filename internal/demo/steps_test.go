package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// logged is what Terraform logs of a walk that goes back, with other lines between.
const logged = `2026-11-30T01:14:05.108Z [WARN]  provider.mesh: Response contains warning diagnostic: tf_rpc=Plan
  diagnostic_detail=
  | step 1 of 3, 20 % of the way: v1 80 %, v2 20 %
   diagnostic_severity=WARNING
2026-11-30T01:14:05.139Z [INFO]  provider.mesh: walk: at the start: v1 100 %, v2 0 %: @caller=walk.go:180 @module=mesh
2026-11-30T01:14:05.142Z [INFO]  provider.mesh: step 1 of 1: update VirtualService "a/b": tf_rpc=ApplyResourceChange
2026-11-30T01:14:05.161Z [INFO]  provider.mesh: walk: at step 1 of 2: v1 75 %, v2 25 %: tf_req_id=43ca @module=mesh
2026-11-30T01:14:09.230Z [INFO]  provider.mesh: walk: at step 1 of 2: gate errors: pass: v2: 0 % failed: @module=mesh
2026-11-30T01:14:09.231Z [INFO]  provider.mesh: walk: at step 1 of 2: gate latency: pass: v2: 5 ms
2026-11-30T01:14:09.240Z [INFO]  provider.mesh: walk: at step 2 of 2: v1 0 %, v2 100 %: tf_rpc=ApplyResourceChange
2026-11-30T01:14:13.230Z [INFO]  provider.mesh: walk: at step 2 of 2: gate errors: fail: v2: 5 % failed: tf_req_id=4
2026-11-30T01:14:13.231Z [INFO]  provider.mesh: walk: at step 2 of 2: gate latency: not yet: v2: no value
2026-11-30T01:14:13.240Z [INFO]  provider.mesh: walk: on the way back, at step 1 of 2: v1 75 %, v2 25 %: tf_req_id=4
2026-11-30T01:14:13.250Z [INFO]  provider.mesh: walk: on the way back, at the start: v1 100 %, v2 0 %: tf_req_id=43ca
`

// marks answers with one period after the other.
func marks(t *testing.T, answers ...string) func() (period, error) {
	t.Helper()
	return func() (p period, err error) {
		if len(answers) == 0 {
			return p, errors.New("the requests have ended")
		}
		if err := json.Unmarshal([]byte(answers[0]), &p); err != nil {
			t.Error(err)
		}
		answers = answers[1:]
		return p, nil
	}
}

const (
	atFirst = `{"sent": 1200, "failed": 0, "streams": [{"versions": {"v1": 900, "v2": 300}}]}`
	then    = `{"sent": 1205, "failed": 3, "unknown_cluster": 2, "streams": [{"versions": {"v1": 60, "v2": 1140},
		"errors": {"Unavailable: b": 2, "Unavailable: a": 1}}]}`
)

func TestSteps(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := newSteps(&out, marks(t, atFirst, then))
	// The log comes in pieces.
	for _, piece := range strings.SplitAfter(logged, "wa") {
		if _, err := s.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	want := `
  the start: v1 100 %, v2 0 %

  step 1 of 2: v1 75 %, v2 25 %
    v1 ██████████████████████████████░░░░░░░░░░ v2, answered so far: v1 900, v2 300
    gate errors: pass: v2: 0 % failed
    gate latency: pass: v2: 5 ms

  step 2 of 2: v1 0 %, v2 100 %
    v1 ██░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ v2, answered so far: v1 960, v2 1440
    gate errors: fail: v2: 5 % failed
    gate latency: not yet: v2: no value

  back at step 1 of 2: v1 75 %, v2 25 %

  back at the start: v1 100 %, v2 0 %
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	seen := []string{"the start", "step 1 of 2", "step 2 of 2", "back at step 1 of 2", "back at the start"}
	if diff := cmp.Diff(seen, s.seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
	if s.sum.Sent != 2405 || s.sum.Failed != 5 {
		t.Errorf("%d requests, %d failed, want 2405 and 5", s.sum.Sent, s.sum.Failed)
	}
	if diff := cmp.Diff([]string{"Unavailable: a", "Unavailable: b"}, s.causes()); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
}

// Where nobody answers any more whose requests count, the demo is not to go on.
func TestSteps_noAnswer(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := newSteps(&out, marks(t))
	if _, err := s.Write([]byte(logged)); err == nil || err.Error() != "the requests have ended" {
		t.Errorf("%v, want that the requests have ended", err)
	}
}

// ended is a walk with everything that the demo asks of it, and how it may go wrong.
type ended map[string]struct {
	change func(*steps)
	own    int
	want   string
}

func (e ended) check(t *testing.T, valid func() *steps, judge func(*steps, int) error) {
	t.Helper()
	for name, test := range e {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, got := valid(), ""
			test.change(s)
			if err := judge(s, test.own); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSteps_arrived(t *testing.T) {
	t.Parallel()
	ended{
		"all steps": {func(*steps) {}, 0, ""},
		"a step is missing": {
			func(s *steps) { s.seen = s.seen[:3] }, 0,
			`the walk was ["the start" "step 1 of 3" "step 2 of 3"], ` +
				`expected ["the start" "step 1 of 3" "step 2 of 3" "step 3 of 3"]`,
		},
		"a request failed": {func(s *steps) { s.sum.Failed = 1 }, 0, "1 of 9 requests failed"},
		"no requests":      {func(s *steps) { s.sum.Sent = 0 }, 0, "0 of 0 requests failed"},
	}.check(t, func() *steps {
		return &steps{seen: []string{"the start", "step 1 of 3", "step 2 of 3", "step 3 of 3"}, sum: period{Sent: 9}}
	}, func(s *steps, _ int) error { return s.arrived() })
}

func TestSteps_returned(t *testing.T) {
	t.Parallel()
	const (
		where = `; expected it to end at the start because of errors`
		lost  = " requests failed, of which v2 failed "
	)
	ended{
		"no request failed":        {func(*steps) {}, 5, ""},
		"some that v2 failed":      {func(s *steps) { s.sum.Failed = 5 }, 5, ""},
		"one that v2 did not fail": {func(s *steps) { s.sum.Failed = 6 }, 5, "6 of 9" + lost + "5 itself"},
		"v2 failed none":           {func(*steps) {}, 0, "0 of 9" + lost + "0 itself"},
		"no requests":              {func(s *steps) { s.sum.Sent = 0 }, 5, "0 of 0" + lost + "5 itself"},
		"not at the start": {
			func(s *steps) { s.seen = s.seen[:1] }, 5, `the walk was ["the start"], and ["errors"] failed` + where,
		},
		"no step": {func(s *steps) { s.seen = nil }, 5, `the walk was [], and ["errors"] failed` + where},
		"another reason": {
			func(s *steps) { s.failed = []string{"latency"} }, 5,
			`the walk was ["the start" "back at the start"], and ["latency"] failed` + where,
		},
	}.check(t, func() *steps {
		seen := []string{"the start", "back at the start"}
		return &steps{seen: seen, failed: []string{"errors"}, sum: period{Sent: 9}}
	}, (*steps).returned)
}
