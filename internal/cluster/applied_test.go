package cluster

import (
	"errors"
	"testing"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// What a change did is what its steps did and what of that still is.
func TestApplied(t *testing.T) {
	t.Parallel()
	service := func(name string) *istio.Object {
		return &istio.Object{Namespace: "shop", Name: name, Spec: &networking.VirtualService{}}
	}
	rule := &istio.Object{Namespace: "shop", Name: "a", Spec: &networking.DestinationRule{}}
	live := func(o *istio.Object, version string) *Live {
		return &Live{Object: *o, Identity: Identity{UID: o.Name, ResourceVersion: version}}
	}
	step := func(action Action, o *istio.Object, version string) StepResult {
		taken := StepResult{Step: Step{Action: action, Object: o}}
		if action != Delete {
			taken.Live = live(o, version)
		}
		return taken
	}
	failed := StepResult{Step: Step{Action: Update, Object: service("a")}, Err: errors.New("no")}
	undone := step(Create, rule, "1")
	undone.Undone = true
	type facts struct{ changed, effective, replaced bool }
	for name, test := range map[string]struct {
		steps  []StepResult
		exists []*istio.Object
		want   facts
		wrote  string
	}{
		"nothing":           {},
		"nothing to a pair": {exists: []*istio.Object{service("a")}, want: facts{effective: true}},
		"a step that failed": {
			steps:  []StepResult{failed},
			exists: []*istio.Object{service("a")},
			want:   facts{effective: true},
		},
		"one that was undone": {steps: []StepResult{undone}},
		"half a pair": {
			steps:  []StepResult{step(Create, rule, "1")},
			exists: []*istio.Object{rule},
			want:   facts{changed: true},
			wrote:  "1",
		},
		"an object written twice": {
			steps:  []StepResult{step(Update, rule, "1"), step(Update, service("a"), "7"), step(Update, rule, "2")},
			exists: []*istio.Object{rule, service("a")},
			want:   facts{changed: true, effective: true},
			wrote:  "2",
		},
		"an object written and gone": {
			steps: []StepResult{step(Create, rule, "1"), step(Delete, rule, "")},
			want:  facts{changed: true},
		},
		"another name": {
			steps:  []StepResult{step(Create, service("b"), "1"), step(Delete, service("a"), "")},
			exists: []*istio.Object{service("b")},
			want:   facts{changed: true, replaced: true},
		},
		"another name beside the old one": {
			steps: []StepResult{
				step(Create, service("b"), "1"),
				{Step: Step{Action: Delete, Object: service("a")}, Err: errors.New("no")},
			}, exists: []*istio.Object{service("a"), service("b")},
			want: facts{changed: true, effective: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := Applied{Steps: test.steps, Identities: Identities{}}
			for _, o := range test.exists {
				a.Identities[AddressOf(o)] = Identity{UID: o.Name}
			}
			pair := istio.ObjectsOf(rule, service("a"))
			if got := (facts{a.Changed(), a.TookEffect(pair), a.Replaced()}); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
			version := ""
			if wrote := a.Wrote(AddressOf(rule)); wrote != nil {
				version = wrote.ResourceVersion
			}
			if version != test.wrote {
				t.Errorf("wrote version %q of the DestinationRule, want %q", version, test.wrote)
			}
			if left := a.Identities.Without(pair); len(left) > 1 {
				t.Errorf("others are %v", left)
			}
		})
	}
}
