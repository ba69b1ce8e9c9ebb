package crud

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// options say of the objects of a resource what they do not say themselves.
func (p *objectsResource) options(life form.Lifecycle) traffic.Options {
	return traffic.Options{ClusterDomain: p.settings.ClusterDomain, SharesByOthers: life.HandedOver}
}

// words returns what objects do, a line for each rule. The facts tell what istiod leaves out because of a delegate;
// without them, nil, every delegate counts as one that takes the requests.
func (p *objectsResource) words(life form.Lifecycle, objects istio.Objects, facts *around.Facts) attr.Value {
	o := objects.Routing()
	if o == nil {
		return attr.Strings([]string{"the VirtualService is not there"})
	}
	var kept istio.Unstuck
	if p.has("walk") {
		kept = istio.Unstick(o.VirtualServiceSpec().GetHttp())
		o = p.withoutSticky(objects).Routing()
	}
	options := p.options(life)
	if facts == nil {
		return attr.Strings(outlook.WithKept(traffic.Summary([]*istio.Object{o}, options), kept))
	}
	options.NameDelegates = true
	return attr.Strings(outlook.WithKept(facts.Summary(o, options), kept))
}

// delegateFacts are what is known of the delegates of objects, nil without any. Anew: no list from before will do.
func (p *objectsResource) delegateFacts(
	ctx context.Context, objects istio.Objects, anew bool, diagnostics *diag.Diagnostics,
) *around.Facts {
	o := objects.Routing()
	if p.settings.Surroundings == nil || o == nil || !around.Delegates(o) {
		return nil
	}
	view := p.settings.View(o.Namespace, p.settings.Owner)
	if anew {
		view.Anew()
	}
	view.List(report.WithWarnings(ctx, diagnostics), []around.Query{{Resource: around.VirtualServices}})
	return &view.Facts
}

// wordsOf returns what live objects do, and says when one of those that were wanted is not there.
func (p *objectsResource) wordsOf(life form.Lifecycle, live, wanted istio.Objects, facts *around.Facts) attr.Value {
	words := p.words(life, live, facts)
	if live.Routing() == nil || live.Declaring() != nil || wanted.Declaring() == nil {
		return words
	}
	const missing = "the DestinationRule is not there: requests to its subsets fail with 503"
	return attr.List(append([]attr.Value{attr.String(missing)}, words.Elements()...))
}

// completeSummary plans the words for what is planned, which r has read, as soon as that is known.
func (p *objectsResource) completeSummary(d *draft, r *attr.Reader) {
	if !p.has("summary") {
		return
	}
	// A state of an earlier version says nothing of it, which is no change.
	// What istiod leaves out because of a delegate stays in it, as the last refresh has found that.
	before, delegates := d.prior["summary"], d.after.Routing() != nil && around.Delegates(d.after.Routing())
	if d.exists && (before.IsNull() || delegates) && d.unchangedBut(form.With(form.Told)...) && !d.walksOn() {
		d.planned["summary"] = before
		return
	}
	d.planned["summary"] = attr.Unknown()
	life, _ := form.ReadLifecycle(r, p.settings.Defaults)
	if p.settings.ClusterDomain == "" || !isKnown(r, form.Worded) || d.endsAnywhere() {
		return
	}
	// A delegate may come and go until the plan is applied, and in the plan that Terraform makes then the words have
	// to be the same: so they follow from the state and the configuration alone. Where a refresh has found something
	// left out, only the apply will know.
	if delegates && d.exists && !before.Equal(p.words(p.lifecycleOf(attr.Object(d.prior)), d.before, nil)) {
		return
	}
	d.planned["summary"] = p.words(life, d.reached(), nil)
}
