package istio

import "strings"

// ClaimHeader begins the name of a header that stands for a claim of the request's token.
const ClaimHeader = "@request.auth.claims"

// ClaimPath returns the path of a claim in one spelling, of a header name that means one.
// Source: istio.io/istio pkg/jwt ToRoutingClaim.
func ClaimPath(name string) (string, bool) {
	if len(name) < len(ClaimHeader) || !strings.EqualFold(name[:len(ClaimHeader)], ClaimHeader) {
		return "", false
	}
	path := name[len(ClaimHeader):]
	switch {
	case strings.HasPrefix(path, ".") && len(path) > 1:
		return strings.ReplaceAll(path[1:], ".", "]["), true
	case strings.HasPrefix(path, "[") && strings.HasSuffix(path, "]") && len(path) > 2:
		return path[1 : len(path)-1], true
	}
	return "", false
}
