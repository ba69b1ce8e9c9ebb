package acceptance_test

import (
	"fmt"
	"testing"
)

// passedOn is what becomes of requests whose rule istiod leaves out.
const passedOn = "; the requests that it is for go on to the rules behind it, and without one have no route"

// TestAccDelegates: a rule that istiod leaves out because of its delegate is told at the rule, at plan and in the
// words of the state, until the delegate is one that takes the requests.
func TestAccDelegates(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	const all = "http: [{route: [{destination: {host: greeter}}]}]"
	q.virtualService("name: podinfo, namespace: NS-b", all)
	q.virtualService("name: hidden, namespace: NS-b", "exportTo: ['.'], "+all)
	q.virtualService("name: wide, namespace: NS-b",
		"http: [{match: [{uri: {prefix: /}}], route: [{destination: {host: greeter}}]}]")
	q.virtualService("name: host, namespace: NS-b", "hosts: [host], "+all)
	rule := func(name, delegate string) string {
		return fmt.Sprintf(`{ name = %[1]q, match = [{ uri = { prefix = "/%[1]s" } }], delegate = { name = %[2]q, `+
			`namespace = "NS-b" } },`, name, delegate)
	}
	config := func(hidden, timeout string) string {
		return q.in(`
resource "mesh_virtual_service" "root" {
  name  = "root"
  hosts = ["NS.example"]
  http = [
    ` + rule("fault", "podinfo") + rule("hidden", hidden) + rule("wide", "wide") + rule("missing", "missing") +
			rule("host", "host") + `
    { name = "rest", delegate = { name = "podinfo", namespace = "NS-b" }, timeout = "` + timeout + `" },
  ]
}
`)
	}
	q.configure(q.admin, config("hidden", "3s"))
	told := func(r result, also ...string) {
		t.Helper()
		r.want(t, "warning", "Rule is left out", append(also, q.in(`http[2].delegate: http[0] of delegate "NS-b/wide" `+
			`has a match that is not narrower than a match of this rule, so istiod leaves it out`)+passedOn,
			q.in(`http[4].delegate: VirtualService "NS-b/host" has hosts, and so is no delegate: istiod leaves this `+
				`rule out`)+passedOn)...)
		r.want(t, "warning", absent, q.in(`http[3].delegate: delegate "NS-b/missing" is not there, so istiod leaves `+
			`this rule out`)+passedOn+"; create it, in the same apply at the latest")
	}
	hidden := q.in(`http[1].delegate: delegate "NS-b/hidden" is not exported to namespace "NS", so istiod leaves ` +
		`this ` +
		`rule out` + passedOn)
	told(q.must("plan"), hidden)
	q.must("apply")
	q.must("plan", "-detailed-exitcode")
	q.must("apply", "-refresh-only")
	w := &workspace{cli: q.cli, lab: q.lab, f: form{address: "mesh_virtual_service.root"}}
	handed := func(path, delegate string) string {
		return q.in("requests with path starting with /" + path + " are handed to VirtualService NS-b/" + delegate)
	}
	left := func(index int, why string) string {
		return q.in(fmt.Sprintf(`left out: http[%d]: %s`, index, why))
	}
	rest := func(timeout string) string {
		return q.in("all other requests are handed to VirtualService NS-b/podinfo, timeout " + timeout)
	}
	last := []string{
		left(2, `http[0] of delegate "NS-b/wide" has a match that is not narrower than a match of this rule, so `+
			`istiod `+
			`leaves it out`),
		left(3, `delegate "NS-b/missing" is not there, so istiod leaves this rule out`),
		left(4, `delegate "NS-b/host" is not there, so istiod leaves this rule out`),
		"requests that are left then have no route",
	}
	w.wantAttribute("summary", asJSON(t, append([]string{
		handed("fault", "podinfo"), rest("3s"),
		left(1, `delegate "NS-b/hidden" is not exported to namespace "NS", so istiod leaves this rule out`),
	}, last...)))
	// What a change makes of the words is known when it is applied: until then delegates may come and go.
	q.configure(q.admin, config("podinfo", "4s"))
	change, r := w.plan()
	told(r)
	if after := of(t, change.AfterUnknown, "summary"); after != "true" {
		t.Errorf("the summary is planned, unknown %s", after)
	}
	q.must("apply", "saved.tfplan")
	want := asJSON(t, append([]string{handed("fault", "podinfo"), handed("hidden", "podinfo"), rest("4s")}, last...))
	w.wantAttribute("summary", want)
	w.unchanged()
	// The delegates come: what the words say follows.
	q.virtualService("name: missing, namespace: NS-b", all)
	q.k.remove("networking.istio.io/v1", "virtualservices", q.name+"-b", "wide")
	q.virtualService("name: wide, namespace: NS-b", all)
	q.k.remove("networking.istio.io/v1", "virtualservices", q.name+"-b", "host")
	q.virtualService("name: host, namespace: NS-b", all)
	q.must("apply", "-refresh-only")
	w.wantAttribute("summary", asJSON(t, []string{
		handed("fault", "podinfo"), handed("hidden", "podinfo"), handed("wide", "wide"), handed("missing", "missing"),
		handed("host", "host"), rest("4s"), "requests that are left then have no route",
	}))
	q.configure(q.admin, config("podinfo", "5s"))
	q.only(q.must("plan"))
	q.must("destroy")
}

// TestAccDelegates_own: a delegate is told what istiod leaves out because of it.
func TestAccDelegates_own(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.virtualService("name: root, namespace: NS-b", "hosts: [NS.example], http: [{match: [{uri: {prefix: /a}}], "+
		"delegate: {name: part, namespace: NS}}, {delegate: {name: private, namespace: NS}}]")
	q.configure(q.admin, q.in(`
resource "mesh_virtual_service" "part" {
  name = "part"
  http = [
    { match = [{ uri = { prefix = "/a/b" } }], route = [{ destination = { host = "greeter" } }] },
    { match = [{ uri = { prefix = "/b" } }], route = [{ destination = { host = "greeter" } }] },
  ]
}
resource "mesh_virtual_service" "private" {
  name      = "private"
  namespace = "NS"
  export_to = ["."]
  http      = [{ route = [{ destination = { host = "greeter" } }] }]
}
`))
	r := q.must("plan")
	r.want(t, "warning", "Rule is left out", q.in(`http[1].match: is not narrower than a match of the rule that hands `+
		`over to this one, http[0] of VirtualService "NS-b/root", so that istiod leaves this rule out`)+passedOn)
	r.want(t, "warning", "Rule is left out", q.in(`export_to: VirtualService "NS-b/root" hands over to this one at `+
		`http[1].delegate, and namespace NS-b is none of those that this one is exported to, so that istiod `+
		`leaves that `+
		`rule out`)+passedOn)
}
