package provider

import (
	"context"
	"errors"
	"sync"

	fwattr "github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

type attrType = fwattr.Type

// described is what a resource describes.
type described interface {
	origin
	Problems() []istio.Problem
	Place() *canary.Placement
}

// form is what tells the resources apart.
type form interface {
	// typeName is the resource's name without the provider's prefix.
	typeName() string
	schema() schema.Schema
	// read makes what is described of a configuration, plan or state.
	read(r *attr.Reader, s defaults) described
	// resolve returns live objects in the spelling in which this form describes them.
	resolve(live istio.Objects, clusterDomain string) istio.Objects
	// recognize makes what is described of live objects, and the attributes that say so. What the cluster cannot tell is as
	// before.
	recognize(live istio.Objects, before *canary.Placement, s defaults) (described, map[string]attr.Value)
	// complete fills the values that follow from others into the planned attributes.
	complete(planned, prior map[string]attr.Value, config *attr.Reader, s defaults, route described)
	// nameAttribute is the attribute that names the object of a kind.
	nameAttribute(kind istio.Kind) string
	// void is how bad it is here that something never does what it says, [istio.Void].
	void() istio.Severity
	// find returns where the objects are that an import id names, or the error of an id that names none. Without a name for the
	// DestinationRule of a pair it is still to be found.
	find(id string) (*canary.Placement, error)
	// seed returns the attributes from which a first read can begin.
	seed(place *canary.Placement) map[string]attr.Value
}

// forms are the resources: the two compact ones first.
var forms = []form{canaryRoute{}, weightedSplit{}, virtualService, destinationRule}

// pairResource owns a VirtualService, a DestinationRule or one of each.
type pairResource struct {
	form
	settings settings
	// cached is the schema, which is the same for every call.
	cached schema.Schema
}

// schemas are those of the forms, which take time to make.
var schemas = sync.OnceValue(func() map[string]schema.Schema {
	made := map[string]schema.Schema{}
	for _, f := range forms {
		made[f.typeName()] = f.schema()
	}
	return made
})

// schemaOf returns the schema of a form, which is made once.
func schemaOf(f form) schema.Schema { return schemas()[f.typeName()] }

// newResource returns the resource of a form.
func newResource(f form) resource.Resource { return newPairResource(f) }

func newPairResource(f form) *pairResource {
	return &pairResource{form: f, settings: unconfigured(), cached: schemaOf(f)}
}

// validateConfig reports what is wrong with a configuration, whatever the provider block says.
func (p *pairResource) validateConfig(c *call) {
	r := attr.Read(c.config)
	route := p.read(r, p.settings.defaults)
	_, problems := readLifecycle(r, p.settings.defaults)
	reportProblems(&c.diagnostics, p.void(), r, append(route.Problems(), problems...))
}

// has reports whether the resource has an attribute.
func (p *pairResource) has(name string) bool {
	_, ok := p.cached.Attributes[name]
	return ok
}

// routeOf reads the route of a plan or a state, in which everything is known.
func (p *pairResource) routeOf(object attr.Value) described {
	r := attr.Read(object)
	return p.read(r, p.settings.defaults)
}

// errNotConnected is what a request comes to while the provider block holds unknown values, which is only at plan.
var errNotConnected = errors.New("connect to the cluster: the provider block holds values that are not known yet")

// findPair reads the objects of a route where a list of their namespace says that there are any, or says nothing.
func (p *pairResource) findPair(ctx context.Context, place *canary.Placement, diagnostics *diag.Diagnostics) (livePair, error) {
	for _, at := range addressesOf(place) {
		if is, known := p.settings.cluster.Listed(withWarnings(ctx, diagnostics), at); is != nil || !known {
			return p.getPair(ctx, place, diagnostics)
		}
	}
	return livePair{}, nil
}

// addressesOf returns where the objects of a route are.
func addressesOf(place *canary.Placement) []cluster.Address {
	var all []cluster.Address
	if place.VirtualServiceName != "" {
		all = append(all, cluster.Address{Kind: istio.KindVirtualService, Namespace: place.Namespace, Name: place.VirtualServiceName})
	}
	if place.DestinationRuleName != "" && !place.SubsetsElsewhere {
		all = append(all, cluster.Address{Kind: istio.KindDestinationRule, Namespace: place.Namespace, Name: place.DestinationRuleName})
	}
	return all
}

// getPair reads the objects of a route, and passes the API server's warnings on.
func (p *pairResource) getPair(ctx context.Context, place *canary.Placement, diagnostics *diag.Diagnostics) (livePair, error) {
	if p.settings.cluster == nil {
		return livePair{}, errNotConnected
	}
	pair, err := p.settings.cluster.GetObjects(withWarnings(ctx, diagnostics), addressesOf(place)...)
	return livePair{pair}, err
}

// change applies a change of the pair.
func (p *pairResource) change(
	ctx context.Context, life lifecycle, c cluster.Change, diagnostics *diag.Diagnostics,
) (cluster.Applied, error) {
	if p.settings.cluster == nil {
		return cluster.Applied{}, errNotConnected
	}
	c.Propagation, c.SharesLists = life.propagation, life.handedOver
	c.Progress = func(what string) { tflog.Info(ctx, what) }
	return p.settings.cluster.Apply(withWarnings(ctx, diagnostics), c)
}

// withWarnings turns the API server's warnings into Terraform's.
func withWarnings(ctx context.Context, diagnostics *diag.Diagnostics) context.Context {
	// Two objects may be read at the same time.
	var lock sync.Mutex
	return cluster.CollectWarnings(ctx, func(text string) {
		lock.Lock()
		defer lock.Unlock()
		diagnostics.AddWarning("Warning from the cluster", sentence(text))
	})
}
