package crud

import (
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// options say of the objects of a resource what they do not say themselves.
func (p *objectsResource) options(life form.Lifecycle) traffic.Options {
	return traffic.Options{ClusterDomain: p.settings.ClusterDomain, SharesByOthers: life.HandedOver}
}

// words returns what objects do, a line for each rule.
func (p *objectsResource) words(life form.Lifecycle, objects istio.Objects) attr.Value {
	if objects.Routing() == nil {
		return attr.Strings([]string{"the VirtualService is not there"})
	}
	return attr.Strings(traffic.Summary([]*istio.Object{objects.Routing()}, p.options(life)))
}

// wordsOf returns what live objects do, and says when one of those that were wanted is not there.
func (p *objectsResource) wordsOf(life form.Lifecycle, live, wanted istio.Objects) attr.Value {
	words := p.words(life, live)
	if live.Routing() == nil || live.Declaring() != nil || wanted.Declaring() == nil {
		return words
	}
	const missing = "the DestinationRule is not there: requests to its subsets fail with 503"
	return attr.List(append([]attr.Value{attr.String(missing)}, words.Elements()...))
}

// completeSummary plans the words for what is planned, which r has read, as soon as that is known.
func (p *objectsResource) completeSummary(d draft, r *attr.Reader) {
	if !p.has("summary") {
		return
	}
	// A state of an earlier version says nothing of it, which is no change.
	if before := d.prior["summary"]; d.exists && before.IsNull() && d.unchangedBut(form.With(form.Told)...) {
		d.planned["summary"] = before
		return
	}
	d.planned["summary"] = attr.Unknown()
	life, _ := form.ReadLifecycle(r, p.settings.Defaults)
	if p.settings.ClusterDomain != "" && isKnown(r, form.Worded) {
		d.planned["summary"] = p.words(life, d.after)
	}
}
