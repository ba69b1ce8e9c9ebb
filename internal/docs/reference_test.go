package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"
)

// attributes are those of an object, by name.
type attributes = map[string]*tfjson.SchemaAttribute

func leaf(about string) *tfjson.SchemaAttribute {
	return &tfjson.SchemaAttribute{AttributeType: cty.String, Description: about, Optional: true}
}

func nested(about string, mode tfjson.SchemaNestingMode, of attributes) *tfjson.SchemaAttribute {
	return &tfjson.SchemaAttribute{
		Description: about, Optional: true,
		AttributeNestedType: &tfjson.SchemaNestedAttributeType{NestingMode: mode, Attributes: of},
	}
}

// What stands in one place is described there while it is short; what stands in several, or is long, has a section,
// under its shortest path.
func TestReferenceOf(t *testing.T) {
	t.Parallel()
	required := leaf("Name.")
	required.Required, required.Optional = true, false
	secret := leaf("Secret.")
	secret.Optional, secret.Sensitive = false, true
	weights := leaf("Shares.")
	weights.AttributeType = cty.Map(cty.List(cty.Number))
	of := func() attributes { return attributes{"exact": leaf("All of it."), "prefix": leaf("Its begin.")} }
	got, err := referenceOf(&tfjson.SchemaBlock{Attributes: attributes{
		"name": required, "secret": secret, "weights": weights,
		"match": nested("Conditions.\n\nAll of them.", tfjson.SchemaNestingModeList, attributes{
			"uri": nested("Path.", tfjson.SchemaNestingModeSingle, of()), "name": required,
		}),
		"host":  nested("Host.", tfjson.SchemaNestingModeSet, of()),
		"fault": nested("Faults.", tfjson.SchemaNestingModeMap, attributes{"delay": leaf("Delay."), "name": required}),
		"limit": nested("Limit.", tfjson.SchemaNestingModeSingle, attributes{"value": leaf("Percent.")}),
		"least": nested("Least.", tfjson.SchemaNestingModeSingle, attributes{"value": leaf("Percent.")}),
		"long": nested("Long.", tfjson.SchemaNestingModeSingle, attributes{
			"a": leaf("A."), "b": leaf("B."), "c": leaf("C."), "d": leaf("D."), "e": leaf("E."),
			"f": secret, "g": leaf("G."),
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`## Schema

### Required

- 'name' (String) Name.

### Optional

- 'fault' (Attributes Map) Faults.
  - 'name' (String, Required) Name.
  - 'delay' (String) Delay.
- 'host' (Attributes Set) Host. See ['host'](#nestedatt--host).
- 'least' (Attributes) Least.
  - 'value' (String) Percent.
- 'limit' (Attributes) Limit.
  - 'value' (String) Percent.
- 'long' (Attributes) Long. See ['long'](#nestedatt--long).
- 'match' (Attributes List) Conditions.

  All of them.
  - 'name' (String, Required) Name.
  - 'uri' (Attributes) Path. See ['host'](#nestedatt--host).
- 'weights' (Map of List of Number) Shares.

### Read-Only

- 'secret' (String, Sensitive) Secret.

<a id="nestedatt--host"></a>
### Nested Schema for 'host'

The same for 'match.uri'.

- 'exact' (String) All of it.
- 'prefix' (String) Its begin.

<a id="nestedatt--long"></a>
### Nested Schema for 'long'

- 'a' (String) A.
- 'b' (String) B.
- 'c' (String) C.
- 'd' (String) D.
- 'e' (String) E.
- 'g' (String) G.
- 'f' (String, Read-Only, Sensitive) Secret.
`, "'", "`")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReferenceOf_blocks(t *testing.T) {
	t.Parallel()
	_, err := referenceOf(&tfjson.SchemaBlock{NestedBlocks: map[string]*tfjson.SchemaBlockType{"exec": {}}})
	if err == nil {
		t.Error("a block is left out without a word")
	}
}

// The reference takes the place of what tfplugindocs wrote, and of nothing else.
func TestWithReference(t *testing.T) {
	t.Parallel()
	page := "# mesh_x\n\n" + madeByTfplugindocs + "## Schema\n\n### Optional\n\n- it\n\n### Nested\n\n- its\n"
	for name, after := range map[string]string{"and a section": "\n## Import\n\nBy name.\n", "and nothing": ""} {
		got, err := withReference(page+after, "## Schema\n\nnew\n")
		if want := "# mesh_x\n\n## Schema\n\nnew\n" + after; err != nil || got != want {
			t.Errorf("%s: %v\n%s", name, err, cmp.Diff(want, got))
		}
	}
	if _, err := withReference("# mesh_x\n", ""); err == nil {
		t.Error("a page without a schema is left as it is without a word")
	}
}
