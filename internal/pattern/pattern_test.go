package pattern_test

import (
	"strings"
	"testing"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

func regex(text string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: text}}
}

// Which texts a StringMatch takes, and what it is called.
func TestPattern(t *testing.T) {
	t.Parallel()
	exact := &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: "Ab"}}
	prefix := &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: "/A"}}
	for name, test := range map[string]struct {
		of         *networking.StringMatch
		takes, not []string
		// folded is one more text that it takes in any case.
		folded, words string
	}{
		"nothing":            {nil, []string{"", "a"}, nil, "A", "present"},
		"no condition":       {&networking.StringMatch{}, []string{"", "a"}, nil, "A", "present"},
		"a star":             {regex("*"), []string{"", "a"}, nil, "A", "present"},
		"a text":             {exact, []string{"Ab"}, []string{"ab", "Abc", ""}, "aB", "Ab"},
		"a prefix":           {prefix, []string{"/A", "/Ab"}, []string{"/a", ""}, "/ab", "starting with /A"},
		"a literal":          {regex("ab"), []string{"ab"}, []string{"abc"}, "AB", "ab"},
		"alternatives":       {regex("(a|b[cd])"), []string{"a", "bc", "bd"}, []string{"b", "ac"}, "BD", "a|bc|bd"},
		"an optional letter": {regex("colou?r"), []string{"color", "colour"}, []string{"colouur"}, "", "color|colour"},
		"text and anything": {
			regex("/api/.*"), []string{"/api/", "/api/v1"}, []string{"/api"}, "/API/", "starting with /api/",
		},
		"an expression": {
			regex("v[0-9]+(-beta)?"), []string{"v1", "v22-beta"}, []string{"v", "xv1", "v1-"}, "",
			"matching v[0-9]+(-beta)?",
		},
		"an anchored one": {regex("^v[0-9]+$"), []string{"v1"}, []string{"v"}, "", "matching ^v[0-9]+$"},
		"no expression":   {regex("("), nil, []string{"", "("}, "", "matching ("},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pattern.New(test.of)
			for _, text := range test.takes {
				if !p.Matches(text) {
					t.Errorf("%q is not taken", text)
				}
			}
			for _, text := range test.not {
				if p.Matches(text) {
					t.Errorf("%q is taken", text)
				}
			}
			if p.Words() != test.words {
				t.Errorf("it is called %q, want %q", p.Words(), test.words)
			}
			if test.folded != "" {
				folded := p.IgnoreCase()
				if !folded.Matches(test.folded) {
					t.Errorf("in any case %q is not taken", test.folded)
				}
				if folded.Key() == p.Key() && test.words != "present" {
					t.Errorf("in any case it has the same key %q", p.Key())
				}
			}
			if again := pattern.New(test.of); again.Key() != p.Key() {
				t.Errorf("its key is %q, and then %q", p.Key(), again.Key())
			}
		})
	}
}

// A text is found that some take and others do not, a shortest one, or it is certain that there is none.
func TestCommon(t *testing.T) {
	t.Parallel()
	everyRune := func(rune) bool { return true }
	for name, test := range map[string]struct {
		in, out []*pattern.Pattern
		allowed func(rune) bool
		text    string
		none    bool
	}{
		"one text":         {in: []*pattern.Pattern{pattern.Exact("ab")}, text: "ab"},
		"two prefixes":     {in: []*pattern.Pattern{pattern.Prefix("/a"), pattern.Prefix("/ab")}, text: "/ab"},
		"two that exclude": {in: []*pattern.Pattern{pattern.Prefix("/a"), pattern.Prefix("/b")}, none: true},
		"one but not other": {
			in:   []*pattern.Pattern{pattern.Prefix("a")},
			out:  []*pattern.Pattern{pattern.Exact("a")},
			text: "ax",
		},
		"covered by other": {
			in:   []*pattern.Pattern{pattern.Prefix("ab")},
			out:  []*pattern.Pattern{pattern.Prefix("a")},
			none: true,
		},
		"expressions": {
			in:  []*pattern.Pattern{pattern.NewExpression("v[0-9]+"), pattern.NewExpression(".*2")},
			out: []*pattern.Pattern{pattern.Exact("v2")}, text: "v12",
		},
		"in any case": {in: []*pattern.Pattern{pattern.Exact("AB").IgnoreCase()}, text: "ab"},
		"a letter that is not allowed": {
			in: []*pattern.Pattern{pattern.Exact("a:b")}, allowed: func(r rune) bool { return r != ':' }, none: true,
		},
		"all texts": {
			in:   []*pattern.Pattern{pattern.New(nil)},
			out:  []*pattern.Pattern{pattern.Exact("")},
			text: "x",
		},
		"none of none": {out: []*pattern.Pattern{pattern.New(nil)}, none: true},
		"one of a list": {
			in:   []*pattern.Pattern{pattern.Exact("b", "a")},
			out:  []*pattern.Pattern{pattern.Exact("a")},
			text: "b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			allowed := test.allowed
			if allowed == nil {
				allowed = everyRune
			}
			var machines []*pattern.Machine
			for _, p := range append(test.in, test.out...) {
				machines = append(machines, pattern.NewMachine(p))
			}
			left := 1 << 20
			text, found, certain := pattern.Common(machines, len(test.in), allowed, &left)
			if found == test.none || !certain || text != test.text {
				t.Errorf("found %v (certain: %v) %q, want %q", found, certain, text, test.text)
			}
		})
	}
}

// What takes too long, or cannot be followed, is not certain.
func TestCommon_uncertain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		of   string
		left int
	}{
		"nothing left":           {"[ab]*a[ab]{9}", 10},
		"too many states":        {"[ab]*a[ab]{40}c", 1 << 24},
		"a word's end":           {`a\b`, 1 << 20},
		"an expression too long": {strings.Repeat("[a-c]x?", 900), 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			machines := []*pattern.Machine{pattern.NewMachine(pattern.NewExpression(test.of))}
			if text, found, certain := pattern.Common(machines, 1, func(rune) bool {
				return true
			}, &test.left); found ||
				certain {
				t.Errorf("found %v %q, certain %v", found, text, certain)
			}
		})
	}
}
