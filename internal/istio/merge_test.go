package istio_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func exact(text string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: text}}
}

func prefix(text string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: text}}
}

func regex(text string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: text}}
}

// A delegate's rule keeps what it says, and inherits what it does not say.
func TestMergeRules(t *testing.T) {
	t.Parallel()
	root := &networking.HTTPRoute{
		Name: "shop", Timeout: durationpb.New(time.Second), Retries: &networking.HTTPRetry{Attempts: 3},
		Match: []*networking.HTTPMatchRequest{
			{Name: "a", Uri: prefix("/a"), Headers: map[string]*networking.StringMatch{"v": exact("1")}},
			{Uri: prefix("/b"), Port: 80, Gateways: []string{"web"}, SourceLabels: map[string]string{"app": "x"}},
		},
	}
	own := &networking.HTTPRoute{
		Name: "cart", Timeout: durationpb.New(2 * time.Second),
		Match: []*networking.HTTPMatchRequest{
			{Name: "n", Uri: exact("/a/b"), Headers: map[string]*networking.StringMatch{"w": exact("2")}}, {},
		},
	}
	origins, ok := istio.MergeRules(root, own)
	want := &networking.HTTPRoute{
		Name: "shop-cart", Timeout: durationpb.New(2 * time.Second), Retries: &networking.HTTPRetry{Attempts: 3},
		Match: []*networking.HTTPMatchRequest{
			{
				Name: "a-n", Uri: exact("/a/b"),
				Headers: map[string]*networking.StringMatch{"v": exact("1"), "w": exact("2")},
			},
			{Name: "a", Uri: prefix("/a"), Headers: map[string]*networking.StringMatch{"v": exact("1")}},
			{Uri: prefix("/b"), Port: 80, Gateways: []string{"web"}, SourceLabels: map[string]string{"app": "x"}},
		},
	}
	if diff := cmp.Diff(want, own, protocmp.Transform()); diff != "" || !ok {
		t.Errorf("%v, the rule (-want +got):\n%s", ok, diff)
	}
	from := []istio.MatchOrigin{{Root: 0, Delegate: 0}, {Root: 0, Delegate: 1}, {Root: 1, Delegate: 1}}
	if diff := cmp.Diff(from, origins); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
}

// Matches that do not fit together leave the rule as it is.
func TestMergeRules_conflict(t *testing.T) {
	t.Parallel()
	type match = networking.HTTPMatchRequest
	for name, test := range map[string]struct {
		root, own *match
		want      bool
	}{
		"a longer prefix":         {&match{Uri: prefix("/a")}, &match{Uri: prefix("/a/b")}, true},
		"another prefix":          {&match{Uri: prefix("/a")}, &match{Uri: prefix("/b")}, false},
		"an exact one below":      {&match{Uri: prefix("/a")}, &match{Uri: exact("/a/b")}, true},
		"a prefix below an exact": {&match{Uri: exact("/a")}, &match{Uri: prefix("/a")}, false},
		"equal regexes":           {&match{Uri: regex("a")}, &match{Uri: regex("a")}, false},
		"two empty ones":          {&match{Uri: exact("")}, &match{Uri: exact("")}, false},
		"another header": {
			&match{Headers: map[string]*networking.StringMatch{"v": exact("1")}},
			&match{Headers: map[string]*networking.StringMatch{"v": exact("2")}}, false,
		},
		"another label": {
			&match{SourceLabels: map[string]string{"a": "1"}}, &match{SourceLabels: map[string]string{"a": "2"}}, false,
		},
		"the same label": {
			&match{SourceLabels: map[string]string{"a": "1"}}, &match{SourceLabels: map[string]string{"a": "1"}}, true,
		},
		"another port":          {&match{Port: 80}, &match{Port: 81}, false},
		"another namespace":     {&match{SourceNamespace: "a"}, &match{SourceNamespace: "b"}, false},
		"fewer gateways":        {&match{Gateways: []string{"a", "b"}}, &match{Gateways: []string{"b"}}, true},
		"another gateway":       {&match{Gateways: []string{"a"}}, &match{Gateways: []string{"b"}}, false},
		"no gateway of its own": {&match{Gateways: []string{"a"}}, &match{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := &networking.HTTPRoute{Name: "own", Match: []*match{test.own}}
			before := proto.CloneOf(own)
			_, ok := istio.MergeRules(&networking.HTTPRoute{Name: "root", Match: []*match{test.root}}, own)
			if ok != test.want {
				t.Errorf("they fit together: %v", ok)
			}
			if diff := cmp.Diff(before, own, protocmp.Transform()); !ok && diff != "" {
				t.Errorf("the rule changed (-want +got):\n%s", diff)
			}
		})
	}
}
