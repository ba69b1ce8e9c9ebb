package walk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// A gate is told which shares it judges.
func TestPlan_Question(t *testing.T) {
	t.Parallel()
	p := walk.NewPlan(objects("a: v1"), objects("a: v1=0 v2=100"), walk.Way{Steps: []int64{10, 50}})
	want := walk.Question{
		Namespace: "shop", Name: "reviews", Step: 2, Steps: 3, Percent: 50,
		Shares:   map[string]map[string]int64{"a": {"v1": 50, "v2": 50}},
		Versions: []walk.Version{{"v2", host, map[string]string{"version": "v2"}}},
		Others: map[string]walk.Version{
			"v1": {"v1", host, map[string]string{"version": "v1"}},
			"v2": {"v2", host, map[string]string{"version": "v2"}},
		},
		Confidence: walk.Confidence(3),
	}
	if diff := cmp.Diff(want, p.Question(2)); diff != "" {
		t.Errorf("question (-want +got):\n%s", diff)
	}
	if q := p.Question(3); q.HasShare("v1") || !q.HasShare("v2") {
		t.Errorf("at the end the shares are %v", q.Shares)
	}
}

// Of answers those count as the reason that failed, and without a failure those that are no verdict.
func TestReason(t *testing.T) {
	t.Parallel()
	fail := walk.Answer{Gate: "a", Verdict: walk.Fail, Why: "it answered 500"}
	pass, late := walk.Answer{Gate: "b", Verdict: walk.Pass}, walk.Answer{Gate: "c", Verdict: walk.NotYet}
	away := walk.Answer{Gate: "d", Verdict: walk.Unreachable, Why: "no connection"}
	for name, test := range map[string]struct {
		answers []walk.Answer
		want    []string
	}{
		"one fails":        {[]walk.Answer{late, pass, fail, away}, []string{"a: fail: it answered 500"}},
		"two are not sure": {[]walk.Answer{late, pass, away}, []string{"c: not yet", "d: unreachable: no connection"}},
		"all pass":         {[]walk.Answer{pass}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, walk.Reason(test.answers)); diff != "" {
				t.Errorf("reason (-want +got):\n%s", diff)
			}
			if got := walk.Verdicts(test.answers); len(got) != len(test.answers) || got[0] != test.answers[0].Verdict {
				t.Errorf("verdicts are %v", got)
			}
		})
	}
}
