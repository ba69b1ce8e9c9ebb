package walk_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// Objects tell of the walk that they are on, without a configuration: whose it is, where, and what comes next.
func TestTold(t *testing.T) {
	t.Parallel()
	p := walk.NewPlan(objects("v1"), objects("v1=0 v2=100"), walk.Way{Steps: []int64{10, 50}})
	m := p.Remember("prod", walk.Position{Stage: 2, Since: start}, "")
	m.Advance = walk.ByApply
	told, is, at, err := walk.Told(walk.Marked(p.Objects(2), m.Encode()), start.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, is); diff != "" {
		t.Errorf("memory (-want +got):\n%s", diff)
	}
	if want := (walk.Position{Stage: 2, Since: start}); at != want {
		t.Errorf("it is at %+v, want %+v", at, want)
	}
	if diff := cmp.Diff(p.Stages(), told.Stages()); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	for stage := range p.Stages() {
		if diff := cmp.Diff(p.Objects(stage).Routing().Spec, told.Objects(stage).Routing().Spec,
			protocmp.Transform()); diff != "" {
			t.Errorf("stage %d (-want +got):\n%s", stage, diff)
		}
	}
}

// What is no walk, or is not where it says, cannot go on.
func TestTold_wrong(t *testing.T) {
	t.Parallel()
	p := walk.NewPlan(objects("v1"), objects("v1=0 v2=100"), walk.Way{Steps: []int64{10, 50}})
	text := p.Remember("prod", walk.Position{Stage: 1, Since: start}, "").Encode()
	edited := func(key string, value any) istio.Objects {
		var all map[string]any
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		all[key] = value
		raw, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return walk.Marked(p.Objects(1), string(raw))
	}
	for name, test := range map[string]struct {
		live istio.Objects
		want error
	}{
		"no object":             {istio.Objects{}, walk.ErrNone},
		"no annotation":         {p.Objects(1), walk.ErrNone},
		"taken back":            {edited("ended", true), walk.ErrNone},
		"no stage":              {edited("percents", []int{}), walk.ErrNone},
		"another stage is live": {walk.Marked(p.Objects(2), text), walk.ErrOvertaken},
		"nothing moves": {
			edited("to", map[string]any{"http[0]": map[string]int{"v1": 1}}), walk.ErrOvertaken,
		},
		"another rule":               {edited("to", map[string]any{"x": nil}), walk.ErrOvertaken},
		"steps that there cannot be": {edited("percents", []int{0, 10, 10, 5}), walk.ErrOvertaken},
		"one stage":                  {edited("percents", []int{0, 100}), walk.ErrOvertaken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, _, err := walk.Told(test.live, start); !errors.Is(err, test.want) {
				t.Errorf("Told fails with %v, want %v", err, test.want)
			}
		})
	}
}

// Weights are set where they are named, and wrong ones refused.
func TestToWeights(t *testing.T) {
	t.Parallel()
	live := objects("a: v1=90 v2=10", "v1=90 v2=10")
	for name, test := range map[string]struct {
		weights map[string]map[string]int64
		want    string
	}{
		"one rule": {map[string]map[string]int64{"a": {"v2": 100}}, ""},
		"another rule": {
			map[string]map[string]int64{"b": {"v2": 100}},
			`there is no rule "b"; the rules are ["a" "http[1]"]`,
		},
		"another destination": {
			map[string]map[string]int64{"a": {"v3": 100}},
			`the rule "a" has no destination "v3"; it has ["v1" "v2"]`,
		},
		"too much": {
			map[string]map[string]int64{"a": {"v1": 100, "v2": 1}},
			`the weights of the rule "a" sum to 101, and have to sum to 100`,
		},
		"below nothing": {
			map[string]map[string]int64{"a": {"v1": -1, "v2": 101}},
			`the weight of "v1" in the rule "a" is -1, and has to be from 0 to 100`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := walk.ToWeights(live, test.weights)
			text, want := "", objects("a: v1=0 v2=100", "v1=90 v2=10")
			if err != nil {
				text, want = err.Error(), live
			}
			if text != test.want {
				t.Errorf("ToWeights fails with %q, want %q", text, test.want)
			}
			if diff := cmp.Diff(want.Routing().Spec, got.Routing().Spec, protocmp.Transform()); diff != "" {
				t.Errorf("weights (-want +got):\n%s", diff)
			}
		})
	}
}
