package check_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// lines are places and the beginnings of texts.
func lines(problems []istio.Problem) []string {
	var all []string
	for _, p := range problems {
		text, _, _ := strings.Cut(p.Text(), ",")
		all = append(all, p.At.String()+": "+text)
	}
	return all
}

func TestRequest(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 61<<10)
	for name, test := range map[string]struct {
		request traffic.Request
		want    []string
	}{
		"nothing": {},
		"everything": {request: traffic.Request{
			Authority:       "[::1]:80",
			Path:            "/a?b=c",
			Method:          "GET",
			Scheme:          "https",
			Port:            80,
			Gateway:         "shop/edge",
			SourceNamespace: "web",
			Headers:         map[string][]string{"x-version": {"v1", "v2"}, "@request.auth.claims.group": {"beta"}},
		}},
		"every path": {request: traffic.Request{Path: "*", Gateway: istio.MeshGateway}},
		"no host": {
			traffic.Request{Authority: "a b"}, []string{"authority: must be a host with or without a port"},
		},
		"port 0": {
			traffic.Request{Authority: "reviews:0"}, []string{"authority: must be a host with or without a port"},
		},
		"an address in a zone": {
			traffic.Request{Authority: "[fe80::1%eth0]"}, []string{"authority: must be a host with or without a port"},
		},
		"a path without slash": {traffic.Request{Path: "a"}, []string{"path: must begin with a slash"}},
		"a long path": {
			traffic.Request{Path: "/" + long}, []string{"path: must not be longer than 61440 bytes"},
		},
		"a path with a space": {traffic.Request{Path: "/a b"}, []string{"path: must be percent-encoded"}},
		"no method":           {traffic.Request{Method: "G T"}, []string{"method: must be the name of an HTTP method"}},
		"another scheme":      {traffic.Request{Scheme: "ftp"}, []string{`scheme: must be http or https`}},
		"a port too high":     {traffic.Request{Port: 70000}, []string{"port: must be between 1 and 65535"}},
		"a short gateway": {
			traffic.Request{Gateway: "edge"}, []string{"gateway: must be mesh or the NAMESPACE/NAME of a Gateway"},
		},
		"no namespace": {
			traffic.Request{SourceNamespace: "A"}, []string{"source_namespace: must be the name of a namespace"},
		},
		"headers": {traffic.Request{
			Headers: map[string][]string{":path": {"/"}, "a b": {"c"}, "x-line": {"a\nb"}, "x-long": {long}},
		}, []string{
			`headers[":path"]: is no header here: set path in its place`, `headers["a b"]: is no name of a header`,
			`headers["x-line"]: must not hold line breaks or NUL characters`,
			`headers["x-long"]: must not be longer than 61440 bytes`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, lines(check.Request(test.request))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	got := lines(check.Metadata(
		map[string]string{
			"app": "reviews", "example.com/empty": "", "-a": "x", "a/b/c": "x", "long": long, "Example.com/x": "",
		},
		map[string]string{"note": long + " anything", "": "x", istio.OwnerAnnotation: "shop"},
	))
	want := []string{
		`annotations["terraform-provider-mesh/owner"]: `, `labels["-a"]: `, `labels["Example.com/x"]: `,
		`labels["a/b/c"]: `, `labels["long"]: `, `annotations[""]: `,
	}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q, want it to begin with %q", got[i], want[i])
		}
	}
	if problems := append(check.Namespace("shop"), check.Name("name", "reviews.v1")...); len(problems) > 0 {
		t.Errorf("good names: %v", problems)
	}
	for at, problems := range map[string][]istio.Problem{
		"namespace":            check.Namespace("a.b"),
		"virtual_service_name": check.Name("virtual_service_name", "A"),
	} {
		if len(problems) != 1 || problems[0].At.String() != at {
			t.Errorf("%s: %v", at, problems)
		}
	}
}
