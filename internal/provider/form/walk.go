package form

import (
	"cmp"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// What advance may be.
const (
	advanceAuto    = "auto"
	advanceByApply = "apply"
)

// The bounds of a walk.
const (
	mostSteps    = 50
	mostGates    = 20
	defaultPause = time.Minute
	longestPause = time.Hour

	defaultRequests = 100
	mostRequests    = 1_000_000_000

	defaultPatience = 10 * time.Minute
	longestPatience = 6 * time.Hour
)

// Walk is how shares move in steps.
type Walk struct {
	walk.Way
	// MirrorPause is how long the phase of copies lasts.
	MirrorPause time.Duration
	// Pause is how long each step lasts, and Patience how long after it the gates may hesitate.
	Pause, Patience time.Duration
	OnFailure       walk.OnFailure
	// ByApply says that each apply takes one step.
	ByApply bool
	// Gates are asked at the end of each step.
	Gates []walk.Gate
	// MinRequests is how many requests a verdict from metrics needs.
	MinRequests int64
}

// walkAttributes are those of the resources whose shares can walk.
func walkAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"walk": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "Moves shares in steps: where a plan changes which subsets get the requests of a " +
				"rule, apply takes them there bit by bit, from the shares that are live to the planned ones. " +
				"Everything else of the plan, such as a new subset or a timeout, happens before the first step, in " +
				"the safe order, and what only the start needs goes after the last. A rule walks that is there " +
				"before and after; a new resource does not, nor does one that changes to another service.\n\n" +
				"Apply waits, and the state stays locked, until the walk is at its end. Ctrl-C stops it at the step " +
				"where it is, and the next apply goes on from there; so it does after an apply that was killed. A " +
				"walk whose weights somebody else changes meanwhile ends with an error that says who it was. " +
				"`max_weight_step` counts each step for itself, and `timeouts` bound each write and not the walk.",
			Attributes: map[string]schema.Attribute{
				"steps": schema.ListAttribute{
					Required: true, ElementType: types.NumberType,
					MarkdownDescription: "Steps in percent of the way, `1` to `99`, each larger than the one before, " +
						"such as `[1, 5, 25, 50]`. The end of the way, 100, is always the last. Shares are whole " +
						"percents, and one that is to grow is at least 1. A step at which no share is another one " +
						"than before is left out.",
				},
				"pause": schema.StringAttribute{
					Optional: true,
					MarkdownDescription: "How long each step lasts before the next, from `0s` to `1h`. Defaults to " +
						"`1m`. Then the gates are asked.",
				},
				"advance": schema.StringAttribute{
					Optional: true, Validators: []validator.String{oneOf{advanceAuto, advanceByApply}},
					MarkdownDescription: "Who takes the next step. `auto` walks to the end in one apply. With " +
						"`apply` each apply takes one step and ends well there, so that the approval of a plan is " +
						"the gate: the next plan changes nothing but `walk_state`, from the step that is live to the " +
						"next, and says which remain. Before it takes it, apply waits for what is left of the " +
						"`pause` of the step that is live and asks the gates about that. The state says the planned " +
						"shares all the while, and `walk_state` and `summary` what is live. Leave `walk` out to go " +
						"to the end at once. Defaults to `auto`.",
				},
				"mirror": schema.SingleNestedAttribute{
					Optional: true,
					MarkdownDescription: "A step before the first one, in which the subsets that are to get more " +
						"requests get copies of some, whose answers nobody sees. The gates judge it as any other " +
						"step. Copies are requests: what they change is changed twice. Clients of gRPC that route by " +
						"themselves (`xds:///`) send none.",
					Attributes: map[string]schema.Attribute{
						"percent": schema.NumberAttribute{
							Required:            true,
							MarkdownDescription: "Of how many percent of the requests there are copies, `1` to `100`.",
						},
						"pause": schema.StringAttribute{
							Optional: true,
							MarkdownDescription: "How long that step lasts, from `0s` to `1h`. Defaults to `pause` " +
								"of the walk.",
						},
					},
				},
				"gates": schema.ListNestedAttribute{
					Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: gateAttributes()},
					MarkdownDescription: "Who is asked at the end of each step, and at the end of the way: the next " +
						"step follows when all pass. One that fails ends the way. One that cannot be asked is asked " +
						"again until `patience` ends, and then has failed: what is out of reach never passes. " +
						"Without gates each step follows the one before.",
				},
				"min_requests": schema.NumberAttribute{
					Optional: true,
					MarkdownDescription: "How many requests a subset has to have answered since the step began " +
						"before `success_rate` and `latency` judge it, `1` to `1000000000`: until then they have " +
						"no verdict, and the step waits. The subset that a gate compares with may have answered " +
						"fewer. Defaults to `100`.",
				},
				"patience": schema.StringAttribute{
					Optional: true,
					MarkdownDescription: "How long after the pause a step waits for gates that have no verdict or " +
						"cannot be asked, from `0s` to `6h`. Defaults to `10m`.",
				},
				"on_failure": schema.StringAttribute{
					Optional: true, Validators: []validator.String{oneOf{string(walk.Back), string(walk.Hold)}},
					MarkdownDescription: "What becomes of a walk whose step fails: `back` takes the shares back to " +
						"those of the start, by the steps by which they came, without a pause; `hold` leaves them as " +
						"they are. Either way apply ends with an error that says which gate it was and why, the " +
						"state says what is live, and the next plan shows what is left to do: after `back` the same " +
						"walk again, and after `hold` its rest. Defaults to `back`.",
				},
			},
		},
		"walk_state": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "With `walk`: `arrived` where the shares are the planned ones, and otherwise at " +
				"which step the last apply left them, such as `stopped at step 2 of 5, 5 % of the way`. " +
				"Without `walk` `null`. With `advance = \"apply\"` it is `at step 2 of 5, 5 % of the way` where an " +
				"apply has taken a step, and the next one is to take the next.",
		},
	}
}

// readWalk reads how shares move in steps, nil for at once.
func readWalk(r *attr.Reader) (*Walk, []istio.Problem) {
	object := r.Object("walk")
	if object == nil {
		return nil, nil
	}
	w := &Walk{
		Pause: defaultPause, MinRequests: defaultRequests, Patience: defaultPatience,
		OnFailure: walk.OnFailure(cmp.Or(object.String("on_failure"), string(walk.Back))),
	}
	w.ByApply = object.String("advance") == advanceByApply
	var problems []istio.Problem
	steps := object.IntList("steps")
	if object.Known("steps") && len(steps) == 0 {
		problems = append(problems, istio.Errorf(istio.Path{"walk", "steps"},
			"names no step, which is what leaving walk out means"))
	}
	if len(steps) > mostSteps {
		return w, append(problems, istio.Errorf(istio.Path{"walk", "steps"}, "must be at most %d steps, got %d",
			mostSteps, len(steps)))
	}
	last := int64(0)
	for i, step := range steps {
		switch {
		case step == nil:
			continue
		case *step < 1 || *step > 99:
			problems = append(problems, istio.Errorf(istio.Path{"walk", "steps", i},
				"must be between 1 and 99 percent of the way, got %d; the end is always the last step", *step))
			continue
		case *step <= last:
			problems = append(problems, istio.Errorf(istio.Path{"walk", "steps", i},
				"must be larger than the step before, %d, got %d", last, *step))
		}
		last = max(last, *step)
		w.Steps = append(w.Steps, *step)
	}
	for _, d := range []struct {
		name    string
		into    *time.Duration
		longest time.Duration
	}{{"pause", &w.Pause, longestPause}, {"patience", &w.Patience, longestPatience}} {
		value, problem := readDuration(object, istio.Path{"walk", d.name}, 0, d.longest)
		if problem != nil {
			problems = append(problems, *problem)
		} else if value != nil {
			*d.into = *value
		}
	}
	w.MirrorPause = w.Pause
	problems = append(problems, w.readMirror(object.Object("mirror"))...)
	if least, set := object.Int("min_requests"); set {
		if w.MinRequests = least; least < 1 || least > mostRequests {
			problems = append(problems, istio.Errorf(istio.Path{"walk", "min_requests"},
				"must be between 1 and %d requests, got %d", mostRequests, least))
		}
	}
	gates, wrong := readGates(object)
	w.Gates = gates
	problems = append(problems, wrong...)
	if r.String("weights_managed_by") == weightsByOther {
		problems = append(problems, istio.Errorf(istio.Path{"walk"},
			"moves weights, and weights_managed_by = \"other\" leaves them to somebody else: set one of the two"))
	}
	return w, problems
}

// readMirror reads the phase of copies, of which there may be none.
func (w *Walk) readMirror(object *attr.Reader) []istio.Problem {
	if object == nil {
		return nil
	}
	var problems []istio.Problem
	percent, set := object.Int("percent")
	if w.Mirror = percent; set && (percent < 1 || percent > 100) {
		problems = append(problems, istio.Errorf(istio.Path{"walk", "mirror", "percent"},
			"must be between 1 and 100 percent of the requests, got %d", percent))
	}
	pause, problem := readDuration(object, istio.Path{"walk", "mirror", "pause"}, 0, longestPause)
	if problem != nil {
		problems = append(problems, *problem)
	} else if pause != nil {
		w.MirrorPause = *pause
	}
	return problems
}

// changeAttributes are those of the compact forms that say how a resource is changed.
func changeAttributes() map[string]schema.Attribute {
	all := lifecycleAttributes()
	maps.Copy(all, walkAttributes())
	return all
}
