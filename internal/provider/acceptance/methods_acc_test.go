package acceptance_test

import (
	"strings"
	"testing"
)

// TestAccMethods: a condition on the method of HTTP that has the name of a gRPC method is told at the attribute, with
// the path that is meant; where no request can have it, it is an error in the compact resources.
func TestAccMethods(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	const (
		named = ` is no method of HTTP, which are in capitals, as GET and POST; calls of a gRPC method have the ` +
			`method ` +
			`POST, and the name in their path; match uri = { exact = "/PACKAGE.SERVICE/SayHello" }.`
		path = `no request has the method "greeter.Greeter/SayHello", because methods have letters, as GET and ` +
			`POST, and ` +
			`neither slashes nor spaces; match uri = { exact = "/greeter.Greeter/SayHello" }.`
	)
	object := func(method string) string {
		return strings.Replace(sendingTo(`host = "greeter"`, ""), "http  = [{", `http  = [{ match = [{ method = { `+
			method+` } }],`, 1)
	}
	compact := func(method string) string {
		return byRules("v2", `rules = [{ match = [{ method = { `+method+` } }], subset = "v2" }]`)
	}
	q.configure(q.admin, object(`exact = "SayHello"`))
	q.must("plan").want(t, "warning", "Doubtful route", `http[0].match[0].method.exact: "SayHello"`+named)
	q.configure(q.admin, object(`exact = "greeter.Greeter/SayHello"`))
	q.must("plan").want(t, "warning", "Route without effect", `http[0].match[0].method.exact: `+path)
	q.must("apply")
	q.must("destroy")
	q.configure(q.admin, compact(`exact = "SayHello"`))
	q.must("plan").want(t, "warning", "Doubtful route", `rules[0].match[0].method.exact: "SayHello"`+named)
	q.configure(q.admin, compact(`exact = "greeter.Greeter/SayHello"`))
	q.fails("Route without effect", []string{`rules[0].match[0].method.exact: ` + path}, "plan")
	q.configure(q.admin, strings.ReplaceAll(compact(`exact = "POST"`), "method =",
		`uri = { exact = "/greeter.Greeter/SayHello" }, method =`))
	q.only(q.must("plan"))
}
