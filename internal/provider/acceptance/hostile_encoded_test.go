package acceptance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
)

// encode writes what Terraform would, or would not.
func encode(t *testing.T, write func(*msgpack.Encoder) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(msgpack.NewEncoder(&b)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// encodedValues are values that are no encoding of the type at all, or of one that no Go value can hold.
func encodedValues(t *testing.T, valid []byte) map[string][]byte {
	t.Helper()
	one := func(v any) []byte { return encode(t, func(e *msgpack.Encoder) error { return e.Encode(v) }) }
	values := map[string][]byte{
		"no bytes":             {},
		"a text":               one("a"),
		"a number":             one(1),
		"a boolean":            one(true),
		"a list":               one([]int{1}),
		"an empty object":      one(map[string]int{}),
		"an unknown attribute": one(map[string]int{"none": 1}), "keys that are numbers": one(map[int]int{1: 1}),
		"a list of 4 billion elements":  {0xdd, 0xff, 0xff, 0xff, 0xff},
		"a map of 4 billion entries":    {0xdf, 0xff, 0xff, 0xff, 0xff},
		"a text of 4 GB":                {0xdb, 0xff, 0xff, 0xff, 0xff, 'a'},
		"bytes of 4 GB":                 {0xc6, 0xff, 0xff, 0xff, 0xff, 'a'},
		"an extension of 4 GB":          {0xc9, 0xff, 0xff, 0xff, 0xff, 0x0c, 'a'},
		"a reserved code":               {0xc1},
		"a million lists in each other": bytes.Repeat([]byte{0x91}, 1<<20),
		"a million maps in each other":  bytes.Repeat([]byte{0x81, 0xa1, 'a'}, 1<<20/3),
		"2 MB":                          append(slices.Clone(valid), make([]byte, 2<<20)...),
		"the value twice":               append(slices.Clone(valid), valid...),
	}
	for i := 0; i < len(valid); i += max(1, len(valid)/40) {
		values[fmt.Sprintf("only the first %d bytes", i)] = valid[:i]
		for _, code := range []byte{0xc0, 0xc1, 0xdd, 0xdf, 0xff, 0xd4} {
			broken := slices.Clone(valid)
			broken[i] = code
			values[fmt.Sprintf("byte %d is %#x", i, code)] = broken
		}
	}
	return values
}

// duplicateKeys returns an object in which the last attribute stands twice and the first is left out.
func duplicateKeys(t *testing.T, of tftypes.Object) []byte {
	t.Helper()
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range of.AttributeTypes {
			if !yield(name) {
				return
			}
		}
	})
	names[0] = names[len(names)-1]
	return encode(t, func(e *msgpack.Encoder) error {
		err := e.EncodeMapLen(len(names))
		for _, name := range names {
			if err == nil {
				err = e.EncodeString(name)
			}
			if err == nil {
				err = e.EncodeNil()
			}
		}
		return err
	})
}

// TestHostile_encoded sends bytes that no Terraform would to everything that takes a value.
func TestHostile_encoded(t *testing.T) { //nolint:paralleltest // it reads what the process logs, and measures
	a := newAttack(t)
	resourceType := "mesh_canary_route"
	objectType := a.schemas.ResourceSchemas[resourceType].ValueType().(tftypes.Object)
	valid, err := tfprotov6.NewDynamicValue(objectType, parseHCL(t, objectType, validRoute))
	if err != nil {
		t.Fatal(err)
	}
	values := encodedValues(t, valid.MsgPack)
	values["a key twice"] = duplicateKeys(t, objectType)
	for name, value := range values {
		a.encoded(name, resourceType, &tfprotov6.DynamicValue{MsgPack: value}, &valid)
	}
	for name, text := range map[string]string{
		"nothing":              " ",
		"null":                 "null",
		"a text":               `"a"`,
		"an open object":       `{"service":`,
		"an open text":         `{"service":"a`,
		"a key twice":          `{"service":"a","service":"b"}`,
		"a number for a text":  `{"service":1}`,
		"a list for a text":    `{"service":["a"]}`,
		"a million lists":      strings.Repeat("[", 1<<20),
		"deep objects":         strings.Repeat(`{"rules":`, 50_000),
		"an unknown attribute": `{"none":{"a":[1,2]}}`, "a huge number": `{"rules":[{"weights":{"v1":1e999999999}}]}`,
		"no UTF-8":  "{\"service\":\"\xff\"}",
		"an escape": `{"service":"\u001b[31m"}`, "half a surrogate": `{"\ud800":1}`,
		"2 MB":          `{"service":"` + strings.Repeat("a", 4<<20) + `"}`,
		"many elements": `{"hosts":[` + strings.Repeat(`"a",`, 100_000) + `"a"]}`,
	} {
		a.encoded(name+" in JSON", resourceType, &tfprotov6.DynamicValue{JSON: []byte(text)}, &valid)
		state := &tfprotov6.RawState{JSON: []byte(text)}
		a.input("upgrade "+name, func() ([]*tfprotov6.Diagnostic, error) {
			answer, err := a.UpgradeResourceState(a.ctx,
				&tfprotov6.UpgradeResourceStateRequest{TypeName: resourceType, RawState: state})
			return diagnosticsOf(answer, err)
		})
		a.input("move "+name, func() ([]*tfprotov6.Diagnostic, error) {
			answer, err := a.MoveResourceState(a.ctx, &tfprotov6.MoveResourceStateRequest{
				TargetTypeName:        resourceType,
				SourceTypeName:        "mesh_weighted_split",
				SourceProviderAddress: sourceAddress,
				SourceState:           state,
			})
			return diagnosticsOf(answer, err)
		})
	}
	a.report(leastEncoded)
}

// encoded sends a value to one of the methods that take one, each its turn, beside valid ones.
func (a *attack) encoded(what, resourceType string, value, valid *tfprotov6.DynamicValue) {
	a.t.Helper()
	ctx := a.ctx
	methods := []struct {
		name string
		call func() (any, error)
	}{
		{"validate", func() (any, error) {
			return a.ValidateResourceConfig(ctx,
				&tfprotov6.ValidateResourceConfigRequest{TypeName: resourceType, Config: value})
		}},
		{"plan", func() (any, error) {
			return a.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
				TypeName:         resourceType,
				Config:           valid,
				ProposedNewState: valid,
				PriorState:       value,
			})
		}},
		{"apply", func() (any, error) {
			return a.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
				TypeName:     resourceType,
				Config:       value,
				PlannedState: value,
				PriorState:   value,
			})
		}},
		{"read", func() (any, error) {
			return a.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: resourceType, CurrentState: value})
		}},
		{"validate the block", func() (any, error) {
			return a.ValidateProviderConfig(ctx, &tfprotov6.ValidateProviderConfigRequest{Config: value})
		}},
		{"configure", func() (any, error) {
			return a.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: value})
		}},
	}
	method := methods[len(a.inputs)%len(methods)]
	a.input(method.name+" "+what, func() ([]*tfprotov6.Diagnostic, error) { return diagnosticsOf(method.call()) })
}

// diagnosticsOf returns those of any answer.
func diagnosticsOf(answer any, err error) ([]*tfprotov6.Diagnostic, error) {
	switch answer := answer.(type) {
	case *tfprotov6.ValidateResourceConfigResponse:
		return answer.Diagnostics, err
	case *tfprotov6.PlanResourceChangeResponse:
		return answer.Diagnostics, err
	case *tfprotov6.ApplyResourceChangeResponse:
		return answer.Diagnostics, err
	case *tfprotov6.ReadResourceResponse:
		return answer.Diagnostics, err
	case *tfprotov6.ValidateProviderConfigResponse:
		return answer.Diagnostics, err
	case *tfprotov6.ConfigureProviderResponse:
		return answer.Diagnostics, err
	case *tfprotov6.UpgradeResourceStateResponse:
		return answer.Diagnostics, err
	case *tfprotov6.MoveResourceStateResponse:
		return answer.Diagnostics, err
	}
	return nil, fmt.Errorf("no answer that is known: %T", answer)
}

// What is just within the bounds is validated and planned, at a cost that grows with the number of rules and no
// faster. What is beyond one is refused at the attribute, in words that name the bound and where it comes from. How
// long it takes is what BenchmarkLargeRoute measures.
func TestGuard_bounds(t *testing.T) { //nolint:paralleltest // it reads what the process logs, and measures
	a := newAttack(t)
	a.longest = time.Minute
	a.configure(fmt.Sprintf("host = %q", emptyCluster(t)))
	objectType := a.schemas.ResourceSchemas["mesh_canary_route"].ValueType()
	repeat := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	route := func(subsets, rules, hosts string) string {
		return fmt.Sprintf("service = \"greeter\"\nsubsets = {\n  v1 = { labels = { app = \"v1\" } }\n%s}\nrules = "+
			"[%s]\nhosts = [%s]\ndefault = { subset = \"v1\" }\n", subsets, rules, hosts)
	}
	const (
		match  = `{ headers = { version = { exact = "%d" } } },`
		rule   = `{ match = [` + match + `], subset = "v1" },`
		subset = "s%d = { labels = { app = \"v2\" } }\n"
	)
	cost := map[string]time.Duration{}
	for name, c := range map[string]struct{ config, at, says string }{
		"100 rules":     {config: route("", repeat(100, rule), "")},
		"1,000 rules":   {config: route("", repeat(1000, rule), "")},
		"1,000 subsets": {config: route(repeat(999, subset), "", "")},
		"500 of each":   {config: route(repeat(499, subset), repeat(500, rule), "")},
		"500 matches":   {config: route("", `{ match = [`+repeat(500, match)+`], subset = "v1" }`, "")},
		"5,000 hosts":   {config: route("", "", repeat(5000, `"h%d",`))},
		"1,001 rules":   {route("", repeat(1001, rule), ""), "rules", "at most 1000 elements, got 1001"},
		"1,001 subsets": {route(repeat(1000, subset), "", ""), "subsets", "at most 1000 elements, got 1001"},
		"1,001 matches": {route("", `{ match = [`+repeat(1001, match)+
			`], subset = "v1" }`, ""), "rules[0].match", "at most 1000 elements, got 1001"},
		"5,001 hosts": {route("", "", repeat(5001, `"h%d",`)), "hosts", "at most 5000 elements, got 5001"},
		"too many values": {route(
			"", repeat(1000, strings.Replace(rule, "version =", `a = { exact = "a" }, b = { exact = "a" }, c = { `+
				`exact = "a" }, d = { exact = "a" }, e = { exact = "a" }, version =`, 1)), "",
		), "", "more than 50000 values"},
		"a text of 300 kB": {
			route("", "", `"`+strings.Repeat("a", 300<<10)+`"`), "hosts[0]", "more than 262144 bytes",
		},
		"texts of 2 MB in all": {
			route("", "", strings.Repeat(`"`+strings.Repeat("a", 200<<10)+`",`, 10)),
			"",
			"etcd keeps no object of more than 1.5 MiB",
		},
	} {
		config := parseHCL(t, objectType, c.config)
		before := processorTime(t)
		got := a.resource(name, "mesh_canary_route", config, true)
		cost[name] = processorTime(t) - before
		i := slices.IndexFunc(got, isError)
		switch {
		case i < 0 && c.says != "":
			t.Errorf("%s: is not refused", name)
		case i >= 0 && (c.says == "" || !strings.Contains(got[i].Detail, c.says) ||
			!strings.Contains(got[i].Detail, "etcd") || placeOf(got[i]) != c.at):
			t.Errorf("%s: at %q: %s: %.300s", name, placeOf(got[i]), got[i].Summary, got[i].Detail)
		}
	}
	t.Logf("100 rules took %s, 1,000 took %s", cost["100 rules"], cost["1,000 rules"])
	if cost["1,000 rules"] > 50*cost["100 rules"] {
		t.Errorf("1,000 rules take %s, and 100 take %s", cost["1,000 rules"], cost["100 rules"])
	}
}

// processorTime is how long processors have worked for this process, which is not more while others have them.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// FuzzGuard sends any bytes as a configuration, alone and to be planned, and as a state: the answer is text, in time.
func FuzzGuard(f *testing.F) {
	state, err := json.Marshal(map[string]any{"service": "a", "rules": []any{map[string]any{"subset": "v1"}}})
	if err != nil {
		f.Fatal(err)
	}
	const resourceType = "mesh_canary_route"
	shared := newServer(f)
	objectType := shared.schemas.ResourceSchemas[resourceType].ValueType()
	valid, err := tfprotov6.NewDynamicValue(objectType, parseHCL(f, objectType, validRoute))
	none, err2 := tfprotov6.NewDynamicValue(objectType, tftypes.NewValue(objectType, nil))
	if err := errors.Join(err, err2); err != nil {
		f.Fatal(err)
	}
	f.Add(valid.MsgPack, state)
	f.Fuzz(func(t *testing.T, encoded, state []byte) {
		a := attackOn(t, shared)
		config := &tfprotov6.DynamicValue{MsgPack: encoded}
		a.input("validate", func() ([]*tfprotov6.Diagnostic, error) {
			return diagnosticsOf(a.ValidateResourceConfig(a.ctx,
				&tfprotov6.ValidateResourceConfigRequest{TypeName: resourceType, Config: config}))
		})
		for _, prior := range []*tfprotov6.DynamicValue{&none, &valid} {
			a.input("plan", func() ([]*tfprotov6.Diagnostic, error) {
				return diagnosticsOf(a.PlanResourceChange(a.ctx, &tfprotov6.PlanResourceChangeRequest{
					TypeName:         resourceType,
					Config:           config,
					ProposedNewState: config,
					PriorState:       prior,
				}))
			})
		}
		a.input("upgrade", func() ([]*tfprotov6.Diagnostic, error) {
			return diagnosticsOf(a.UpgradeResourceState(a.ctx, &tfprotov6.UpgradeResourceStateRequest{
				TypeName: resourceType,
				RawState: &tfprotov6.RawState{JSON: state},
			}))
		})
	})
}
