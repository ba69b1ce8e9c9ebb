package routing

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// longestRequestPath and longestRequestHeader are what a proxy takes at most, for the whole request, when nobody has raised it.
// Source: Envoy's max_request_headers_kb.
const (
	longestRequestPath   = 60 << 10
	longestRequestHeader = 60 << 10
)

// requestHost is the host in an authority. Clients send names that DNS does not have.
var requestHost = regexp.MustCompile(`^[-._A-Za-z0-9]{1,253}$`)

// Problems returns what no proxy would take for a request, with places that are named like the fields, in snake_case.
func (r Request) Problems() []Problem {
	var problems []Problem
	refuse := func(at Path, format string, args ...any) { problems = append(problems, Errorf(at, format, args...)) }
	if r.Authority != "" && !isAuthority(r.Authority) {
		refuse(Path{"authority"}, "must be a host with or without a port, such as reviews.shop.svc.cluster.local:9080, got %.80q", r.Authority)
	}
	switch {
	case r.Path == "" || r.Path == "*":
	case len(r.Path) > longestRequestPath:
		refuse(Path{"path"}, "must not be longer than %d bytes, got %d", longestRequestPath, len(r.Path))
	case !strings.HasPrefix(r.Path, "/"):
		refuse(Path{"path"}, "must begin with a slash, got %.80q", r.Path)
	case !visibleASCII(r.Path):
		refuse(Path{"path"}, "must be percent-encoded, without spaces and letters outside ASCII, got %.80q", r.Path)
	}
	if r.Method != "" && (len(r.Method) > 128 || !isToken(r.Method)) {
		refuse(Path{"method"}, "must be the name of an HTTP method, such as GET, got %.80q", r.Method)
	}
	if r.Scheme != "" && r.Scheme != "http" && r.Scheme != "https" {
		refuse(Path{"scheme"}, "must be http or https, got %.80q", r.Scheme)
	}
	for _, name := range sortedKeys(r.Headers) {
		problems = append(problems, requestHeaderProblems(name, r.Headers[name])...)
	}
	if r.Port > 65535 {
		refuse(Path{"port"}, "must be between 1 and 65535, got %d", r.Port)
	}
	if r.Gateway != "" && r.Gateway != MeshGateway && !isGatewayName(r.Gateway) {
		refuse(Path{"gateway"}, "must be mesh or the NAMESPACE/NAME of a Gateway, got %.80q", r.Gateway)
	}
	if r.SourceNamespace != "" && !IsNamespaceName(r.SourceNamespace) {
		refuse(Path{"source_namespace"}, "must be the name of a namespace, got %.80q", r.SourceNamespace)
	}
	return problems
}

func isAuthority(authority string) bool {
	host, port := splitAuthority(authority)
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
	return ok && IsNamespaceName(namespace) && IsObjectName(gateway)
}

func visibleASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func requestHeaderProblems(name string, values []string) []Problem {
	at := Path{"headers", Key(name)}
	if _, ok := claimPath(name); ok {
		return nil
	}
	lower := strings.ToLower(name)
	field, pseudo := map[string]string{
		"host": "authority", ":authority": "authority", ":path": "path", ":method": "method", ":scheme": "scheme",
	}[lower]
	switch {
	case pseudo:
		return []Problem{Errorf(at, "is no header here: set %s in its place", field)}
	case len(name) > longestRequestHeader || !isToken(name):
		return []Problem{Errorf(at, "is no name of a header, which is made of letters, digits and !#$%%&'*+-.^_`|~")}
	}
	length := 0
	for _, value := range values {
		if strings.ContainsAny(value, "\x00\r\n") {
			return []Problem{Errorf(at, "must not hold line breaks or NUL characters")}
		}
		length += len(value)
	}
	if length > longestRequestHeader {
		return []Problem{Errorf(at, "must not be longer than %d bytes, got %d", longestRequestHeader, length)}
	}
	return nil
}
