package ask

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// flagOf is the flag by which an attribute of a request is given.
var flagOf = map[string]string{
	"authority": "--host", "path": "--path", "method": "--method", "scheme": "--scheme", "port": "--port",
	"gateway": "--gateway", "headers": "--header", "source_labels": "--source-label",
	"source_namespace": "--source-namespace",
}

// request reads the request, or says what is wrong with it, a line each.
func (q *question) request() (request traffic.Request, problem string) {
	attributes := map[string]string{
		"authority": q.host, "path": q.path, "method": q.method, "scheme": q.scheme, "port": q.port,
		"gateway": q.gateway, "source_namespace": q.fromNamespace,
	}
	headers, problem := q.headerValues(attributes)
	if problem != "" {
		return request, problem
	}
	for _, merge := range []func(map[string]string) string{q.ofService, q.ofURL} {
		if problem = merge(attributes); problem != "" {
			return request, problem
		}
	}
	if problem = q.ofGRPC(attributes, headers); problem != "" {
		return request, problem
	}
	labels, problem := q.labels()
	if problem != "" {
		return request, problem
	}
	values := map[string]tftypes.Value{"headers": headersValue(headers)}
	for name, text := range attributes {
		if text != "" {
			values[name] = tftypes.NewValue(tftypes.String, text)
		}
	}
	if labels != nil {
		values["source_labels"] = mapValue(labels)
	}
	reading := argument.ReadRequest(objectOf(values))
	if reading.Problem != "" {
		return request, inFlags(reading.Problem)
	}
	return reading.Request, ""
}

// set gives an attribute a value that follows from something else than its own flag.
func (q *question) set(attributes map[string]string, name, value, by string) (problem string) {
	if attributes[name] != "" && attributes[name] != value {
		return strings.ToUpper(by[:1]) + by[1:] + " says it too: leave out " + cmp.Or(q.by[name], flagOf[name]) + "."
	}
	if q.by == nil {
		q.by = map[string]string{}
	}
	attributes[name], q.by[name] = value, by
	return ""
}

// ofService turns the name of a service into a host.
func (q *question) ofService(attributes map[string]string) (problem string) {
	switch {
	case q.service == "":
		return ""
	case !istio.IsHost(q.service):
		return "--service: " + report.Printable(q.service, report.LongestPath) + " is no name of a service."
	case q.gateway != "" && attributes["authority"] != "":
		// What comes in under another name is looked for around the service.
		return ""
	}
	return q.set(attributes, "authority", istio.FullHost(q.service, q.namespace, q.clusterDomain), "--service")
}

// ofURL takes a URL apart.
func (q *question) ofURL(attributes map[string]string) (problem string) {
	if q.url == "" {
		return ""
	}
	parsed, err := url.Parse(q.url)
	switch {
	case err != nil:
		var wrong *url.Error
		if errors.As(err, &wrong) {
			err = wrong.Err // the rest is the URL, in which a password may stand
		}
		return "A URL is like http://greeter.shop/hello: " + report.Printable(err.Error(), report.LongestPath) + "."
	case parsed.User != nil:
		return "A URL has no user and password here. What a client makes of them is a header: -H 'authorization: …'."
	case parsed.Host == "":
		return "A URL is like http://greeter.shop/hello, got " + report.Printable(q.url, report.LongestPath) + "."
	}
	path := parsed.EscapedPath()
	if parsed.RawQuery != "" || parsed.ForceQuery {
		path += "?" + parsed.RawQuery
	}
	if strings.HasPrefix(path, "?") {
		path = "/" + path
	}
	scheme := parsed.Scheme
	if scheme == "http" {
		scheme = "" // the default, beside which a sidecar still looks at x-forwarded-proto
	}
	host, port := parsed.Host, ""
	if q.host == "" && q.service == "" && attributes["authority"] != "" {
		// As curl does: the header is what is called, and the URL where the connection goes. Before a gateway that is
		// often a port that somebody forwards, and not its own.
		host = ""
		if q.port == "" && q.gateway == "" {
			port = parsed.Port()
		}
	}
	for _, part := range []struct{ name, value string }{
		{"authority", host}, {"port", port}, {"path", path}, {"scheme", scheme},
	} {
		if part.value == "" {
			continue
		}
		if problem = q.set(attributes, part.name, part.value, "the URL"); problem != "" {
			return problem
		}
	}
	return ""
}

// ofGRPC turns a gRPC method into the request by which it is called.
func (q *question) ofGRPC(attributes map[string]string, headers map[string][]string) (problem string) {
	if q.grpc == "" {
		return ""
	}
	name := strings.TrimPrefix(q.grpc, "/")
	service, method, ok := strings.Cut(name, "/")
	if !ok || service == "" || method == "" || strings.Contains(method, "/") {
		return "--grpc: a gRPC method is like shop.Greeter/Hello, got " +
			report.Printable(q.grpc, report.LongestPath) + "."
	}
	if problem = q.set(attributes, "path", "/"+name, "--grpc"); problem != "" {
		return problem
	}
	if nameIn(headers, "content-type") == "" {
		headers["content-type"] = []string{"application/grpc"}
	}
	return q.set(attributes, "method", "POST", "--grpc")
}

// headerValues reads the headers. The host of a request is no header, but curl takes it for one.
func (q *question) headerValues(attributes map[string]string) (headers map[string][]string, problem string) {
	headers = map[string][]string{}
	for _, text := range q.headers {
		at := separator(text)
		if at <= 0 {
			return nil, "--header: a header is like 'version: 200', got " +
				given(text) + "."
		}
		name, value := strings.TrimSpace(text[:at]), strings.TrimSpace(text[at+1:])
		if strings.EqualFold(name, "host") {
			if problem = q.set(attributes, "authority", value, "the header host"); problem != "" {
				return nil, problem
			}
			continue
		}
		if before := nameIn(headers, name); before != "" {
			name = before
		}
		headers[name] = append(headers[name], value)
	}
	return headers, ""
}

// separator returns where the name of a header ends, -1 where nothing does that. A name has neither of both in it,
// but for a claim of a token, whose brackets may hold a URL.
func separator(text string) int {
	depth := 0
	for i, c := range text {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case ':', '=':
			if depth <= 0 || text[0] != '@' {
				return i
			}
		}
	}
	return -1
}

// given returns a text as it may be shown.
func given(text string) string {
	if text == "" {
		return `""`
	}
	return report.Printable(text, report.LongestPath)
}

// nameIn returns how a header is spelt that is there already, empty where it is not.
func nameIn(headers map[string][]string, name string) string {
	for other := range headers {
		if strings.EqualFold(other, name) {
			return other
		}
	}
	return ""
}

// labels reads the labels of the calling pod, nil where none are given.
func (q *question) labels() (labels map[string]tftypes.Value, problem string) {
	for _, text := range q.fromLabels {
		for pair := range strings.SplitSeq(text, ",") {
			key, value, ok := strings.Cut(pair, "=")
			if !ok || key == "" {
				return nil, "--source-label: a label is like app=web, got " +
					given(pair) + "."
			}
			if labels == nil {
				labels = map[string]tftypes.Value{}
			}
			labels[key] = tftypes.NewValue(tftypes.String, value)
		}
	}
	return labels, ""
}

// inFlags names flags in place of the attributes of a request.
func inFlags(problem string) string {
	lines := strings.Split(problem, "\n")
	for i, line := range lines {
		end := strings.IndexAny(line, ":[.")
		if end > 0 && flagOf[line[:end]] != "" {
			lines[i] = flagOf[line[:end]] + line[end:]
		}
	}
	return strings.Join(lines, "\n")
}

func headersValue(headers map[string][]string) tftypes.Value {
	values := map[string]tftypes.Value{}
	for name, texts := range headers {
		elements := make([]tftypes.Value, len(texts))
		for i, text := range texts {
			elements[i] = tftypes.NewValue(tftypes.String, text)
		}
		values[name] = tftypes.NewValue(tftypes.Tuple{
			ElementTypes: slices.Repeat([]tftypes.Type{tftypes.String}, len(texts)),
		}, elements)
	}
	return objectOf(values)
}

func mapValue(entries map[string]tftypes.Value) tftypes.Value {
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, entries)
}

func objectOf(entries map[string]tftypes.Value) tftypes.Value {
	kinds := map[string]tftypes.Type{}
	for name, value := range entries {
		kinds[name] = value.Type()
	}
	return tftypes.NewValue(tftypes.Object{AttributeTypes: kinds}, entries)
}
