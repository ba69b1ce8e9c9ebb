package traffic_test

import (
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// What is said of a request says where it goes in the end.
func TestExplain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ rule, path, want string }{
		"a path that is rewritten": {
			"{match: [{uri: {prefix: /a/}}], rewrite: {uri: /new/}, " + istiotest.To("v1") + "}", "/a/b",
			"rule http[0]: requests with path starting with /a/ go to v1, path rewritten to /new/",
		},
		"a path that is rewritten to none": {
			"{match: [{uri: {prefix: /a/}}], rewrite: {uri: new}, " + istiotest.To("v1") + "}", "/a/b",
			"rule http[0]: requests with path starting with /a/ go to v1, path rewritten to new; the path newb that " +
				"is sent on does not begin with a slash, so that they are answered with 400",
		},
		"the star of OPTIONS": {
			"{rewrite: {uri: '*'}, " + istiotest.To("v1") + "}", "/",
			"rule http[0]: all requests go to v1, path rewritten to *",
		},
		"an answer that is a redirect": {
			"{directResponse: {status: 301}}", "/a",
			"rule http[0]: all requests get the answer 301 from the proxy; with that status the proxy sends a client " +
				"to where it came from, to the same URL",
		},
		"an answer that is none": {
			"{directResponse: {status: 404}}", "/a", "rule http[0]: all requests get the answer 404 from the proxy",
		},
		"a redirect without a slash": {
			"{redirect: {uri: new/x}}", "/a", "rule http[0]: all requests are redirected to /new/x",
		},
		"a redirect without a slash to a host": {
			"{redirect: {uri: new/x, authority: a.example}}", "/a",
			"rule http[0]: all requests are redirected to a.example/new/x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := istiotest.VirtualService(t, "reviews", "http: ["+test.rule+"]")
			table := traffic.NewTable([]*istio.Object{object}, nil, traffic.Options{})
			if got := table.Explain(table.Evaluate(traffic.Request{Path: test.path})); got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
}

// An abort with a status of gRPC is no error for a caller that does not speak it, as Envoy 1.40 answers.
func TestExplainAbort(t *testing.T) {
	t.Parallel()
	const gRPC, rest = "rule http[0]: all requests go to v1, 100 % aborted with UNAVAILABLE",
		"; a caller that does not speak gRPC gets 200 in place of the abort"
	for contentType, want := range map[string]string{
		"application/grpc": gRPC, "application/grpc+proto": gRPC, "text/plain": gRPC + rest, "": gRPC + rest,
	} {
		object := istiotest.VirtualService(t, "reviews",
			"http: [{fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}, "+istiotest.To("v1")+"}]")
		table := traffic.NewTable([]*istio.Object{object}, nil, traffic.Options{})
		request := traffic.Request{Path: "/greeter.Greeter/Hi", Headers: map[string][]string{}}
		if contentType != "" {
			request.Headers["Content-Type"] = []string{contentType}
		}
		if got := table.Explain(table.Evaluate(request)); got != want {
			t.Errorf("%q: got %s\nwant %s", contentType, got, want)
		}
	}
}
