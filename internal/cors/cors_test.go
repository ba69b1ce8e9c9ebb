package cors_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/cors"
)

func exact(text string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: text}}
}

func regex(text string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: text}}
}

const (
	known   = "https://a.example"
	unknown = "https://evil.example"
)

// All rows were answered so by Envoys of 1.36 to 1.40, as istiod configures them.
func TestJudge(t *testing.T) {
	t.Parallel()
	type headers = map[string]string
	valid := &networking.CorsPolicy{
		AllowOrigins: []*networking.StringMatch{exact(known)}, AllowMethods: []string{"GET", "POST"},
		AllowHeaders: []string{"x-a", "x-b"}, ExposeHeaders: []string{"x-e"}, MaxAge: durationpb.New(time.Hour),
		AllowCredentials: wrapperspb.Bool(true),
	}
	preflight := cors.Request{Method: "OPTIONS", Origin: known, Asks: "POST"}
	to := func(origin string) headers {
		return headers{
			"allow-origin": origin, "allow-credentials": "true", "expose-headers": "x-e", "allow-methods": "GET,POST",
			"allow-headers": "x-a,x-b", "max-age": "3600",
		}
	}
	simple := headers{"allow-origin": known, "allow-credentials": "true", "expose-headers": "x-e"}
	ignored := to("")
	delete(ignored, "allow-origin")
	delete(ignored, "expose-headers")
	for name, test := range map[string]struct {
		policy  func(*networking.CorsPolicy)
		request func(*cors.Request)
		want    *cors.Verdict
	}{
		"a preflight": {want: &cors.Verdict{Preflight: true, Answered: true, Allowed: true, Headers: to(known)}},
		"a preflight for a method that is not allowed": {
			request: func(r *cors.Request) { r.Asks = "DELETE" },
			want:    &cors.Verdict{Preflight: true, Answered: true, Allowed: true, Headers: to(known)},
		},
		"a preflight for a header that is not allowed": {
			request: func(r *cors.Request) { r.AsksHeaders = "x-z" },
			want:    &cors.Verdict{Preflight: true, Answered: true, Allowed: true, Headers: to(known)},
		},
		"a preflight of another origin": {
			request: func(r *cors.Request) { r.Origin = unknown },
			want:    &cors.Verdict{Preflight: true, Headers: headers{}},
		},
		"a preflight of another origin, told to forward": {
			policy:  func(p *networking.CorsPolicy) { p.UnmatchedPreflights = networking.CorsPolicy_FORWARD },
			request: func(r *cors.Request) { r.Origin = unknown },
			want:    &cors.Verdict{Preflight: true, Headers: headers{}},
		},
		"a preflight of another origin, told to ignore": {
			policy:  func(p *networking.CorsPolicy) { p.UnmatchedPreflights = networking.CorsPolicy_IGNORE },
			request: func(r *cors.Request) { r.Origin = unknown },
			want:    &cors.Verdict{Preflight: true, Answered: true, Headers: ignored},
		},
		"an origin in other letters": {
			request: func(r *cors.Request) { r.Origin = strings.ToUpper(known) },
			want:    &cors.Verdict{Preflight: true, Headers: headers{}},
		},
		"two origins in one line": {
			request: func(r *cors.Request) { r.Origin = known + "," + unknown },
			want:    &cors.Verdict{Preflight: true, Headers: headers{}},
		},
		"OPTIONS that asks for nothing": {
			request: func(r *cors.Request) { r.Asks = "" }, want: &cors.Verdict{Allowed: true, Headers: simple},
		},
		"another method that asks": {
			request: func(r *cors.Request) { r.Method = "GET" }, want: &cors.Verdict{Allowed: true, Headers: simple},
		},
		"any other request of another origin": {
			request: func(r *cors.Request) { r.Method, r.Origin = "GET", unknown },
			want:    &cors.Verdict{Headers: headers{}},
		},
		"no origin": {request: func(r *cors.Request) { r.Origin = "" }},
		"an empty policy": {policy: func(p *networking.CorsPolicy) { proto.Reset(p) }, want: &cors.Verdict{
			Preflight: true, Headers: headers{},
		}},
		"no origins, told to ignore": {
			policy: func(p *networking.CorsPolicy) {
				p.AllowOrigins, p.UnmatchedPreflights = nil, networking.CorsPolicy_IGNORE
			},
			want: &cors.Verdict{Preflight: true, Answered: true, Headers: ignored},
		},
		"origins alone": {
			policy: func(p *networking.CorsPolicy) {
				origins := p.AllowOrigins
				proto.Reset(p)
				p.AllowOrigins = origins
			},
			want: &cors.Verdict{
				Preflight: true, Answered: true, Allowed: true, Headers: headers{"allow-origin": known},
			},
		},
		"stars": {
			policy: func(p *networking.CorsPolicy) {
				p.AllowOrigins, p.AllowMethods, p.AllowHeaders = []*networking.StringMatch{exact("*")}, []string{"*"},
					[]string{"*"}
			},
			request: func(r *cors.Request) { r.Origin, r.AsksHeaders = unknown, "x-z" },
			want: &cors.Verdict{Preflight: true, Answered: true, Allowed: true, Headers: headers{
				"allow-origin": unknown, "allow-credentials": "true", "expose-headers": "x-e", "allow-methods": "POST",
				"allow-headers": "x-z", "max-age": "3600",
			}},
		},
		"a regex": {
			policy: func(p *networking.CorsPolicy) {
				p.AllowOrigins = []*networking.StringMatch{regex(`https://.*\.example`)}
			},
			want: &cors.Verdict{Preflight: true, Answered: true, Allowed: true, Headers: to(known)},
		},
		"a regex that a star matches": {
			policy: func(p *networking.CorsPolicy) {
				p.AllowOrigins = []*networking.StringMatch{{}, regex(`[*]`)}
			},
			want: &cors.Verdict{Preflight: true, Answered: true, Allowed: true, Headers: to(known)},
		},
		"the deprecated field": {
			policy: func(p *networking.CorsPolicy) {
				p.AllowOrigins, p.AllowOrigin = nil, []string{known} //nolint:staticcheck // istiod reads it still
			},
			want: &cors.Verdict{Preflight: true, Answered: true, Allowed: true, Headers: to(known)},
		},
		"the deprecated field beside the other": {
			policy: func(p *networking.CorsPolicy) {
				p.AllowOrigin = []string{unknown} //nolint:staticcheck // istiod reads it still
			},
			request: func(r *cors.Request) { r.Origin = unknown },
			want:    &cors.Verdict{Preflight: true, Headers: headers{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy, request := proto.CloneOf(valid), preflight
			if test.policy != nil {
				test.policy(policy)
			}
			if test.request != nil {
				test.request(&request)
			}
			want := test.want
			if want != nil {
				full := headers{}
				for name, value := range want.Headers {
					full["access-control-"+name] = value
				}
				want.Headers = full
			}
			if diff := cmp.Diff(want, cors.Judge(policy, request)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
	if v := cors.Judge(nil, preflight); v != nil {
		t.Errorf("without a policy: %+v", v)
	}
}

// What becomes of a preflight is said, and of other requests the rule says it.
func TestVerdict_Words(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]*cors.Verdict{
		"": {Allowed: true},
		"; this one is a preflight from an origin that the CORS policy allows, and the proxy answers it by itself, " +
			"with 200": {Preflight: true, Allowed: true, Answered: true},
		"; this one is a preflight from an origin that the CORS policy does not allow, and the proxy answers it by " +
			"itself, with 200 and without access-control-allow-origin": {Preflight: true, Answered: true},
		"; this one is a preflight from an origin that the CORS policy does not allow, and goes on like any other " +
			"request, because the policy does not ignore unmatched preflights": {Preflight: true},
	} {
		if diff := cmp.Diff(want, v.Words()); diff != "" {
			t.Errorf("words of %+v (-want +got):\n%s", v, diff)
		}
	}
	if words := (*cors.Verdict)(nil).Words(); words != "" {
		t.Errorf("words of nothing: %s", words)
	}
}
