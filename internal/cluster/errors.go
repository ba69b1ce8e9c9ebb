package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reason is what went wrong, in terms of what a user can do about it.
type Reason int

// The reasons. Each has its own remedy.
const (
	// Unknown is everything that has no class of its own.
	Unknown Reason = iota
	// NotFound says that the object does not exist.
	NotFound
	// AlreadyExists says that an object of that name exists and was not made by this request.
	AlreadyExists
	// FieldConflict says that other field managers own fields that would change; see [Error.Conflicts].
	FieldConflict
	// Stale says that the object was changed, or deleted and made anew, since it was read.
	Stale
	// Forbidden says that the user lacks a right.
	Forbidden
	// Unauthorized says that the API server does not accept the credentials.
	Unauthorized
	// CRDMissing says that the API server does not serve Istio's API.
	CRDMissing
	// CRDTerminating says that the API server removes that kind of Istio's API.
	CRDTerminating
	// NamespaceMissing says that the namespace does not exist.
	NamespaceMissing
	// NamespaceTerminating says that the namespace is being deleted.
	NamespaceTerminating
	// Denied says that admission control refused the object: a webhook, a policy or a quota.
	Denied
	// Invalid says that the API server's schema refused the object.
	Invalid
	// ServerFailed is a 5xx answer, as of an admission webhook that cannot be reached, or another one that passes.
	ServerFailed
	// Unreachable says that no connection came about.
	Unreachable
	// Untrusted says that the API server's certificate was not accepted.
	Untrusted
	// TimedOut says that no answer came in time.
	TimedOut
	// Interrupted says that the caller gave up, as on Ctrl-C.
	Interrupted
	// NoCredentials says that the command that prints credentials failed. Nothing was sent.
	NoCredentials
	// Finalizing says that a deleted object is kept by finalizers, and routes on.
	Finalizing
	// Unconfirmed says that istiod or a proxy did not follow a change in time, and that the user wants to stop then.
	Unconfirmed
	// NotAPIServer says that something answered that is no Kubernetes API server, such as a proxy's login page.
	NotAPIServer
)

// OfConnection reports whether the reason holds for every object alike, and not for the one that was asked for.
func (r Reason) OfConnection() bool {
	return slices.Contains(
		[]Reason{Unauthorized, CRDMissing, Unreachable, Untrusted, TimedOut, Interrupted, NoCredentials, NotAPIServer},
		r,
	)
}

// Error is a request that failed: what was tried, on which object, and why.
type Error struct {
	Reason Reason
	// Verb is what was tried, such as "apply" or "read".
	Verb string
	// Object is the object's address, such as `VirtualService "shop/reviews"`.
	Object string
	// Host is the API server.
	Host string
	// LeftOut is a kubeconfig that was left out because it is of another server than Host, empty for none.
	LeftOut string
	// Everywhere says that it was about all namespaces.
	Everywhere bool
	// Conflicts are the fields that others own, for FieldConflict.
	Conflicts []Conflict
	// Fields are the fields of the object that a refusal is about, such as `spec.http[0].timeout`, where the answer
	// names any.
	Fields []string
	// Existing is the object in the way, for AlreadyExists and FieldConflict; nil where it could not be read.
	Existing *Live
	Err      error
}

// Conflict is one field that another manager owns.
type Conflict struct {
	// Field is the field's path, such as `.spec.http`.
	Field string
	// Owner is the API server's text, which holds the manager's name, the API version and the time.
	Owner string
	// Now is the field's live value as JSON, cut to a readable length; empty where it is not known.
	Now string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s %s: %s", e.Verb, e.Object, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// IsReason reports whether err is an [Error] with that reason.
func IsReason(err error, reason Reason) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == reason
}

// Reads reports whether nothing was to be changed, so that admission control had no say in it.
func (e *Error) Reads() bool { return e.Verb == "read" || e.Verb == "list" }

func (c *Cluster) wrap(verb, object string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Reason: classify(err), Verb: verb, Object: object, Host: c.host, LeftOut: c.leftOut, Err: err}
	if e.Reason == Denied && e.Reads() {
		e.Reason = Forbidden
	}
	if e.Reason == NotFound && !strings.HasPrefix(verb, "forward") && !isAbout(err, object) {
		e.Reason = NotAPIServer // a proxy that does not know the cluster, as Teleport: the object may be there
	}
	e.Conflicts, e.Fields = causes(err)
	return e
}

// isAbout reports whether an answer is about the kind that a text such as `Pod "shop/a"` begins with: pods, or Pod.
func isAbout(err error, object string) bool {
	var status apierrors.APIStatus
	kind, _, _ := strings.Cut(object, " ")
	return errors.As(err, &status) && status.Status().Details != nil &&
		strings.EqualFold(strings.TrimSuffix(status.Status().Details.Kind, "s"), kind)
}

// classify tells reasons apart by type and API status, and by text only where the API server gives nothing else.
func classify(err error) Reason {
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return classifyStatus(err, status.Status())
	}
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		certificate  x509.CertificateInvalidError
		record       tls.RecordHeaderError
		alert        tls.AlertError
		credentials  *credentialsError
		operation    *net.OpError
		transport    *url.Error
		timeout      interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &credentials):
		return NoCredentials
	case errors.Is(err, http.ErrSchemeMismatch), errors.Is(err, errTooLong):
		return NotAPIServer
	case errors.As(err, &verification), errors.As(err, &authority), errors.As(err, &hostname),
		errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert):
		return Untrusted
	case errors.Is(err, context.Canceled):
		return Interrupted
	case errors.As(err, &timeout) && timeout.Timeout():
		return TimedOut
	case errors.As(err, &operation), errors.As(err, &transport):
		return Unreachable
	}
	return Unknown
}

func classifyStatus(err error, status metav1.Status) Reason {
	switch {
	case apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict):
		return FieldConflict
	case apierrors.HasStatusCause(err, "NamespaceTerminating"):
		return NamespaceTerminating
	case status.Code == http.StatusTooManyRequests:
		return ServerFailed
	case isDenial(status):
		return Denied
	case apierrors.IsNotFound(err):
		return classifyNotFound(err, status)
	case apierrors.IsUnauthorized(err):
		return Unauthorized
	case apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) &&
		status.Code < http.StatusInternalServerError:
		return NotAPIServer
	case apierrors.IsAlreadyExists(err):
		return AlreadyExists
	case apierrors.IsConflict(err) && status.Details != nil && status.Details.Kind == "resourcequotas":
		return ServerFailed // another API server counted at the same time
	case apierrors.IsConflict(err):
		return Stale
	case apierrors.IsForbidden(err):
		return classifyForbidden(status)
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err),
		isUnfit(status):
		return Invalid
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return TimedOut
	case status.Code == http.StatusNotImplemented:
		return NotAPIServer // it will not be implemented in a moment either
	case status.Code >= http.StatusInternalServerError:
		return ServerFailed
	}
	return Unknown
}

// isUnfit reports whether an object has a field that the cluster's schema has not, as that of older CRDs, or is
// larger than etcd takes. To the API server these are internal errors among others.
func isUnfit(status metav1.Status) bool {
	texts := []string{"field not declared in schema", "request is too large", "message larger than max"}
	return status.Code == http.StatusInternalServerError &&
		slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(status.Message, text) })
}

// isDenial reports whether an admission webhook refused the object, whose answer follows words of the API server's
// with any code, unless it failed, or a ValidatingAdmissionPolicy, whose answer has a cause that names no field.
func isDenial(status metav1.Status) bool {
	if strings.HasPrefix(status.Message, `admission webhook "`) &&
		strings.Contains(status.Message, `" denied the request`) {
		return status.Code < http.StatusInternalServerError
	}
	switch status.Code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestEntityTooLarge,
		http.StatusUnprocessableEntity:
		return status.Details != nil && slices.ContainsFunc(status.Details.Causes, func(c metav1.StatusCause) bool {
			return c.Type == "" && c.Field == ""
		})
	}
	return false
}

// classifyForbidden tells a right that is missing, of which the API server says who cannot do what, from admission
// control of its own, such as a ResourceQuota, and both, which say what they are about, from a proxy on the way.
func classifyForbidden(status metav1.Status) Reason {
	switch {
	case strings.Contains(status.Message, `User "`) && strings.Contains(status.Message, `" cannot `):
		return Forbidden
	case strings.Contains(status.Message, "custom resource definition is terminating"):
		return CRDTerminating
	case status.Details == nil:
		return NotAPIServer
	}
	return Denied
}

// classifyNotFound tells a missing object from a missing namespace and from an API that is not served at all, whose
// answer is not a Status that the API server wrote for a resource.
func classifyNotFound(err error, status metav1.Status) Reason {
	switch {
	case apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse):
		return CRDMissing
	case status.Details != nil && status.Details.Kind == "namespaces":
		return NamespaceMissing
	}
	return NotFound
}

// causes returns the fields that others own, and those that a refusal is about.
func causes(err error) (conflicts []Conflict, fields []string) {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil, nil
	}
	for _, cause := range status.Status().Details.Causes {
		switch {
		case cause.Type == metav1.CauseTypeFieldManagerConflict:
			conflicts = append(conflicts, Conflict{Field: cause.Field, Owner: cause.Message})
		case cause.Field != "":
			fields = append(fields, cause.Field)
		}
	}
	return conflicts, fields
}

// Each returns the errors that were joined into err, one by one.
func Each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, Each(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
