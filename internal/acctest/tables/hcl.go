package tables

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// HCL returns the resources that declare the table. Their names begin with name.
func (t *Table) HCL(name string) string {
	if t.Compact {
		return t.canaryRoute(name)
	}
	var b strings.Builder
	var rules []string
	for i, o := range t.Rules {
		label := fmt.Sprintf("%s_%d", name, i)
		rules = append(rules, "mesh_destination_rule."+label)
		b.WriteString(resource("mesh_destination_rule", label, o, attributes(o.Spec), ""))
	}
	label := func(o *istio.Object) string {
		return name + strings.ReplaceAll(strings.TrimPrefix(o.Name, t.Service), "-", "_")
	}
	// What is handed over to, or sent to, goes last.
	before := slices.Clone(rules)
	for _, o := range t.Services {
		if len(o.VirtualServiceSpec().Hosts) == 0 {
			before = append(before, "mesh_virtual_service."+label(o))
		}
	}
	for _, o := range t.Services {
		after := before
		if len(o.VirtualServiceSpec().Hosts) == 0 {
			after = rules
		}
		b.WriteString(resource("mesh_virtual_service", label(o), o, attributes(o.Spec),
			fmt.Sprintf("  depends_on = [%s]\n", strings.Join(after, ", "))))
	}
	return b.String()
}

func (t *Table) canaryRoute(name string) string {
	subsets := map[string]any{}
	for _, s := range t.Rules[0].DestinationRuleSpec().Subsets {
		subsets[s.Name] = map[string]any{"labels": s.Labels}
	}
	var rules []any
	plain := istio.Unstick(t.Services[0].VirtualServiceSpec().Http)
	for i, http := range plain.Rules {
		rule := attributes(http)
		delete(rule, "route")
		presence(rule)
		if len(http.Route) == 1 {
			rule["subset"] = http.Route[0].Destination.Subset
		} else {
			weights := map[string]int32{}
			for _, route := range http.Route {
				weights[route.Destination.Subset] = route.Weight
			}
			rule["weights"] = weights
		}
		if s := plain.Sticky[i]; s != nil {
			rule["sticky"] = map[string]any{
				"cookie": s.Cookie, "max_age": s.MaxAge.String(), "subsets": s.Subsets,
			}
		}
		rules = append(rules, rule)
	}
	last := len(rules) - 1
	return resource("mesh_canary_route", name, t.Services[0], map[string]any{
		"service": t.Service, "subsets": subsets, "rules": rules[:last], "default": rules[last],
	}, "")
}

// presence writes the conditions of a rule that ask for no value as a mesh_canary_route has them.
func presence(rule map[string]any) {
	matches, _ := rule["match"].([]any)
	for _, m := range matches {
		match, _ := m.(map[string]any)
		for _, name := range []string{"headers", "query_params", "without_headers"} {
			conditions, _ := match[name].(map[string]any)
			for _, c := range conditions {
				if condition, _ := c.(map[string]any); len(condition) == 0 {
					condition["present"] = true
				}
			}
		}
	}
}

// attributes returns a message as the provider's attributes: Istio's fields in snake case.
func attributes(message proto.Message) map[string]any {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	tree := map[string]any{}
	if err == nil {
		err = json.Unmarshal(text, &tree)
	}
	if err != nil {
		panic(err) // what was drawn can be written
	}
	return tree
}

// templates are what HCL reads in a string, and JSON does not.
var templates = strings.NewReplacer("${", "$${", "%{", "%%{")

func resource(kind, name string, o *istio.Object, attributes map[string]any, more string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "resource %q %q {\n  name = %q\n  namespace = %q\n", kind, name, o.Name, o.Namespace)
	for _, key := range sortedKeys(attributes) {
		value, err := json.Marshal(attributes[key])
		if err != nil {
			panic(err) // it comes from JSON
		}
		fmt.Fprintf(&b, "  %s = %s\n", key, templates.Replace(string(value)))
	}
	b.WriteString(more + "}\n\n")
	return b.String()
}
