package view_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/view"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// answer is what the command says.
type answer struct {
	Code           int
	Stdout, Stderr string
}

// nobody fails where something is asked for.
func nobody(t *testing.T) view.Look {
	t.Helper()
	return func(context.Context, view.Place, []view.Service) (view.Live, error) {
		t.Error("something is asked for")
		return view.Live{}, nil
	}
}

// owns is of one whose kubeconfig is ~/kube, where no flag names another.
func owns(flags view.Place, kubeconfig string) bool {
	return kubeconfig == flags.Kubeconfig || flags.Kubeconfig == "" && kubeconfig == "~/kube"
}

func run(t *testing.T, stdin string, look view.Look, args ...string) answer {
	t.Helper()
	return runFrom(t, strings.NewReader(stdin), look, args...)
}

func runFrom(t *testing.T, stdin io.Reader, look view.Look, args ...string) answer {
	t.Helper()
	if look == nil {
		look = nobody(t)
	}
	var stdout, stderr strings.Builder
	code := view.Run(args, stdin, &stdout, &stderr, look, owns)
	return answer{code, stdout.String(), stderr.String()}
}

// drawn is what a file is drawn as.
func drawn(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	a := run(t, stdin, nil, args...)
	if a.Code != 0 || a.Stderr != "" {
		t.Fatalf("it ends with %d: %s", a.Code, a.Stderr)
	}
	return a.Stdout
}

func file(t *testing.T, name string) string {
	t.Helper()
	return readFile(t, name)
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(file(t, name), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", name, diff)
	}
}

// edited is a file of JSON with a change of what is in it.
func edited(t *testing.T, name string, edit func(map[string]any)) string {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal([]byte(file(t, name)), &tree); err != nil {
		t.Fatal(err)
	}
	edit(tree)
	raw, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// first returns the first change of a plan, and its resource.
func first(plan map[string]any) (resource, change map[string]any) {
	resource = plan["resource_changes"].([]any)[0].(map[string]any)
	return resource, resource["change"].(map[string]any)
}

// Plans that a real terraform show -json printed: each as a comment, and as a page that the tests of the module
// browser open.
func TestRun_plans(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"demo_create", "demo_change", "demo_destroy", "walk", "mixed", "hostile", "state"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := filepath.Join("testdata", name+".json")
			golden(t, name+".md", drawn(t, "", "--markdown", plan))
			page := drawn(t, file(t, name+".json"))
			golden(t, name+".html", page)
			if len(page) > 200_000 {
				t.Errorf("the page has %d bytes", len(page))
			}
			if diff := cmp.Diff(page, drawn(t, file(t, name+".json"), "-")); diff != "" {
				t.Errorf("a file called - is another page (-want +got)\n%s", diff)
			}
		})
	}
}

// What is sensitive is nowhere, neither in what is drawn nor in words.
func TestRun_sensitive(t *testing.T) {
	t.Parallel()
	const secret = "open-sesame"
	if !strings.Contains(file(t, "mixed.json"), secret) {
		t.Fatal("the plan has no secret")
	}
	for _, text := range []string{
		drawn(t, file(t, "mixed.json")), drawn(t, file(t, "mixed.json"), "--markdown"),
	} {
		if strings.Contains(text, secret) {
			t.Error("it shows what is sensitive")
		}
	}
}

// Hostile names end no element, no attribute and no block of code, and nothing that is invisible is left.
func TestRun_hostile(t *testing.T) {
	t.Parallel()
	page := drawn(t, file(t, "hostile.json"))
	for _, not := range []string{"<script", "<img", "\u202e", "\u2066", "\u200b", "&quot;&lt;\"", "href=\"http"} {
		if strings.Contains(page, not) {
			t.Errorf("the page has %q", not)
		}
	}
	for _, want := range []string{"&lt;script&gt;pwned=1", "{{.}}", `\u202egnp.exe\u200b\u2066`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if prose := outsideCode(t, drawn(t, file(t, "hostile.json"), "--markdown")); strings.ContainsAny(prose, "<>|@[") {
		t.Errorf("outside of code there is\n%s", prose)
	}
}

// What a plan says of itself is prose in a comment, and is no more than a version and a time.
func TestRun_hostileVersion(t *testing.T) {
	t.Parallel()
	for fact, of := range map[string]string{"version": "terraform_version", "time": "timestamp"} {
		plan := with(t, "demo_create.json", func(plan, _, _ map[string]any) { plan[of] = "1.2 <b>@all [x](y)" })
		if prose := outsideCode(t, drawn(t, plan, "--markdown")); strings.ContainsAny(prose, "<>|@[") {
			t.Errorf("outside of code there is, of the %s,\n%s", fact, prose)
		}
	}
}

// outsideCode returns what is no code in a text of Markdown, in which all code has to end.
func outsideCode(t *testing.T, text string) string {
	t.Helper()
	var prose strings.Builder
	fence := ""
	for line := range strings.SplitSeq(text, "\n") {
		marks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence != "" && strings.HasPrefix(line, fence) && strings.Trim(line, "`") == "":
			fence = ""
		case fence != "":
		case len(marks) >= 3 && !strings.Contains(line[len(marks):], "`"):
			fence = marks
		default:
			prose.WriteString(outsideSpans(t, line) + "\n")
		}
	}
	if fence != "" {
		t.Errorf("a block of code does not end")
	}
	return prose.String()
}

func outsideSpans(t *testing.T, line string) string {
	t.Helper()
	var prose strings.Builder
	for {
		before, rest, found := strings.Cut(line, "`")
		prose.WriteString(before)
		if !found {
			return prose.String()
		}
		marks := "`" + rest[:len(rest)-len(strings.TrimLeft(rest, "`"))]
		_, after, ends := strings.Cut(rest[len(marks)-1:], " "+marks)
		if !ends {
			t.Errorf("code does not end in %q", line)
			return prose.String()
		}
		line = after
	}
}

// many is a plan with so many routes of so many rules, all of which change.
func many(t *testing.T, routes, rules int) string {
	t.Helper()
	return edited(t, "demo_change.json", func(plan map[string]any) {
		all := plan["resource_changes"].([]any)
		resource := all[0].(map[string]any)
		var changes []any
		for i := range routes {
			name := fmt.Sprintf("echo-%03d", i)
			var some []any
			for j := range rules {
				some = append(some, map[string]any{
					"name":    fmt.Sprintf("team-%02d", j),
					"match":   []any{map[string]any{"uri": map[string]any{"prefix": fmt.Sprintf("/team/%02d/", j)}}},
					"weights": map[string]any{"v1": nil, "v2": (i+j)%99 + 1},
				})
			}
			changes = append(changes, map[string]any{
				"address": "mesh_canary_route." + name, "mode": "managed", "type": resource["type"],
				"change": map[string]any{
					"actions": []any{"create"},
					"after": map[string]any{
						"service": name, "namespace": "greeter", "rules": some, "virtual_service_name": name,
						"destination_rule_name": name,
						"default":               map[string]any{"subset": "v1"},
						"subsets": map[string]any{
							"v1": map[string]any{"labels": map[string]any{"version": "v1"}},
							"v2": map[string]any{"labels": map[string]any{"version": "v2"}},
						},
					},
				},
			})
		}
		plan["resource_changes"] = changes
	})
}

// A plan with many large routes becomes a page of a size that a browser can show, and a comment that GitHub takes.
// Each route is there as a whole, or is named among those that are left out.
func TestRun_large(t *testing.T) {
	t.Parallel()
	plan := many(t, 100, 2)
	page := drawn(t, plan, "--limit", "300000")
	if len(page) > 320_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	left := strings.Count(page, "The picture is left out, because this page would be too large with it.")
	if pictures := strings.Count(page, `<div class="wide">`); left == 0 || pictures == 0 || left+pictures != 100 {
		t.Errorf("%d pictures are drawn, and %d left out", pictures, left)
	}
	for _, limit := range []int{40_000, 20_000, 3_000} {
		text := drawn(t, plan, "--markdown", "--limit", fmt.Sprint(limit))
		if n := utf8.RuneCountInString(text); n > limit {
			t.Errorf("with the limit %d the text has %d characters", limit, n)
		}
		outsideCode(t, text)
		whole := strings.Count(text, "\n#### ")
		if want := fmt.Sprintf("%d routes are left out, because this text would be too long with them:",
			100-whole); whole == 0 || !strings.Contains(text, want) {
			t.Errorf("with the limit %d there are %d routes, and not %q", limit, whole, want)
		}
	}
}
