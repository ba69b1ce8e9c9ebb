package form

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// Trait is what others have to know of an attribute, whatever its value is.
type Trait uint16

// The traits of attributes.
const (
	// Worded says that words of a summary follow from it.
	Worded Trait = 1 << iota
	// Moving says that it has to be known to tell which requests a change moves, and whether they may.
	Moving
	// Facing says that it has to be known to tell what the cluster has against a route.
	Facing
	// Deciding says that it has to be known to tell what becomes of a request.
	Deciding
	// Live says that it follows from the cluster or the provider block, where the form computes it at all.
	Live
	// Told says that it tells what is live in other words: a plan may change it that changes nothing.
	Told
	// Carried says that a compact form takes it as it is from a state of the other one.
	Carried
	// OfRules and OfSubsets say that it means something only where an object has rules, and where one declares
	// subsets.
	OfRules
	OfSubsets

	// routed is what requests depend on in every way.
	routed = Worded | Moving | Facing | Deciding
)

// attributes are those of all forms, by name. One inside another that differs from it has a row of its own.
var attributes = map[string]Trait{
	// Where the objects are and for whom.
	"service":                 routed | Carried,
	"host":                    routed | Carried | Live,
	"hosts":                   routed | Carried,
	"namespace":               routed | Carried,
	"name":                    Facing | Deciding | Carried,
	"virtual_service_name":    Facing | Deciding,
	"destination_rule_name":   Facing | Deciding,
	"manage_destination_rule": Moving | Facing | Deciding,
	"gateways":                Moving | Facing | Deciding,
	"export_to":               Moving | Facing | Deciding,
	"port":                    routed,
	"labels":                  0,
	"annotations":             0,

	// What is routed.
	"subsets":                routed,
	"subsets.labels":         Moving | Facing,
	"subsets.traffic_policy": 0,
	"traffic_policy":         0,
	"workload_selector":      routed,
	"rules":                  routed,
	"default":                routed,
	"otherwise":              routed,
	"sticky":                 routed,
	"match":                  routed,
	"http":                   routed,
	"tls":                    routed,
	"tcp":                    routed,
	"timeout":                routed,
	"retries":                routed,
	"fault":                  routed,
	"mirrors":                routed,
	"headers":                routed,
	"rewrite":                routed,
	"cors_policy":            routed,
	"foreign_fields":         Live,

	// How a resource is changed.
	"owner":               Carried | Live,
	"adopt":               Carried,
	"adopt_from":          Carried,
	"adopted":             Carried | Live,
	"acknowledged":        Carried,
	"left_over":           Carried | Live,
	"deletion":            Carried,
	"timeouts":            Carried,
	"propagation":         Carried | OfSubsets,
	"force_conflicts":     Carried,
	"allow_empty_subsets": Carried | Facing | OfRules | OfSubsets,
	"weights_managed_by":  Carried | Worded | Moving | Facing | OfRules,
	"max_weight_step":     Carried | Moving | OfRules,
	"walk":                Carried | Moving,
	"walk_state":          Carried | Live,
	"live_weights":        Carried | Live | Told | OfRules,
	"summary":             Carried | Live | Told | OfRules,
}

// Has reports whether what stands at a path has a trait: as its attribute says, or the one that it lies in. The
// resource itself has all.
func Has(at path.Path, trait Trait) bool {
	var names []string
	for _, step := range at.Steps() {
		if name, ok := step.(path.PathStepAttributeName); ok {
			names = append(names, string(name))
		}
	}
	if len(names) == 0 {
		return true
	}
	if inner, ok := attributes[strings.Join(names[:min(2, len(names))], ".")]; ok {
		return inner&trait != 0
	}
	return attributes[names[0]]&trait != 0
}

// With returns the names of the attributes of a resource that have a trait.
func With(trait Trait) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(attributes)), func(name string) bool {
		return attributes[name]&trait == 0 || strings.Contains(name, ".")
	})
}
