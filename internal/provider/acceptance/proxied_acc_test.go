package acceptance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// countedRequests is how often each request is sent to a real Envoy.
const countedRequests = 20

// proxied is a request to an Envoy.
type proxied struct {
	path    string
	headers map[string]string
	// want is what becomes of it, as evaluate says it: a code and a location, or the path that is sent on.
	want string
	// ends is what the client gets where that is something else than want.
	ends string
}

// proxiedTest sends requests to a VirtualService at the lab's gateway: evaluate and the lab's Envoy have to agree.
type proxiedTest struct {
	w        *workspace
	gateway  acctest.Gateway
	host     string
	requests map[string]proxied
}

func newProxiedTest(t *testing.T, requests map[string]proxied) *proxiedTest {
	t.Helper()
	lab := acctest.StartProxied(t)
	w := newWorkspace(t, lab, form{address: "mesh_virtual_service.test"}, "")
	return &proxiedTest{w: w, gateway: lab.Gateway(), host: lab.Service + ".example", requests: requests}
}

// config returns a VirtualService with these rules, and what evaluate says of the requests.
func (p *proxiedTest) config(rules string) string {
	var requests strings.Builder
	for name, request := range p.requests {
		headers := "{}"
		if len(request.headers) > 0 {
			headers = "{"
			for name, value := range request.headers {
				headers += fmt.Sprintf("%q = %q,", name, value)
			}
			headers += "}"
		}
		fmt.Fprintf(&requests, "    %q = { path = %q, headers = %s }\n", name, request.path, headers)
	}
	gateway := p.gateway.Namespace + "/" + p.gateway.Name
	return fmt.Sprintf(`
resource "mesh_virtual_service" "test" {
  name     = local.service
  hosts    = [%q]
  gateways = [%q]
  http     = [%s]
}

locals {
  answers = { for name, request in {
%s
  } : name => provider::mesh::evaluate(mesh_virtual_service.test, merge(request, {
    gateway = %q, port = %d, authority = %q
  })) }
}

output "answers" {
  value = { for name, a in local.answers : name => a.redirect != null ? "${a.redirect.code} ${a.redirect.location}" :
    a.direct_response != null ? a.direct_response.body : a.rewrite != null ? a.rewrite.path : a.kind }
}

output "depends_on" {
  value = { for name, a in local.answers : name => join(" ", a.depends_on) if length(a.depends_on) > 0 }
}
`, p.host, gateway, rules, &requests, gateway, p.gateway.Port, p.host)
}

// agree checks what becomes of the requests.
func (p *proxiedTest) agree() {
	t := p.w.t
	t.Helper()
	want := map[string]any{}
	for name, request := range p.requests {
		want[name] = strings.ReplaceAll(request.want, "HOST", p.host)
	}
	p.w.wantOutput("answers", want)
	for deadline := time.Now().Add(acctest.Patience); time.Now().Before(deadline) && p.count(1) != nil; {
		time.Sleep(100 * time.Millisecond) // the Envoy has not heard of the routes yet
	}
	if err := p.count(countedRequests); err != nil {
		t.Error(err)
	}
}

// count sends each request so often and wants the same answer each time.
func (p *proxiedTest) count(times int) error {
	p.w.t.Helper()
	want, got := map[string]map[string]int{}, map[string]map[string]int{}
	for name, request := range p.requests {
		ends := request.ends
		if ends == "" {
			ends = request.want
		}
		want[name] = map[string]int{strings.ReplaceAll(ends, "HOST", p.host): times}
		got[name] = map[string]int{}
		for range times {
			got[name][askEnvoy(p.w.t, p.gateway.Address, p.host, request.path, request.headers)]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("in Envoy %s (-want +got):\n%s", p.gateway.Version, diff)
	}
	return nil
}

// keepsPath is the minor version since which an Envoy leaves a path as it is that a rewrite makes nothing of.
const keepsPath = 37

// TestAccEvaluate_paths: redirects and rewrites to what is no path, or not the one that is meant.
func TestAccEvaluate_paths(t *testing.T) {
	t.Parallel()
	p := newProxiedTest(t, map[string]proxied{
		"no slash":                      {path: "/a/b?c", want: "301 http://HOST/new/x?c"},
		"a prefix":                      {path: "/b/z?y", want: "301 http://HOST/%PREFIX()%/new/?y"},
		"prefix rewrite":                {path: "/c/z?y", want: "301 http://HOST/new/z?y"},
		"a URL":                         {path: "/d/z?y", want: "301 http://HOST/https://other.test/x?y"},
		"its own query":                 {path: "/e/z?y", want: "301 http://HOST/x?fixed=1"},
		"a fragment":                    {path: "/f/z?y", want: "301 http://HOST/x#top?y"},
		"sent a fragment":               {path: "/g/z?y#frag", want: "301 http://www.redir.test/g/z?y"},
		"a code":                        {path: "/h/", want: "307 http://HOST/x"},
		"no path":                       {path: "/i/b", want: "301 http://x.test/i/b"},
		"rewritten to no path":          {path: "/j/b?x", want: "noslashb?x", ends: "400"},
		"rewritten to a query":          {path: "/k/b?x", want: "/q?x=1b?x"},
		"rewritten, with a fragment":    {path: "/l/b?x#frag", want: "/m/b?x"},
		"rewritten to a missing group":  {path: "/n/b?x", want: "/n/b?x"},
		"rewritten with a bad escape":   {path: "/o/b?x", want: "/p/b?x"},
		"rewritten to a URL":            {path: "/q/b", want: "https://other.test/b"},
		"rewritten by a missing match":  {path: "/r/b?x", want: "/r/b?x"},
		"rewritten to nothing at all":   {path: "/s/b?x", want: "/s/b?x"},
		"rewritten to a group in front": {path: "/t/b?x", want: "b/t/?x", ends: "400"},
	})
	if nothing := p.requests["rewritten to nothing at all"]; minorOf(t, p.gateway.Version) < keepsPath {
		nothing.ends = "400" // of the server, which gets no path
		p.requests["rewritten to nothing at all"] = nothing
	}
	route := fmt.Sprintf(`route = [{ destination = { host = %q } }]`, p.w.lab.HTTPHost())
	var rules strings.Builder
	for prefix, does := range map[string]string{
		"/a": `redirect = { uri = "new/x" }`, "/b/": `redirect = { uri = "%PREFIX()%/new/" }`,
		"/c/": `redirect = { prefix_rewrite = "new/" }`, "/d/": `redirect = { uri = "https://other.test/x" }`,
		"/e/": `redirect = { uri = "/x?fixed=1" }`, "/f/": `redirect = { uri = "/x#top" }`,
		"/g/": `redirect = { authority = "www.redir.test" }`, "/h/": `redirect = { uri = "/x", redirect_code = 307 }`,
		"/i/": `redirect = { uri = "", authority = "x.test" }`, "/j/": `rewrite = { uri = "noslash" }, ` + route,
		"/k/": `rewrite = { uri = "/q?x=1" }, ` + route, "/l/": `rewrite = { uri = "/m/" }, ` + route,
		"/n/": `rewrite = { uri_regex_rewrite = { match = "/(n)", rewrite = "/\\1\\2" } }, ` + route,
		"/o/": `rewrite = { uri_regex_rewrite = { match = "/o", rewrite = "/p\\x" } }, ` + route,
		"/q/": `rewrite = { uri = "https://other.test/" }, ` + route,
		"/r/": `rewrite = { uri_regex_rewrite = { match = "/x", rewrite = "/y" } }, ` + route,
		"/s/": `rewrite = { uri_regex_rewrite = { match = "^(x)?.*$", rewrite = "\\1" } }, ` + route,
		"/t/": `rewrite = { uri_regex_rewrite = { match = "^(/t/)(b)$", rewrite = "\\2\\1" } }, ` + route,
	} {
		fmt.Fprintf(&rules, "    { match = [{ uri = { prefix = %q } }], %s },\n", prefix, does)
	}
	p.w.write(p.config("\n" + rules.String()))
	said := p.w.must("apply")
	p.agree()
	for _, text := range []string{
		`"new/x" does not begin with a slash, and the proxy puts one before it; write "/new/x"`,
		`%PREFIX()% is text: clients are sent to a path that has it`,
		`"https://other.test/x" is a whole URL, and is taken for a path`,
		`"noslash" does not begin with a slash, so that what is sent on is no path, and is answered with 400`,
		`names group \2, and match has 1: the proxy leaves every path as it is`,
		`the proxy leaves out all that is behind another one`,
		`"https://other.test/" is a whole URL, and is sent on as the path`,
	} {
		if !strings.Contains(said.String(), text) {
			t.Errorf("the plan does not warn of %s:\n%s", text, said)
		}
	}
	p.w.must("destroy")
}

// TestAccEvaluate_proxyHeaders: rules on headers that a proxy sets before it routes.
func TestAccEvaluate_proxyHeaders(t *testing.T) {
	t.Parallel()
	const proto = "x-forwarded-proto"
	p := newProxiedTest(t, map[string]proxied{
		"the scheme":          {path: "/xfp", want: "301 https://HOST/xfp"},
		"the scheme sent":     {path: "/xfp", headers: map[string]string{proto: "http"}, want: "301 https://HOST/xfp"},
		"another scheme sent": {path: "/xfp", headers: map[string]string{proto: "https"}, want: "301 https://HOST/xfp"},
		"an identifier":       {path: "/rid", want: "identified"},
		"no scheme":           {path: "/no", want: "present"},
		"what a client sends": {
			path: "/ua", headers: map[string]string{"User-Agent": "Mozilla Chrome/1"}, want: "chrome",
		},
	})
	answer := func(body string) string {
		return fmt.Sprintf("direct_response = { status = 200, body = { string = %q } }", body)
	}
	p.w.write(p.config(`
    { match = [{ uri = { prefix = "/xfp" }, headers = { x-forwarded-proto = { exact = "http" } } }],
      redirect = { scheme = "https", redirect_code = 301 } },
    { match = [{ uri = { prefix = "/rid" }, headers = { x-request-id = { regex = "^[0-9a-f].*" } } }],
      ` + answer("identified") + ` },
    { match = [{ uri = { prefix = "/rid" } }], ` + answer("not identified") + ` },
    { match = [{ uri = { prefix = "/no" }, without_headers = { x-forwarded-proto = {} } }], ` + answer("absent") + ` },
    { match = [{ uri = { prefix = "/no" } }], ` + answer("present") + ` },
    { match = [{ uri = { prefix = "/ua" }, headers = { user-agent = { regex = ".*Chrome.*" } } }], ` +
		answer("chrome") + ` },
`))
	p.w.must("apply")
	p.agree()
	p.w.wantOutput("depends_on", map[string]any{"another scheme sent": proto})
	p.w.must("destroy")
}
