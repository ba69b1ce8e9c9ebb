package form

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// An id that is none is an error at its place, with the one that is meant.
func TestReadLifecycle_acknowledged(t *testing.T) {
	t.Parallel()
	all := " ids are " + strings.Join(report.Doubts(), ", ")
	for name, test := range map[string]struct {
		ids  attr.Value
		want []string
	}{
		"none":    {attr.Null(), nil},
		"unknown": {attr.Unknown(), nil},
		"one":     {attr.Strings([]string{"subsets-alike"}), nil},
		"all":     {attr.Strings(report.Doubts()), nil},
		"a misspelt one": {attr.Strings([]string{"subsets-alike", "port_not_htp"}), []string{
			`acknowledged[1]: "port_not_htp" is no doubt that a plan tells; is "port-not-http" meant? The` + all,
		}},
		"something else": {attr.Strings([]string{"x"}), []string{
			`acknowledged[0]: "x" is no doubt that a plan tells; the` + all,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			life, problems := ReadLifecycle(attr.Read(attr.Object(map[string]attr.Value{"acknowledged": test.ids})),
				Defaults{Propagation: DefaultPropagation()})
			var got []string
			for _, p := range problems {
				got = append(got, p.At.String()+": "+p.Text())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if known := test.ids.Len(); len(life.Acknowledged) != known {
				t.Errorf("accepts %q, want %d", life.Acknowledged, known)
			}
		})
	}
}
