package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const plans = "../view/testdata/"

// planPage is what a page of a plan has besides its pictures.
type planPage struct {
	Pwned, Scrolls bool
	Links          []string
	// Broken are links of the page that lead nowhere.
	Broken []string
	// Faint are texts that are hardly to be seen.
	Faint []string
	Text  string
	Views []view
}

// lookAtPlan is [look] at each picture of a page, and what else there is.
var lookAtPlan = `(() => {
  const links = [...document.querySelectorAll("[href]")].map((e) => e.getAttribute("href"));
  const luminance = (text) => {
    const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = text.match(/[\d.]+/g).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = (e) => {
    const is = getComputedStyle(e).backgroundColor;
    return e === document.documentElement || !is.endsWith(", 0)") ? is : back(e.parentElement);
  };
  const faint = [...document.querySelectorAll("h1,h2,h3,p,li,td,th,a,small,summary")].filter((e) => {
    const [a, b] = [luminance(getComputedStyle(e).color), luminance(back(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  }).map((e) => e.textContent.slice(0, 80));
  const text = document.body.innerText;
  const scrolls = document.documentElement.scrollWidth > document.documentElement.clientWidth;
  const views = [];
  const pictures = [...document.querySelectorAll("svg.mp")].filter((e) => e.getClientRects().length > 0).length;
  for (window.nth = 0; window.nth < pictures; window.nth++) {
    views.push(` + strings.TrimSuffix(strings.TrimSpace(look), ";") + `);
  }
  return {
    pwned: window.pwned !== undefined, scrolls, links, faint, text, views,
    broken: links.filter((to) => !to.startsWith("#") || document.getElementById(to.slice(1)) === null),
  };
})()`

// planElements are those that a page of a plan has besides pictures.
var planElements = strings.Fields("main h1 h2 h3 p ul ol li nav a bdi section code small br table tbody tr th td " +
	"details summary")

func (p planPage) problems() (problems []string) {
	if p.Pwned || p.Scrolls || len(p.Broken)+len(p.Faint) > 0 {
		problems = append(problems, fmt.Sprintf("a script ran: %t, it scrolls sideways: %t, links lead nowhere: %q, "+
			"texts are faint: %q", p.Pwned, p.Scrolls, p.Broken, p.Faint))
	}
	for _, v := range p.Views {
		v.Strange = slices.DeleteFunc(v.Strange, func(name string) bool { return slices.Contains(planElements, name) })
		v.Handlers = slices.DeleteFunc(v.Handlers, func(name string) bool { return name == "href" })
		problems = append(problems, v.problems()...)
	}
	return problems
}

// Every page of a plan can be read, in light and in dark, on narrow and on wide screens: it runs and asks for
// nothing, whatever names are in it, and its pictures are as they should be.
func TestPlans(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(plans + "*.html")
	if err != nil || len(files) < 5 {
		t.Fatalf("there are %d pages: %v", len(files), err)
	}
	for _, file := range files {
		for _, width := range []int64{900, 1400} {
			for _, scheme := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s/%d/%s", filepath.Base(file), width, scheme), func(t *testing.T) {
					t.Parallel()
					page, asked := open[planPage](t, file, width, scheme, lookAtPlan)
					for _, problem := range page.problems() {
						t.Error(problem)
					}
					if len(asked) > 0 || len(page.Views) == 0 {
						t.Errorf("the page asks for %q, and has %d pictures", asked, len(page.Views))
					}
				})
			}
		}
	}
}

// What a page of a plan says is to be seen.
func TestPlans_texts(t *testing.T) {
	t.Parallel()
	for file, texts := range map[string][]string{
		"demo_change.html": {
			"The plan touches 2 routes.", "mesh_canary_route.echo is created", "mesh_canary_route.greeter is changed",
			"some requests with header try=abort move from v1 to v2", "The words of mesh_canary_route.greeter",
		},
		"walk.html":    {"from: v1 100 %, v2 0 %", "step 3 of 3, 100 % of the way: v1 0 %, v2 100 %"},
		"hostile.html": {"<script>pwned=1</script>", `\u202egnp.exe\u200b\u2066`, "{{.}}"},
		"mixed.html": {
			"not known until apply: http[0].direct_response.body.string", "The key is still the one of the example.",
		},
	} {
		page, _ := open[planPage](t, plans+file, 1400, "light", lookAtPlan)
		for _, text := range texts {
			if !strings.Contains(page.Text, text) {
				t.Errorf("%s does not show %q", file, text)
			}
		}
	}
}

// What is wrong in a page of a plan is found.
func TestPlans_wrong(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(plans + "demo_change.html")
	must(t, err)
	for name, test := range map[string]struct{ old, now, want string }{
		"a script that runs":       {"script-src 'none'", "", "a script ran: true"},
		"an element of a name":     {"<h3>", "<script></script><h3>", `has elements ["script"`},
		"a handler":                {"<h3>", `<h3 onclick="a()">`, `attributes ["onclick"`},
		"a link to somebody":       {`href="#r1"`, `href="http://127.0.0.1:9"`, `lead nowhere: ["http://127.0.0.1:9"]`},
		"a text that is too faint": {"color:#59636e", "color:#b0b0b0", `texts are faint: ["is created"`},
		"a page that is too wide":  {"<h3>", `<p style="width:3000px">x</p><h3>`, "it scrolls sideways: true"},
		"a picture without bars":   {`class="mp-bar`, `class="no-bar`, " and 0 bars"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.ReplaceAll(string(good), test.old, test.now)
			if name == "a script that runs" {
				text = strings.Replace(text, "default-src 'none'; ", "", 1)
				text = strings.Replace(text, "<main>", "<main><script>pwned=1</script>", 1)
			}
			file := filepath.Join(t.TempDir(), strings.ReplaceAll(name, " ", "_")+".html")
			must(t, os.WriteFile(file, []byte(text), 0o600))
			page, _ := open[planPage](t, file, 900, "light", lookAtPlan)
			if got := strings.Join(page.problems(), "\n"); !strings.Contains(got, test.want) {
				t.Errorf("found %q", got)
			}
		})
	}
}
