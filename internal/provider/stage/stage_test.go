package stage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/stage"
)

// live is a VirtualService with a first rule of a name, in a version.
func live(rule, version string) *cluster.Live {
	return &cluster.Live{
		Object: istio.Object{
			Namespace: "shop", Name: "reviews",
			Spec: &networking.VirtualService{Http: []*networking.HTTPRoute{{Name: rule}}},
		},
		Identity: cluster.Identity{UID: "1", ResourceVersion: version},
	}
}

// A write is tried again where somebody changed what the walk does not write, and not where he changed its shares or
// owns its fields.
func TestWriter_Write(t *testing.T) {
	t.Parallel()
	stale := &cluster.Error{Reason: cluster.Stale, Err: errors.New("stale")}
	conflict := &cluster.Error{Reason: cluster.FieldConflict, Err: errors.New("conflict")}
	unread := errors.New("unread")
	for name, test := range map[string]struct {
		// fails are what the tries come to, the last of them over and over.
		fails []error
		// now is what is read after a failure, and unread why it cannot be.
		now    *cluster.Live
		unread error
		want   error
		tries  int
	}{
		"at once":               {fails: []error{nil}, tries: 1},
		"a label":               {fails: []error{stale, nil}, now: live("a", "2"), tries: 2},
		"a label every time":    {fails: []error{stale}, now: live("a", "2"), want: stale, tries: 5},
		"the rules":             {fails: []error{stale}, now: live("b", "2"), want: stage.ErrForeign, tries: 1},
		"the object is gone":    {fails: []error{stale}, want: stage.ErrForeign, tries: 1},
		"fields of another one": {fails: []error{conflict}, now: live("a", "2"), want: conflict, tries: 1},
		"nobody knows":          {fails: []error{stale}, unread: unread, want: unread, tries: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var versions []string
			w := stage.Writer{
				Now: cluster.LiveObjectsOf(live("a", "1")),
				Change: cluster.Change{
					Begun: cluster.Identities{cluster.AddressOf(&live("a", "1").Object): {UID: "1"}},
				},
				Ours: func(now cluster.LiveObjects) istio.Objects { return now.Ours(istio.Objects{}) },
				Read: func(context.Context) (cluster.LiveObjects, error) {
					return cluster.LiveObjectsOf(test.now), test.unread
				},
			}
			w.Apply = func(_ context.Context, c cluster.Change) (cluster.Applied, error) {
				if first := len(versions) == 0; first != (len(c.Begun) > 0) {
					t.Errorf("try %d takes up %v", len(versions), c.Begun)
				}
				versions = append(versions, c.Identities[cluster.AddressOf(&live("a", "1").Object)].ResourceVersion)
				return cluster.Applied{Identities: c.Identities}, test.fails[min(len(versions), len(test.fails))-1]
			}
			if err := w.Write(t.Context(), istio.Objects{}); !errors.Is(err, test.want) {
				t.Errorf("Write fails with %v, want %v", err, test.want)
			}
			if len(versions) != test.tries || versions[0] != "1" || test.tries > 1 && versions[1] != "2" {
				t.Errorf("the tries were of the versions %v, want %d", versions, test.tries)
			}
		})
	}
}

// Events are made until one is refused, and how a walk fails is a warning.
func TestWriter_Happened(t *testing.T) {
	t.Parallel()
	var told []cluster.Event
	w := stage.Writer{
		Now: cluster.LiveObjectsOf(live("a", "1")),
		Tell: func(_ context.Context, _ *cluster.Live, e cluster.Event) error {
			told = append(told, e)
			if len(told) == 2 {
				return errors.New("forbidden")
			}
			return nil
		},
	}
	w.Happened(t.Context(), stage.Step, "a")
	w.Happened(t.Context(), stage.Failed, "b")
	w.Happened(t.Context(), stage.Arrived, "c")
	if diff := cmp.Diff([]cluster.Event{
		{Reason: "WalkStep", Note: "a"}, {Reason: "WalkFailed", Note: "b", Warning: true},
	}, told); diff != "" {
		t.Errorf("Events (-want +got):\n%s", diff)
	}
	w = stage.Writer{}
	w.Happened(t.Context(), stage.Step, "of nothing")
}
