package function

import (
	"context"
	"encoding/json"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
)

// JSON returns an answer as evaluate does, as jsonencode writes it, on lines for people.
func JSON(o argument.Answer) string {
	value, err := OutcomeOf(o).ToTerraformValue(context.Background())
	if err != nil {
		return err.Error() // never: the type is the value's own
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(treeOf(value)) // texts, numbers and bools in lists and maps, to memory
	return b.String()
}

// treeOf returns a known value as a tree of JSON.
func treeOf(value tftypes.Value) any {
	var elements []tftypes.Value
	var entries map[string]tftypes.Value
	var text string
	var truth bool
	number := new(big.Float)
	switch {
	case value.IsNull():
	case value.As(&elements) == nil:
		list := make([]any, len(elements))
		for i, element := range elements {
			list[i] = treeOf(element)
		}
		return list
	case value.As(&entries) == nil:
		tree := make(map[string]any, len(entries))
		for name, entry := range entries {
			tree[name] = treeOf(entry)
		}
		return tree
	case value.As(&text) == nil:
		return text
	case value.As(&truth) == nil:
		return truth
	case value.As(&number) == nil:
		return json.Number(number.Text('f', -1))
	}
	return nil
}
