package view_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// damaged changes one value somewhere in a tree to another one.
func damaged(t *rapid.T, value any) any {
	if rapid.IntRange(0, 9).Draw(t, "here") == 0 {
		return rapid.SampledFrom([]any{
			nil, true, false, "", "x", json.Number("-1"), json.Number("1e400"), json.Number("0.5"), []any{}, tree{},
			[]any{nil}, tree{"": nil}, []any{true, "x"}, tree{"default": true, "rules": []any{true}},
		}).Draw(t, "value")
	}
	switch value := value.(type) {
	case map[string]any:
		if len(value) > 0 {
			key := rapid.SampledFrom(slices.Sorted(maps.Keys(value))).Draw(t, "key")
			if rapid.IntRange(0, 9).Draw(t, "gone") == 0 {
				delete(value, key)
			} else {
				value[key] = damaged(t, value[key])
			}
		}
	case []any:
		if len(value) > 0 {
			i := rapid.IntRange(0, len(value)-1).Draw(t, "index")
			value[i] = damaged(t, value[i])
		}
	}
	return value
}

// Whatever is in a plan, the command ends in order: it draws what it can, or says why it cannot.
func TestPropertyRun_damaged(t *testing.T) {
	t.Parallel()
	plans := map[string]string{}
	for _, name := range []string{"demo_destroy", "walk", "state", "mixed"} {
		plans[name] = file(t, name+".json")
	}
	look := nobody(t)
	rapid.Check(t, func(rt *rapid.T) {
		text := plans[rapid.SampledFrom(slices.Sorted(maps.Keys(plans))).Draw(rt, "plan")]
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var plan any
		if err := decoder.Decode(&plan); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(1, 5).Draw(rt, "times") {
			plan = damaged(rt, plan)
		}
		// What matters lies deep.
		whole, _ := plan.(tree)
		if changes, ok := whole["resource_changes"].([]any); ok && len(changes) > 0 {
			i := rapid.IntRange(0, len(changes)-1).Draw(rt, "change")
			changes[i] = damaged(rt, changes[i])
		}
		raw, err := json.Marshal(plan)
		if err != nil {
			rt.Fatal(err)
		}
		for _, args := range [][]string{nil, {"--markdown"}} {
			got := run(t, string(raw), look, args...)
			if got.Code == 0 != (got.Stderr == "") || got.Code == 0 != (got.Stdout != "") {
				rt.Errorf("it ends with %d, and says %q", got.Code, got.Stderr)
			}
		}
	})
}

// Bytes that are no plan are told, and never end the command.
func FuzzRun(f *testing.F) {
	for _, name := range []string{"demo_create.json", "state.json", "walk.json", "mixed.json"} {
		raw := readFile(f, name)
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
	}
	f.Add("PK\x03\x04")
	f.Add(`{"format_version":"1.2","resource_changes":[null,{"change":null}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		got := run(t, text, nobody(t), "--markdown")
		if got.Code == 0 != (got.Stderr == "") {
			t.Errorf("it ends with %d, and says %q", got.Code, got.Stderr)
		}
	})
}
