package walk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
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

// A comparison says something at the steps at which the other version has a share, unless it is compared with itself.
func TestPlan_Compares(t *testing.T) {
	t.Parallel()
	steps := walk.Way{Steps: []int64{10, 50}}
	canary := []istio.Objects{objects("v1"), objects("v1=0 v2=100")}
	for name, test := range map[string]struct {
		sides []istio.Objects
		with  string
		want  []bool
	}{
		"to the end": {canary, "v1", []bool{true, true, true, false}},
		"not to the end": {
			[]istio.Objects{objects("v1"), objects("v1=1 v2=99")}, "v1", []bool{true, true, true, true},
		},
		"with itself":     {canary, "v2", []bool{false, false, false, false}},
		"on the way back": {[]istio.Objects{canary[1], canary[0]}, "v1", []bool{false, false, false, false}},
		"with who has nothing": {
			[]istio.Objects{objects("v1=100 v3=0"), objects("v1=0 v2=100 v3=0")}, "v3", make([]bool, 4),
		},
		"with nobody": {canary, "v9", make([]bool, 4)},
		"of two that grow": {
			[]istio.Objects{objects("v1=80 v2=20"), objects("v1=0 v2=40 v3=60")}, "v2", []bool{true, true, true, true},
		},
		"with a share of another rule": {
			[]istio.Objects{objects("a: v1", "b: v1"), objects("a: v1=0 v2=100", "b: v1=50 v2=50")}, "v1",
			[]bool{true, true, true, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := walk.NewPlan(test.sides[0], test.sides[1], steps)
			var got []bool
			for stage := range p.Last() + 1 {
				got = append(got, p.Question(stage).Compares(test.with))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("compares (-want +got):\n%s", diff)
			}
		})
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
