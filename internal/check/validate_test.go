package check_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

func TestValidateWarns(t *testing.T) {
	t.Parallel()
	o := &istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{
		Hosts: []string{"reviews"},
		Http: []*networking.HTTPRoute{
			{
				Name:  "first",
				Route: []*networking.HTTPRouteDestination{{Destination: &networking.Destination{Host: "reviews"}}},
			},
			{Name: "second", Route: []*networking.HTTPRouteDestination{{
				Destination: &networking.Destination{Host: "reviews"},
			}}},
		},
	}}
	want := []istio.Problem{{
		Of: o, At: istio.Path{"http", 1}, Severity: istio.Void, By: []istio.Path{{"http", 0}},
		Reason: "takes every request first", Remedy: istio.NarrowerFirst,
	}}
	if diff := cmp.Diff(want, check.Validate(o), protocmp.Transform()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestValidateOfWholeObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spec proto.Message
		want []string
	}{
		"no hosts but rules of its own": {
			spec: &networking.VirtualService{},
			want: []string{`: http, tcp or tls must be provided in virtual service`},
		},
		"no host": {
			spec: &networking.DestinationRule{},
			want: []string{`: empty domain name not allowed`},
		},
		"a spec of another kind": {spec: &networking.Sidecar{}, want: []string{`: cannot cast to virtual service`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for i, p := range check.Validate(&istio.Object{Namespace: "shop", Name: "reviews", Spec: test.spec}) {
				line := p.At.String() + ": " + p.Reason
				if i < len(test.want) && strings.HasPrefix(line, test.want[i]) {
					line = test.want[i]
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateOrdersProblemsAsTheObjectIsWritten(t *testing.T) {
	t.Parallel()
	first, second := istiotest.ValidRule(0), istiotest.ValidRule(1)
	first.Rewrite = &networking.HTTPRewrite{}
	first.Match[0].Port = 70000
	for _, header := range []string{"b", "a", "d", "c"} {
		second.Match[0].Headers[header] = &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: "["}}
	}
	second.Timeout = &durationpb.Duration{}
	var got []string
	for _, p := range check.Validate(&istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{
		Hosts: []string{"a b.example.com", "c d.example.com"}, Http: []*networking.HTTPRoute{first, second},
	}}) {
		got = append(got, p.At.String())
	}
	want := []string{
		"hosts[0]", "hosts[1]", "http[0].match[0].port", "http[0].rewrite",
		`http[1].match[0].headers["a"].regex`, `http[1].match[0].headers["b"].regex`,
		`http[1].match[0].headers["c"].regex`,
		`http[1].match[0].headers["d"].regex`, "http[1].timeout",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

// A wrong rule is named by its place, also where the text that Istio says differs by the rule's place.
func TestValidateOfOverlappingRules(t *testing.T) {
	t.Parallel()
	again := istiotest.ValidRule(0)
	again.Name = "again"
	problems := check.Validate(&istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{
		Hosts: []string{"reviews"},
		Http:  []*networking.HTTPRoute{istiotest.ValidRule(0), again, istiotest.ValidRule(1)},
	}})
	if len(problems) == 0 {
		t.Error("no problem")
	}
	for _, p := range problems {
		if p.Severity != istio.Void || !p.At.Within(istio.Path{"http", 1}) {
			t.Errorf("problem at %s: %s", p.At, p.Reason)
		}
	}
}

// Istio names two entries of a map in the order in which it met them; the problem is found all the same, every time.
func TestValidateFindsWhatIstioSaysInTwoWays(t *testing.T) {
	t.Parallel()
	rule := istiotest.ValidRule(0)
	rule.Headers.Request.Set = map[string]string{"host": "a", ":authority": "b"}
	o := &istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{
		Hosts: []string{"reviews"}, Http: []*networking.HTTPRoute{istiotest.ValidRule(1), rule},
	}}
	for range 50 {
		problems := check.Validate(o)
		if len(problems) != 1 || !problems[0].At.Within(istio.Path{"http", 1, "headers", "request", "set"}) {
			t.Fatalf("got %v", problems)
		}
	}
}
