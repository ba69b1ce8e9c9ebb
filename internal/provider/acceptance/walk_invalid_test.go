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
	"an unknown advance": {top(`walk = { steps = [10], advance = "later" }`), "walk.advance", `"later"`, nil},
	"an unknown end of failures": {
		top(`walk = { steps = [10], on_failure = "stop" }`), "walk.on_failure", `"stop"`, nil,
	},
	"a patience of a day": {top(`walk = { steps = [10], patience = "24h" }`), "walk.patience", "from 0s to 6h", nil},
	"a webhook of nothing": {
		top(`walk = { steps = [10], gates = [{ webhook = "" }] }`), "walk.gates[0].webhook", "must be a URL", nil,
	},
	"a webhook that is no URL": {
		top(`walk = { steps = [10], gates = [{ webhook = "ftp://secret@host" }] }`),
		"walk.gates[0].webhook", "must be a URL such as", nil,
	},
	"a gate without a name": {
		top(`walk = { steps = [10], gates = [{ name = "", webhook = "http://a" }] }`),
		"walk.gates[0].name", "one to 100 printable characters", nil,
	},
	"a gate whose name draws": {
		top(`walk = { steps = [10], gates = [{ name = "a\u001b[2J", webhook = "http://a" }] }`),
		"walk.gates[0].name", `\x1b`, nil,
	},
	"a gate with a huge name": {
		top(`walk = { steps = [10], gates = [{ name = "` + strings.Repeat("x", 5000) + `", webhook = "http://a" }] }`),
		"walk.gates[0].name", "one to 100 printable characters", nil,
	},
	"a gate of nothing": {
		top(`walk = { steps = [10], gates = [{}] }`), "walk.gates[0]",
		"one of webhook, success_rate, latency and query", nil,
	},
	"a gate of two kinds": {
		top(`walk = { steps = [10], gates = [{ webhook = "http://a", success_rate = { min = 9 } }] }`),
		"walk.gates[0]", "and sets 2", nil,
	},
	"a rate of nothing": {
		top(`walk = { steps = [10], gates = [{ success_rate = {} }] }`),
		"walk.gates[0].success_rate", "one of min and worse_than", nil,
	},
	"a rate over a hundred": {
		top(`walk = { steps = [10], gates = [{ success_rate = { min = 101 } }] }`),
		"walk.gates[0].success_rate.min", "at most 100 percent, got 101", nil,
	},
	"a rate that is worse than nobody": {
		top(`walk = { steps = [10], gates = [{ success_rate = { worse_than = "" } }] }`),
		"walk.gates[0].success_rate.worse_than", "name of a subset", nil,
	},
	"a distance without a subset": {
		top(`walk = { steps = [10], gates = [{ success_rate = { min = 9, by = 1 } }] }`),
		"walk.gates[0].success_rate.by", "only together with worse_than", nil,
	},
	"a negative distance": {
		top(`walk = { steps = [10], gates = [{ success_rate = { worse_than = "v1", by = -1 } }] }`),
		"walk.gates[0].success_rate.by", "percent points, got -1", nil,
	},
	"a quantile of all": {
		top(`walk = { steps = [10], gates = [{ latency = { quantile = 1, max = "1s" } }] }`),
		"walk.gates[0].latency.quantile", "between 0 and 1", nil,
	},
	"a latency that is no time": {
		top(`walk = { steps = [10], gates = [{ latency = { quantile = 0.5, max = "500" } }] }`),
		"walk.gates[0].latency.max", "from 1ms to 1h", nil,
	},
	"a query that is empty": {
		top(`walk = { steps = [10], gates = [{ query = { promql = " ", max = 1 } }] }`),
		"walk.gates[0].query.promql", "1 to 8192 bytes, got 1", nil,
	},
	"a huge query": {
		top(`walk = { steps = [10], gates = [{ query = { promql = "` + strings.Repeat("x", 8193) + `", max = 1 } }] }`),
		"walk.gates[0].query.promql", "1 to 8192 bytes, got 8193", nil,
	},
	"a query without bounds": {
		top(`walk = { steps = [10], gates = [{ query = { promql = "up" } }] }`),
		"walk.gates[0].query", "one of min and max, or both", nil,
	},
	"a query whose bounds exclude each other": {
		top(`walk = { steps = [10], gates = [{ query = { promql = "up", min = 2, max = 1.5 } }] }`),
		"walk.gates[0].query", "no value is at least 2 and at most 1.5", nil,
	},
	"a placeholder without a meaning": {
		top(`walk = { steps = [10], gates = [{ query = { promql = "sum(a[$interval])", max = 1 } }] }`),
		"walk.gates[0].query.promql", "has the placeholder $interval, which has no meaning", nil,
	},
	"a placeholder of nothing": {
		top(`walk = { steps = [10], gates = [{ query = { promql = "sum(a[$${}])", max = 1 } }] }`),
		"walk.gates[0].query.promql", "has no meaning", nil,
	},
	"copies of nothing": {
		top(`walk = { steps = [10], mirror = { percent = 0 } }`), "walk.mirror.percent", "between 1 and 100 percent",
		nil,
	},
	"copies of too much": {
		top(`walk = { steps = [10], mirror = { percent = 101 } }`), "walk.mirror.percent", "got 101", nil,
	},
	"copies of a part of a percent": {
		top(`walk = { steps = [10], mirror = { percent = 0.5 } }`), "walk.mirror.percent", "whole number", nil,
	},
	"copies without an end": {
		top(`walk = { steps = [10], mirror = { percent = 5, pause = "2h" } }`), "walk.mirror.pause", "from 0s to 1h",
		nil,
	},
	"no requests": {
		top(`walk = { steps = [10], min_requests = 0 }`), "walk.min_requests", "between 1 and 1000000000", nil,
	},
	"more requests than there are": {
		top(`walk = { steps = [10], min_requests = 1e30 }`), "walk.min_requests", "must be between", nil,
	},
	"two gates of one name": {
		top(`walk = { steps = [10], gates = [{ name = "a", webhook = "http://a" }, { name = "a", webhook = ` +
			`"http://b" }] }`),
		"walk.gates[1].name", `the name of another gate, too: "a"`, nil,
	},
	"too many gates": {
		top(`walk = { steps = [10], gates = [` + strings.Repeat(`{ webhook = "http://a" }, `, 21) + `] }`),
		"walk.gates", "at most 20 gates, got 21", nil,
	},
	"two wrong at once": {
		top(`walk = { steps = [0], pause = "x" }`), "walk.steps[0]", "got 0", []string{"walk.pause"},
	},
	"a walk of weights that others set": {
		top("weights_managed_by = \"other\"\nwalk = { steps = [10] }"), "walk", "leaves them to somebody else", nil,
	},
}

func TestValidateWalk_refused(t *testing.T) {
	t.Parallel()
	refusedByBothForms(t, invalidWalks)
}

func TestValidateWalk_accepted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, attributes := range map[string]string{
		"null is said":               "walk = null",
		"one step":                   "walk = { steps = [50] }",
		"the smallest and largest":   "walk = { steps = [1, 99], pause = \"0s\" }",
		"the longest pause":          "walk = { steps = [10], pause = \"1h\" }",
		"as many as there may be":    "walk = { steps = [" + manySteps() + "] }",
		"all of it is not known yet": "walk = unknown",
		"each part is not known yet": "walk = { steps = unknown, pause = unknown, advance = unknown }",
		"gates are not known yet": "walk = { steps = [10], gates = unknown, patience = unknown, on_failure = " +
			"unknown }",
		"a gate is not known yet": "walk = { steps = [10], gates = [unknown, { webhook = unknown, name = " +
			"unknown }] }",
		"gates": `walk = { steps = [10], gates = [{ webhook = "https://user:pass@a:1/b?c" }], ` +
			`patience = "0s" }`,
		"metrics": `walk = { steps = [10], min_requests = 1, gates = [{ success_rate = { min = 100 } },
			{ success_rate = { worse_than = "v1", by = 0.5 } }, { latency = { quantile = 0.999, max = "1h" } }] }`,
		"metrics are not known yet": `walk = { steps = [10], min_requests = unknown, gates = [
			{ success_rate = unknown }, { success_rate = { worse_than = unknown, by = unknown } },
			{ latency = { quantile = unknown, max = unknown } }, { success_rate = { min = unknown } }] }`,
		"copies":                   `walk = { steps = [10], mirror = { percent = 100 } }`,
		"copies not known yet":     `walk = { steps = [10], mirror = unknown }`,
		"copies of unknown number": `walk = { steps = [10], mirror = { percent = unknown, pause = unknown } }`,
		"queries": `walk = { steps = [10], gates = [
			{ query = { promql = "sum(a{b=\"$labels.app\", c=~\"d$\", e=\"$${labels.x/y}\"}[$window])", max = 0 } },
			{ query = { promql = "up", min = -1e9, max = 1e9 } }, { query = { promql = unknown, max = unknown } },
			{ query = unknown }] }`,
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
