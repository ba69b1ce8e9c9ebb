// Package form turns the values of a resource into what is routed, and back: its four forms, their schemas, and what
// a resource says of its own changes. It decides no routing rule, and talks to nobody.
package form

import (
	fwattr "github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

type attrType = fwattr.Type

// Route is what a resource describes.
type Route interface {
	report.Origin
	Problems() []istio.Problem
	Place() *canary.Placement
}

// Form is what tells the resources apart.
type Form interface {
	// TypeName is the resource's name without the provider's prefix.
	TypeName() string
	Schema() schema.Schema
	// Route makes what is described of a configuration, plan or state.
	Route(r *attr.Reader, s Defaults) Route
	// Resolve returns live objects in the spelling in which this form describes them.
	Resolve(live istio.Objects, clusterDomain string) istio.Objects
	// Recognize makes what is described of live objects, and the attributes that say so. What the cluster cannot tell
	// is as before.
	Recognize(live istio.Objects, before *canary.Placement, s Defaults) (Route, map[string]attr.Value)
	// Complete fills the values that follow from others into the planned attributes.
	Complete(planned, prior map[string]attr.Value, config *attr.Reader, s Defaults, route Route)
	// NameAttribute is the attribute that names the object of a kind.
	NameAttribute(kind istio.Kind) string
	// Void is how bad it is here that something never does what it says, [istio.Void].
	Void() istio.Severity
	// Find returns where the objects are that an import id names, or the error of an id that names none. Without a
	// name for the DestinationRule of a pair it is still to be found.
	Find(id string) (*canary.Placement, error)
	// Seed returns the attributes from which a first read can begin.
	Seed(place *canary.Placement) map[string]attr.Value
}
