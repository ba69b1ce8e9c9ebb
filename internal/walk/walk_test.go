package walk_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

const host = "reviews.shop.svc.cluster.local"

// objects returns a pair with the subsets of all rules, and rules such as `v1=90 v2=10`, or `name: v1=90 v2=10`.
func objects(rules ...string) istio.Objects {
	spec := &networking.VirtualService{Hosts: []string{host}}
	declared := &networking.DestinationRule{Host: host}
	for _, text := range rules {
		rule := &networking.HTTPRoute{}
		if name, rest, named := strings.Cut(text, ": "); named {
			rule.Name, text = name, rest
		}
		for share := range strings.FieldsSeq(text) {
			var name string
			var weight int32
			if _, err := fmt.Sscanf(strings.Replace(share, "=", " ", 1), "%s %d", &name, &weight); err != nil {
				name = share
			}
			rule.Route = append(rule.Route, &networking.HTTPRouteDestination{
				Destination: &networking.Destination{Host: host, Subset: name}, Weight: weight,
			})
			if istio.FindSubset(declared, name) == nil {
				declared.Subsets = append(declared.Subsets,
					&networking.Subset{Name: name, Labels: map[string]string{"version": name}})
			}
		}
		spec.Http = append(spec.Http, rule)
	}
	return istio.ObjectsOf(
		&istio.Object{Namespace: "shop", Name: "reviews", Spec: declared},
		&istio.Object{Namespace: "shop", Name: "reviews", Spec: spec},
	)
}

// A plan goes from the live shares to the planned ones in whole percent, by the steps that move something.
func TestNewPlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, to []string
		steps    []int64
		want     []string
	}{
		"a canary begins": {
			[]string{"v1"}, []string{"v1=0 v2=100"},
			[]int64{1, 5, 25, 50},
			[]string{
				"0: v1 100 %, v2 0 %", "1: v1 99 %, v2 1 %", "5: v1 95 %, v2 5 %", "25: v1 75 %, v2 25 %",
				"50: v1 50 %, v2 50 %", "100: v1 0 %, v2 100 %",
			},
		},
		"percents are of the way and not of the requests": {
			[]string{"v1=90 v2=10"},
			[]string{"v1=50 v2=50"},
			[]int64{25, 50},
			[]string{
				"0: v1 90 %, v2 10 %", "25: v1 80 %, v2 20 %", "50: v1 70 %, v2 30 %", "100: v1 50 %, v2 50 %",
			},
		},
		"a share above 0 is at least 1": {
			[]string{"v1"}, []string{"v1=96 v2=4"},
			[]int64{1, 50},
			[]string{"0: v1 100 %, v2 0 %", "1: v1 99 %, v2 1 %", "50: v1 98 %, v2 2 %", "100: v1 96 %, v2 4 %"},
		},
		"a step that moves nothing is none": {
			[]string{"v1"}, []string{"v1=98 v2=2"},
			[]int64{1, 5, 10, 25, 50},
			[]string{"0: v1 100 %, v2 0 %", "1: v1 99 %, v2 1 %", "100: v1 98 %, v2 2 %"},
		},
		"the end may be there early": {
			[]string{"v1"}, []string{"v1=99 v2=1"},
			[]int64{10, 50},
			[]string{"0: v1 100 %, v2 0 %", "100: v1 99 %, v2 1 %"},
		},
		"another subset takes all": {
			[]string{"v1"}, []string{"v2"},
			[]int64{50},
			[]string{"0: v1 100 %, v2 0 %", "50: v1 50 %, v2 50 %", "100: v1 0 %, v2 100 %"},
		},
		"without steps there is the end": {
			[]string{"v1"}, []string{"v2"}, nil, []string{"0: v1 100 %, v2 0 %", "100: v1 0 %, v2 100 %"},
		},
		"three take part": {
			[]string{"v1=100 v2=0 v3=0"}, []string{"v1=33 v2=33 v3=34"},
			[]int64{10},
			[]string{
				"0: v1 100 %, v2 0 %, v3 0 %", "10: v1 93 %, v2 3 %, v3 4 %", "100: v1 33 %, v2 33 %, v3 34 %",
			},
		},
		"live weights in another proportion": {
			[]string{"v1=1 v2=2"}, []string{"v1=0 v2=100"},
			[]int64{50},
			[]string{"0: v1 33 %, v2 67 %", "50: v1 17 %, v2 83 %", "100: v1 0 %, v2 100 %"},
		},
		"several rules walk together, and one stays": {
			[]string{"a: v1", "b: v1=50 v2=50", "c: v1"}, []string{"a: v1=80 v2=20", "b: v1=0 v2=100", "c: v1"},
			[]int64{50},
			[]string{
				"0: a: v1 100 %, v2 0 %; b: v1 50 %, v2 50 %", "50: a: v1 90 %, v2 10 %; b: v1 25 %, v2 75 %",
				"100: a: v1 80 %, v2 20 %; b: v1 0 %, v2 100 %",
			},
		},
		"a new rule is not walked to": {
			[]string{"a: v1"}, []string{"b: v2", "a: v1"},
			[]int64{50}, nil,
		},
		"the same shares in other numbers": {[]string{"v1=1 v2=3"}, []string{"v1=25 v2=75"}, []int64{50}, nil},
		"nothing moves":                    {[]string{"v1=90 v2=10"}, []string{"v1=90 v2=10"}, []int64{50}, nil},
		"steps are tried in their order": {
			[]string{"v1"}, []string{"v2"},
			[]int64{50, 20, 50, 100, 100},
			[]string{"0: v1 100 %, v2 0 %", "50: v1 50 %, v2 50 %", "100: v1 0 %, v2 100 %"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := walk.NewPlan(objects(test.from...), objects(test.to...), walk.Way{Steps: test.steps})
			var got []string
			for i, s := range p.Stages() {
				got = append(got, fmt.Sprintf("%d: %s", s.Percent, p.Words(i)))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("stages (-want +got):\n%s", diff)
			}
			if want := max(0, len(test.want)-1); p.Last() != want {
				t.Errorf("Last() = %d, want %d", p.Last(), want)
			}
		})
	}
}

// What a stage writes is what is wanted, with its shares, and with the subsets that only the start needs.
func TestPlan_Objects(t *testing.T) {
	t.Parallel()
	live, wanted := objects("v1"), objects("v2=70 v3=30")
	wanted.Routing().VirtualServiceSpec().Http[0].Retries = &networking.HTTPRetry{Attempts: 3}
	p := walk.NewPlan(live, wanted, walk.Way{Steps: []int64{10}})
	want := objects("v1=90 v2=7 v3=3")
	kept := want.Declaring().DestinationRuleSpec()
	kept.Subsets = append(kept.Subsets[1:], kept.Subsets[0])
	want.Routing().VirtualServiceSpec().Http[0].Retries = &networking.HTTPRetry{Attempts: 3}
	for i, o := range p.Objects(1).All() {
		if diff := cmp.Diff(want.All()[i].Spec, o.Spec, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", o, diff)
		}
	}
	if same := walk.NewPlan(wanted, wanted, walk.Way{}).Objects(0); !cmp.Equal(same.Routing(), wanted.Routing(),
		protocmp.Transform()) {
		t.Error("where nothing moves the wanted objects are written")
	}
}

// A subset that only gets another name is the same pods: it does not walk, and need not be kept.
func TestPlan_renamed(t *testing.T) {
	t.Parallel()
	live, wanted := objects("v1"), objects("stable=90 v2=10")
	wanted.Declaring().DestinationRuleSpec().Subsets[0].Labels = map[string]string{"version": "v1"}
	p := walk.NewPlan(live, wanted, walk.Way{Steps: []int64{50}})
	if got, want := p.Words(1), "stable 95 %, v2 5 %"; got != want {
		t.Errorf("the shares are %s, want %s", got, want)
	}
	if subsets := p.Objects(0).Declaring().DestinationRuleSpec().Subsets; len(subsets) != 2 {
		t.Errorf("the subsets at the start are %v", subsets)
	}
}

// A destination without a subset is followed by its host and port.
func TestNewPlan_hosts(t *testing.T) {
	t.Parallel()
	of := func(first, second int32) istio.Objects {
		to := func(port uint32, weight int32) *networking.HTTPRouteDestination {
			return &networking.HTTPRouteDestination{Weight: weight, Destination: &networking.Destination{
				Host: "a.example", Port: &networking.PortSelector{Number: port},
			}}
		}
		return istio.ObjectsOf(&istio.Object{Spec: &networking.VirtualService{Http: []*networking.HTTPRoute{
			{Route: []*networking.HTTPRouteDestination{to(80, first), to(81, second)}},
		}}})
	}
	p := walk.NewPlan(of(100, 0), of(0, 100), walk.Way{Steps: []int64{30}})
	if got, want := p.Words(1), "a.example:80 70 %, a.example:81 30 %"; got != want {
		t.Errorf("the shares are %s, want %s", got, want)
	}
}

var start = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// walking returns the objects of a stage with the annotation of a walk.
func walking(p walk.Plan, stage int, text string) istio.Objects {
	return walk.Marked(p.Objects(stage), text)
}

// A walk that was stopped goes on at its step, where all that it depends on is as it was.
func TestResume(t *testing.T) {
	t.Parallel()
	from, to, steps := objects("v1"), objects("v1=20 v2=80"), []int64{10, 50}
	p := walk.NewPlan(from, to, walk.Way{Steps: steps})
	at := walk.Position{Stage: 2, Since: start}
	text := p.Remember("prod", at, "").Encode()
	live := walking(p, 2, text)
	later := start.Add(time.Hour)
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
		return walking(p, 2, string(raw))
	}
	for name, test := range map[string]struct {
		live, wanted istio.Objects
		steps        []int64
		owner        string
		want         bool
	}{
		"as it was":                 {live, to, steps, "prod", true},
		"another owner":             {live, to, steps, "test", false},
		"another target":            {live, objects("v1=0 v2=100"), steps, "prod", false},
		"other steps":               {live, to, []int64{10, 60}, "prod", false},
		"fewer steps":               {live, to, []int64{10}, "prod", false},
		"somebody moved the shares": {walking(p, 1, text), to, steps, "prod", false},
		"somebody added a version":  {withExtra(live), to, steps, "prod", false},
		"no annotation":             {p.Objects(2), to, steps, "prod", false},
		"no JSON":                   {walking(p, 2, "{"), to, steps, "prod", false},
		"a step that there is not":  {edited("step", 7), to, steps, "prod", false},
		"a step before the start":   {edited("step", -1), to, steps, "prod", false},
		"no steps":                  {edited("percents", []int{}), to, steps, "prod", false},
		"taken back by somebody":    {edited("ended", true), to, steps, "prod", false},
		"no start":                  {edited("from", nil), to, steps, "prod", false},
		"another rule":              {edited("from", map[string]any{"x": nil}), to, steps, "prod", false},
		"huge":                      {edited("why", strings.Repeat("x", 1<<20)), to, steps, "prod", false},
		"weights that are no weights": {
			edited("from", map[string]any{"http[0]": map[string]int64{"v1": -1 << 60}}), to, steps, "prod", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resumed, is, ok := walk.Resume(test.live, test.wanted, walk.Way{Steps: test.steps}, test.owner, later)
			want := walk.Position{Since: later}
			if test.want {
				want.Stage = 2
			}
			if ok != test.want || is != want {
				t.Errorf("Resume: %+v, %t; want %+v, %t", is, ok, want, test.want)
			}
			if test.want && resumed.Words(0) != p.Words(0) {
				t.Errorf("the start is %s, want %s", resumed.Words(0), p.Words(0))
			}
		})
	}
}

func withExtra(live istio.Objects) istio.Objects {
	o := *live.Routing()
	spec := objects("v1=50 v2=40 v3=10").Routing().VirtualServiceSpec()
	o.Spec = spec
	return live.With(&o)
}

// Nothing is remembered of what is not there, and a reason is cut to a length.
func TestRecall(t *testing.T) {
	t.Parallel()
	if m, ok := walk.Recall(nil); ok {
		t.Errorf("of no object: %+v", m)
	}
	p := walk.NewPlan(objects("v1"), objects("v2"), walk.Way{})
	o := walking(p, 1, p.Remember("", walk.Position{Stage: 1, Back: true, Since: start},
		strings.Repeat("ä", 1000)).Encode()).Routing()
	m, ok := walk.Recall(o)
	want := walk.Memory{
		Start:    map[string]map[string]int64{"http[0]": {"v1": 100, "v2": 0}},
		Target:   map[string]map[string]int64{"http[0]": {"v1": 0, "v2": 100}},
		Percents: []int64{0, 100}, Stage: 1, Back: true, Since: start, Why: strings.Repeat("ä", 250),
	}
	if diff := cmp.Diff(want, m); diff != "" || !ok {
		t.Errorf("recalled %t (-want +got):\n%s", ok, diff)
	}
}

// A step that began is one that has lasted, whatever the clock of whoever began it said.
func TestMemory_Began(t *testing.T) {
	t.Parallel()
	m := walk.Memory{Since: start}
	if got := m.Began(start.Add(time.Hour)); !got.Equal(start) {
		t.Errorf("an hour later it began at %s", got)
	}
	if got := m.Began(start.Add(-time.Hour)); !got.Equal(start.Add(-time.Hour)) {
		t.Errorf("an hour before it began at %s", got)
	}
}

// Live objects are said to be what they will be at the end: what only the start needs is left out, and what somebody
// else put there is not.
func TestPlan_Ended(t *testing.T) {
	t.Parallel()
	wanted := objects("a: v3=30 v2=70", "b: v1")
	p := walk.NewPlan(objects("a: v1", "b: v1"), wanted, walk.Way{Steps: []int64{10}})
	live := objects("a: v1=90 v2=7 v3=3 v4=0", "b: v1=99 v2=1")
	want := objects("a: v3=30 v2=70 v4=0", "b: v1=99 v2=1").Routing()
	if diff := cmp.Diff(want.Spec, p.Ended(live).Routing().Spec, protocmp.Transform()); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(live.Declaring().Spec, p.Ended(live).Declaring().Spec, protocmp.Transform()); diff != "" {
		t.Errorf("all subsets are wanted (-want +got):\n%s", diff)
	}
	p = walk.NewPlan(objects("v1"), objects("v2"), walk.Way{Steps: []int64{10}})
	if subsets := p.Ended(objects("v1=90 v2=10 v3=0")).Declaring().DestinationRuleSpec().Subsets; len(subsets) != 2 ||
		istio.FindSubset(p.Ended(objects("v1=90 v2=10")).Declaring().DestinationRuleSpec(), "v1") != nil {
		t.Errorf("the subsets are %v", subsets)
	}
	if got := (walk.Plan{}).Ended(live); got.Routing() != live.Routing() {
		t.Error("where nothing walks something else is said")
	}
}

// Whether the shares are still those of the step is seen from the annotation alone.
func TestMemory_Describes(t *testing.T) {
	t.Parallel()
	p := walk.NewPlan(objects("v1"), objects("v1=0 v2=60 v3=40"), walk.Way{Steps: []int64{10, 50}})
	m := p.Remember("", walk.Position{Stage: 1, Since: start}, "")
	for name, test := range map[string]struct {
		live istio.Objects
		want bool
	}{
		"as the step says": {p.Objects(1), true},
		"the start":        {p.Objects(0), false},
		"other shares":     {objects("v1=90 v2=4 v3=6"), false},
		"another rule":     {objects("a: v1=90 v2=6 v3=4"), false},
		"no object":        {istio.Objects{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := m.Describes(test.live); got != test.want {
				t.Errorf("Describes = %t, want %t", got, test.want)
			}
		})
	}
}

// What is said of a walk that was stopped is known again.
func TestMemory_String(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]walk.Memory{
		"stopped at step 1 of 2, 5 % of the way":                  {Percents: []int64{0, 5, 100}, Stage: 1},
		"stopped at the start":                                    {Percents: []int64{0, 100}},
		"stopped on the way back, at step 1 of 2, 5 % of the way": {Percents: []int64{0, 5, 100}, Stage: 1, Back: true},
	} {
		if got := m.String(); got != want || !walk.IsStopped(got) {
			t.Errorf("%+v is %q, want %q", m, got, want)
		}
	}
	back := walk.Memory{Percents: []int64{0, 5, 100}, Back: true, Ended: true}
	if got, want := back.String(), "taken back to the start by mesh_abort"; got != want || !walk.IsTakenBack(got) {
		t.Errorf("%+v is %q, want %q", back, got, want)
	}
	at := walk.Memory{Percents: []int64{0, 5, 100}, Stage: 1}
	if got, want := at.Place(), "at step 1 of 2, 5 % of the way"; got != want || !walk.IsPlace(got) {
		t.Errorf("%+v is %q, want %q", at, got, want)
	}
	for _, text := range []string{"arrived", at.Place(), back.String()} {
		if walk.IsStopped(text) {
			t.Errorf("a walk that is %q is stopped", text)
		}
	}
	for _, text := range []string{"arrived", at.String(), back.String()} {
		if walk.IsPlace(text) {
			t.Errorf("a walk that is %q is at a step", text)
		}
	}
}
