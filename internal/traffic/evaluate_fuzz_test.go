package traffic_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// FuzzEvaluate takes whatever an API server could hold as a VirtualService: nothing panics, what is dead takes no
// request, and a picture is a flowchart.
func FuzzEvaluate(f *testing.F) {
	for _, spec := range []string{
		`{}`, `{"hosts":["*"]}`, `{"hosts":[""],"http":[null,{}]}`,
		`{"hosts":["reviews"],"http":[{"match":[null,{}],"route":[null]},{"route":[{"destination":{"host":"reviews"},` +
			`"weight":-1},{"weight":2}]}]}`,
		`{"hosts":["reviews"],"http":[{"match":[{"headers":{"":null,"v":{"regex":"("}},"withoutHeaders":{"v":null}}],` +
			`"redirect":{"redirectCode":305}}]}`,
		`{"hosts":["reviews"],"http":[{"delegate":{},"match":[{"uri":{"regex":".*"}}]},` +
			`{"directResponse":{"status":200,"body":{"bytes":"AA=="}}}]}`,
		`{"hosts":["reviews"],"gateways":["a.b"],"http":[{"match":[{"gateways":["./x","y"],"port":1}],` +
			`"rewrite":{"uriRegexRewrite":{"match":"(a","rewrite":"\\9"}},"fault":{"abort":{},"delay":{"percent":3}},` +
			`"mirror":{},"mirrors":[null]}]}`,
	} {
		f.Add([]byte(spec), "reviews", "/a?b=c", "v", "1")
	}
	f.Fuzz(func(t *testing.T, data []byte, authority, path, header, value string) {
		var spec map[string]any
		if json.Unmarshal(data, &spec) != nil {
			t.Skip("no JSON object")
		}
		message, _, err := istio.ParseSpec(istio.KindVirtualService, spec)
		if err != nil {
			t.Skip("no VirtualService")
		}
		o := []*istio.Object{{Namespace: "shop", Name: "reviews", Spec: message}}
		request := traffic.Request{
			Authority:       authority,
			Path:            path,
			Headers:         map[string][]string{header: {value}},
			SourceNamespace: "shop",
		}
		out := evaluate(o, nil, request, traffic.Options{})
		possible := utf8.ValidString(path+value) && !strings.ContainsAny(path+value, "\x00\r\n") &&
			(path == "" || strings.HasPrefix(path, "/"))
		for _, v := range traffic.FindDead(o, traffic.Options{}) {
			if v.Life == traffic.Dead && possible && out.Rule.Object != nil && v.Rule == out.Rule &&
				(v.Match == out.Match || v.Match.Index < 0) {
				t.Fatalf("%s is dead (%s), but takes %+v", v.Place, v.Reason, request)
			}
		}
		traffic.Summary(o, traffic.Options{})
		traffic.Moves(nil, o, traffic.Options{})
		if drawn := traffic.Diagram(o, traffic.Options{}); !flowchart.MatchString(drawn) {
			t.Fatalf("no flowchart:\n%s", drawn)
		}
	})
}

// FuzzRegexes compares what is made of regular expressions with what they are: a value matches as Go's regexp says,
// and a rule behind another one is dead only if the first takes everything that the second would.
func FuzzRegexes(f *testing.F) {
	for _, pair := range [][2]string{
		{".*", "a"}, {"a|b", "[ab]"}, {"(?i)k", "k"}, {"^a$", "a"}, {"a?b?", "(ab)?"}, {"[^a]", "b+"}, {"", "a*"},
		{`\bx`, "x"},
		{"(a|ab)(c|bcd)", "abcd"}, {"[a-f]{2,3}", "ab"}, {"(?s).", "."}, {"(?U)a+", "aa"}, {`\pL+`, "é"}, {"a$|b", "b"},
		{"(?:)", ""}, {"^^a", "a"},
	} {
		f.Add(pair[0], pair[1], "ab")
	}
	f.Fuzz(func(t *testing.T, first, second, value string) {
		if len(first)+len(second) > 60 || strings.ContainsAny(value, "\x00\r\n") ||
			!utf8.ValidString(first+second+value) || first == "*" || second == "*" {
			t.Skip("not what a header has")
		}
		// What is none by itself may be one between brackets.
		for _, text := range []string{first, second} {
			if _, err := regexp.Compile(text); err != nil {
				t.Skip("no expression")
			}
		}
		one, err := regexp.Compile(`\A(?:` + first + `)\z`)
		if err != nil {
			t.Skip("no expression")
		}
		two, err := regexp.Compile(`\A(?:` + second + `)\z`)
		if err != nil {
			t.Skip("no expression")
		}
		spec := &networking.VirtualService{Hosts: []string{"reviews"}}
		for _, text := range []string{first, second} {
			spec.Http = append(spec.Http,
				&networking.HTTPRoute{Name: text, Route: shares(100), Match: []*networking.HTTPMatchRequest{
					{Headers: map[string]*networking.StringMatch{"v": expressed(text)}},
				}})
		}
		o := []*istio.Object{{Namespace: "shop", Name: "reviews", Spec: spec}}
		out := evaluate(o, nil, traffic.Request{Headers: headers("v", value)}, traffic.Options{})
		want := ""
		switch {
		case one.MatchString(value):
			want = "0.0"
		case two.MatchString(value):
			want = "1.0"
		}
		if got := fired(out); got != want {
			t.Fatalf("%q, then %q: %q hits %q, want %q", first, second, value, got, want)
		}
		for _, v := range traffic.FindDead(o, traffic.Options{}) {
			if v.Life == traffic.Dead && v.Match.Index >= 0 && want != "" && v.Rule.Index == int(want[0]-'0') {
				t.Fatalf("%q, then %q: %s is dead (%s), but takes %q", first, second, v.Place, v.Reason, value)
			}
		}
	})
}
