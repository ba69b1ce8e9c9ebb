package check_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// A condition on the method that no request meets, or hardly any, says which path may be meant.
func TestValidate_methods(t *testing.T) {
	t.Parallel()
	const (
		place = "http[0].match[0].method."
		grpc  = " is no method of HTTP, which are in capitals, as GET and POST; calls of a gRPC method have the " +
			"method POST, and the name in their path"
		write = "; match uri with an exact "
		none  = ", because methods have letters, as GET and POST, and neither slashes nor spaces"
	)
	for name, test := range map[string]struct{ method, want string }{
		"GET":                  {"exact: GET", ""},
		"a method of WebDAV":   {"exact: PROPFIND", ""},
		"one in small letters": {"exact: propfind", ""},
		"a prefix":             {"prefix: P", ""},
		"a regex":              {"regex: Get.*", ""},
		"POST in small letters": {"exact: Post", `doubt ` + place + `exact: methods are compared with case, and ` +
			`"Post" ` +
			`is not the method POST that clients are known to send`},
		"a gRPC method": {"exact: SayHello", `doubt ` + place + `exact: "SayHello"` + grpc + write +
			`"/PACKAGE.SERVICE/SayHello"`},
		"with its service": {"exact: greeter.Greeter/SayHello", `void ` + place + `exact: no request has the method ` +
			`"greeter.Greeter/SayHello"` + none + write + `"/greeter.Greeter/SayHello"`},
		"as a path": {"exact: /greeter.Greeter/SayHello", `void ` + place + `exact: no request has the method ` +
			`"/greeter.Greeter/SayHello"` + none + write + `"/greeter.Greeter/SayHello"`},
		"with its service before a dot": {"exact: greeter.Greeter.SayHello", `doubt ` + place + `exact: ` +
			`"greeter.Greeter.SayHello"` + grpc + write + `"/greeter.Greeter/SayHello"`},
		"a prefix of one": {"prefix: Say", `doubt ` + place + `prefix: "Say"` + grpc},
		"two methods":     {"exact: GET POST", `void ` + place + `exact: no request has the method "GET POST"` + none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := istiotest.VirtualService(t, "reviews", "http: [{match: [{method: {"+test.method+"}}], "+
				istiotest.To("v1")+"}]")
			got := ""
			for _, p := range check.Validate(o) {
				if p.At.Within(istio.Path{"http"}) {
					severity := map[istio.Severity]string{istio.Doubtful: "doubt", istio.Void: "void"}[p.Severity]
					got += severity + " " + p.At.String() + ": " + p.Text()
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
