package istio_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func TestFullHost(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ host, want string }{
		"a name is a service of the namespace": {host: "reviews", want: "reviews.shop.svc.example.org"},
		"a name with the root's dot":           {host: "reviews.", want: "reviews."},
		"a name and a namespace are a host":    {host: "reviews.other", want: "reviews.other"},
		"a service without the domain":         {host: "reviews.other.svc", want: "reviews.other.svc"},
		"a longer name that ends in svc":       {host: "a.reviews.other.svc", want: "a.reviews.other.svc"},
		"a full name": {
			host: "reviews.other.svc.example.org",
			want: "reviews.other.svc.example.org",
		},
		"a full name with the root's dot": {
			host: "reviews.other.svc.example.org.",
			want: "reviews.other.svc.example.org.",
		},
		"a name outside the cluster": {host: "api.example.com", want: "api.example.com"},
		"a wildcard":                 {host: "*.example.com", want: "*.example.com"},
		"an IPv6 address":            {host: "2001:db8::1", want: "2001:db8::1"},
		"every host":                 {host: "*", want: "*"},
		"nothing":                    {host: "", want: ""},
		"two dots at the end stay for Istio to deny": {host: "reviews..", want: "reviews.."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := istio.FullHost(test.host, "shop", "example.org"); got != test.want {
				t.Errorf("FullHost(%q) = %q, want %q", test.host, got, test.want)
			}
		})
	}
}

func TestServiceName(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"reviews":                        "reviews",
		"reviews.shop.svc.cluster.local": "reviews",
		"":                               "",
	} {
		if got := istio.ServiceName(host); got != want {
			t.Errorf("ServiceName(%q) = %q, want %q", host, got, want)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	path := istio.Path{"http", 0, "match", 1, "headers", istio.Key("version"), "regex"}
	if got, want := path.String(), `http[0].match[1].headers["version"].regex`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (istio.Path{}).String(); got != "" {
		t.Errorf("empty path is %q", got)
	}
	within := map[string]struct {
		path, other istio.Path
		want        bool
	}{
		"in itself":            {path: path, other: path, want: true},
		"in its beginning":     {path: path, other: path[:3], want: true},
		"in the whole object":  {path: path, other: nil, want: true},
		"in what is inside it": {path: path[:3], other: path, want: false},
		"in another element":   {path: path, other: istio.Path{"http", 1}, want: false},
		"in a field named like a key": {
			path:  istio.Path{"labels", istio.Key("app")},
			other: istio.Path{"labels", "app"},
			want:  false,
		},
		"in an object that is nothing": {path: nil, other: nil, want: true},
	}
	for name, test := range within {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.path.Within(test.other); got != test.want {
				t.Errorf("%s within %s: %v", test.path, test.other, got)
			}
		})
	}
}

func TestPathAtSharesNoMemory(t *testing.T) {
	t.Parallel()
	base := make(istio.Path, 1, 8)
	base[0] = "http"
	first, second := base.At(0), base.At(1)
	if first.String() != "http[0]" || second.String() != "http[1]" {
		t.Errorf("got %s and %s", first, second)
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	pair := istio.ObjectsOf(
		&istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{}},
		&istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.DestinationRule{}},
	)
	var names []string
	for _, o := range pair.All() {
		names = append(names, o.String())
	}
	want := []string{`DestinationRule "shop/reviews"`, `VirtualService "shop/reviews"`}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if pair.Routing().VirtualServiceSpec() == nil || pair.Declaring().DestinationRuleSpec() == nil {
		t.Error("the pair lost a spec")
	}
	if empty := (istio.Objects{}); empty.Routing().VirtualServiceSpec() != nil ||
		empty.Declaring().DestinationRuleSpec() != nil || empty.All() != nil {
		t.Error("an empty pair holds something")
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	destination := func(subset string, weight int32) *networking.HTTPRouteDestination {
		return &networking.HTTPRouteDestination{
			Destination: &networking.Destination{Host: "reviews", Subset: subset},
			Weight:      weight,
		}
	}
	tests := map[string]struct {
		spec proto.Message
		want map[string]any
	}{
		"an empty spec": {spec: &networking.VirtualService{}, want: map[string]any{}},
		"the zero weight of one of two": {
			spec: &networking.VirtualService{Http: []*networking.HTTPRoute{{
				Route: []*networking.HTTPRouteDestination{destination("v1", 100), destination("v2", 0)},
			}}},
			want: map[string]any{"http": []any{map[string]any{"route": []any{
				map[string]any{"destination": map[string]any{"host": "reviews", "subset": "v1"}, "weight": 100.0},
				map[string]any{"destination": map[string]any{"host": "reviews", "subset": "v2"}, "weight": 0.0},
			}}}},
		},
		"no weight of an only destination": {
			spec: &networking.VirtualService{
				Http: []*networking.HTTPRoute{{Route: []*networking.HTTPRouteDestination{destination("v1", 0)}}},
			},
			want: map[string]any{"http": []any{map[string]any{"route": []any{
				map[string]any{"destination": map[string]any{"host": "reviews", "subset": "v1"}},
			}}}},
		},
		"retries switched off": {
			spec: &networking.VirtualService{Http: []*networking.HTTPRoute{{Retries: &networking.HTTPRetry{}}}},
			want: map[string]any{"http": []any{map[string]any{"retries": map[string]any{"attempts": 0.0}}}},
		},
		"zero percent": {
			spec: &networking.VirtualService{Http: []*networking.HTTPRoute{{
				Mirrors: []*networking.HTTPMirrorPolicy{{Percentage: &networking.Percent{}}},
			}}},
			want: map[string]any{"http": []any{map[string]any{
				"mirrors": []any{map[string]any{"percentage": map[string]any{"value": 0.0}}},
			}}},
		},
		"TLS disabled in a subset": {
			spec: &networking.DestinationRule{Subsets: []*networking.Subset{{
				TrafficPolicy: &networking.TrafficPolicy{Tls: &networking.ClientTLSSettings{}},
			}}},
			want: map[string]any{"subsets": []any{map[string]any{
				"trafficPolicy": map[string]any{"tls": map[string]any{"mode": "DISABLE"}},
			}}},
		},
		"the first proxy protocol": {
			spec: &networking.DestinationRule{
				TrafficPolicy: &networking.TrafficPolicy{ProxyProtocol: &networking.TrafficPolicy_ProxyProtocol{}},
			},
			want: map[string]any{"trafficPolicy": map[string]any{"proxyProtocol": map[string]any{"version": "V1"}}},
		},
		"a 64-bit number as a number": {
			spec: &networking.DestinationRule{
				TrafficPolicy: &networking.TrafficPolicy{LoadBalancer: &networking.LoadBalancerSettings{
					LbPolicy: &networking.LoadBalancerSettings_ConsistentHash{
						ConsistentHash: &networking.LoadBalancerSettings_ConsistentHashLB{
							HashAlgorithm: &networking.LoadBalancerSettings_ConsistentHashLB_Maglev{
								Maglev: &networking.LoadBalancerSettings_ConsistentHashLB_MagLev{TableSize: 65537},
							},
						},
					},
				}},
			},
			want: map[string]any{
				"trafficPolicy": map[string]any{"loadBalancer": map[string]any{"consistentHash": map[string]any{
					"maglev": map[string]any{"tableSize": json.Number("65537")},
				}}},
			},
		},
		"a map of matches": {
			spec: &networking.VirtualService{Http: []*networking.HTTPRoute{{
				Match: []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{"x": {}}}},
			}}},
			want: map[string]any{"http": []any{map[string]any{
				"match": []any{map[string]any{"headers": map[string]any{"x": map[string]any{}}}},
			}}},
		},
		"a map of texts": {
			spec: &networking.DestinationRule{Subsets: []*networking.Subset{{Labels: map[string]string{"app": ""}}}},
			want: map[string]any{"subsets": []any{map[string]any{"labels": map[string]any{"app": ""}}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := istio.Manifest(&istio.Object{Spec: test.spec})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got["spec"]); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}

func TestManifestOfMetadata(t *testing.T) {
	t.Parallel()
	got, err := istio.Manifest(&istio.Object{
		Namespace:   "shop",
		Name:        "reviews",
		Labels:      map[string]string{"team": "a"},
		Annotations: map[string]string{"note": "b"},
		Spec:        &networking.DestinationRule{Host: "reviews"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
		"metadata": map[string]any{
			"name":        "reviews",
			"namespace":   "shop",
			"labels":      map[string]any{"team": "a"},
			"annotations": map[string]any{"note": "b"},
		},
		"spec": map[string]any{"host": "reviews"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

func TestManifestRefusesWhatJSONCannotSay(t *testing.T) {
	t.Parallel()
	if _, err := istio.Manifest(&istio.Object{
		Name: "reviews",
		Spec: &networking.DestinationRule{Host: "\xff"},
	}); err == nil {
		t.Error("no error for a host that is no UTF-8")
	}
}

func TestParseSpec(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind    istio.Kind
		spec    map[string]any
		want    proto.Message
		unknown []string
	}{
		"no spec": {kind: istio.KindVirtualService, want: &networking.VirtualService{}},
		"an empty spec": {
			kind: istio.KindDestinationRule,
			spec: map[string]any{},
			want: &networking.DestinationRule{},
		},
		"null and duration": {
			kind: istio.KindVirtualService,
			spec: map[string]any{"hosts": nil, "http": []any{map[string]any{"timeout": "1.5s"}}},
			want: &networking.VirtualService{
				Http: []*networking.HTTPRoute{{Timeout: durationpb.New(1500 * time.Millisecond)}},
			},
		},
		"a field under both its names": {
			kind: istio.KindVirtualService,
			spec: map[string]any{"http": []any{map[string]any{"mirrorPercent": int64(50), "mirror_percent": int64(7)}}},
			want: &networking.VirtualService{Http: []*networking.HTTPRoute{{MirrorPercent: uint32Value(50)}}},
		},
		"an unknown field": {
			kind:    istio.KindDestinationRule,
			spec:    map[string]any{"host": "reviews", "novelty": true},
			want:    &networking.DestinationRule{Host: "reviews"},
			unknown: []string{"novelty"},
		},
		"an unknown field with nothing in it": {
			kind: istio.KindDestinationRule, spec: map[string]any{"novelty": map[string]any{}},
			want: &networking.DestinationRule{}, unknown: []string{"novelty"},
		},
		"unknown fields in lists and maps": {
			kind: istio.KindVirtualService,
			spec: map[string]any{"http": []any{
				map[string]any{"name": "a"},
				map[string]any{"later": int64(1), "match": []any{map[string]any{
					"headers": map[string]any{"x": map[string]any{"suffix": "y"}},
				}}},
			}},
			want: &networking.VirtualService{Http: []*networking.HTTPRoute{
				{Name: "a"},
				{Match: []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{"x": {}}}}},
			}},
			unknown: []string{"http[1].later", "http[1].match[0].headers.x.suffix"},
		},
		"an unknown enum value": {
			kind: istio.KindDestinationRule,
			spec: map[string]any{"trafficPolicy": map[string]any{"tls": map[string]any{"mode": "NEWER"}}},
			want: &networking.DestinationRule{
				TrafficPolicy: &networking.TrafficPolicy{Tls: &networking.ClientTLSSettings{}},
			},
			unknown: []string{"trafficPolicy.tls.mode"},
		},
		"zeros beside an unknown field are known": {
			kind: istio.KindVirtualService,
			spec: map[string]any{"novelty": "x", "http": []any{map[string]any{
				"mirror_percent": int64(0), "route": []any{map[string]any{"weight": int64(0)}},
				"corsPolicy": map[string]any{"unmatchedPreflights": "UNSPECIFIED", "maxAge": "0s"},
				"headers":    map[string]any{"request": map[string]any{"set": map[string]any{}}},
			}}},
			want: &networking.VirtualService{Http: []*networking.HTTPRoute{{
				MirrorPercent: uint32Value(0),
				Route:         []*networking.HTTPRouteDestination{{}},
				CorsPolicy:    &networking.CorsPolicy{MaxAge: &durationpb.Duration{}},
				Headers:       &networking.Headers{Request: &networking.Headers_HeaderOperations{}},
			}}},
			unknown: []string{"novelty"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, unknown, err := istio.ParseSpec(test.kind, test.spec)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.unknown, unknown); diff != "" {
				t.Errorf("unknown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSpecErrors(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]map[string]any{
		"a text where a list belongs": {"hosts": "reviews"},
		"a value JSON does not have":  {"host": math.NaN()},
		"a fraction for an integer":   {"http": []any{map[string]any{"retries": map[string]any{"attempts": 1.5}}}},
		"a duration without a unit":   {"http": []any{map[string]any{"timeout": "5"}}},
		"two members of a oneof": {"http": []any{map[string]any{
			"match": []any{map[string]any{"uri": map[string]any{"exact": "/", "prefix": "/"}}},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, _, err := istio.ParseSpec(istio.KindVirtualService, spec); err == nil {
				t.Errorf("no error, got %v", got)
			}
		})
	}
}
