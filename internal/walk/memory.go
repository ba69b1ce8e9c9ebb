package walk

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Memory is what an annotation of a VirtualService says of a walk that is under way: it dies with the object, and is
// seen by whoever looks at it.
type Memory struct {
	// Owner is the workspace that walks, empty where it has no name.
	Owner string `json:"owner,omitempty"`
	// Start and Target are weights by rule and destination.
	Start  map[string]map[string]int64 `json:"from"`
	Target map[string]map[string]int64 `json:"to"`
	// Percents are those of the stages, and Stage is the one whose shares are live.
	Percents []int64 `json:"percents"`
	// Mirror is that of [Way].
	Mirror int64     `json:"mirror,omitempty"`
	Stage  int       `json:"step"`
	Back   bool      `json:"back,omitempty"`
	Since  time.Time `json:"since"`
	// Why is the reason of the way back.
	Why string `json:"why,omitempty"`
	// Ended says that the way back has reached the start: the next walk begins anew.
	Ended bool `json:"ended,omitempty"`
	// Advance is who takes the next step.
	Advance Advance `json:"advance,omitempty"`
}

// Advance is who takes the next step of a walk.
type Advance string

// Who takes steps.
const (
	// Auto is the apply that began, which takes all of them.
	Auto Advance = ""
	// ByApply is the next apply, or an action.
	ByApply Advance = "apply"
	// ByAction is the next action: the weights are not Terraform's.
	ByAction Advance = "action"
)

// mostMemory is how many bytes an annotation may have that is read: Kubernetes takes 256 KiB for all of an object.
const mostMemory = 64 << 10

// longestWhy is how many bytes of a reason are kept.
const longestWhy = 500

// Remember returns what to write about a walk at a position.
func (p Plan) Remember(owner string, at Position, why string) Memory {
	m := Memory{
		Owner: owner, Stage: at.Stage, Back: at.Back, Since: at.Since.UTC().Truncate(time.Millisecond),
		Start: map[string]map[string]int64{}, Target: map[string]map[string]int64{},
		Why: istio.Cut(why, longestWhy),
	}
	for _, s := range p.stages {
		m.Percents, m.Mirror = append(m.Percents, s.Percent), max(m.Mirror, s.Mirror)
	}
	for _, r := range p.rules {
		m.Start[r.name], m.Target[r.name] = byName(r.names, r.from), byName(r.names, r.to)
	}
	return m
}

func byName(names []string, weights []int64) map[string]int64 {
	all := map[string]int64{}
	for i, name := range names {
		all[name] = weights[i]
	}
	return all
}

// Encode returns the text of the annotation.
func (m Memory) Encode() string {
	raw, err := json.Marshal(m)
	if err != nil {
		// Strings, numbers and times always can be written; a year beyond 9999 is no time of a walk.
		return ""
	}
	return string(raw)
}

// Marked returns objects of which the one that routes carries the annotation with a text.
func Marked(objects istio.Objects, text string) istio.Objects {
	o := objects.Routing()
	if o == nil {
		return objects
	}
	marked := *o
	marked.Annotations = map[string]string{}
	maps.Copy(marked.Annotations, o.Annotations)
	marked.Annotations[istio.WalkAnnotation] = text
	return objects.With(&marked)
}

// Recall reads the annotation of an object. What is none, or was not written by a walk, is no memory: false.
func Recall(o *istio.Object) (Memory, bool) {
	if o == nil {
		return Memory{}, false
	}
	text, ok := o.Annotations[istio.WalkAnnotation]
	var m Memory
	if !ok || len(text) > mostMemory || json.Unmarshal([]byte(text), &m) != nil {
		return Memory{}, false
	}
	sound := len(m.Percents) > 0 && m.Stage >= 0 && m.Stage < len(m.Percents) && len(m.Start) > 0
	return m, sound
}

// Resume returns a walk that goes on where an earlier apply was stopped, and its position: where the same owner walks
// to the same shares by the same steps, and what is live is what the stage says. Otherwise the walk starts from what
// is live: false.
//
// The stage begins anew: how long it has lasted says nothing, because nobody may have looked meanwhile. Where that is
// meant to be so, [Memory.Began] tells since when it lasts.
func Resume(live, wanted istio.Objects, way Way, owner string, now time.Time) (Plan, Position, bool) {
	fresh := NewPlan(live, wanted, way)
	m, ok := Recall(live.Routing())
	if !ok || m.Owner != owner || m.Ended {
		return fresh, Position{Since: now}, false
	}
	live = istio.WithoutSticky(live)
	p := NewPlan(m.atStart(live), wanted, way)
	if p.Last() == 0 || m.Stage > p.Last() || !p.walksTo(m) || !p.isLive(m.Stage, live) {
		return fresh, Position{Since: now}, false
	}
	return p, Position{Stage: m.Stage, Back: m.Back, Since: now}, true
}

// atStart returns live objects with the weights that they had when the walk began.
func (m Memory) atStart(live istio.Objects) istio.Objects { return weighted(live, m.Start) }

// weighted returns objects with weights by rule and destination, 0 for a destination without one. A rule that is not
// named stays as it is.
func weighted(objects istio.Objects, all map[string]map[string]int64) istio.Objects {
	return rerouted(objects, func(rules []*networking.HTTPRoute) {
		for name, rule := range named(rules) {
			weights, walks := all[name]
			if !walks {
				continue
			}
			for _, route := range rule.Route {
				route.Weight = int32(clamp(weights[nameOf(route.GetDestination())])) //nolint:gosec // clamped
			}
		}
	})
}

// rerouted returns objects with changed rules. Those that follow from sticky are not among them, and follow again.
func rerouted(objects istio.Objects, change func(rules []*networking.HTTPRoute)) istio.Objects {
	o := objects.Routing()
	if o == nil {
		return objects
	}
	object, spec := *o, proto.CloneOf(o.VirtualServiceSpec())
	plain := istio.Unstick(spec.Http)
	change(plain.Rules)
	spec.Http = istio.Stick(plain.Rules, plain.Sticky)
	object.Spec = spec
	return objects.With(&object)
}

// clamp makes a number from an annotation a weight.
func clamp(n int64) int64 { return min(max(n, 0), 1<<30) }

// walksTo reports whether a walk has the rules, the target and the steps that an earlier one had.
func (p Plan) walksTo(m Memory) bool {
	if len(p.rules) != len(m.Target) || len(p.stages) != len(m.Percents) || p.copies() != m.Mirror {
		return false
	}
	for i, s := range p.stages {
		if m.Percents[i] != s.Percent {
			return false
		}
	}
	for _, r := range p.rules {
		target := m.Target[r.name]
		for i, name := range r.names {
			if target[name] != r.to[i] {
				return false
			}
		}
	}
	return true
}

// isLive reports whether the live shares of all rules that walk are those of a stage.
func (p Plan) isLive(stage int, live istio.Objects) bool {
	rules := namedIn(istio.FollowPods(live, p.wanted))
	for i, r := range p.rules {
		is := rules[r.name]
		if is == nil {
			return false
		}
		shares := sharesOf(is.Route)
		now := make([]int64, len(r.names))
		for at, name := range r.names {
			now[at] = shares[name]
		}
		if !slices.Equal(now, p.stages[stage].Shares[i]) {
			return false
		}
	}
	return true
}

// named returns rules by their names, or their places such as `http[0]`.
func named(rules []*networking.HTTPRoute) map[string]*networking.HTTPRoute {
	all := map[string]*networking.HTTPRoute{}
	for i, rule := range rules {
		all[ruleName(i, rule)] = rule
	}
	return all
}

// namedIn returns the rules of objects, without those that follow from sticky.
func namedIn(objects istio.Objects) map[string]*networking.HTTPRoute {
	return named(istio.Unstick(objects.Routing().VirtualServiceSpec().GetHttp()).Rules)
}

// Describes reports whether the live shares are still those of the stage.
func (m Memory) Describes(live istio.Objects) bool {
	rules := namedIn(live)
	for name, target := range m.Target {
		is := rules[name]
		if is == nil {
			return false
		}
		shares := sharesOf(is.Route)
		names := slices.Sorted(maps.Keys(target))
		var from, to []int64
		for _, d := range names {
			from, to = append(from, clamp(m.Start[name][d])), append(to, clamp(target[d]))
		}
		for i, share := range interpolate(from, to, min(max(m.Percents[m.Stage], 0), whole)) {
			if share != shares[names[i]] {
				return false
			}
		}
	}
	return true
}

// Began returns when the stage that is live began, which is no time that is still to come.
func (m Memory) Began(now time.Time) time.Time { return earlier(m.Since, now) }

// How the words for a walk begin that has not ended.
const (
	stopped   = "stopped "
	takenBack = "taken back to the start by mesh_abort"
	atStep    = "at step "
)

// String says where a walk was stopped: `stopped at step 2 of 5, 5 % of the way`.
func (m Memory) String() string {
	if m.Ended {
		return takenBack
	}
	return stopped + m.Place()
}

// Place says where the walk is: `at step 2 of 5, 5 % of the way`.
func (m Memory) Place() string {
	text := called(Position{Stage: m.Stage, Back: m.Back}, len(m.Percents)-1)
	switch {
	case m.Stage == 1 && m.Mirror > 0:
		text += fmt.Sprintf(", copies of %d %%", m.Mirror)
	case m.Stage > 0:
		text += fmt.Sprintf(", %d %% of the way", m.Percents[m.Stage])
	}
	return text
}

// Place says a position of the walk as its annotation does.
func (p Plan) Place(at Position) string { return p.Remember("", at, "").Place() }

// IsStopped reports whether a text is what [Memory.String] said of a walk that has not ended.
func IsStopped(text string) bool { return strings.HasPrefix(text, stopped) }

// IsTakenBack reports whether a text is what [Memory.String] said of a walk that somebody took back to its start.
func IsTakenBack(text string) bool { return text == takenBack }

// IsPlace reports whether a text is what [Memory.Place] said of a step on the way forward.
func IsPlace(text string) bool { return strings.HasPrefix(text, atStep) }

// Called says a position: `at step 2 of 5`.
func (p Plan) Called(at Position) string { return called(at, p.Last()) }

func called(at Position, last int) string {
	text := fmt.Sprintf(atStep+"%d of %d", at.Stage, last)
	if at.Stage == 0 {
		text = "at the start"
	}
	if at.Back {
		text = "on the way back, " + text
	}
	return text
}
