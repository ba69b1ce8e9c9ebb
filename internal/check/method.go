package check

import (
	"slices"
	"strings"
	"unicode"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// methods are those that HTTP defines.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}

// method looks at the value of a condition on the method. What is no token no request can have; what is one in small
// and capital letters may be a method that somebody has made up, and is mostly the name of one of gRPC's, which are
// called by POST and are in the path.
// Source: RFC 9110 section 9.1; gRPC over HTTP/2, Request-Headers.
func (c *checker) method(value *networking.StringMatch) {
	text, at := value.GetExact(), istio.Path{"method", "exact"}
	if prefix := value.GetPrefix(); prefix != "" {
		text, at = prefix, istio.Path{"method", "prefix"}
	}
	upper := strings.ToUpper(text)
	switch {
	case text == "":
	case upper != text && slices.Contains(methods, upper):
		c.doubt(at, "methods are compared with case, and %.80q is not the method %s that clients are known to send",
			text, upper)
	case !istio.IsToken(text):
		c.void(at, "no request has the method %.80q, because methods have letters, as GET and POST, and neither "+
			"slashes nor spaces", text)
		if strings.Contains(text, "/") {
			c.mendWith(istio.MatchPath, grpcPath(text))
		}
	case upper != text && strings.ContainsFunc(text, unicode.IsUpper):
		c.doubt(at, "%.80q is no method of HTTP, which are in capitals, as GET and POST; calls of a gRPC method have "+
			"the method POST, and the name in their path", text)
		if value.GetExact() != "" {
			c.mendWith(istio.MatchPath, grpcPath(text))
		}
	}
}

// grpcPath is the path of calls of a gRPC method that is named with or without its service.
func grpcPath(name string) string {
	name = strings.Trim(name, "/")
	if last := strings.LastIndexByte(name, '.'); last >= 0 && !strings.Contains(name, "/") {
		name = name[:last] + "/" + name[last+1:]
	}
	if !strings.Contains(name, "/") {
		name = "PACKAGE.SERVICE/" + name
	}
	return "/" + name
}
