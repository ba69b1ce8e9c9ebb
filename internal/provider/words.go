package provider

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// The bounds of max_weight_step, in percent points.
const (
	leastStep   = 1
	largestStep = 100
)

// mostMoves is how many moves a plan lists.
const mostMoves = 20

// readStep reads the largest step that is allowed, 0 for any.
func readStep(r *attr.Reader) (int64, []istio.Problem) {
	step, set := r.Int("max_weight_step")
	if set && (step < leastStep || step > largestStep) {
		return 0, []istio.Problem{istio.Errorf(istio.Path{"max_weight_step"}, "must be between %d and %d percent points, got %d", leastStep, largestStep, step)}
	}
	return step, nil
}

// options say of the objects of a resource what they do not say themselves.
func (p *pairResource) options(life lifecycle) traffic.Options {
	return traffic.Options{ClusterDomain: p.settings.clusterDomain, SharesByOthers: life.handedOver}
}

// words returns what a pair does, a line for each rule.
func (p *pairResource) words(life lifecycle, pair istio.Objects) attr.Value {
	if pair.Routing() == nil {
		return attr.Strings([]string{"the VirtualService is not there"})
	}
	return attr.Strings(traffic.Summary([]*istio.Object{pair.Routing()}, p.options(life)))
}

// wordless are the attributes that no word of a summary follows from.
var wordless = []string{
	"name", "virtual_service_name", "destination_rule_name", "manage_destination_rule", "labels", "annotations", "gateways", "export_to", "traffic_policy",
	"owner", "adopt", "adopted", "allow_empty_subsets", "left_over", "foreign_fields", "deletion", "live_weights", "max_weight_step", "propagation", "timeouts",
}

// isWordless reports whether no word follows from the attribute at a path, such as the labels of a subset.
func isWordless(at path.Path) bool {
	return liesIn(at, wordless) || liesInSubset(at, "labels", "traffic_policy")
}

// liesIn reports whether a path is one of some attributes of a resource, or lies in one.
func liesIn(at path.Path, attributes []string) bool {
	steps := at.Steps()
	return len(steps) > 0 && slices.ContainsFunc(attributes, func(name string) bool { return steps[0].Equal(path.PathStepAttributeName(name)) })
}

// liesInSubset reports whether a path is one of some attributes of a subset, or lies in one.
func liesInSubset(at path.Path, attributes ...string) bool {
	steps := at.Steps()
	return liesIn(at, []string{"subsets"}) && len(steps) > 2 &&
		slices.ContainsFunc(attributes, func(name string) bool { return steps[2].Equal(path.PathStepAttributeName(name)) })
}

// The attributes besides labels and the like that no move follows from, and nothing that the cluster has against a route.
var (
	motionless = []string{"name", "virtual_service_name", "destination_rule_name", "allow_empty_subsets"}
	unseen     = []string{"max_weight_step"}
)

// decided reports whether all is known of the configuration but what does not matter: some attributes, those that say how objects are
// marked or changed, and what a proxy does with requests besides choosing who gets them.
func (d *draft) decided(besides []string) bool {
	matters := func(at path.Path) bool {
		return !liesIn(at, besides) && !liesIn(at, []string{"labels", "annotations", "traffic_policy", "adopt", "deletion", "propagation", "timeouts"}) &&
			!liesInSubset(at, "traffic_policy")
	}
	return !slices.ContainsFunc(d.config.Unknown(), matters)
}

// completeSummary plans the words for what is planned, which r has read, as soon as that is known.
func (p *pairResource) completeSummary(d draft, r *attr.Reader) {
	if !p.has("summary") {
		return
	}
	// A state of an earlier version says nothing of it, which is no change.
	if before := d.prior["summary"]; d.exists && before.IsNull() && d.unchangedBut("summary", "live_weights") {
		d.planned["summary"] = before
		return
	}
	d.planned["summary"] = attr.Unknown()
	life, _ := readLifecycle(r, p.settings.defaults)
	if p.settings.clusterDomain != "" && !slices.ContainsFunc(r.Unknown(), func(at path.Path) bool { return !isWordless(at) }) {
		d.planned["summary"] = p.words(life, d.after)
	}
}

// unchangedBut reports whether the plan is as the state, some attributes aside.
func (d *draft) unchangedBut(names ...string) bool {
	planned := maps.Clone(d.planned)
	for _, name := range names {
		planned[name] = d.prior[name]
	}
	return attr.Object(planned).Equal(attr.Object(d.prior))
}

// planMoves tells what moves between a state and the plan for it. Terraform plans once more when it applies: what was told is not told
// again then, as far as a provider can know that it is asked for that, and steps that are too large are refused once more.
func (p *pairResource) planMoves(d draft, applying bool, diagnostics *diag.Diagnostics) {
	if !p.has("summary") || !d.planned["summary"].IsKnown() || diagnostics.HasError() || !d.decided(motionless) {
		return
	}
	var told diag.Diagnostics
	p.tellMoves(d.life, d.before, d.after, &told)
	if applying {
		told = told.Errors()
	}
	diagnostics.Append(told...)
}

// mostTold is how many routes a plan tells of one by one: nobody reads more.
const mostTold = 20

// tally counts the routes that a plan tells of. A nil one does not count.
type tally struct{ told atomic.Int64 }

// more reports whether one more route is told of by itself.
func (t *tally) more() bool { return t == nil || t.told.Add(1) <= mostTold }

// tellMoves warns of the requests that a change sends elsewhere, and refuses larger steps than are allowed. It is about what is live, whoever
// made it so: a change back to what is configured moves requests like any other.
func (p *pairResource) tellMoves(life lifecycle, is, wanted istio.Objects, diagnostics *diag.Diagnostics) {
	before := istio.UnderNewNames(is, wanted)
	if before == nil || wanted.Routing() == nil || sameObject(before, wanted.Routing()) {
		return
	}
	after := *wanted.Routing()
	after.Name = before.Name // the same one, by another name
	moves := traffic.Moves([]*istio.Object{before}, []*istio.Object{&after}, traffic.Options{ClusterDomain: p.settings.clusterDomain})
	jumps := slices.DeleteFunc(slices.Clone(moves), func(m traffic.Move) bool { return life.step == 0 || !m.Jumps(float64(life.step)) })
	switch {
	case len(jumps) > 0:
		refuseJumps(life.step, jumps, diagnostics)
	case len(moves) > 0:
		text := lines(moves, traffic.Move.String)
		// Terraform shows one of several warnings that have the same summary, and reads the whole file of a resource again for each that it shows.
		if p.settings.told.more() {
			diagnostics.AddWarning(fmt.Sprintf("Traffic moves in %s/%s", after.Namespace, after.Name), text)
		} else {
			diagnostics.AddWarning("Traffic moves in more routes", fmt.Sprintf("In %s/%s: %s\n\nWhat happens to requests is in the attribute summary of each route.",
				after.Namespace, after.Name, text))
		}
	}
}

// sameObject reports whether two VirtualServices in the same namespace mean the same.
func sameObject(a, b *istio.Object) bool {
	return a.Namespace == b.Namespace && istio.SameSpec(a.Spec, b.Spec)
}

func refuseJumps(most int64, jumps []traffic.Move, diagnostics *diag.Diagnostics) {
	needed := 0.0
	for _, m := range jumps {
		_, before, after := m.Gain()
		needed = max(needed, after-before)
	}
	at := path.Root("max_weight_step")
	diagnostics.AddAttributeError(at, "Step too large", located(at, fmt.Sprintf("allows a destination to gain at most %d percent points of the requests of a rule in one change", most))+
		" This plan moves more:\n"+lines(jumps, jumpText)+fmt.Sprintf(
		"\n\nGo in steps from the shares that are live now, or set max_weight_step = %d for this change.", int(math.Ceil(needed-1e-9))))
}

func jumpText(m traffic.Move) string {
	to, before, after := m.Gain()
	return fmt.Sprintf("%s gains %s percent points: %s", to, traffic.Points(after-before), m)
}

// lines says moves, a line for each.
func lines(moves []traffic.Move, say func(traffic.Move) string) string {
	var b strings.Builder
	for i, m := range moves {
		if i == mostMoves {
			fmt.Fprintf(&b, "\nand %d more", len(moves)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(say(m))
	}
	return b.String()
}
