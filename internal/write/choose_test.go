package write

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// TestChoose_leftOut: an object that is not written is named, with the reason, and whose it is.
func TestChoose_leftOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(*cluster.Live)
		leftOut string
		wrong   bool
		notes   []string
	}{
		"no resource describes it": {
			func(*cluster.Live) {}, `DestinationRule "shop/a" is left out: it is too large for a resource.`, true, nil,
		},
		"another workspace has it": {
			func(o *cluster.Live) { o.Annotations = map[string]string{istio.OwnerAnnotation: "a\nb"} },
			`DestinationRule "shop/a" is left out: the workspace "a\nb" has it already. --all writes it.`, false, nil,
		},
		"this provider has applied it": {
			func(o *cluster.Live) { o.Applied = true },
			`DestinationRule "shop/a" is left out: this provider has applied it, so that a state has it already. ` +
				"--all writes it.", false, nil,
		},
		"it has our mark": {
			func(o *cluster.Live) { o.Labels = map[string]string{istio.ManagedByLabel: istio.ManagedBy} },
			`DestinationRule "shop/a" is left out: this provider has applied it, so that a state has it already. ` +
				"--all writes it.", false, nil,
		},
		"a tool has it": {
			func(o *cluster.Live) { o.OwnerKinds = []string{"Canary"} },
			`DestinationRule "shop/a" is left out: it is too large for a resource.`, true, []string{
				`DestinationRule "shop/a" belongs to Flagger (owner of kind Canary), which does not know of ` +
					"Terraform: its Canary writes the whole object again and again; delete the Canary first, or " +
					"leave the object to it.",
			},
		},
		"it has fields that are not known": {
			func(o *cluster.Live) { o.Unknown = []string{"spec.new", "spec.host.new"} },
			`DestinationRule "shop/a" is left out: it is too large for a resource.`, true, []string{
				`DestinationRule "shop/a" holds what this version of the provider does not know: spec.new, ` +
					"spec.host.new. It is not written, and stays as it is.",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &cluster.Live{Object: istio.Object{
				Namespace: "shop", Name: "a", Spec: &networking.DestinationRule{Host: "a"},
			}}
			test.change(o)
			entries := (&Source{}).choose(t.Context(), found{
				namespace: "shop", objects: map[cluster.Address]*cluster.Live{cluster.AddressOf(&o.Object): o},
			}, false)
			if len(entries) != 1 {
				t.Fatalf("%d entries", len(entries))
			}
			is := entries[0]
			if is.leftOut != test.leftOut || is.wrong != test.wrong {
				t.Errorf("%s, wrong: %t", is.leftOut, is.wrong)
			}
			if diff := cmp.Diff(test.notes, is.notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNamed: entries are chosen by the names of any of their objects, and a name that nothing has is returned.
func TestNamed(t *testing.T) {
	t.Parallel()
	var entries []entry
	for _, names := range []string{"a b", "b", "c"} {
		e := entry{}
		for name := range strings.FieldsSeq(names) {
			e.objects = append(e.objects, &cluster.Live{Object: istio.Object{Name: name}})
		}
		entries = append(entries, e)
	}
	for wanted, want := range map[string]struct {
		left    int
		missing string
	}{"": {3, ""}, "a": {1, ""}, "b": {2, ""}, "b c": {3, ""}, "c d": {0, "d"}} {
		left, missing := named(slices.Clone(entries), strings.Fields(wanted))
		if len(left) != want.left || missing != want.missing {
			t.Errorf("%q leaves %d, missing %q", wanted, len(left), missing)
		}
	}
}
