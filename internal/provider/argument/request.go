package argument

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// requestType has the attributes of a request but its headers, of which each may be a text or a list.
var requestType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
	"authority": tftypes.String, "path": tftypes.String, "method": tftypes.String, "scheme": tftypes.String,
	"port": tftypes.Number, "gateway": tftypes.String, "source_labels": tftypes.Map{ElementType: tftypes.String},
	"source_namespace": tftypes.String,
}}

const headersAttribute = "headers"

// RequestAttributes returns the names of the attributes of a request, sorted.
func RequestAttributes() []string {
	return slices.Sorted(slices.Values(append(sortedKeys(requestType.AttributeTypes), headersAttribute)))
}

// Request is what an argument says that is a request.
type Request struct {
	traffic.Request
	Known bool
	// Problem is everything that is wrong, a line each.
	Problem string
}

// ReadRequest reads a request. What is null is left out.
func ReadRequest(value tftypes.Value) Request {
	if !value.IsKnown() {
		return Request{}
	}
	entries, ok := entriesOf(value)
	if !ok {
		return Request{
			Problem: "A request is an object such as { path = \"/\", headers = { version = \"200\" } }.",
		}
	}
	headers := entries[headersAttribute]
	delete(entries, headersAttribute)
	c := coercion{}
	r := attr.Read(attr.FromTerraform(c.to(requestType, path.Empty(), objectOf(entries))))
	reading := Request{Request: traffic.Request{
		Authority: r.String("authority"), Path: r.String("path"), Method: r.String("method"),
		Scheme:          r.String("scheme"),
		Gateway:         r.String("gateway"),
		SourceLabels:    r.StringMap("source_labels"),
		SourceNamespace: r.String("source_namespace"),
	}}
	for _, name := range sortedKeys(requestType.AttributeTypes) {
		if requestType.AttributeTypes[name].Is(tftypes.String) && r.Known(name) && r.String(name) == "" {
			c.refuse(path.Root(name), "must not be empty; null stands for the default")
		}
	}
	if port, set := r.Int("port"); set && (port < 1 || port > 65535) {
		c.refuse(path.Root("port"), "must be between 1 and 65535, got %d", port)
	} else {
		reading.Port = uint32(port) //nolint:gosec // it was checked
	}
	headersKnown := c.readHeaders(path.Root(headersAttribute), headers, &reading.Request)
	reading.Known = headersKnown && len(r.Unknown()) == 0
	problems := slices.Concat(c.problems, r.Problems())
	for _, p := range check.Request(reading.Request) {
		problems = append(problems, attr.Problem{At: report.Path(p.At), Reason: report.Text(p)})
	}
	var lines []string
	for _, p := range problems[:min(len(problems), report.MostProblems)] {
		lines = append(lines, report.Located(p.At, p.Reason))
	}
	reading.Problem = strings.Join(lines, "\n")
	return reading
}

// readHeaders reads a map of headers, of which each is a text or a list of texts, and reports whether all are known.
func (c *coercion) readHeaders(at path.Path, v tftypes.Value, into *traffic.Request) (known bool) {
	switch {
	case v.Type() == nil || v.IsNull():
		return true
	case !v.IsKnown():
		return false
	}
	entries, ok := entriesOf(v)
	if !ok {
		c.refuse(at, "must be a map, of which each value is a text or a list of texts")
		return true
	}
	into.Headers = make(map[string][]string, len(entries))
	known = true
	for _, name := range sortedKeys(entries) {
		values, entryKnown := c.headerValues(at.AtMapKey(name), entries[name])
		known = known && entryKnown
		if len(values) > 0 {
			into.Headers[name] = values
		}
	}
	return known
}

func (c *coercion) headerValues(at path.Path, v tftypes.Value) (values []string, known bool) {
	if v.IsKnown() && !v.IsNull() && isSequence(v) {
		var elements []tftypes.Value
		if err := v.As(&elements); err != nil {
			c.refuse(at, "must be a text or a list of texts")
			return nil, true
		}
		known = true
		for i, element := range elements {
			if element.IsNull() {
				c.refuse(at.AtListIndex(i), "must not be null")
				continue
			}
			value, elementKnown := c.text(at.AtListIndex(i), element)
			values, known = append(values, value), known && elementKnown
		}
		return values, known
	}
	if v.IsNull() {
		return nil, true
	}
	value, known := c.text(at, v)
	return []string{value}, known
}

// text reads a text; known is false where it is not known yet.
func (c *coercion) text(at path.Path, v tftypes.Value) (text string, known bool) {
	coerced := c.to(tftypes.String, at, v)
	if !coerced.IsKnown() {
		return "", false
	}
	if !coerced.IsNull() {
		_ = coerced.As(&text) // a known text
	}
	return text, true
}
