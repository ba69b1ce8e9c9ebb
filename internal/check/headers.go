package check

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Limits of Envoy's API for headers that a proxy sets.
const (
	longestHeader = 16384
	mostHeaders   = 1000
)

// headerOperations looks at headers that a proxy sets, adds and removes.
func (c *checker) headerOperations(m *networking.Headers_HeaderOperations) {
	for _, operation := range []struct {
		field   string
		headers map[string]string
	}{{"set", m.Set}, {"add", m.Add}} {
		spelled := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(operation.headers)) {
			at, value, lower := istio.Path{
				operation.field, istio.Key(name),
			}, operation.headers[name], strings.ToLower(name)
			c.headerName(at, name)
			if len(value) > longestHeader {
				c.refuse(at, "must not be longer than %d bytes, got %d; Envoy refuses the whole route table",
					longestHeader, len(value))
			}
			c.commands(at, value)
			if other, ok := spelled[lower]; ok {
				c.doubt(at, "header names have no case: this is the header %.80q again; write one", other)
			}
			spelled[lower] = name
		}
	}
	for i, name := range m.Remove {
		at := istio.Path{"remove", i}
		c.headerName(at, name)
		for other := range m.Set {
			if strings.EqualFold(other, name) {
				c.doubt(at,
					"has no effect: the proxy removes first and sets %.80q afterwards; leave one of the two out", other)
			}
		}
	}
}

func (c *checker) headerName(at istio.Path, name string) {
	switch {
	case len(name) > longestHeader:
		c.refuse(at, "the name must not be longer than %d bytes, got %d; Envoy refuses the whole route table",
			longestHeader, len(name))
	case name == "" || strings.HasPrefix(name, ":") || strings.ContainsAny(name, "\x00\r\n") || istio.IsToken(name):
	default:
		c.doubt(at, "%.80q is no header name in HTTP; what receives it is not known to take it", name)
	}
}

// manyHeaders looks at the number of headers that a route adds to requests and to answers. Those of a sole
// destination are added to the rule's.
func (c *checker) manyHeaders(m *networking.HTTPRoute) {
	count := func(o *networking.Headers_HeaderOperations) int { return len(o.GetSet()) + len(o.GetAdd()) }
	request, response := count(m.Headers.GetRequest()), count(m.Headers.GetResponse())
	for i, d := range m.Route {
		more, moreResponse := count(d.GetHeaders().GetRequest()), count(d.GetHeaders().GetResponse())
		if len(m.Route) == 1 {
			more, moreResponse = more+request, moreResponse+response
		}
		if most := max(more, moreResponse); most > mostHeaders && max(request, response) <= mostHeaders {
			c.refuse(istio.Path{"route", i, "headers"},
				"sets %d headers, and Envoy refuses the whole route table above %d", most, mostHeaders)
		}
	}
	if most := max(request, response); most > mostHeaders {
		c.refuse(istio.Path{"headers"}, "sets %d headers, and Envoy refuses the whole route table above %d", most,
			mostHeaders)
	}
}

// command is a command operator of Envoy in a header's value.
var command = regexp.MustCompile(`^%([A-Z0-9_]+)(?:\([^)]*\))?(?::[0-9]+)?%`)

// commandNames are the commands that Envoy knows, but for the families of commandFamilies.
// Source: Envoy's documentation of access logs, command operators.
var commandNames = map[string]bool{
	"ACCESS_LOG_TYPE": true, "BYTES_RECEIVED": true, "BYTES_SENT": true,
	"BYTES_RETRANSMITTED": true, "PACKETS_RETRANSMITTED": true,
	"PROTOCOL": true, "DURATION": true, "COMMON_DURATION": true, "ROUNDTRIP_DURATION": true,
	"CUSTOM_FLAGS": true, "HOSTNAME": true,
	"REQ":               true,
	"REQ_WITHOUT_QUERY": true,
	"RESP":              true,
	"TRAILER":           true,
	"DYNAMIC_METADATA":  true,
	"CLUSTER_METADATA":  true,
	"METADATA":          true,
	"FILTER_STATE":      true, "FILTER_CHAIN_NAME": true, "REQUESTED_SERVER_NAME": true, "LOCAL_REPLY_BODY": true,
	"LOCAL_REPLY_BODY_FORMAT": true,
	"ENVIRONMENT":             true,
	"TRACE_ID":                true,
	"SPAN_ID":                 true,
	"QUERY_PARAM":             true,
	"QUERY_PARAMS":            true,
	"PATH":                    true,
	"UNIQUE_ID":               true,
	"STREAM_ID":               true,
	"GRPC_STATUS":             true,
	"GRPC_STATUS_NUMBER":      true,
	"ROUTE_NAME":              true,
	"VIRTUAL_CLUSTER_NAME":    true,
	"PER_REQUEST_STATE":       true, "CEL": true, "COALESCE": true, "FILE_CONTENT": true, "SECRET": true, "XFCC": true,
}

// commandFamilies are beginnings of commands of which Envoy knows many.
var commandFamilies = []string{
	"UPSTREAM_", "DOWNSTREAM_", "REQUEST_", "RESPONSE_", "CONNECTION_", "START_TIME", "EMIT_TIME", "TLS_", "BACKEND_",
}

// commands looks at what stands between percent signs. Istio's validation checks that they are paired.
func (c *checker) commands(at istio.Path, value string) {
	for rest := value; ; {
		start := strings.IndexByte(rest, '%')
		if start < 0 || start+1 == len(rest) {
			return
		}
		rest = rest[start:]
		if rest[1] == '%' {
			rest = rest[2:]
			continue
		}
		found := command.FindStringSubmatch(rest)
		if found == nil {
			c.refuse(at, "%.40q is no command, which is a name in capitals between percent signs; Envoy refuses the "+
				"whole route table. Write %%%% for a percent sign", rest)
			return
		}
		if !isCommand(found[1]) {
			c.doubt(at, "%%%.40s%% is not known here as a command of Envoy; a proxy that does not know it either "+
				"refuses the whole route table", found[1])
		}
		rest = rest[len(found[0]):]
	}
}

func isCommand(name string) bool {
	if commandNames[name] {
		return true
	}
	for _, family := range commandFamilies {
		if strings.HasPrefix(name, family) {
			return true
		}
	}
	return false
}
