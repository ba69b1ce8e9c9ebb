package acceptance_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// browser is a client that keeps its cookies.
type browser struct {
	client http.Client
	url    string
}

// newBrowser returns one that asks an Envoy for a host, and has a cookie of its own already.
func newBrowser(t *testing.T, address, host string, version2 bool) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context) (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, "tcp", address) }
	b := &browser{client: http.Client{Jar: jar, Timeout: envoyTimeout}, url: "http://" + host + "/"}
	if version2 {
		b.client.Transport = &http2.Transport{
			AllowHTTP: true,
			DialTLSContext: func(ctx context.Context, _, _ string, _ *tls.Config) (net.Conn, error) {
				return dial(ctx)
			},
		}
	} else {
		b.client.Transport = &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		}
	}
	t.Cleanup(b.client.CloseIdleConnections)
	at, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	own, err := http.ParseCookie("a-session=canary=v1; z=1")
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(at, own)
	return b
}

// ask returns which version answers, or what is wrong.
func (b *browser) ask(ctx context.Context) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return err.Error()
	}
	response, err := b.client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	var got received
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil || got.Version == "" {
		return response.Status
	}
	return got.Version
}

// ends counts who answers so many requests.
func (b *browser) ends(t *testing.T, requests int) map[string]int {
	t.Helper()
	all := map[string]int{}
	for range requests {
		all[b.ask(t.Context())]++
	}
	return all
}

// find asks until a version has answered.
func (b *browser) find(t *testing.T, version string) {
	t.Helper()
	for deadline := time.Now().Add(acctest.Patience); b.ask(t.Context()) != version; {
		if time.Now().After(deadline) {
			t.Fatalf("%s never answers at %s", version, b.url)
		}
	}
}

// TestAccSticky: a client that keeps its cookies stays at the new version that it got, also while the shares grow,
// and is served by the old one as soon as the new one has no share. A client without cookies gets the shares.
func TestAccSticky(t *testing.T) {
	t.Parallel()
	lab := acctest.StartProxied(t)
	gateway, outside := lab.Gateway(), lab.Service+".example"
	w := newWorkspace(t, lab, canaryForm, "")
	declare := func(v2 int, more string) {
		w.write(fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service  = local.service
  hosts    = [local.host, %q]
  gateways = ["mesh", "%s/%s"]

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  rules = [{
    name    = "beta", match = [{ headers = { x-beta = { present = true } } }]
    weights = { v1 = 50, v2 = 50 }
    sticky  = { cookie = "beta", max_age = "1m", subsets = ["v1", "v2"] }
  }]

  default = {
    weights = { v1 = null, v2 = %d }
    sticky  = { cookie = "canary", max_age = "24h", subsets = ["v2"] }
    %s
  }
}
`, outside, gateway.Namespace, gateway.Name, v2, more))
	}
	declare(10, "")
	w.must("apply")
	w.unchanged()
	w.wantAttribute("summary", asJSON(t, []string{
		"requests with header x-beta: v1 50 %, v2 50 %, who got v1 or v2 keeps it for 1m",
		"all other requests: v1 90 %, v2 10 %, who got v2 keeps it for 24h",
	}))
	sidecar, _, _ := lab.Envoys()
	port := os.Getenv("MESH_TEST_HTTP_PORT")
	browsers := []*browser{
		newBrowser(t, gateway.Address, outside, false), newBrowser(t, gateway.Address, outside, true),
		newBrowser(t, net.JoinHostPort(sidecar.Host, port), net.JoinHostPort(lab.Host, port), false),
	}
	want := func(version string) {
		t.Helper()
		for _, b := range browsers {
			if diff := cmp.Diff(map[string]int{version: 100}, b.ends(t, 100)); diff != "" {
				t.Errorf("at %s (-want +got):\n%s", b.url, diff)
			}
		}
	}
	shares := func(v1, v2 float64) {
		t.Helper()
		for via, host := range map[string]string{"gateway": outside, "sidecar": lab.Host} {
			lab.Eventually(acctest.Request{Via: via, Protocol: "http1", Host: host, Count: 2000},
				acctest.Shares(map[string]float64{"v1": v1, "v2": v2}))
		}
	}
	shares(90, 10)
	for _, b := range browsers {
		b.find(t, "v2")
	}
	want("v2")

	declare(50, "timeout = \"30s\"")
	for done := w.begin("apply"); ; {
		for _, b := range browsers {
			if got := b.ask(t.Context()); got != "v2" {
				t.Errorf("while the shares grow %s answers at %s", got, b.url)
			}
		}
		select {
		case r := <-done:
			if !r.ok {
				t.Fatalf("the apply fails:\n%s", r.text)
			}
		default:
			continue
		}
		break
	}
	shares(50, 50)
	want("v2")

	declare(0, "")
	w.must("apply")
	shares(100, 0)
	want("v1")
	w.unchanged()
	w.must("destroy")
}

// TestAccSticky_walk: at each step of a walk a rule honours the cookie of just the subset that has a share, back too,
// and a step back counts as what it moves of the shares.
func TestAccSticky_walk(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		declare := func(v2 int, more string) {
			sticky := `sticky = { cookie = "canary", max_age = "24h", subsets = ["v2"] }`
			w.write(f.shared(fmt.Sprint(100-v2), fmt.Sprint(v2), parts{top: more, rule: sticky}))
		}
		walk := "max_weight_step = 20\nwalk = { steps = [50], pause = \"1s\" }"
		declare(0, walk)
		w.must("apply")
		w.unchanged()
		for _, v2 := range []int{40, 0} {
			declare(v2, walk)
			seen, r := watched(t, lab, w.begin("apply"), honoured)
			if !r.ok {
				t.Fatalf("the apply to %d fails:\n%s", v2, r.text)
			}
			want := []string{"0: ", "20: v2", "40: v2"}
			if v2 == 0 {
				slices.Reverse(want)
			}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Errorf("shares of v2 and whose cookies are honoured, on the way to %d (-want +got):\n%s", v2, diff)
			}
			w.unchanged()
		}

		declare(10, "max_weight_step = 20")
		w.must("apply")
		w.must("state", "rm", f.address)
		w.must("import", f.address, lab.Namespace+"/"+lab.Service)
		sticky := w.attribute("sticky")
		if f.address == canaryForm.address {
			_, sticky, _ = strings.Cut(w.attribute("rules"), `"sticky":`)
		}
		if want := `{"cookie":"canary","max_age":"24h","subsets":["v2"]}`; !strings.HasPrefix(sticky, want) {
			t.Errorf("the import says sticky = %s, want %s", sticky, want)
		}
		w.wantAttribute("foreign_fields", "[]")
		w.must("apply")
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccSticky_told: what a plan tells of a route that begins to keep a subset, and of one that gives it up.
func TestAccSticky_told(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	declare := func(v2 int, labels, sticky string) {
		w.write(fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service = local.service
  subsets = { v1 = { labels = { app = "k8s-combat-service-v1" } }, v2 = { labels = { app = %q } } }
  default = {
    weights = { v1 = null, v2 = %d }
    %s
  }
}
`, labels, v2, sticky))
	}
	const (
		sticky = `sticky = { cookie = "canary", max_age = "1440m", subsets = ["v2"] }`
		who    = `requests with header cookie matching "(.*; *)?canary=v2(;.*)?"`
	)
	moves := func(want ...string) {
		t.Helper()
		_, r := w.plan()
		if diff := cmp.Diff(want, r.moved()); diff != "" {
			t.Errorf("moves (-want +got):\n%s", diff)
		}
		w.must("apply")
	}
	const v2 = "k8s-combat-service-v2"
	declare(10, v2, "")
	w.must("apply")
	declare(10, v2, sticky)
	if told := w.must("plan").String(); strings.Count(told, "warning: ") != 1 {
		t.Errorf("besides what moves the plan says:\n%s", told)
	}
	moves(who + ": v2 10 % → 100 % (v1 90 % → 0 %)")
	declare(10, v2, strings.Replace(sticky, "1440m", "24h", 1))
	w.unchanged()
	// A client of gRPC keeps no cookies.
	lab.Eventually(acctest.Request{Count: 1000}, acctest.Shares(map[string]float64{"v1": 90, "v2": 10}))
	declare(50, v2, sticky)
	moves("all other requests: v2 10 % → 50 % (v1 90 % → 50 %)")
	declare(0, v2, sticky)
	moves("some requests: v1 50 % → 100 % (v2 50 % → 0 %)", who+" move from v2 to v1")
	declare(10, "nobody", sticky)
	w.fails("Nobody answers in a subset", []string{`subsets["v2"]: http[0] sends requests to the subset v2`}, "plan")

	declare(10, "nobody", "}\n  allow_empty_subsets = true\n  timeouts = {")
	w.must("apply")
	// It gets as many requests as before, and is no worse.
	declare(10, "nobody", sticky)
	w.must("apply").want(t, "warning", "Nobody answers in a subset", "http[0] sends requests to the subset v2")
	w.must("destroy")
	nothingIn(t, lab)
}

// honoured says the live share of v2 in the rule with weights, and of which subsets a rule before it honours the
// cookie.
func honoured(o *unstructured.Unstructured) string {
	var names []string
	for _, rule := range specOf(o)["http"].([]any) {
		fields := rule.(map[string]any)
		routes := fields["route"].([]any)
		if len(routes) > 1 {
			weight, _ := routes[1].(map[string]any)["weight"].(int64)
			return fmt.Sprintf("%d: %s", weight, strings.Join(names, " "))
		}
		name, _ := fields["name"].(string)
		if subset, is := strings.CutPrefix(name, "sticky-"); is {
			names = append(names, subset)
		}
	}
	return "none"
}
