package istio_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

func uint32Value(n uint32) *wrapperspb.UInt32Value { return wrapperspb.UInt32(n) }

func TestDifferences(t *testing.T) {
	t.Parallel()
	service := func(change func(*networking.VirtualService)) *networking.VirtualService {
		s := &networking.VirtualService{
			Hosts: []string{"reviews"},
			Http:  []*networking.HTTPRoute{istiotest.ValidRule(0)},
		}
		change(s)
		return s
	}
	subsets := func(names ...string) *networking.DestinationRule {
		d := &networking.DestinationRule{Host: "reviews"}
		for _, name := range names {
			d.Subsets = append(d.Subsets, &networking.Subset{Name: name})
		}
		return d
	}
	valid := service(func(*networking.VirtualService) {})
	empty, anything := &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{}}, &networking.StringMatch{}
	matching := func(uri *networking.StringMatch, change func(*networking.VirtualService)) *networking.VirtualService {
		return service(func(s *networking.VirtualService) {
			s.Http[0].Match, s.Http[0].Rewrite = []*networking.HTTPMatchRequest{{Uri: uri}}, nil
			change(s)
		})
	}
	rewrites := func(s *networking.VirtualService) { s.Http[0].Rewrite = &networking.HTTPRewrite{Uri: "/a"} }
	redirects := func(s *networking.VirtualService) {
		s.Http[0].Redirect = &networking.HTTPRedirect{PrefixRewrite: "/a"}
	}
	isDelegate := func(s *networking.VirtualService) { s.Hosts = nil }
	answers := func(body *networking.HTTPBody) *networking.VirtualService {
		return service(func(s *networking.VirtualService) {
			s.Http[0].DirectResponse = &networking.HTTPDirectResponse{Status: 200, Body: body}
		})
	}
	tests := map[string]struct {
		a, b proto.Message
		want []string
	}{
		"headers that change nothing": {
			a: service(func(s *networking.VirtualService) { s.Http[0].Headers = nil }),
			b: service(func(s *networking.VirtualService) {
				s.Http[0].Headers = &networking.Headers{Response: &networking.Headers_HeaderOperations{}}
				s.Http[0].Route[0].Headers = &networking.Headers{Request: &networking.Headers_HeaderOperations{}}
				s.Http[0].Route[1].Headers = &networking.Headers{}
			}),
		},
		"headers of a delegate that keep those of its root away": {
			a: service(func(s *networking.VirtualService) { s.Hosts, s.Http[0].Headers = nil, nil }),
			b: service(func(s *networking.VirtualService) {
				s.Hosts, s.Http[0].Headers = nil, &networking.Headers{}
			}),
			want: []string{"http[0].headers"},
		},
		"the mesh is the default gateway": {
			a: valid, b: service(func(s *networking.VirtualService) { s.Gateways = []string{"mesh"} }),
		},
		"an empty prefix is every path": {
			a: matching(empty, func(*networking.VirtualService) {}),
			b: matching(anything, func(*networking.VirtualService) {}),
		},
		"an empty prefix that is rewritten": {
			a:    matching(empty, rewrites),
			b:    matching(anything, rewrites),
			want: []string{"http[0].match[0].uri.prefix"},
		},
		"an empty prefix that is redirected": {
			a:    matching(empty, redirects),
			b:    matching(anything, redirects),
			want: []string{"http[0].match[0].uri.prefix"},
		},
		"an empty prefix of a delegate": {
			a:    matching(empty, isDelegate),
			b:    matching(anything, isDelegate),
			want: []string{"http[0].match[0].uri.prefix"},
		},
		"a match without conditions is none": {
			a: service(func(s *networking.VirtualService) {
				s.Http[0].Match = []*networking.HTTPMatchRequest{{IgnoreUriCase: true}, {}}
			}),
			b: service(func(s *networking.VirtualService) { s.Http[0].Match = nil }),
		},
		"a match without conditions of a delegate": {
			a: service(func(s *networking.VirtualService) {
				s.Hosts, s.Http[0].Match = nil, []*networking.HTTPMatchRequest{{}}
			}),
			b:    service(func(s *networking.VirtualService) { s.Hosts, s.Http[0].Match = nil, nil }),
			want: []string{"http[0].match"},
		},
		"a match without conditions of a rule that delegates": {
			a: service(func(s *networking.VirtualService) {
				s.Http[0].Delegate, s.Http[0].Match = &networking.Delegate{}, []*networking.HTTPMatchRequest{{}}
			}),
			b: service(func(s *networking.VirtualService) {
				s.Http[0].Delegate, s.Http[0].Match = &networking.Delegate{}, nil
			}),
			want: []string{"http[0].match"},
		},
		"an empty body is none": {
			a: answers(&networking.HTTPBody{Specifier: &networking.HTTPBody_String_{}}), b: answers(nil),
		},
		"destinations in another order": {
			a: valid, b: service(func(s *networking.VirtualService) {
				s.Http[0].Route[0], s.Http[0].Route[1] = s.Http[0].Route[1], s.Http[0].Route[0]
			}),
		},
		"the weight of an only destination": {
			a: service(func(s *networking.VirtualService) { s.Http[0].Route = s.Http[0].Route[:1] }),
			b: service(func(s *networking.VirtualService) {
				s.Http[0].Route = s.Http[0].Route[:1]
				s.Http[0].Route[0].Weight = 0
			}),
		},
		"a negative weight of an only destination": {
			a: service(func(s *networking.VirtualService) {
				s.Http[0].Route = s.Http[0].Route[:1]
				s.Http[0].Route[0].Weight = -1
			}),
			b: service(func(s *networking.VirtualService) {
				s.Http[0].Route = s.Http[0].Route[:1]
			}),
			want: []string{"http[0].route[0].weight"},
		},
		"subsets in another order": {a: subsets("v1", "v2"), b: subsets("v2", "v1")},
		"subsets of another name":  {a: subsets("v1"), b: subsets("v2"), want: []string{"subsets[0].name"}},
		"one subset more":          {a: subsets("v1"), b: subsets("v1", "v2"), want: []string{"subsets[1]"}},
		"one gateway more": {
			a: valid, b: service(func(s *networking.VirtualService) { s.Gateways = []string{"mesh", "public"} }),
			want: []string{"gateways"},
		},
		"rules in another order": {
			a: service(func(s *networking.VirtualService) {
				s.Http = append(s.Http, &networking.HTTPRoute{Name: "b"})
			}),
			b: service(func(s *networking.VirtualService) {
				s.Http = append([]*networking.HTTPRoute{{Name: "b"}}, s.Http...)
			}),
			want: []string{
				"http[0].corsPolicy", "http[0].fault", "http[0].headers", "http[0].match", "http[0].mirrors",
				"http[0].name", "http[0].retries",
				"http[0].rewrite", "http[0].route", "http[0].timeout",
				"http[1].corsPolicy", "http[1].fault", "http[1].headers", "http[1].match", "http[1].mirrors",
				"http[1].name", "http[1].retries",
				"http[1].rewrite", "http[1].route", "http[1].timeout",
			},
		},
		"weight and timeout": {
			a: valid, b: service(func(s *networking.VirtualService) {
				s.Http[0].Timeout = durationpb.New(time.Minute)
				s.Http[0].Route[0].Weight, s.Http[0].Route[1].Weight = 80, 20
			}),
			want: []string{"http[0].route[0].weight", "http[0].route[1].weight", "http[0].timeout"},
		},
		"an empty block is not an absent one": {
			a:    service(func(s *networking.VirtualService) { s.Http[0].Retries = nil }),
			b:    service(func(s *networking.VirtualService) { s.Http[0].Retries = &networking.HTTPRetry{} }),
			want: []string{"http[0].retries"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := proto.Clone(test.a), proto.Clone(test.b)
			if diff := cmp.Diff(test.want, istio.Differences(a, b)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if same := istio.SameSpec(a, b); same != (len(test.want) == 0) {
				t.Errorf("same: %v", same)
			}
			if same := istio.Fingerprint(a) == istio.Fingerprint(b); same != (len(test.want) == 0) {
				t.Errorf("same fingerprint: %v", same)
			}
			if !proto.Equal(a, test.a) || !proto.Equal(b, test.b) {
				t.Error("comparing changed a spec")
			}
		})
	}
}

func TestDifferencesOfWhatIsNoJSON(t *testing.T) {
	t.Parallel()
	odd, even := &networking.DestinationRule{Host: "\xff"}, &networking.DestinationRule{Host: "reviews"}
	for _, pair := range [][2]proto.Message{{odd, even}, {even, odd}} {
		if got := istio.Differences(pair[0], pair[1]); len(got) != 1 || !strings.Contains(got[0], "UTF-8") {
			t.Errorf("got %v", got)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	at := istio.Path{"hosts", 0}
	want := []istio.Problem{
		{At: at, Reason: "is 1"},
		{At: at, Severity: istio.Void, Reason: "is 2"},
		{At: at, Severity: istio.Doubtful, Reason: "is 3"},
	}
	got := []istio.Problem{istio.Errorf(at, "is %d", 1), istio.Voidf(at, "is %d", 2), istio.Warnf(at, "is %d", 3)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// A text names those to blame, but not all of a hundred.
func TestProblemText(t *testing.T) {
	t.Parallel()
	for want, blamed := range map[string]int{
		"take all first":                              0,
		"http[0] take all first":                      1,
		"http[0], http[1] and http[2] take all first": 3,
		"http[0], http[1], http[2], http[3], http[4] and 2 more take all first": 7,
	} {
		p := istio.Problem{Reason: "take all first"}
		for i := range blamed {
			p.By = append(p.By, istio.Path{"http", i})
		}
		if got := p.Text(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
