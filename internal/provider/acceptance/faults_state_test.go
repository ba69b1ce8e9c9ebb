package acceptance_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func subsetsOf(rule *unstructured.Unstructured) []string {
	list, _, _ := unstructured.NestedSlice(rule.Object, "spec", "subsets")
	var names []string
	for _, subset := range list {
		names = append(names, subset.(map[string]any)["name"].(string))
	}
	slices.Sort(names)
	return names
}

// destination is where a rule sends requests.
type destination struct {
	host, subset string
	weight       float64
}

// destinationsOf returns those of all rules of a VirtualService, in their order.
func destinationsOf(virtualService *unstructured.Unstructured) []destination {
	rules, _, _ := unstructured.NestedSlice(virtualService.Object, "spec", "http")
	var all []destination
	for _, rule := range rules {
		for _, route := range rule.(map[string]any)["route"].([]any) {
			d := destination{}
			d.host, _, _ = unstructured.NestedString(route.(map[string]any), "destination", "host")
			d.subset, _, _ = unstructured.NestedString(route.(map[string]any), "destination", "subset")
			weight, _, _ := unstructured.NestedInt64(route.(map[string]any), "weight")
			d.weight = float64(weight)
			all = append(all, d)
		}
	}
	return all
}

// sharesOf returns the shares of the rules that share.
func sharesOf(virtualService *unstructured.Unstructured) map[string]float64 {
	weights := map[string]float64{}
	for _, d := range destinationsOf(virtualService) {
		if d.weight > 0 {
			weights[d.subset] = d.weight
		}
	}
	return weights
}

// instance is one of ours in the state.
type instance struct {
	address    string
	Status     string
	Attributes map[string]any
}

// state returns what the state holds of our resources.
func (r *faultedRun) state() []instance {
	r.t.Helper()
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []instance
		}
	}
	raw := readFileOrNone(filepath.Join(r.terraform.dir, "terraform.tfstate"))
	if raw == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(raw), &state); err != nil {
		r.t.Fatalf("read state: %v", err)
	}
	var ours []instance
	for _, resource := range state.Resources {
		for _, i := range resource.Instances {
			if strings.HasPrefix(resource.Type, "mesh_") {
				i.address = resource.Type + "." + resource.Name
				ours = append(ours, i)
			}
		}
	}
	return ours
}

func (i instance) text(attribute string) string {
	text, _ := i.Attributes[attribute].(string)
	return text
}

func (i instance) subsets() []string {
	return slices.Sorted(maps.Keys(i.Attributes["subsets"].(map[string]any)))
}

func (i instance) weights() map[string]float64 {
	weights := map[string]float64{}
	if fallback, ok := i.Attributes["default"].(map[string]any); ok {
		for name, weight := range fallback["weights"].(map[string]any) {
			weights[name] = weight.(float64)
		}
		return weights
	}
	for name, subset := range i.Attributes["subsets"].(map[string]any) {
		weights[name] = subset.(map[string]any)["weight"].(float64)
	}
	return weights
}
