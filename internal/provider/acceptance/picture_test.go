package acceptance_test

import (
	"strings"
	"testing"
)

// The functions that draw a sheet take what diagram takes, and draw it in their own way.
func TestFunction_picture(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	moved := strings.Replace(canaryObject, "90", "75", 1)
	hostile := strings.Replace(canaryObject, `match = [`, `name = "</title></svg><script>`+"```"+`", match = [`, 1)
	for name, test := range map[string]struct {
		function  string
		arguments []string
		want      []string
	}{
		"SVG": {"picture", []string{canaryObject}, []string{
			`<svg xmlns="http://www.w3.org/2000/svg" class="mp" width="860"`, ">requests with header x-tester</text>",
			">90 %</text>",
		}},
		"a change as SVG": {"picture", []string{canaryObject, moved}, []string{
			">now</text>", ">then</text>", ">90 %</text>", ">75 %</text>", ">1 changed</text>",
		}},
		"hostile SVG": {"picture", []string{hostile}, []string{
			"rule 1, &lt;/title&gt;&lt;/svg&gt;&lt;script&gt;```: requests",
		}},
		"Markdown": {"picture_markdown", []string{canaryObject, moved}, []string{
			"```diff\n@@ reviews.shop.svc.cluster.local (1 changed) @@\n    1  requests with header x-tester\n",
			"!      now  ███████████████████████████░░░  v1 90 %, v2 10 %\n",
			"!      then ███████████████████████░░░░░░░  v1 75 %, v2 25 %\n```\n",
		}},
		"hostile Markdown": {"picture_markdown", []string{hostile}, []string{
			"````diff\n", "</title></svg><script>```: requests with header x-tester\n", "\n````\n",
		}},
		"a page": {"picture_page", []string{canaryObject}, []string{
			"<!DOCTYPE html>\n", "<title>reviews.shop.svc.cluster.local</title>", "default-src 'none'", "</html>\n",
		}},
		"none at all": {"picture_page", []string{"[]", "[]"}, []string{"<title>No route</title>"}},
		"unknown":     {"picture", []string{canaryObject, "unknown"}, []string{"unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, wrong := s.call(t, test.function, anyValues(t, test.arguments)...)
			if wrong != nil {
				t.Fatal(wrong.Text)
			}
			for _, text := range test.want {
				if !strings.Contains(got, text) {
					t.Errorf("there is no %q in\n%s", text, got)
				}
			}
		})
	}
	got, wrong := s.call(t, "picture", anyValues(t, []string{canaryObject, canaryObject, canaryObject})...)
	checkFunction(t, got, wrong, "", 2, "before and after one change")
	// Terraform names one argument only.
	wrongMatch := strings.Replace(canaryObject, "match = [", `name = 1, timeout = [], match = [`, 1)
	got, wrong = s.call(t, "picture", anyValues(t, []string{wrongMatch, wrongMatch})...)
	checkFunction(t, got, wrong, "", 0, "rules[0].timeout: must be a string.\n\n"+
		`Invalid value for "after" parameter: rules[0].timeout: must be a string`)
	got, wrong = s.call(t, "picture", anyValues(t, []string{canaryObject, wrongMatch})...)
	checkFunction(t, got, wrong, "", 1, "rules[0].timeout: must be a string")
}
