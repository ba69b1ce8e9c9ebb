package acceptance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// drawer draws values for requests.
type drawer struct{ *rand.Rand }

func (d drawer) one(texts ...string) string { return texts[d.IntN(len(texts))] }

// oneIn reports whether it is the turn of what happens every so many times.
func (d drawer) oneIn(n int) bool { return d.IntN(n) == 0 }

// usualTexts are texts for attributes that not every text is good for, wrong ones among them.
var usualTexts = map[string][]string{
	"deletion":           {"delete", "abandon", "restore", "Delete"},
	"weights_managed_by": {"terraform", "other", "both"},
	"mode":               {"auto", "ack", "settle", "none", "SIMPLE", "ISTIO_MUTUAL", "wait"},
	"on_timeout":         {"continue", "stop", "halt"},
	"timeout":            {"5s", "5000ms", "0.5s", "10m", "5"},
	"settle":             {"2s", "2000ms", "0s", "1h"},
	"subset":             {"v1", "v2", "v3"},
	"otherwise":          {"v1", "v2", "v3"},
}

// text draws a text for an attribute.
func (d drawer) text(attribute string) string {
	if texts := usualTexts[attribute]; texts != nil && !d.oneIn(4) {
		return d.one(texts...)
	}
	switch d.IntN(4) {
	case 0:
		return d.one("5s", "5000ms", "5.0s", "0.083333333m", "1m", "60s", "1h0m0s", "-1s", "5")
	case 1:
		names := slices.Sorted(maps.Keys(hostileTexts))
		if text := hostileTexts[names[d.IntN(len(names))]]; len(text) < 1000 {
			return text
		}
		return "\xff"
	case 2:
		return d.one("", "\xff\xfe", "gr\xfc\xdfe", "a\x1b[31mb")
	}
	return d.one("v1", "v2", "v3", "greeter", "reviews", "shop", "*", "a.example", "GREETER", "ROUND_ROBIN", "/a",
		".*", "mesh")
}

func (d drawer) number() *big.Float {
	if !d.oneIn(3) {
		return new(big.Float).SetInt64(int64(d.IntN(101)))
	}
	n, _, err := big.ParseFloat(d.one("0.5", "33.3", "-1", "0", "-0", "101", "70000", "1e19", "18446744073709551615",
		"9223372036854775808", "1e400", "-1e400", "1e-400",
		"0.1000000000000000000000000000000001", strings.Repeat("9", 60), "Inf", "-Inf"), 10, 512, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return n
}

// value draws a value of a type, with at most so many levels inside it.
func (d drawer) value(of tftypes.Type, attribute string, levels int, unknown bool) tftypes.Value {
	switch choice := d.IntN(10); {
	case choice == 0 || levels == 0:
		return tftypes.NewValue(of, nil)
	case choice == 1 && unknown:
		return tftypes.NewValue(of, tftypes.UnknownValue)
	}
	switch t := of.(type) {
	case tftypes.List:
		elements := make([]tftypes.Value, d.IntN(4))
		for i := range elements {
			elements[i] = d.value(t.ElementType, attribute, levels-1, unknown)
			if i > 0 && d.oneIn(4) {
				elements[i] = elements[i-1]
			}
		}
		return tftypes.NewValue(t, elements)
	case tftypes.Map:
		entries := map[string]tftypes.Value{}
		for range d.IntN(4) {
			entries[d.text("subset")] = d.value(t.ElementType, attribute, levels-1, unknown)
		}
		return tftypes.NewValue(t, entries)
	case tftypes.Object:
		attributes := map[string]tftypes.Value{}
		for _, name := range slices.Sorted(maps.Keys(t.AttributeTypes)) {
			attributes[name] = tftypes.NewValue(t.AttributeTypes[name], nil)
			if d.oneIn(4) {
				attributes[name] = d.value(t.AttributeTypes[name], name, levels-1, unknown)
			}
		}
		return tftypes.NewValue(t, attributes)
	}
	switch {
	case of.Is(tftypes.Number):
		return tftypes.NewValue(of, d.number())
	case of.Is(tftypes.Bool):
		return tftypes.NewValue(of, d.oneIn(2))
	}
	return tftypes.NewValue(of, d.text(attribute))
}

// mutated returns a value with something else at one place.
func (d drawer) mutated(v tftypes.Value, attribute string, unknown bool) tftypes.Value {
	switch t := v.Type().(type) {
	case tftypes.Object:
		attributes := entriesOf(v)
		if v.IsNull() || !v.IsKnown() || attribute != "" && d.oneIn(8) {
			break
		}
		names := slices.Sorted(maps.Keys(t.AttributeTypes))
		// What is set is changed more often than what is not.
		set := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return attributes[name].IsNull() })
		if len(set) > 0 && !d.oneIn(3) {
			names = set
		}
		name := names[d.IntN(len(names))]
		attributes[name] = d.mutated(attributes[name], name, unknown)
		return tftypes.NewValue(t, attributes)
	case tftypes.List:
		var elements []tftypes.Value
		if v.IsNull() || !v.IsKnown() || v.As(&elements) != nil || len(elements) == 0 {
			break
		}
		elements = slices.Clone(elements)
		i := d.IntN(len(elements))
		switch d.IntN(8) {
		case 0:
			elements = slices.Delete(elements, i, i+1)
		case 1:
			elements = slices.Insert(elements, i, elements[i])
		case 2:
			elements = append(elements, d.value(t.ElementType, attribute, 3, unknown))
		default:
			elements[i] = d.mutated(elements[i], attribute, unknown)
		}
		return tftypes.NewValue(t, elements)
	case tftypes.Map:
		entries := entriesOf(v)
		if len(entries) == 0 {
			break
		}
		keys := slices.Sorted(maps.Keys(entries))
		key := keys[d.IntN(len(keys))]
		switch d.IntN(8) {
		case 0:
			delete(entries, key)
		case 1:
			entries[d.text("subset")] = entries[key]
		case 2:
			entries[d.text("subset")] = d.value(t.ElementType, attribute, 3, unknown)
		default:
			entries[key] = d.mutated(entries[key], attribute, unknown)
		}
		return tftypes.NewValue(t, entries)
	}
	return d.value(v.Type(), attribute, 3, unknown)
}

// respelled returns a value in which every duration is written in milliseconds, which means the same.
func respelled(t *testing.T, v tftypes.Value) tftypes.Value {
	t.Helper()
	other, err := tftypes.Transform(v, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		var text string
		if v.IsNull() || !v.IsKnown() || !v.Type().Is(tftypes.String) {
			return v, nil
		}
		if err := v.As(&text); err != nil {
			return v, err
		}
		// What is no duration is none of any length.
		if d, _ := time.ParseDuration(text); d != 0 && d == d.Truncate(time.Millisecond) {
			return tftypes.NewValue(tftypes.String, fmt.Sprintf("%dms", d.Milliseconds())), nil
		}
		return v, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// stored writes a state as Terraform keeps it, in JSON, or as somebody else would have: with attributes in another
// order, without some, with others, and of other types.
func (d drawer) stored(v tftypes.Value, odd int) string {
	quoted := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	isOdd := func() bool { return odd > 0 && d.oneIn(odd) }
	switch {
	case v.IsNull():
		return "null"
	case isOdd():
		return d.one(`"a"`, `1`, `true`, `[]`, `{}`, `{"a":[1,{"b":null}]}`, `["a",1]`, `"1"`, `1.0`, `"true"`,
			`1e400`, `""`)
	case v.Type().Is(tftypes.Object{}), v.Type().Is(tftypes.Map{}):
		entries := entriesOf(v)
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			if !isOdd() {
				fields = append(fields, quoted(name)+":"+d.stored(entries[name], odd))
			}
			if isOdd() {
				fields = append(fields,
					quoted(d.one("none", "service", "timeouts", name))+":"+d.one(`null`, `{"a":[1,true,"b"]}`, `"x"`))
			}
		}
		if odd > 0 && d.oneIn(4) {
			d.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
		}
		return "{" + strings.Join(fields, ",") + "}"
	case v.Type().Is(tftypes.List{}):
		var elements []tftypes.Value
		if err := v.As(&elements); err != nil {
			panic(err)
		}
		texts := make([]string, len(elements))
		for i, e := range elements {
			texts[i] = d.stored(e, odd)
		}
		return "[" + strings.Join(texts, ",") + "]"
	case v.Type().Is(tftypes.Number):
		var n *big.Float
		if err := v.As(&n); err != nil {
			panic(err)
		}
		if n.IsInf() {
			return "0"
		}
		return n.Text('f', -1)
	case v.Type().Is(tftypes.Bool):
		var yes bool
		if err := v.As(&yes); err != nil {
			panic(err)
		}
		return fmt.Sprint(yes)
	}
	var text string
	if err := v.As(&text); err != nil {
		panic(err)
	}
	return quoted(text)
}

// privateStates are private states as Terraform may hand them over: this provider's, those of others, and such as
// nobody writes.
var privateStates = map[string]string{
	"none": "", "empty": "{}", "null": "null",
	"this provider's":       `{"beside":"e30=","owner":"ImJsdWUi","seen":"e30=","settled":"ImEi"}`,
	"a key not known":       `{"later":"eyJhIjpbMSwyXX0=","owner":"ImJsdWUi"}`,
	"an import's":           `{".import_before_read":"dHJ1ZQ==","owner":"ImJsdWUi"}`,
	"the framework's":       `{".later":"dHJ1ZQ=="}`,
	"the SDK's version":     `{"schema_version":"1"}`,
	"the SDK's timeouts":    `{"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":{"create":120000000000},"schema_version":"1"}`,
	"no JSON":               `{"owner":`,
	"a list":                `[]`,
	"a text":                `"a"`,
	"a value that is null":  `{"owner":null}`,
	"a value that is empty": `{"owner":""}`,
	"a value without JSON":  `{"owner":"eA=="}`,
	"a value without UTF-8": `{"owner":"Iv8i"}`,
	"another order":         `{"seen":"e30=", "owner":"ImJsdWUi"}`,
}

func (d drawer) private() []byte {
	if d.oneIn(2) {
		return []byte(privateStates[d.one("none", "this provider's")])
	}
	names := slices.Sorted(maps.Keys(privateStates))
	if text := privateStates[names[d.IntN(len(names))]]; text != "" {
		return []byte(text)
	}
	return nil
}
