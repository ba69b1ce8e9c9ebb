package acceptance_test

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// withoutReadOnly leaves out what Terraform takes from no configuration.
func (y *yardstick) withoutReadOnly(config tftypes.Value) tftypes.Value {
	if config.IsNull() || !config.IsKnown() {
		return config
	}
	attributes := entriesOf(config)
	for _, a := range y.schema.Block.Attributes {
		if a.Computed && !a.Optional {
			attributes[a.Name] = tftypes.NewValue(a.ValueType(), nil)
		}
	}
	return tftypes.NewValue(y.typed, attributes)
}

// prior draws a state before a configuration, null for none, and one that there is.
func (y *yardstick) prior(base, config tftypes.Value) (prior, state tftypes.Value) {
	y.t.Helper()
	none := tftypes.NewValue(y.typed, nil)
	if y.oneIn(2) {
		base = config
	}
	planned, _ := planned(y.t, y.aside, y.resource, base, none, y.proposed(base, none))
	if planned.IsNull() {
		return none, blank(y.typed)
	}
	state = settled(y.t, planned)
	switch y.IntN(4) {
	case 0:
		for range 1 + y.IntN(3) {
			state = y.mutated(state, "", false)
		}
		if state.IsNull() || !state.IsFullyKnown() {
			state = blank(y.typed)
		}
	case 1:
		// An earlier version did not know all that is computed.
		attributes := entriesOf(state)
		for _, a := range y.schema.Block.Attributes {
			if a.Computed && y.oneIn(2) {
				attributes[a.Name] = tftypes.NewValue(a.ValueType(), nil)
			}
		}
		state = tftypes.NewValue(y.typed, attributes)
	}
	if y.oneIn(3) {
		return none, state
	}
	return state, state
}

func (y *yardstick) proposed(config, prior tftypes.Value) tftypes.Value {
	return proposedOf(y.schema, config, prior)
}

// proposedOf is what Terraform proposes: a configuration, in which what is computed and not configured is as it was.
// Source: github.com/hashicorp/terraform/internal/plans/objchange, objchange.go.
func proposedOf(schema *tfprotov6.Schema, config, prior tftypes.Value) tftypes.Value {
	if config.IsNull() {
		return prior
	}
	if !config.IsKnown() {
		return config
	}
	if prior.IsNull() {
		prior = blank(config.Type())
	}
	return tftypes.NewValue(config.Type(), proposedAttributes(schema.Block.Attributes, config, prior))
}

func proposedAttributes(attributes []*tfprotov6.SchemaAttribute, config, prior tftypes.Value) map[string]tftypes.Value {
	configured, before := entriesOf(config), entriesOf(prior)
	proposed := map[string]tftypes.Value{}
	for _, a := range attributes {
		v := configured[a.Name]
		was, ok := before[a.Name]
		switch {
		case !ok:
			// There was nothing.
		case a.Computed && v.IsNull():
			v = was
		case a.NestedType != nil:
			v = proposedNested(a.NestedType, v, was)
		}
		proposed[a.Name] = v
	}
	return proposed
}

func proposedNested(of *tfprotov6.SchemaObject, config, prior tftypes.Value) tftypes.Value {
	if config.IsNull() || !config.IsKnown() || prior.IsNull() {
		return config
	}
	inner := func(config, prior tftypes.Value) tftypes.Value {
		if config.IsNull() || !config.IsKnown() || prior.IsNull() {
			return config
		}
		return tftypes.NewValue(config.Type(), proposedAttributes(of.Attributes, config, prior))
	}
	switch of.Nesting {
	case tfprotov6.SchemaObjectNestingModeSingle:
		return inner(config, prior)
	case tfprotov6.SchemaObjectNestingModeMap:
		entries, before := entriesOf(config), entriesOf(prior)
		for key, v := range entries {
			if was, ok := before[key]; ok {
				entries[key] = inner(v, was)
			}
		}
		return tftypes.NewValue(config.Type(), entries)
	case tfprotov6.SchemaObjectNestingModeList:
		var elements, before []tftypes.Value
		if config.As(&elements) != nil || prior.As(&before) != nil {
			return config
		}
		elements = slices.Clone(elements)
		for i := range min(len(elements), len(before)) {
			elements[i] = inner(elements[i], before[i])
		}
		return tftypes.NewValue(config.Type(), elements)
	case tfprotov6.SchemaObjectNestingModeInvalid, tfprotov6.SchemaObjectNestingModeSet:
	}
	panic("no such nesting in a schema of this provider")
}
