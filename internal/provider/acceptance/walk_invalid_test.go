package acceptance_test

import (
	"strconv"
	"strings"
	"testing"
)

// invalidWalks are wrong in how shares are to move.
var invalidWalks = map[string]invalid{
	"no step": {top("walk = { steps = [] }"), "walk.steps", "names no step", nil},
	"a step of nothing": {
		top("walk = { steps = [0, 50] }"), "walk.steps[0]", "between 1 and 99 percent of the way, got 0", nil,
	},
	"a negative step":   {top("walk = { steps = [-5] }"), "walk.steps[0]", "got -5", nil},
	"the end as a step": {top("walk = { steps = [50, 100] }"), "walk.steps[1]", "the end is always the last step", nil},
	"a huge step": {
		top("walk = { steps = [1" + strings.Repeat("0", 400) + "] }"), "walk.steps[0]", "must be between", nil,
	},
	"half a step":    {top("walk = { steps = [0.5] }"), "walk.steps[0]", "must be a whole number", nil},
	"a step of null": {top("walk = { steps = [null] }"), "walk.steps[0]", "must not be null", nil},
	"the same step": {
		top("walk = { steps = [10, 10] }"), "walk.steps[1]", "larger than the step before, 10, got 10", nil,
	},
	"a step back": {
		top("walk = { steps = [10, 50, 20] }"), "walk.steps[2]", "larger than the step before, 50, got 20", nil,
	},
	"too many steps": {
		top("walk = { steps = [" + strings.Repeat("1, ", 50) + "2] }"), "walk.steps", "at most 50 steps, got 51", nil,
	},
	"a pause of nothing": {top(`walk = { steps = [10], pause = "" }`), "walk.pause", "from 0s to 1h", nil},
	"a negative pause":   {top(`walk = { steps = [10], pause = "-1s" }`), "walk.pause", "from 0s to 1h", nil},
	"a pause of a day":   {top(`walk = { steps = [10], pause = "24h" }`), "walk.pause", "from 0s to 1h", nil},
	"a pause that draws": {top(`walk = { steps = [10], pause = "1s\u001b[2J" }`), "walk.pause", `\x1b`, nil},
	"two wrong at once": {
		top(`walk = { steps = [0], pause = "x" }`), "walk.steps[0]", "got 0", []string{"walk.pause"},
	},
	"a walk of weights that others set": {
		top("weights_managed_by = \"other\"\nwalk = { steps = [10] }"), "walk", "leaves them to somebody else", nil,
	},
}

func TestValidateWalk_refused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for resourceType, valid := range map[string]string{
		"mesh_canary_route":   validRoute,
		"mesh_weighted_split": validSplit,
	} {
		for name, c := range invalidWalks {
			t.Run(resourceType+"/"+name, func(t *testing.T) {
				t.Parallel()
				refused(t, s.validate(t, resourceType, strings.Replace(valid, c.change.old, c.change.new, 1)), c)
			})
		}
	}
}

func TestValidateWalk_accepted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, attributes := range map[string]string{
		"null is said":                 "walk = null",
		"one step":                     "walk = { steps = [50] }",
		"the smallest and largest":     "walk = { steps = [1, 99], pause = \"0s\" }",
		"the longest pause":            "walk = { steps = [10], pause = \"1h\" }",
		"as many as there may be":      "walk = { steps = [" + manySteps() + "] }",
		"all of it is not known yet":   "walk = unknown",
		"each part is not known yet":   "walk = { steps = unknown, pause = unknown }",
		"one step is not known yet":    "walk = { steps = [10, unknown, 20] }",
		"weights of others, perhaps":   "weights_managed_by = unknown\nwalk = { steps = [10] }",
		"weights that are Terraform's": "weights_managed_by = \"terraform\"\nwalk = { steps = [10] }",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for resourceType, valid := range map[string]string{
				"mesh_canary_route":   validRoute,
				"mesh_weighted_split": validSplit,
			} {
				for _, d := range s.validate(t, resourceType, valid+attributes) {
					t.Errorf("%s at %s: %s", resourceType, placeOf(d), d.Detail)
				}
			}
		})
	}
}

// manySteps are fifty steps.
func manySteps() string {
	text := ""
	for i := range 50 {
		text += strconv.Itoa(i+1) + ", "
	}
	return strings.TrimSuffix(text, ", ")
}
