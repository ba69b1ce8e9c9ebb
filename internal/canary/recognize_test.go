package canary_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
	selection "istio.io/api/type/v1beta1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func TestRecognizeRouteReportsDifferences(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit func(*networking.VirtualService, *networking.DestinationRule)
		want []string
	}{
		"nothing edited": {edit: func(*networking.VirtualService, *networking.DestinationRule) {}},
		"short hosts": {edit: func(s *networking.VirtualService, d *networking.DestinationRule) {
			s.Hosts, d.Host = []string{"greeter"}, "greeter"
			for _, rule := range s.Http {
				rule.Route[0].Destination.Host = "greeter"
			}
		}},
		"the mesh as its gateway": {edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
			s.Gateways = []string{"mesh"}
		}},
		"the weight of an only destination": {edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
			s.Http[0].Route[0].Weight = 100
		}},
		"subsets in another order": {edit: func(_ *networking.VirtualService, d *networking.DestinationRule) {
			d.Subsets[0], d.Subsets[1] = d.Subsets[1], d.Subsets[0]
		}},
		"a shift of weights": {edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
			s.Http[2].Route = append(s.Http[2].Route, destination("v2", 30))
			s.Http[2].Route[0].Weight = 70
		}},
		"a match without conditions, which is none": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[2].Match = []*networking.HTTPMatchRequest{{}}
			},
		},
		"a rule more": {edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
			s.Http = append([]*networking.HTTPRoute{{
				Match:   byHeader("x", "y"),
				Timeout: durationpb.New(time.Second),
				Route:   []*networking.HTTPRouteDestination{destination("v1", 0)},
			}}, s.Http...)
		}},
		"a redirect": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[0].Redirect, s.Http[0].Route = &networking.HTTPRedirect{Uri: "/"}, nil
			},
			want: []string{"VirtualService spec.http[0].redirect", "VirtualService spec.http[0].route"},
		},
		"headers of a destination": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[0].Route[0].Headers = &networking.Headers{Request: &networking.Headers_HeaderOperations{
					Remove: []string{"x-a"},
				}}
			},
			want: []string{"VirtualService spec.http[0].route[0].headers"},
		},
		"headers of a destination that change nothing": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[0].Route[0].Headers = &networking.Headers{}
			},
		},
		"a port that all destinations have": {edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
			for _, rule := range s.Http {
				rule.Route[0].Destination.Port = &networking.PortSelector{Number: 80}
			}
		}},
		"the port of one destination": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[0].Route[0].Destination.Port = &networking.PortSelector{Number: 80}
			},
			want: []string{"VirtualService spec.http[0].route[0].destination.port"},
		},
		"another service": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[1].Route[0].Destination.Host = "other.shop.svc.cluster.local"
			},
			want: []string{"VirtualService spec.http[1].route[0].destination.host"},
		},
		"a subset twice in a rule": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[2].Route = []*networking.HTTPRouteDestination{destination("v1", 50), destination("v1", 50)}
			},
			want: []string{"VirtualService spec.http[2].route[0].weight", "VirtualService spec.http[2].route[1]"},
		},
		"the older mirror": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[0].Mirror = &networking.Destination{Host: "recorder"}
			},
		},
		"the older mirror with its percentage": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[0].Mirror = &networking.Destination{Host: "recorder"}
				s.Http[0].MirrorPercentage = &networking.Percent{Value: 12.5}
			},
		},
		"the older percent of a delay": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Http[0].Fault = &networking.HTTPFaultInjection{Delay: &networking.HTTPFaultInjection_Delay{
					HttpDelayType: &networking.HTTPFaultInjection_Delay_FixedDelay{
						FixedDelay: durationpb.New(time.Second),
					},
					Percent: 10, //nolint:staticcheck // the older field is what this is about
				}}
			},
		},
		"routes of TCP": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) {
				s.Tcp = []*networking.TCPRoute{{}}
			},
			want: []string{"VirtualService spec.tcp"},
		},
		"a selector of workloads": {
			edit: func(_ *networking.VirtualService, d *networking.DestinationRule) {
				d.WorkloadSelector = &selection.WorkloadSelector{MatchLabels: map[string]string{"app": "web"}}
			},
			want: []string{"DestinationRule spec.workloadSelector"},
		},
		"a subset twice": {
			edit: func(_ *networking.VirtualService, d *networking.DestinationRule) {
				d.Subsets = append(d.Subsets, proto.Clone(d.Subsets[0]).(*networking.Subset))
			},
			want: []string{
				"DestinationRule spec.subsets[1].labels.app",
				"DestinationRule spec.subsets[1].name",
				"DestinationRule spec.subsets[2]",
			},
		},
		"exports that differ": {
			edit: func(s *networking.VirtualService, _ *networking.DestinationRule) { s.ExportTo = []string{"."} },
			want: []string{"DestinationRule spec.exportTo"},
		},
		"exports of the DestinationRule alone": {
			edit: func(_ *networking.VirtualService, d *networking.DestinationRule) { d.ExportTo = []string{"."} },
			want: []string{"DestinationRule spec.exportTo"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := routeWith(func(*canary.Route) {}).Render()
			test.edit(live.Routing().VirtualServiceSpec(), live.Declaring().DestinationRuleSpec())
			before := proto.Clone(live.Routing().VirtualServiceSpec())
			route, differences := recognizeRoute(live)
			if diff := cmp.Diff(test.want, differences); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(
				before, proto.Message(live.Routing().VirtualServiceSpec()), protocmp.Transform(),
			); diff != "" {
				t.Errorf("recognising changed the live object:\n%s", diff)
			}
			if len(test.want) == 0 {
				checkSame(t, route.Render(), canary.Resolve(live, domain))
			}
		})
	}
}

func destination(subset string, weight int32) *networking.HTTPRouteDestination {
	return &networking.HTTPRouteDestination{
		Destination: &networking.Destination{Host: "greeter.shop.svc.cluster.local", Subset: subset}, Weight: weight,
	}
}

func TestRecognizeSplit(t *testing.T) {
	t.Parallel()
	labels := func(app string) canary.Subset { return canary.Subset{Labels: map[string]string{"app": app}} }
	tests := map[string]struct {
		edit        func(*istio.Objects)
		change      func(*canary.Split)
		differences []string
	}{
		"as rendered": {edit: func(*istio.Objects) {}, change: func(*canary.Split) {}},
		"a match without conditions, which is none": {
			edit: func(live *istio.Objects) {
				live.Routing().VirtualServiceSpec().Http[0].Match = []*networking.HTTPMatchRequest{{}}
			},
			change: func(*canary.Split) {},
		},
		"one destination is the whole": {
			edit: func(live *istio.Objects) {
				live.Routing().VirtualServiceSpec().Http[0].Route = []*networking.HTTPRouteDestination{destination("v2",
					0)}
			},
			change: func(s *canary.Split) {
				s.Subsets["v1"] = canary.WeightedSubset{Subset: labels("greeter-v1"), Weight: new(int64)}
				s.Subsets["v2"] = canary.WeightedSubset{Subset: labels("greeter-v2"), Weight: new(int64(100))}
			},
			differences: []string{
				"VirtualService spec.http[0].route[0].destination.subset",
				"VirtualService spec.http[0].route[0].weight",
				"VirtualService spec.http[0].route[1]",
			},
		},
		"no VirtualService": {
			edit: func(live *istio.Objects) { *live = live.Without(istio.Routes) },
			change: func(s *canary.Split) {
				s.VirtualServiceName, s.Hosts, s.Gateways, s.HTTP = "", nil, nil, nil
				s.Subsets["v1"] = canary.WeightedSubset{Subset: labels("greeter-v1")}
				s.Subsets["v2"] = canary.WeightedSubset{Subset: labels("greeter-v2")}
			},
		},
		"no DestinationRule": {
			edit: func(live *istio.Objects) { *live = live.Without(istio.DeclaresSubsets) },
			change: func(s *canary.Split) {
				s.SubsetsElsewhere, s.DestinationRuleName = true, ""
				s.Subsets["v1"] = canary.WeightedSubset{Weight: new(int64(10))}
				s.Subsets["v2"] = canary.WeightedSubset{Weight: new(int64(90))}
			},
		},
		"rules that a split has not": {
			edit: func(live *istio.Objects) {
				spec := live.Routing().VirtualServiceSpec()
				spec.Http = append([]*networking.HTTPRoute{
					{Match: byHeader("a", "b"), Route: []*networking.HTTPRouteDestination{destination("v1", 0)}},
				}, spec.Http...)
			},
			change: func(s *canary.Split) {
				s.HTTP = &networking.HTTPRoute{Match: byHeader("a", "b")}
				s.Subsets["v1"] = canary.WeightedSubset{Subset: labels("greeter-v1"), Weight: new(int64(100))}
				s.Subsets["v2"] = canary.WeightedSubset{Subset: labels("greeter-v2"), Weight: new(int64)}
			},
			differences: []string{
				"VirtualService spec.http[0].route[0].weight", "VirtualService spec.http[0].route[1]",
				"VirtualService spec.http[1]",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := splitWith(func(*canary.Split) {}).Render()
			test.edit(&live)
			got, differences := recognizeSplit(live)
			want := splitWith(func(s *canary.Split) {
				s.Hosts, s.Gateways = []string{s.Host}, []string{istio.MeshGateway}
				test.change(s)
			})
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("split (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.differences, differences); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRecognizeRouteWithoutDefault: no rule but the last one, without conditions, is the default. Where that is not
// so all rules are read as rules, and nothing is lost.
func TestRecognizeRouteWithoutDefault(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*networking.VirtualService){
		"conditions in every rule": func(s *networking.VirtualService) { s.Http[2].Match = byHeader("a", "b") },
		"a rule for all requests in front of another": func(s *networking.VirtualService) {
			s.Http[1], s.Http[2] = s.Http[2], s.Http[1]
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := routeWith(func(*canary.Route) {}).Render()
			edit(live.Routing().VirtualServiceSpec())
			route, differences := recognizeRoute(live)
			if route.Default != nil || len(route.Rules) != 3 || len(differences) > 0 {
				t.Errorf("route %v, differences %v", route, differences)
			}
		})
	}
}

func TestRecognizeOfNothing(t *testing.T) {
	t.Parallel()
	route, differences := recognizeRoute(istio.Objects{})
	if len(route.Rules) > 0 || route.Default != nil || len(differences) > 0 {
		t.Errorf("route %v, differences %v", route, differences)
	}
}

func TestRecognizeKeepsTheLabelsOfOthers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ live, want map[string]string }{
		"no labels":          {},
		"the provider's own": {live: map[string]string{istio.ManagedByLabel: istio.ManagedBy}},
		"the provider's and more": {
			live: map[string]string{istio.ManagedByLabel: istio.ManagedBy, "a": "b"},
			want: map[string]string{"a": "b"},
		},
		"of another provider only": {
			live: map[string]string{istio.ManagedByLabel: "helm"},
			want: map[string]string{istio.ManagedByLabel: "helm"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := routeWith(func(*canary.Route) {}).Render()
			live.Routing().Labels = test.live
			route := canary.RecognizeRoute(live, domain)
			if diff := cmp.Diff(test.want, route.Labels); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		weights map[string]*int64
		want    map[string]int64
	}{
		"all given": {
			weights: weights(map[string]int64{"v1": 90, "v2": 10}),
			want:    map[string]int64{"v1": 90, "v2": 10},
		},
		"one takes the rest": {
			weights: map[string]*int64{"v1": nil, "v2": new(int64(10))},
			want:    map[string]int64{"v1": 90, "v2": 10},
		},
		"one takes everything": {weights: map[string]*int64{"v1": nil}, want: map[string]int64{"v1": 100}},
		"nothing is left": {
			weights: map[string]*int64{"v1": nil, "v2": new(int64(101))},
			want:    map[string]int64{"v1": 0, "v2": 101},
		},
		"below zero is zero": {
			weights: map[string]*int64{"v1": nil, "v2": new(int64(-5))},
			want:    map[string]int64{"v1": 100, "v2": 0},
		},
		"far more than a share": {
			weights: map[string]*int64{"v1": new(int64(1) << 62)},
			want:    map[string]int64{"v1": 1_000_000},
		},
		"nothing at all": {want: map[string]int64{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, canary.Rest(test.weights)); diff != "" {
				t.Errorf("weights (-want +got):\n%s", diff)
			}
			split := &canary.Split{Subsets: map[string]canary.WeightedSubset{}}
			for name, weight := range test.weights {
				split.Subsets[name] = canary.WeightedSubset{Weight: weight}
			}
			if diff := cmp.Diff(test.want, split.Weights()); diff != "" {
				t.Errorf("weights of a split (-want +got):\n%s", diff)
			}
		})
	}
}

// Rendering shares no memory that a later change of the objects could reach: the route stays as it was.
func TestRenderDoesNotChangeTheRoute(t *testing.T) {
	t.Parallel()
	mirrored := func(r *canary.Route) {
		r.Rules[0].HTTP.Mirrors = []*networking.HTTPMirrorPolicy{
			{}, {Destination: &networking.Destination{Host: "recorder"}},
		}
	}
	r, want := routeWith(mirrored), routeWith(mirrored)
	first := r.Render()
	if diff := cmp.Diff(want, r, protocmp.Transform()); diff != "" {
		t.Errorf("route (-before +after):\n%s", diff)
	}
	if first.Routing().Labels[istio.ManagedByLabel] = "x"; r.Labels != nil {
		t.Error("the route got the object's label")
	}
	if place := r.Place(); place.Host != r.Host {
		t.Errorf("placed at %q", place.Host)
	}
}

// recognizeRoute reads live objects back, and says what they hold that the route does not.
func recognizeRoute(live istio.Objects) (*canary.Route, []string) {
	route := canary.RecognizeRoute(live, domain)
	return route, canary.Differences(route.Render(), canary.Resolve(live, domain))
}

// recognizeSplit is [recognizeRoute] for a split.
func recognizeSplit(live istio.Objects) (*canary.Split, []string) {
	split := canary.RecognizeSplit(live, domain)
	return split, canary.Differences(split.Render(), canary.Resolve(live, domain))
}
