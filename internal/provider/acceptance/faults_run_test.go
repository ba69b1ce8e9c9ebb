package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const (
	// faultOwner is the owner mark that lets an interrupted apply find its own objects again.
	faultOwner = `owner = "faults"`
	// faultTimeouts bounds what a hang takes.
	faultTimeouts = `timeouts = { create = "4s", read = "4s", update = "4s", delete = "4s" }`
	faultManager  = "terraform-provider-mesh"
	// stranger is another field manager.
	stranger = "stranger"
)

// faultedRun is one transition with at most one fault.
type faultedRun struct {
	*process
	transition

	lab       *acctest.Lab
	proxy     *acctest.Proxy
	terraform *cli
	elsewhere string
	// settle is how long the provider lets proxies follow.
	settle string
	// count is told what the faulted command came to, and converged that the next one has converged.
	count     func(failed bool)
	converged func()
}

func newFaultedRun(t *testing.T, tr transition, elsewhere string) *faultedRun {
	t.Helper()
	lab := acctest.Start(t)
	return &faultedRun{
		process:    newProcess(t),
		transition: tr,
		lab:        lab,
		proxy:      lab.StartProxy(t),
		terraform:  newCLI(t, reattach(t)),
		elsewhere:  elsewhere,
		settle:     "200ms", count: func(bool) {}, converged: func() {},
	}
}

// outcome is what a run came to.
type outcome struct {
	// calls are those of the faulted command, in their order.
	calls []string
	// picture is all that is there once the next apply has converged.
	picture string
}

// do makes the transition with a fault at one call, or with none at call 0, and checks that the next apply converges
// and that nothing is lost, left over or taken.
func (r *faultedRun) do(call int, f fault) outcome {
	r.t.Helper()
	untouched := r.lab.Bystand()
	if r.given != nil {
		r.given(r.lab)
	}
	given := r.specs()
	if r.before.config != "" {
		r.configure(r.before)
		r.terraform.must("apply")
	}
	if r.meanwhile != nil {
		r.meanwhile(r.lab)
	}
	survivors := r.survivors()
	for _, a := range survivors {
		r.lab.MarkAs(stranger, a.kind, a.namespace, a.name)
	}
	command := "apply"
	if r.after.config == "" {
		command = "destroy"
	} else {
		r.configure(r.after)
	}

	o := outcome{calls: r.fail(command, call, f)}
	if r.back {
		r.walksBack()
	} else {
		r.terraform.must(command)
	}
	r.unchanged(command)
	r.converged()
	o.picture = r.look(r.after.objects)
	r.agrees()
	for _, a := range survivors {
		if live := r.lab.In(a.namespace).Get(a.kind, a.name); live != nil && !acctest.Marked(stranger, live) {
			r.t.Errorf("%s lost the label or the annotation of another manager", a)
		}
	}
	r.terraform.must("destroy")
	r.look(r.left)
	if diff := cmp.Diff(given, r.specs()); r.restored && diff != "" {
		r.t.Errorf("what was given, and what is left of it (-given +left):\n%s", diff)
	}
	if diff := untouched(); diff != "" {
		r.t.Errorf("the objects of somebody else for another host (-before +after):\n%s", diff)
	}
	return o
}

// fail runs the command with a fault, whose own result is free: it may succeed, or fail and say why. It returns the
// calls.
func (r *faultedRun) fail(command string, call int, f fault) []string {
	r.t.Helper()
	trap := acctest.Trap{}
	if f.trap != nil {
		trap = f.trap(r)
	}
	trap.Call = call
	r.proxy.Arm(trap)
	// This time the provider is a process of its own.
	env := r.terraform.env
	r.terraform.env, r.terraform.wrapper = nil, r.wrap()
	result := r.terraform.run(command)
	r.terraform.env, r.terraform.wrapper = env, nil
	r.gone()
	calls := r.proxy.Disarm()
	r.count(!result.ok)
	r.t.Cleanup(func() {
		if r.t.Failed() && call > 0 {
			r.t.Logf(
				"the calls of the faulted terraform %s, which went wrong from call %d on: %s\nit succeeded: %t\n%s",
				command, call, numbered(calls), result.ok, result,
			)
		}
	})
	said := slices.ContainsFunc(result.Diagnostics, func(d diagnostic) bool {
		return d.Severity == "error" && d.Summary != ""
	})
	switch {
	case len(calls) < call:
		r.t.Errorf("call %d never came", call)
	case call == 0 && !result.ok && !r.back:
		r.t.Errorf("terraform %s fails without a fault:\n%s", command, result)
	case strings.Contains(result.text, "panic:"):
		r.t.Errorf("terraform %s panics:\n%s", command, result.text)
	case !result.ok && !said && !f.silent:
		r.t.Errorf("terraform %s fails and does not say why:\n%s", command, result.text)
	}
	for _, i := range r.state() {
		if i.Status == "tainted" &&
			r.lab.In(i.text("namespace")).Get(acctest.VirtualService, i.text("virtual_service_name")) != nil {
			r.t.Errorf("%s is tainted while its VirtualService routes: the next apply would delete it", i.address)
		}
	}
	r.routes()
	return calls
}

// walksBack checks that the next apply ends at the start of the walk, and plans that.
func (r *faultedRun) walksBack() {
	r.t.Helper()
	again := r.terraform.run("apply")
	again.want(r.t, "error", "Walk went back")
	r.agrees()
	r.configure(r.before)
	r.terraform.must("apply")
}

// routes checks that the live rules name no subset that is not there, and that a transition between two
// configurations has rules at every moment.
func (r *faultedRun) routes() {
	r.t.Helper()
	subsets := map[string][]string{}
	var rules []unstructured.Unstructured
	for _, o := range r.lab.Traces() {
		if o.GetKind() == acctest.VirtualService {
			rules = append(rules, o)
			continue
		}
		host, _, _ := unstructured.NestedString(o.Object, "spec", "host")
		subsets[r.full(host)] = append(subsets[r.full(host)], subsetsOf(&o)...)
	}
	if len(rules) == 0 && r.before.config != "" && r.after.config != "" && !r.gap {
		r.t.Error("the fault leaves the service without a VirtualService")
	}
	for _, o := range rules {
		for _, d := range destinationsOf(&o) {
			if !slices.Contains(subsets[r.full(d.host)], d.subset) {
				r.t.Errorf("VirtualService %s sends requests to %s, subset %q, which no DestinationRule has",
					o.GetName(), d.host, d.subset)
			}
		}
	}
}

func numbered(calls []string) string {
	var b strings.Builder
	for i, c := range calls {
		fmt.Fprintf(&b, "\n\t%d. %s", i+1, c)
	}
	return b.String()
}

// expand puts the test's names into addresses.
func (r *faultedRun) expand(addresses []address) []address {
	expanded := make([]address, len(addresses))
	for i, a := range addresses {
		expanded[i] = address{a.kind, r.text(a.namespace), r.text(a.name)}
	}
	return expanded
}

func (r *faultedRun) text(text string) string {
	return r.lab.Expand(strings.ReplaceAll(text, "ELSEWHERE", r.elsewhere))
}

func (r *faultedRun) configure(d declared) {
	r.t.Helper()
	block := fmt.Sprintf(
		"  host = %q\n  %s\n  propagation = { mode = \"settle\", settle = %q, settle_after_failure = \"0s\" }\n",
		r.proxy.URL, faultOwner, r.settle,
	)
	r.terraform.configure(block, r.text(d.config))
}

// unchanged checks that a second run has nothing to do.
func (r *faultedRun) unchanged(command string) {
	r.t.Helper()
	arguments := []string{"plan", "-detailed-exitcode"}
	if command == "destroy" {
		arguments = append(arguments, "-destroy")
	}
	if again := r.terraform.run(arguments...); !again.ok {
		r.t.Errorf("the plan is not empty after the apply:\n%s", again.text)
	}
}

// survivors are the objects that exist before and after the transition.
func (r *faultedRun) survivors() []address {
	if r.remade {
		return nil
	}
	after := append(r.expand(r.after.objects), r.expand(r.left)...)
	return slices.DeleteFunc(r.expand(r.before.objects), func(a address) bool { return !slices.Contains(after, a) })
}

// look checks that exactly these objects exist, and that our field manager owns each. It returns all of them and the
// state, with what differs from test to test left out.
func (r *faultedRun) look(want []address) string {
	r.t.Helper()
	live := r.lab.Traces()
	wanted, found := map[string]bool{}, map[string]bool{}
	for _, a := range r.expand(want) {
		wanted[a.String()] = true
	}
	var shown []any
	for _, o := range live {
		at := address{o.GetKind(), o.GetNamespace(), o.GetName()}
		found[at.String()] = true
		if !slices.Contains(r.expand(r.left), at) && !slices.ContainsFunc(o.GetManagedFields(), ours) {
			r.t.Errorf("%s is not ours: %v", at, o.GetManagedFields())
		}
		shown = append(shown, timeless(o))
	}
	if diff := cmp.Diff(wanted, found); diff != "" {
		r.t.Errorf("objects for the test's service (-want +got):\n%s", diff)
	}
	for _, i := range r.state() {
		// It holds resource versions, and less when an adoption was cut short.
		delete(i.Attributes, "adopted")
		shown = append(shown, i)
	}
	text, err := yaml.Marshal(shown)
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.NewReplacer(r.lab.Service, "SERVICE", r.elsewhere, "ELSEWHERE").Replace(string(text))
}

// full returns a host's full name. All services are in one namespace.
func (r *faultedRun) full(host string) string {
	if strings.Contains(host, ".") {
		return host
	}
	return host + strings.TrimPrefix(r.lab.Host, r.lab.Service)
}

// specs returns what the live objects say, with short names for hosts.
func (r *faultedRun) specs() string {
	r.t.Helper()
	var specs []any
	for _, o := range r.lab.Traces() {
		specs = append(specs, o.GetKind(), o.Object["spec"])
	}
	text, err := yaml.Marshal(specs)
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), r.lab.Host, r.lab.Service)
}

// timeless returns an object without what is different each time it is made.
func timeless(o unstructured.Unstructured) map[string]any {
	managers := o.GetManagedFields()
	slices.SortFunc(managers, func(a, b managedFields) int {
		return strings.Compare(a.Manager+string(a.Operation), b.Manager+string(b.Operation))
	})
	for i := range managers {
		managers[i].Time = nil
	}
	o.SetManagedFields(managers)
	metadata := o.Object["metadata"].(map[string]any)
	for _, field := range []string{"creationTimestamp", "generation", "resourceVersion", "uid"} {
		delete(metadata, field)
	}
	return o.Object
}

// agrees checks that the state names the objects that are there, with their subsets and weights.
func (r *faultedRun) agrees() {
	r.t.Helper()
	for _, i := range r.state() {
		at := r.lab.In(i.text("namespace"))
		virtualService := at.MustGet(acctest.VirtualService, i.text("virtual_service_name"))
		rule := at.MustGet(acctest.DestinationRule, i.text("destination_rule_name"))
		if diff := cmp.Diff(i.subsets(), subsetsOf(rule)); diff != "" {
			r.t.Errorf("subsets in the state and in the DestinationRule (-state +live):\n%s", diff)
		}
		want := i.weights()
		if r.weights != nil {
			want = r.weights
		}
		if diff := cmp.Diff(want, sharesOf(virtualService)); diff != "" {
			r.t.Errorf("weights in the state and in the VirtualService (-state +live):\n%s", diff)
		}
	}
}
