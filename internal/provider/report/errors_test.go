package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// fromCluster are texts that somebody with access to the cluster can choose.
var fromCluster = map[string]string{
	"colours":                  "\x1b[31mred\x1b[0m",
	"a bell":                   "a\ab",
	"a carriage return":        "good\rbad",
	"C1 controls":              "\u009b31m\u0085",
	"writing turned around":    "a\u202eb\u2066c",
	"letters that do not show": "a\u200bb\ufeff",
	"no UTF-8":                 "\xff\xfe",
	"1 MB":                     strings.Repeat("\x1b", 1<<20),
	"half a rune":              "\xc3", "only line feeds": strings.Repeat("\n", 5000), "NUL": "\x00",
}

// What a cluster says is shown as text and as nothing else, whichever error it is part of.
func TestReportErrors_hostile(t *testing.T) {
	t.Parallel()
	for name, text := range fromCluster {
		live := &cluster.Live{
			Object: istio.Object{Namespace: text, Name: text},
			Others: []cluster.Manager{{Name: text, Operation: text, Time: time.Unix(0, 0)}, {Name: text}},
		}
		for reason := cluster.Unknown; reason <= cluster.NotAPIServer; reason++ {
			for _, applied := range []bool{false, true} {
				live.Applied = applied
				var diagnostics diag.Diagnostics
				Errors(&diagnostics, nil, &cluster.Error{
					Reason: reason, Verb: "apply", Object: text, Host: text, Existing: live, Err: errors.New(text),
					Conflicts: []cluster.Conflict{{Field: text, Owner: text}, {Field: text, Owner: text}},
				})
				checkShown(t, fmt.Sprintf("%s, reason %d", name, reason), diagnostics)
			}
		}
		var diagnostics diag.Diagnostics
		Errors(&diagnostics, nil, errors.New(text))
		checkShown(t, name+" in another error", diagnostics)
	}
}

// checkShown fails the test for a diagnostic that could do something to a terminal.
func checkShown(t *testing.T, what string, diagnostics diag.Diagnostics) {
	t.Helper()
	if len(diagnostics) == 0 {
		t.Errorf("%s: nothing is said", what)
	}
	for _, d := range diagnostics {
		for _, text := range []string{d.Summary(), d.Detail()} {
			if !utf8.ValidString(text) || len(text) > 8192 || strings.ContainsFunc(text, func(r rune) bool {
				return r != '\n' && r != '\t' && (unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029')
			}) {
				t.Errorf("%s: %d bytes: %.300q", what, len(text), text)
			}
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"plain text stays":                      {"Größe 🚦 – \"a\\b\"\n\tc", "Größe 🚦 – \"a\\b\"\n\tc"},
		"an escape":                             {"\x1b[31m", `\u001b[31m`},
		"a byte that is no UTF-8":               {"a\xffb", `a\xffb`},
		"the replacement character is a letter": {"\ufffd", "\ufffd"},
		"writing turned around":                 {"a\u202eb", `a\u202eb`},
		"a hidden tag":                          {"\U000e0041", `\U000e0041`},
		"the middle of a long text": {
			strings.Repeat("a", 2000) + "|" + strings.Repeat("b", 4000), strings.Repeat("a", 2000) + "|" +
				strings.Repeat("b", 250) + " … (3000 of 6001 bytes left out) … " + strings.Repeat("b", 750),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := printable(c.text); got != c.want {
				t.Errorf("shown as %q, want %q", got, c.want)
			}
		})
	}
}

// FuzzReportErrors shows any texts in any error: what is shown is text of a bounded length.
func FuzzReportErrors(f *testing.F) {
	for _, text := range fromCluster {
		if len(text) < 10_000 {
			f.Add(int(cluster.FieldConflict), text, text)
			f.Add(int(cluster.AlreadyExists), text, "shop/reviews")
			f.Add(int(cluster.Invalid), ".spec.http[0].route[3].weight "+text, `VirtualService "shop/reviews"`)
		}
	}
	f.Fuzz(func(t *testing.T, reason int, first, second string) {
		var diagnostics diag.Diagnostics
		Errors(&diagnostics, placed()["canary"], &cluster.Error{
			Reason:    cluster.Reason(reason),
			Verb:      first,
			Object:    second,
			Fields:    []string{first, second},
			Host:      first,
			Err:       errors.New(second),
			Conflicts: []cluster.Conflict{{Field: first, Owner: second}},
			Existing:  &cluster.Live{Others: []cluster.Manager{{Name: first, Operation: second}}},
		})
		checkShown(t, "an error", diagnostics)
		if again := printable(diagnostics[0].Detail()); len(diagnostics[0].Detail()) < 2000 &&
			again != diagnostics[0].Detail() {
			t.Errorf("shown as %q, and then as %q", diagnostics[0].Detail(), again)
		}
	})
}

// Who only reads is not told to look whether something was changed.
func TestReportErrors_timedOut(t *testing.T) {
	t.Parallel()
	const late = "The API server at a did not answer in time."
	for verb, want := range map[string]string{
		"list": late, "read": late, "apply": late + " Whether the change was made is shown by the next plan.",
	} {
		if _, got := advice(&cluster.Error{Reason: cluster.TimedOut, Verb: verb, Host: "a"}); got != want {
			t.Errorf("%s: %q, want %q", verb, got, want)
		}
	}
}
