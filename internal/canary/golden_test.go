package canary_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// renderer is a route or a split.
type renderer interface {
	Render() istio.Objects
	Problems() []istio.Problem
}

func TestRenderGolden(t *testing.T) {
	t.Parallel()
	tests := map[string]renderer{
		"canary_by_header": routeWith(func(*canary.Route) {}),
		"canary_by_share": routeWith(func(r *canary.Route) {
			r.Rules = nil
			r.Default = &canary.Rule{Weights: weights(map[string]int64{"v1": 90, "v2": 10})}
		}),
		"canary_zero_percent": routeWith(func(r *canary.Route) {
			r.Rules = nil
			r.Default = &canary.Rule{Weights: weights(map[string]int64{"v1": 100, "v2": 0})}
		}),
		"canary_takes_the_rest": routeWith(func(r *canary.Route) {
			r.Rules = nil
			r.Default = &canary.Rule{Weights: map[string]*int64{"v1": nil, "v2": new(int64(5))}}
		}),
		"no_default": routeWith(func(r *canary.Route) { r.Default = nil }),
		"every_way_to_match": routeWith(func(r *canary.Route) {
			r.Rules[0].HTTP.Match = []*networking.HTTPMatchRequest{{
				Name: "internal", Uri: prefix("/helloworld.Greeter/"), Method: exact("POST"), Scheme: exact("http"),
				Authority: pattern("greeter.*"), Port: 50051, IgnoreUriCase: true, StatPrefix: "greeter",
				Headers:         map[string]*networking.StringMatch{"version": pattern("2[0-9]{2}"), "present": {}},
				WithoutHeaders:  map[string]*networking.StringMatch{"x-bot": {}},
				QueryParams:     map[string]*networking.StringMatch{"debug": exact("1")},
				SourceLabels:    map[string]string{"app": "web"},
				SourceNamespace: "web",
			}, {Headers: map[string]*networking.StringMatch{"cookie": prefix("canary=")}}}
		}),
		"faults_and_retries": routeWith(func(r *canary.Route) {
			r.Rules[0].HTTP.Timeout = durationpb.New(5 * time.Second)
			r.Rules[0].HTTP.Retries = &networking.HTTPRetry{
				Attempts:      3,
				PerTryTimeout: durationpb.New(500 * time.Millisecond),
				RetryOn:       "unavailable,cancelled,reset",
			}
			r.Rules[0].HTTP.Fault = &networking.HTTPFaultInjection{
				Delay: &networking.HTTPFaultInjection_Delay{
					HttpDelayType: &networking.HTTPFaultInjection_Delay_FixedDelay{
						FixedDelay: durationpb.New(100 * time.Millisecond),
					},
					Percentage: &networking.Percent{Value: 0.1},
				},
				Abort: &networking.HTTPFaultInjection_Abort{
					ErrorType:  &networking.HTTPFaultInjection_Abort_GrpcStatus{GrpcStatus: "UNAVAILABLE"},
					Percentage: &networking.Percent{},
				},
			}
			r.Rules[1].HTTP.Retries = &networking.HTTPRetry{}
		}),
		"gateway_and_mesh": routeWith(func(r *canary.Route) {
			r.Hosts = []string{"greeter", "greeter.example.com"}
			r.Gateways = []string{"mesh", "ingress/public"}
			r.ExportTo = []string{".", "ingress"}
			r.Labels = map[string]string{"team": "greeters"}
			r.Annotations = map[string]string{"example.com/ticket": "42"}
		}),
		"mirrors": routeWith(func(r *canary.Route) {
			r.Default.HTTP = &networking.HTTPRoute{Mirrors: []*networking.HTTPMirrorPolicy{
				{Destination: &networking.Destination{Subset: "v2"}, Percentage: &networking.Percent{Value: 12.5}},
				{Destination: &networking.Destination{Host: "recorder"}},
			}}
		}),
		"one_of_several_ports": routeWith(func(r *canary.Route) { r.Port = 50051 }),
		"headers_rewrite_and_cors": routeWith(func(r *canary.Route) {
			r.Rules[0].HTTP.Headers = &networking.Headers{
				Request: &networking.Headers_HeaderOperations{
					Set:    map[string]string{"x-canary": "v1"},
					Remove: []string{"x-debug"},
				},
				Response: &networking.Headers_HeaderOperations{
					Add: map[string]string{"set-cookie": "canary=v1; Max-Age=3600"},
				},
			}
			r.Rules[0].HTTP.Rewrite = &networking.HTTPRewrite{
				UriRegexRewrite: &networking.RegexRewrite{Match: "^/v1/(.*)", Rewrite: `/\1`},
			}
			r.Rules[0].HTTP.CorsPolicy = &networking.CorsPolicy{
				AllowOrigins: []*networking.StringMatch{exact("https://example.com")},
				AllowMethods: []string{"GET", "POST"},
				MaxAge:       durationpb.New(24 * time.Hour),
			}
		}),
		"traffic_policies": routeWith(func(r *canary.Route) {
			r.TrafficPolicy = &networking.TrafficPolicy{
				ConnectionPool: &networking.ConnectionPoolSettings{
					Http: &networking.ConnectionPoolSettings_HTTPSettings{Http2MaxRequests: 1000},
				},
				OutlierDetection: &networking.OutlierDetection{
					BaseEjectionTime:   durationpb.New(30 * time.Second),
					MaxEjectionPercent: 50,
				},
			}
			v2 := r.Subsets["v2"]
			v2.TrafficPolicy = &networking.TrafficPolicy{
				Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_DISABLE},
			}
			r.Subsets["v2"] = v2
		}),
		"subsets_declared_elsewhere": routeWith(func(r *canary.Route) {
			r.SubsetsElsewhere = true
			r.Subsets = map[string]canary.Subset{"v1": {}, "v2": {}}
		}),
		"sticky": routeWith(func(r *canary.Route) {
			r.Rules[1].HTTP.Timeout = durationpb.New(5 * time.Second)
			stickyRule(func(*networking.HTTPRoute) {})(r)
		}),
		"split_sticky": splitWith(func(s *canary.Split) {
			s.Sticky = &istio.Sticky{Cookie: "canary", MaxAge: time.Hour, Subsets: []string{"v1", "v2"}}
		}),
		"split_every_request": splitWith(func(*canary.Split) {}),
		"split_one_method": splitWith(func(s *canary.Split) {
			s.HTTP.Match = []*networking.HTTPMatchRequest{{Uri: exact("/helloworld.Greeter/SayHello")}}
			s.Otherwise = "v1"
		}),
		"split_without_otherwise": splitWith(func(s *canary.Split) {
			s.HTTP.Match = []*networking.HTTPMatchRequest{{Uri: exact("/helloworld.Greeter/SayHello")}}
		}),
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range test.Problems() {
				if p.Severity == istio.Refused {
					t.Errorf("problem at %s: %s", p.At, p.Reason)
				}
			}
			pair := test.Render()
			for _, o := range pair.All() {
				for _, p := range check.Validate(o) {
					t.Errorf("%s at %s: %s", o, p.At, p.Reason)
				}
			}
			checkGolden(t, filepath.Join("testdata", name+".yaml"), yamlOf(t, pair))
		})
	}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) != len(tests) && !*update {
		t.Errorf("got %d golden files for %d cases, error %v", len(files), len(tests), err)
	}
}

// yamlOf returns the objects of the pair as kubectl apply takes them.
func yamlOf(t *testing.T, pair istio.Objects) []byte {
	t.Helper()
	var all [][]byte
	for _, o := range pair.All() {
		manifest, err := istio.Manifest(o)
		if err != nil {
			t.Fatal(err)
		}
		document, err := yaml.Marshal(manifest)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, document)
	}
	return bytes.Join(all, []byte("---\n"))
}

func splitDocuments(data []byte) [][]byte { return bytes.Split(data, []byte("---\n")) }

func checkGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
