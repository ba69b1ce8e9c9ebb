package traffic_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/picture"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// thirty are the rules of a service that many teams call; the edits make another version of them.
func thirty(edits ...string) string {
	to := func(shares ...any) string {
		var all []string
		for i := 0; i < len(shares); i += 2 {
			all = append(all, fmt.Sprintf("{destination: {host: reviews, subset: %s}, weight: %d}", shares[i],
				shares[i+1]))
		}
		return "route: [" + strings.Join(all, ", ") + "]"
	}
	rules := []string{
		"{name: testers, match: [{headers: {x-tester: {exact: 'yes'}}}], " + to("v3", 100) + "}",
		"{name: beta, match: [{headers: {x-channel: {exact: beta}}}, {queryParams: {channel: {exact: beta}}}], " +
			"timeout: 5s, " + to("v2", 70, "v3", 30) + "}",
		"{name: old-clients, match: [{headers: {user-agent: {regex: 'shop/1\\..*'}}}], retries: {attempts: 0}, " +
			to("v1", 100) + "}",
		"{name: moved, match: [{uri: {prefix: /legacy/}}], redirect: {uri: /reviews/, redirectCode: 308}}",
		"{name: teapot, match: [{uri: {exact: /tea}}], directResponse: {status: 418}}",
	}
	for i := range 22 {
		rules = append(rules, fmt.Sprintf("{name: team-%02d, match: [{uri: {prefix: /team/%02d/}}], %s}", i+1, i+1,
			to("v1", 90-i%3*20, "v2", 10+i%3*20)))
	}
	rules = append(rules,
		"{name: writers, match: [{method: {exact: POST}, headers: {x-tenant: {prefix: gold-}}, "+
			"uri: {prefix: /reviews/}}], timeout: 10s, retries: {attempts: 3}, "+to("v1", 50, "v2", 30, "v3", 20)+"}",
		"{name: shadowed, match: [{sourceLabels: {app: search}}], mirrors: [{destination: {host: reviews, "+
			"subset: v3}, percentage: {value: 5}}], "+to("v2", 100)+"}",
		"{"+to("v1", 80, "v2", 15, "v3", 5)+"}")
	return strings.NewReplacer(edits...).Replace("hosts: [reviews, reviews.example.com]\nhttp:\n- " +
		strings.Join(rules, "\n- "))
}

// changes are what a plan makes of them: shares, words, an order, a new rule, and some that go.
var changes = []string{
	"subset: v2}, weight: 70}, {destination: {host: reviews, subset: v3}, weight: 30",
	"subset: v2}, weight: 40}, {destination: {host: reviews, subset: v3}, weight: 60",
	"timeout: 10s, retries: {attempts: 3}", "timeout: 2s, retries: {attempts: 3}",
	"weight: 80}, {destination: {host: reviews, subset: v2}, weight: 15}, {destination: {host: reviews, subset: v3}, " +
		"weight: 5}",
	"weight: 60}, {destination: {host: reviews, subset: v2}, weight: 30}, {destination: {host: reviews, subset: v3}, " +
		"weight: 10}",
	"{name: old-clients, match: [{headers: {user-agent: {regex: 'shop/1\\..*'}}}], retries: {attempts: 0}, route: " +
		"[{destination: {host: reviews, subset: v1}, weight: 100}]}",
	"{name: crawlers, match: [{headers: {user-agent: {prefix: Googlebot}}}], route: [{destination: {host: reviews, " +
		"subset: v1}}]}",
	"directResponse: {status: 418}", "directResponse: {status: 404}",
	"prefix: /team/09/", "prefix: /teams/09/",
}

// allChanges are what changes shares, words and time limits of all of them.
func allChanges() []string {
	return []string{
		"weight: 100}", "weight: 90}, {destination: {host: reviews, subset: v4}, weight: 10}",
		"weight: 90", "weight: 80", "weight: 70", "weight: 60", "weight: 50", "weight: 40", "weight: 80", "weight: 75",
		"code: 308", "code: 301",
		"uri: /reviews/", "uri: /all/reviews/", "418", "404", "name: t", "timeout: 3s, name: t",
	}
}

// hostileNames are rules whose names would break out of a picture, or out of their place in it.
func hostileNames(t *testing.T, subset string) string {
	t.Helper()
	text := "hosts: [reviews]\nhttp:\n"
	for _, name := range []string{
		"</title></text></svg></body><script>pwned=1</script><img src=x onerror=pwned=1>",
		"]]><!--", `"'&quot;&lt;&#x3c;`,
		"```\n# heading", "~~~\n<details>", strings.Repeat("long name ", 50), strings.Repeat("W", 10_000),
		"שלום עולם", "مرحبا بالعالم", "\u202egnp.exe", "zero\u200bwidth\u2060\ufeff",
		"zalgo" + strings.Repeat("\u0301\u0323", 40),
		"\ufdfd\ufdfd\ufdfd", "𒐫𒐫𒐫𒐫",
		"👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "漢字かな交じり文の名前はとても長いです",
		"url(#x) fill:red;} svg{display:none", "\u3164\u3164",
	} {
		short := name[:min(len(name), 500)]
		rule, err := json.Marshal(map[string]any{
			"name": name, "timeout": "5s",
			"match": []any{map[string]any{"headers": map[string]any{"x": map[string]any{"exact": short}}}},
			"route": []any{
				map[string]any{"destination": map[string]any{"host": "reviews", "subset": short}, "weight": 60},
				map[string]any{"destination": map[string]any{"host": "reviews", "subset": subset}, "weight": 40},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		text += "- " + string(rule) + "\n"
	}
	return text
}

func virtualServices(t *testing.T, spec string) []*istio.Object {
	t.Helper()
	return []*istio.Object{istiotest.VirtualService(t, "reviews", spec)}
}

func sheetOfChange(t *testing.T, before, after string) *picture.Sheet {
	t.Helper()
	return traffic.SheetOfChange(virtualServices(t, before), virtualServices(t, after), traffic.Options{},
		traffic.Options{})
}

func TestSheet_thirty(t *testing.T) {
	t.Parallel()
	s := sheetOfChange(t, thirty(), thirty(changes...))
	goldenFile(t, "sheet/thirty_change.html", s.Page())
	goldenFile(t, "sheet/thirty_change.md", s.Markdown())
	goldenFile(t, "sheet/thirty_change.svg", s.SVG(picture.Width))
	s = traffic.Sheet(virtualServices(t, thirty()), traffic.Options{})
	goldenFile(t, "sheet/thirty.html", s.Page())
	s = sheetOfChange(t, thirty(), thirty(allChanges()...))
	goldenFile(t, "sheet/thirty_all_change.html", s.Page())
	s = sheetOfChange(t, hostileNames(t, "v1"), hostileNames(t, "v2"))
	goldenFile(t, "sheet/hostile_change.html", s.Page())
	goldenFile(t, "sheet/hostile_change.md", s.Markdown())
	s = sheetOfChange(t, canaryRoute, strings.NewReplacer("90", "75", "10}", "25}").Replace(canaryRoute))
	goldenFile(t, "sheet/canary.html", s.Page())
	goldenFile(t, "sheet/canary.md", s.Markdown())
}

// Of a rule that goes a picture says which rules take its requests then.
func TestSheetOfChange_fates(t *testing.T) {
	t.Parallel()
	const host = "hosts: [reviews]\ngateways: [mesh, shop/public]\nhttp:\n"
	rule := func(name, match, to string) string {
		return fmt.Sprintf("- {name: %s, match: [%s], route: [{destination: {host: reviews, subset: %s}}]}\n", name,
			match, to)
	}
	gone := rule("gone", "{uri: {prefix: /a}}, {uri: {prefix: /b}}", "v1")
	rest := "- {route: [{destination: {host: reviews, subset: v2}}]}\n"
	for name, test := range map[string]struct{ before, after, want string }{
		"the rest": {gone + rest, rest, "rule 1 takes its requests then: v2"},
		"another rule": {
			gone + rest, rule("wide", "{uri: {prefix: /}}", "v3") + rest, "rule 1 takes its requests then: v3",
		},
		"the same target": {gone + rest, strings.ReplaceAll(rest, "v2", "v1"), "rule 1 takes its requests then: v1"},
		"two rules": {
			gone + rest, rule("one", "{uri: {prefix: /a}}", "v3") + rest,
			"rule 1 takes its requests then: v3 · rule 2 takes its requests then: v2",
		},
		"some of them": {
			gone + rest, rule("one", "{uri: {prefix: /a/b}}", "v3") + rest,
			"rule 2 takes some of its requests then: v2",
		},
		"those of one method": {
			gone + rest, rule("one", "{method: {exact: GET}}", "v3") + rest,
			"rule 1 takes some of its requests then: v3 · rule 2 takes some of its requests then: v2",
		},
		"those of one gateway": {
			gone + rest, rule("one", "{gateways: [mesh]}", "v3") + rest,
			"rule 1 takes some of its requests then: v3 · rule 2 takes some of its requests then: v2",
		},
		"no rule": {
			gone + rest, rule("other", "{uri: {prefix: /c}}", "v3"), "its requests have no route then",
		},
		"an answer": {
			gone + rest, "- {directResponse: {status: 404}}\n",
			"rule 1 takes its requests then: the answer 404 from the proxy",
		},
		"callers of others alone": {
			gone + rest, rule("other", "{uri: {prefix: /a}, sourceLabels: {app: x}}", "v3"),
			"its requests go to the service itself then",
		},
		"a rule that had none": {
			rule("all", "{uri: {prefix: /}}", "v1") + gone, rule("all", "{uri: {prefix: /}}", "v1"), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			lines := strings.Split(sheetOfChange(t, host+test.before, host+test.after).Markdown(), "\n")
			for i, line := range lines {
				if strings.Contains(line, "gone: gone:") {
					var notes []string
					for _, note := range lines[i+1:] {
						if !strings.HasPrefix(note, "-        ") {
							break
						}
						notes = append(notes, strings.TrimSpace(note[1:]))
					}
					got = strings.Join(notes, " · ")
				}
			}
			if !strings.HasPrefix(got, test.want) || test.want == "" && strings.Contains(got, "takes") {
				t.Errorf("its fate is %q, want %q\n%s", got, test.want, strings.Join(lines, "\n"))
			}
		})
	}
}

// The words of a row are those of a summary, also of connections.
func TestSheet_words(t *testing.T) {
	t.Parallel()
	const tcp = "tcp: [{match: [{port: 3306}], route: [{destination: {host: db, subset: v1}}]}, " +
		"{route: [{destination: {host: db, subset: v1}, weight: 90}, " +
		"{destination: {host: db, subset: v2}, weight: 10}]}]"
	for name, spec := range map[string]string{
		"thirty":            thirty(),
		"connections alone": tcp,
		"connections too": "http: [{match: [{uri: {exact: /a}}], route: [{destination: {host: db, subset: v1}}]}]\n" +
			tcp,
		"nothing": "http: []",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := virtualServices(t, spec)
			svg := traffic.Sheet(objects, traffic.Options{}).SVG(picture.Width)
			lines := traffic.Summary(objects, traffic.Options{})
			for i, line := range lines {
				if !strings.Contains(svg, line+"</title>") {
					t.Errorf("no row says %q of rule %d", line, i+1)
				}
			}
			if got := strings.Count(svg, `<g class="mp-row`); got != len(lines) {
				t.Errorf("there are %d rows of %d lines", got, len(lines))
			}
		})
	}
}

// The picture of the docs is drawn from what is drawn now.
func TestDocs_thirtyPicture(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte(sheetOfChange(t, thirty(), thirty(changes...)).SVG(picture.Width)))
	png, err := os.ReadFile("../../examples/pictures/thirty.png")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(png, []byte("tEXtSheet\x00"+hex.EncodeToString(sum[:]))) {
		t.Error("thirty.png is drawn from another picture: run make diagrams")
	}
}
