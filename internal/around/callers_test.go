package around_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// Where everybody who calls, as far as the route says, is without a sidecar, nobody asks its rules.
func TestInspect_callers(t *testing.T) {
	t.Parallel()
	const (
		fromWeb = "http: [{match: [{sourceNamespace: web}], " + "route: [{destination: {host: reviews}}]}, " +
			"{route: [{destination: {host: reviews}}]}]"
		fromBoth = "http: [{match: [{sourceNamespace: web}, {sourceNamespace: batch}], " +
			"route: [{destination: {host: reviews}}]}]"
		anybody = "http: [{route: [{destination: {host: reviews}}]}]"
		none    = " have no sidecar, so that nothing follows these rules there: no label asks for injection " +
			"(istio-injection=enabled or istio.io/rev), and no workload has one"
		waypoint = " have no sidecar: in ambient mode rules for HTTP hold only at a waypoint, and no label " +
			"istio.io/use-waypoint asks for one in the namespace of the service"
		match = "http[0].match[0].source_namespace: "
	)
	type labels = map[string]string
	web := func(of labels) map[string]labels { return map[string]labels{"shop": nil, "web": of, "batch": nil} }
	outside := map[string]bool{"web": false, "batch": false, "shop": false}
	for name, test := range map[string]struct {
		spec       string
		namespaces map[string]labels
		sidecars   map[string]bool
		want       []string
	}{
		"no injection": {fromWeb, web(nil), outside, []string{match + "callers in namespace web" + none}},
		"two of them": {fromBoth, web(nil), outside, []string{
			match + "callers in the namespaces batch and web" + none,
		}},
		"one of two has injection": {fromBoth, web(labels{"istio-injection": "enabled"}), outside, nil},
		"injection":                {fromWeb, web(labels{"istio-injection": "enabled"}), outside, nil},
		"a revision":               {fromWeb, web(labels{"istio.io/rev": "canary"}), outside, nil},
		"injection is off": {
			fromWeb, web(labels{"istio-injection": "disabled", "istio.io/rev": "canary"}), outside,
			[]string{match + "callers in namespace web" + none},
		},
		"a workload with a sidecar": {fromWeb, web(nil), map[string]bool{"web": true}, nil},
		"workloads are not known":   {fromWeb, web(nil), nil, nil},
		"namespaces are not known":  {fromWeb, nil, nil, nil},
		"no such namespace":         {fromWeb, map[string]labels{"shop": nil}, outside, nil},
		"ambient": {
			fromWeb, web(labels{"istio.io/dataplane-mode": "ambient"}), nil,
			[]string{match + "callers in namespace web" + waypoint},
		},
		"ambient, with a waypoint": {
			fromWeb, map[string]labels{
				"shop": {"istio.io/use-waypoint": "waypoint"}, "web": {"istio.io/dataplane-mode": "ambient"},
			}, nil, nil,
		},
		"nobody is known to call": {anybody, web(nil), outside, nil},
		"exported to its own": {"exportTo: [.]\n" + anybody, web(nil), outside, []string{
			"export_to: callers in namespace shop" + none,
		}},
		"exported to all":  {"exportTo: ['*']\n" + anybody, web(nil), outside, nil},
		"only at gateways": {"gateways: [edge]\n" + fromWeb, web(nil), outside, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			a.facts.Namespaces, a.facts.Sidecars = test.namespaces, test.sidecars
			pair := ours(t, "hosts: [reviews]\n"+test.spec)
			a.ask(istio.Objects{}, pair)
			findings, _ := around.Inspect(istio.Objects{}, pair, a.facts)
			var got []string
			for _, f := range findings {
				if f.Kind == around.Unmeshed {
					got = append(got, f.At.String()+": "+f.Text())
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// Namespaces are listed only where the route says who calls, and workloads only where labels do not say it.
func TestInspect_callersWanted(t *testing.T) {
	t.Parallel()
	rule := func(match string) istio.Objects {
		return ours(t, "hosts: [reviews]\nhttp: [{"+match+istiotest.To("v1")+"}]")
	}
	wanted := func(a *neighborhood, pair istio.Objects) (all []around.Query) {
		_, wanted := a.ask(istio.Objects{}, pair)
		for _, query := range wanted {
			if query.Resource == around.Namespaces || query.Resource == around.Sidecars {
				all = append(all, query)
			}
		}
		return all
	}
	a, web := newNeighborhood(t), rule("match: [{sourceNamespace: web}], ")
	if got := wanted(a, rule("")); got != nil {
		t.Errorf("wants %v where nobody is known to call", got)
	}
	if diff := cmp.Diff([]around.Query{{Resource: around.Namespaces}}, wanted(a, web)); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	a.facts.Namespaces = map[string]map[string]string{"web": nil}
	if diff := cmp.Diff([]around.Query{{Resource: around.Sidecars, Namespace: "web"}}, wanted(a, web)); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
}
