package check

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// longestRequestPath and longestRequestHeader are what a proxy takes at most, for the whole request, when nobody has
// raised it.
// Source: Envoy's max_request_headers_kb.
const (
	longestRequestPath   = 60 << 10
	longestRequestHeader = 60 << 10
)

// requestHost is the host in an authority. Clients send names that DNS does not have.
var requestHost = regexp.MustCompile(`^[-._A-Za-z0-9]{1,253}$`)

// Request returns what no proxy would take for a request, with places that are named like the fields, in snake_case.
func Request(r traffic.Request) []istio.Problem {
	var problems []istio.Problem
	refuse := func(at istio.Path, format string, args ...any) {
		problems = append(problems, istio.Errorf(at, format, args...))
	}
	if r.Authority != "" && !isAuthority(r.Authority) {
		refuse(
			istio.Path{"authority"},
			"must be a host with or without a port, such as reviews.shop.svc.cluster.local:9080, got %.80q",
			r.Authority,
		)
	}
	switch {
	case r.Path == "" || r.Path == "*":
	case len(r.Path) > longestRequestPath:
		refuse(istio.Path{"path"}, "must not be longer than %d bytes, got %d", longestRequestPath, len(r.Path))
	case !strings.HasPrefix(r.Path, "/"):
		refuse(istio.Path{"path"}, "must begin with a slash, got %.80q", r.Path)
	case !visibleASCII(r.Path):
		refuse(istio.Path{"path"}, "must be percent-encoded, without spaces and letters outside ASCII, got %.80q",
			r.Path)
	}
	if r.Method != "" && (len(r.Method) > 128 || !istio.IsToken(r.Method)) {
		refuse(istio.Path{"method"}, "must be the name of an HTTP method, such as GET, got %.80q", r.Method)
	}
	if r.Scheme != "" && r.Scheme != "http" && r.Scheme != "https" {
		refuse(istio.Path{"scheme"}, "must be http or https, got %.80q", r.Scheme)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		problems = append(problems, requestHeaderProblems(name, r.Headers[name])...)
	}
	if r.Port > 65535 {
		refuse(istio.Path{"port"}, "must be between 1 and 65535, got %d", r.Port)
	}
	if r.Gateway != "" && r.Gateway != istio.MeshGateway && !isGatewayName(r.Gateway) {
		refuse(istio.Path{"gateway"}, "must be mesh or the NAMESPACE/NAME of a Gateway, got %.80q", r.Gateway)
	}
	if r.SourceNamespace != "" && !istio.IsNamespaceName(r.SourceNamespace) {
		refuse(istio.Path{"source_namespace"}, "must be the name of a namespace, got %.80q", r.SourceNamespace)
	}
	return problems
}

func isAuthority(authority string) bool {
	host, port := istio.SplitAuthority(authority)
	if port != "" || strings.HasSuffix(authority, ":") {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	if strings.ContainsAny(authority, "[]:") {
		if at, err := netip.ParseAddr(host); err == nil {
			return at.Zone() == ""
		}
	}
	return requestHost.MatchString(host)
}

func isGatewayName(name string) bool {
	namespace, gateway, ok := strings.Cut(name, "/")
	return ok && istio.IsNamespaceName(namespace) && istio.IsObjectName(gateway)
}

func visibleASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func requestHeaderProblems(name string, values []string) []istio.Problem {
	at := istio.Path{"headers", istio.Key(name)}
	if _, ok := istio.ClaimPath(name); ok {
		return nil
	}
	lower := strings.ToLower(name)
	field, pseudo := map[string]string{
		"host": "authority", ":authority": "authority", ":path": "path", ":method": "method", ":scheme": "scheme",
	}[lower]
	switch {
	case pseudo:
		return []istio.Problem{istio.Errorf(at, "is no header here: set %s in its place", field)}
	case len(name) > longestRequestHeader || !istio.IsToken(name):
		return []istio.Problem{istio.Errorf(at,
			"is no name of a header, which is made of letters, digits and !#$%%&'*+-.^_`|~")}
	}
	length := 0
	for _, value := range values {
		if strings.ContainsAny(value, "\x00\r\n") {
			return []istio.Problem{istio.Errorf(at, "must not hold line breaks or NUL characters")}
		}
		length += len(value)
	}
	if length > longestRequestHeader {
		return []istio.Problem{istio.Errorf(at, "must not be longer than %d bytes, got %d", longestRequestHeader,
			length)}
	}
	return nil
}
