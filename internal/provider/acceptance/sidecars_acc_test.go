package acceptance_test

import (
	"strings"
	"testing"
)

// TestAccSidecars: rules whose callers, as far as the configuration says who they are, have no sidecar hold for
// nobody, which is told once for these callers.
func TestAccSidecars(t *testing.T) {
	t.Parallel()
	const summary = "Callers without a sidecar"
	q := newQuarter(t)
	q.put("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-in, labels: {istio-injection: enabled}}")
	q.put("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-ambient, labels: "+
		"{istio.io/dataplane-mode: ambient}}")
	from := func(namespace, name, more string) string {
		return q.in(strings.Replace(byRules("v2", `name = "`+name+`"`+"\n rules = [{ match = [{ source_namespace = "+
			`"`+namespace+`" }], subset = "v2" }]`+"\n"+more), `"test"`, `"`+name+`"`, 1))
	}
	const place = "rules[0].match[0].source_namespace: "
	none := q.in(place + "callers in namespace NS-b have no sidecar, so that nothing follows these rules there: no " +
		"label asks for injection (istio-injection=enabled or istio.io/rev), and no workload has one.\n\nTo accept " +
		"it, " +
		"add \"callers-without-sidecar\" to acknowledged.")
	q.configure(q.admin, from("NS-b", "greeter", ""))
	q.must("plan").want(t, "warning", summary, none)
	q.configure(q.admin, from("NS-ambient", "greeter", ""))
	q.must("plan").want(t, "warning", summary, q.in(place+"callers in namespace NS-ambient have no sidecar: in "+
		"ambient mode rules for HTTP hold only at a waypoint, and no label istio.io/use-waypoint asks for one in the "+
		"namespace of the service"))
	// Many routes have the same callers.
	q.configure(q.admin, from("NS-b", "one", "")+from("NS-b", "two", `acknowledged = ["callers-without-sidecar"]`)+
		from("NS-b", "three", ""))
	told := 0
	for _, d := range q.must("plan").Diagnostics {
		if withoutObject(d.Summary) == summary {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times of the same callers", told)
	}
	for _, config := range []string{
		from("NS-in", "greeter", ""), from("NS-b", "greeter", `acknowledged = ["callers-without-sidecar"]`),
		from("NS", "greeter", ""), // it has WorkloadEntries
		byRules("v2", ""),
	} {
		q.configure(q.admin, config)
		q.only(q.must("plan"))
	}
	// Who may not list namespaces is told nothing of it, not even that it is not known.
	q.configure(q.without(right{}), from("NS-b", "greeter", ""))
	q.only(q.must("plan"))
}
