package istio

import "regexp"

// token is what HTTP takes for the name of a header.
var token = regexp.MustCompile("^[-!#$%&'*+.^_`|~A-Za-z0-9]+$")

// IsToken reports whether HTTP takes the text for the name of a header or a method.
func IsToken(text string) bool { return token.MatchString(text) }

// label is an RFC 1123 label: what Kubernetes takes as the name of a namespace.
const label = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`

var (
	namespaceName = regexp.MustCompile(`^` + label + `$`)
	objectName    = regexp.MustCompile(`^` + label + `(\.` + label + `)*$`)
)

// IsNamespaceName reports whether Kubernetes takes the name for a namespace: an RFC 1123 label of at most 63
// characters.
func IsNamespaceName(name string) bool { return len(name) <= 63 && namespaceName.MatchString(name) }

// IsObjectName reports whether Kubernetes takes the name for an object, or as a DNS domain: RFC 1123 labels joined by
// dots, at most 253 characters.
func IsObjectName(name string) bool { return len(name) <= 253 && objectName.MatchString(name) }
