package check_test

import (
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// problemsOf returns what is wrong with a sample, and whether it can be read at all.
func problemsOf(s istiotest.Sample) (problems []istio.Problem, readable bool) {
	spec, unknown, err := istio.ParseSpec(s.Kind(), s.Spec())
	if err != nil || len(unknown) > 0 {
		return nil, false
	}
	return check.Validate(&istio.Object{Namespace: "shop", Name: "sample", Annotations: s.Annotations, Spec: spec}),
		true
}

// TestValidate_samples: something is said about every object that is no good, at a place of it, and nothing about a
// good one.
func TestValidate_samples(t *testing.T) {
	t.Parallel()
	for name, s := range istiotest.Samples(t, "invalid", "shop") {
		problems, readable := problemsOf(s)
		if len(problems) == 0 && len(check.Metadata(nil, s.Annotations)) == 0 && readable {
			t.Errorf("%s: nothing is wrong", name)
		}
		for _, p := range problems {
			if p.Text() == "" {
				t.Errorf("%s: a problem without a text at %s", name, p.At)
			}
		}
	}
	for name, s := range istiotest.Samples(t, "valid", "shop") {
		if problems, readable := problemsOf(s); !readable || len(problems) > 0 {
			t.Errorf("%s is valid: %v", name, problems)
		}
	}
}
