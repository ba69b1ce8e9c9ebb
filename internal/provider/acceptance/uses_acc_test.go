package acceptance_test

import (
	"fmt"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// inUse is the summary of what a plan and an apply say.
const inUse = "Subset still in use"

// sender is a VirtualService of somebody else, in another namespace, that sends everything to a subset.
func (q *quarter) sender(subset string) {
	q.t.Helper()
	q.virtualService("name: theirs, namespace: NS-b",
		"hosts: [theirs.test], gateways: [NS-b/edge], http: [{name: primary, route: [{destination: {host: "+
			greeterHost+", subset: "+subset+"}}]}]")
}

// A subset to which somebody else sends requests is not taken away, and gets no other labels: said when it is
// planned, and once more when its turn comes.
func TestAccUses(t *testing.T) {
	t.Parallel()
	relabelled := `
resource "mesh_canary_route" "test" {
  service = "greeter"
  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { app = "greeter", version = "v1" } }
  }
  default = { subset = "v1" }
}
`
	only := `
resource "mesh_canary_route" "test" {
  service = "greeter"
  subsets = { v1 = { labels = { version = "v1" } } }
  default = { subset = "v1" }
}
`
	for name, test := range map[string]struct {
		after     string
		arguments []string
		then      string
	}{
		"the subset goes": {
			after: only, arguments: []string{"plan"},
			then: "which this change takes away: they would fail with 503",
		},
		"the subset gets other labels": {
			after: relabelled, arguments: []string{"plan"},
			then: "which this change gives the labels app=greeter, version=v1: they would go to other workloads",
		},
		"the route is destroyed": {
			arguments: []string{"plan", "-destroy"},
			then:      "which this change takes away: they would fail with 503",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQuarter(t)
			q.cli = newCLI(t) // a process of its own, which sees the environment
			q.configure(q.admin, byRules("v2", ""))
			q.must("apply")
			q.sender("v2")
			if test.after != "" {
				q.configure(q.admin, test.after)
			}
			say := []string{
				q.in(`subsets: http[0] "primary" in VirtualService "NS-b/theirs" sends requests to the subset v2 of ` +
					greeterHost + ", " + test.then),
				"allow_used_removal = true in the provider block, or the environment variable " +
					"MESH_ALLOW_USED_REMOVAL=true",
			}
			q.fails(inUse, say, test.arguments...)
			q.env = append(q.env, "MESH_ALLOW_USED_REMOVAL=true")
			allowed := q.must(test.arguments...)
			allowed.want(t, "warning", inUse, say...)
		})
	}
}

// Who begins to send requests after the plan is seen when the change's turn comes, and loses none.
func TestAccUses_afterPlan(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.configure(q.admin, byRules("v2", ""))
	q.must("apply")
	q.must("plan", "-destroy", "-out", "saved.tfplan")
	q.sender("v2")
	q.fails(inUse, []string{q.in(`VirtualService "NS-b/theirs" sends requests`)}, "apply", "saved.tfplan")
	for _, kind := range bothKinds {
		q.lab.MustGet(kind, "greeter")
	}
	q.lab.In(q.name+"-b").Delete("VirtualService", "theirs")
	q.must("destroy")
}

// Requests of somebody else reach the subset before and after a destroy that is refused, and fail after one that is
// not.
func TestAccUses_requests(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	theirs := lab.Twin("-theirs")
	w := newWorkspace(t, lab, canaryForm, "")
	w.apply(parts{})
	theirs.Create(fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: %s}\n"+
		"spec: {hosts: [%s], http: [{route: [{destination: {host: %s, subset: v2}}]}]}",
		theirs.Service, theirs.Host, lab.Host))
	theirs.Eventually(acctest.Request{}, acctest.Only("v2"))
	w.fails(inUse, nil, "destroy")
	if got := theirs.Send(acctest.Request{}); got.Versions["v2"] != got.Total {
		t.Errorf("after a destroy that is refused: %s", got)
	}
	w.block = "allow_used_removal = true"
	w.declare(parts{})
	w.must("destroy")
	theirs.Eventually(acctest.Request{}, acctest.Failing("Unavailable"))
}

// Where a DestinationRule and the VirtualService that uses it are of one workspace, the one waits for the other.
func TestAccUses_own(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	rule := func(subsets string) string {
		return "resource \"mesh_destination_rule\" \"test\" {\n  name = \"test\"\n  host = \"greeter\"\n  subsets = [" +
			subsets + "]\n}\n"
	}
	const v1, v2 = `{ name = "v1", labels = { version = "v1" } }`, `{ name = "v2", labels = { version = "v2" } }`
	q.configure(q.admin, rule(v1+", "+v2)+sendingTo(`host = "greeter", subset = "v2"`,
		"depends_on = [mesh_destination_rule.test]"))
	q.must("apply")
	// Terraform changes the DestinationRule first here: the rules would lose their subset for a while.
	q.configure(q.admin, rule(v1)+sendingTo(`host = "greeter", subset = "v1"`,
		"depends_on = [mesh_destination_rule.test]"))
	q.must("plan").want(t, "warning", inUse, "Both are of this workspace. Take the subset out of the rules first")
	q.fails(inUse, []string{"Both are of this workspace. Take the subset out of the rules first"}, "apply")
	q.configure(q.admin, rule(v1+", "+v2)+sendingTo(`host = "greeter", subset = "v1"`, ""))
	q.must("apply")
	q.configure(q.admin, rule(v1)+sendingTo(`host = "greeter", subset = "v1"`, ""))
	q.only(q.must("apply"))
	// Nothing says which of the two goes first.
	q.only(q.must("destroy"))
}

// delegating is the summary where a VirtualService goes to which another one delegates.
const delegating = "Delegate still in use"

// A delegate to which somebody else's rule hands requests over is not taken away, and gets no other name: said when
// it is planned, and once more when its turn comes.
func TestAccUses_delegates(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.cli = newCLI(t) // a process of its own, which sees the environment
	delegate := func(name string) string {
		return fmt.Sprintf("resource \"mesh_virtual_service\" \"test\" {\n  name = %q\n  http = [{ route = "+
			"[{ destination = { host = \"greeter\" } }] }]\n}\n", name)
	}
	q.configure(q.admin, delegate("greetings"))
	q.must("apply")
	q.must("plan", "-destroy", "-out", "saved.tfplan")
	q.virtualService("name: root, namespace: NS-b", "hosts: [theirs.test], gateways: [NS-b/edge], http: [{name: "+
		"hello, "+
		"match: [{uri: {prefix: /}}], delegate: {name: greetings, namespace: NS}}]")
	say := []string{q.in(`name: is taken away: http[0] "hello" in VirtualService "NS-b/root" hands requests over `+
		`to it, `+
		`and istiod leaves that rule out then`) + passedOn, "or keep it until it does",
		"allow_used_removal = true in the provider block"}
	q.fails(delegating, say[:1], "apply", "saved.tfplan")
	q.lab.MustGet(acctest.VirtualService, "greetings")
	q.fails(delegating, say, "plan", "-destroy")
	q.configure(q.admin, delegate("renamed"))
	q.fails(delegating, say, "plan")
	q.configure(q.admin, delegate("greetings"))
	q.only(q.must("plan"))
	q.env = append(q.env, "MESH_ALLOW_USED_REMOVAL=true")
	q.must("plan", "-destroy").want(t, "warning", delegating, say...)
	q.must("destroy")
}

// Requests that a root hands over reach the delegate before and after a destroy that is refused.
func TestAccUses_delegatedRequests(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	theirs := lab.Twin("-theirs")
	w := newWorkspace(t, lab, canaryForm, "")
	w.write("resource \"mesh_virtual_service\" \"test\" {\n  name = local.service\n  http = [{ route = [{ " +
		"destination = " +
		"{ host = local.host } }] }]\n}\n")
	w.must("apply")
	theirs.Create(fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: %s}\n"+
		"spec: {hosts: [%s], http: [{match: [{uri: {prefix: /}}], delegate: {name: %s}}, {match: [{headers: {never: "+
		"{exact: sent}}}], route: [{destination: {host: %[2]s}}]}]}", theirs.Service, theirs.Host, lab.Service))
	theirs.Eventually(acctest.Request{}, acctest.FailingShare("Unavailable", 0))
	w.fails(delegating, nil, "destroy")
	if got := theirs.Send(acctest.Request{}); len(got.Errors) > 0 {
		t.Errorf("after a destroy that is refused: %s", got)
	}
	w.block = "allow_used_removal = true"
	w.write("")
	w.must("apply")
	theirs.Eventually(acctest.Request{}, acctest.Failing("Unavailable"))
}
