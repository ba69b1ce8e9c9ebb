package istio_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func TestIsToken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"x-version": true, "GET": true, "!#$%&'*+-.^_`|~": true, "": false, "a b": false, "a:b": false, "größe": false,
	} {
		if got := istio.IsToken(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func TestClaimPath(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"@request.auth.claims.group": "group",
		"@request.auth.claims.a.b":   "a][b", "@Request.Auth.Claims[a][b.c]": "a][b.c",
		"@request.auth.claims":   "",
		"@request.auth.claims.":  "",
		"@request.auth.claims[]": "",
		"@request.auth.claimsx":  "",
		"x-version":              "",
	} {
		if got, ok := istio.ClaimPath(name); got != want || ok != (want != "") {
			t.Errorf("%q: %q %t, want %q", name, got, ok, want)
		}
	}
}

func TestSplitAuthority(t *testing.T) {
	t.Parallel()
	for authority, want := range map[string][2]string{
		"reviews":    {"reviews", ""},
		"reviews:80": {"reviews", "80"},
		"[::1]:80":   {"::1", "80"},
		"[::1]":      {"::1", ""},
		"::1":        {"::1", ""},
		"":           {"", ""},
	} {
		if host, port := istio.SplitAuthority(authority); host != want[0] || port != want[1] {
			t.Errorf("%q: %q and %q, want %q", authority, host, port, want)
		}
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"a.example.com":   true,
		"a.b.example.com": true,
		"example.com":     false,
		".example.com":    false,
		"a.example.org":   false,
	} {
		if got := istio.Covers(".example.com", host); got != want {
			t.Errorf("%q: %t, want %t", host, got, want)
		}
	}
}

func TestCarries(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"app": "reviews", "version": "v1"}
	for name, test := range map[string]struct {
		sets []map[string]string
		want bool
	}{
		"nothing is asked":  {nil, true},
		"one of them":       {[]map[string]string{{"app": "reviews"}}, true},
		"all, in two sets":  {[]map[string]string{{"app": "reviews"}, {"version": "v1"}}, true},
		"another value":     {[]map[string]string{{"app": "reviews"}, {"version": "v2"}}, false},
		"a key that is not": {[]map[string]string{{"track": ""}}, false},
	} {
		if got := istio.Carries(labels, test.sets); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}

func TestGatewayNames(t *testing.T) {
	t.Parallel()
	got := istio.GatewayNames([]string{"mesh", "edge", "./edge", "web/edge", "edge.web", "edge.web.svc.cluster.local"},
		"shop")
	want := []string{"mesh", "shop/edge", "shop/edge", "web/edge", "web/edge", "web/edge"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("gateways (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{istio.MeshGateway}, istio.GatewayNames(nil, "shop")); diff != "" {
		t.Errorf("the default (-want +got):\n%s", diff)
	}
}

// Who sees an object follows from exportTo, in which a dot is the object's own namespace.
func TestVisibleIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exportTo []string
		sees     map[string]bool
		exported []string
	}{
		"nothing is said":   {nil, map[string]bool{"shop": true, "web": true, "": true}, nil},
		"everybody":         {[]string{".", "*"}, map[string]bool{"shop": true, "web": true}, nil},
		"its own namespace": {[]string{"."}, map[string]bool{"shop": true, "web": false, "": true}, []string{"shop"}},
		"another namespace": {[]string{"web"}, map[string]bool{"shop": false, "web": true}, []string{"web"}},
		"its own and others": {
			[]string{".", "web"}, map[string]bool{"shop": true, "web": true, "bar": false}, []string{"shop", "web"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, o := range []*istio.Object{
				{Namespace: "shop", Spec: &networking.VirtualService{ExportTo: test.exportTo}},
				{Namespace: "shop", Spec: &networking.DestinationRule{ExportTo: test.exportTo}},
			} {
				if diff := cmp.Diff(test.exported, istio.ExportedTo(o)); diff != "" {
					t.Errorf("%s is exported to (-want +got):\n%s", o.Kind(), diff)
				}
				for namespace, want := range test.sees {
					if got := istio.VisibleIn(o, namespace); got != want {
						t.Errorf("%s in %q: %t, want %t", o.Kind(), namespace, got, want)
					}
				}
			}
		})
	}
}

func TestSubsetOf(t *testing.T) {
	t.Parallel()
	v1 := &networking.Subset{Name: "v1"}
	rule := &istio.Object{Spec: &networking.DestinationRule{Subsets: []*networking.Subset{v1}}}
	if istio.SubsetOf(rule, "v1") != v1 || istio.SubsetOf(rule, "v2") != nil {
		t.Error("subsets are found by their names")
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"reviews": "reviews",
		"größe":   "größe",
		"":        `""`,
		"a b":     `"a b"`,
		"a,b":     `"a,b"`,
		"a\nb":    `"a\nb"`,
		"\u0301a": "\"\u0301a\"",
		`\d`:      `\d`,
	} {
		if got := istio.Shown(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestEnumerate(t *testing.T) {
	t.Parallel()
	for want, parts := range map[string][]string{
		"":          nil,
		"a":         {"a"},
		"a or b":    {"a", "b"},
		"a, b or c": {"a", "b", "c"},
	} {
		if got := istio.Enumerate(parts, "or"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
