package provider

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The largest configuration that is looked at. No cluster takes a larger one: the API server refuses an object of more than
// 1.5 MiB. Some of Istio's checks compare each element with each, so that a larger one would not only fail, but fail late.
const (
	mostBytes    = 3 << 19
	longestValue = 256 << 10
	mostElements = 10_000
)

// refuseHuge reports what is too large in a configuration to be looked at any further, and whether there is such a thing.
func refuseHuge(diagnostics *diag.Diagnostics, config tftypes.Value) bool {
	m := measure{}
	m.visit(path.Empty(), config)
	if m.reason == "" {
		return false
	}
	diagnostics.AddAttributeError(m.at, "Configuration too large", located(m.at, m.reason))
	return true
}

// measure adds up the bytes of a value, and keeps the first thing in it that is too large.
type measure struct {
	bytes  int
	at     path.Path
	reason string
}

func (m *measure) refuse(at path.Path, format string, args ...any) {
	if m.reason == "" {
		m.at, m.reason = at, fmt.Sprintf(format, args...)
	}
}

func (m *measure) visit(at path.Path, v tftypes.Value) {
	if m.reason != "" || v.IsNull() || !v.IsKnown() {
		return
	}
	var (
		text     string
		elements []tftypes.Value
		entries  map[string]tftypes.Value
	)
	switch {
	case v.Type().Is(tftypes.String):
		if v.As(&text) == nil {
			m.add(at, text)
		}
	case v.As(&elements) == nil:
		m.count(at, len(elements))
		for i, e := range elements {
			m.visit(at.AtListIndex(i), e)
		}
	case v.As(&entries) == nil:
		_, isObject := v.Type().(tftypes.Object)
		if !isObject {
			m.count(at, len(entries))
		}
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			if isObject {
				m.visit(at.AtName(key), entries[key])
				continue
			}
			m.add(at, key)
			m.visit(at.AtMapKey(key), entries[key])
		}
	}
}

func (m *measure) add(at path.Path, text string) {
	if m.bytes += len(text); len(text) > longestValue {
		m.refuse(at, "must not hold a text of more than %d bytes, got %d", longestValue, len(text))
	} else if m.bytes > mostBytes {
		m.refuse(path.Empty(), "the texts of this configuration are more than %d bytes, and no API server takes an object of that size", mostBytes)
	}
}

func (m *measure) count(at path.Path, n int) {
	if n > mostElements {
		m.refuse(at, "must have at most %d elements, got %d", mostElements, n)
	}
}
