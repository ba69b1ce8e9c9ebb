package cluster

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

var address = Address{Kind: istio.KindVirtualService, Namespace: "shop", Name: "reviews"}

// disallowed is the API server's own answer to what it does not allow, for a reason.
func disallowed(reason string) string {
	return `{"reason":"Forbidden","message":"virtualservices.networking.istio.io \"z\" is forbidden: ` + reason +
		`","details":{"name":"z","group":"networking.istio.io","kind":"virtualservices"},"code":403}`
}

// TestClassify reads answers as kube-apiserver 1.36 writes them, and those of proxies on the way to one.
func TestClassify(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status string
		want   Reason
	}{
		"no such object": {
			`{"reason":"NotFound","details":{"name":"x","group":"networking.istio.io","kind":"virtualservices"},` +
				`"code":404}`, NotFound,
		},
		"no such namespace": {
			`{"reason":"NotFound","details":{"name":"nope","kind":"namespaces"},"code":404}`, NamespaceMissing,
		},
		"namespace terminating": {
			`{"reason":"Forbidden","details":{"name":"x","group":"networking.istio.io","kind":"virtualservices",` +
				`"causes":[{"reason":"NamespaceTerminating","message":"namespace shop is being ` +
				`terminated","field":"metadata.namespace"}]},"code":403}`, NamespaceTerminating,
		},
		"exists already": {
			`{"reason":"AlreadyExists","details":{"name":"x","kind":"virtualservices"},"code":409}`, AlreadyExists,
		},
		"a name that is no object's": {
			// Teleport, in lib/kube/proxy: an answer in the API server's form about something of its own.
			`{"message":"Kubernetes cluster \"prod\" not found","code":404}`, NotAPIServer,
		},
		"a cluster that a proxy does not know": {
			`{"reason":"NotFound","message":"clusters.cluster.karmada.io \"prod\" not found",` +
				`"details":{"name":"prod","group":"cluster.karmada.io","kind":"clusters"},"code":404}`, NotAPIServer,
		},
		"a proxy knows no such path": {
			`{"reason":"NotFound","message":"could not find the requested resource","details":{},"code":404}`,
			NotAPIServer,
		},
		"a proxy's conflict": {
			`{"reason":"Conflict","details":{"causes":[{"reason":"UnexpectedServerResponse","message":"<html>"}]},` +
				`"code":409}`, NotAPIServer,
		},
		"a quota changed meanwhile": {
			`{"reason":"Conflict","message":"Operation cannot be fulfilled on resourcequotas \"few\": the object has ` +
				`been modified","details":{"name":"few","kind":"resourcequotas"},"code":409}`, ServerFailed,
		},
		"stale": {`{"reason":"Conflict","details":{"name":"x","kind":"virtualservices"},"code":409}`, Stale},
		"another object of the name": {
			`{"reason":"Conflict","message":"Operation cannot be fulfilled on VirtualService \"x\": ` +
				`the UID in the precondition (a) does not match the UID in record (b)","details":{"name":"x",` +
				`"group":"networking.istio.io","kind":"VirtualService"},"code":409}`, Stale,
		},
		"no such object, by its kind": {
			`{"reason":"NotFound","details":{"name":"x","group":"networking.istio.io","kind":"VirtualService"},` +
				`"code":404}`, NotFound,
		},
		"field manager": {
			`{"reason":"Conflict","details":{"causes":[{"reason":"FieldManagerConflict",` +
				`"message":"conflict with \"kubectl-edit\"","field":".spec.http"}]},"code":409}`, FieldConflict,
		},
		"right missing": {
			disallowed(`User \"dev\" cannot patch resource \"virtualservices\" in API group \"networking.istio.io\"`),
			Forbidden,
		},
		"quota exceeded": {
			disallowed(`exceeded quota: few, requested: count/virtualservices.networking.istio.io=1, used: ` +
				`count/virtualservices.networking.istio.io=3, limited: count/virtualservices.networking.istio.io=3`),
			Denied,
		},
		"CRD terminating": {
			disallowed("create not allowed while custom resource definition is terminating"), CRDTerminating,
		},
		"credentials refused": {`{"reason":"Unauthorized","message":"Unauthorized","code":401}`, Unauthorized},
		"istiod refuses": {
			`{"message":"admission webhook \"validation.istio.io\" denied the request: configuration is invalid",` +
				`"code":400}`, Denied,
		},
		"a webhook refuses with 403": {
			`{"message":"admission webhook \"x\" denied the request: no","reason":"Forbidden","code":403}`, Denied,
		},
		"a webhook refuses with 422": {
			`{"message":"admission webhook \"x\" denied the request: no","reason":"Invalid","code":422}`, Denied,
		},
		"an admission policy refuses": {
			`{"reason":"Invalid","details":{"name":"x","group":"networking.istio.io","kind":"virtualservices",` +
				`"causes":[{"message":"ValidatingAdmissionPolicy 'p1' with binding 'p1' denied request: ` +
				`no"}]},"code":422}`,
			Denied,
		},
		"an admission policy forbids": {
			`{"reason":"Forbidden","details":{"name":"x","group":"networking.istio.io","kind":"virtualservices",` +
				`"causes":[{"message":"ValidatingAdmissionPolicy 'p1' with binding 'p1' denied request: ` +
				`no"}]},"code":403}`,
			Denied,
		},
		"an admission policy says unauthorized": {
			`{"reason":"Unauthorized","details":{"name":"x","group":"networking.istio.io","kind":"virtualservices",` +
				`"causes":[{"message":"ValidatingAdmissionPolicy 'p1' with binding 'p1' denied request: ` +
				`no"}]},"code":401}`,
			Denied,
		},
		"an admission policy says too large": {
			`{"reason":"RequestEntityTooLarge","message":"virtualservices.networking.istio.io \"x\" is forbidden: ` +
				`ValidatingAdmissionPolicy 'p1' with binding 'p1' denied request: no","details":{"name":"x",` +
				`"group":"networking.istio.io","kind":"virtualservices","causes":[{"message":"no"}]},"code":413}`,
			Denied,
		},
		"a webhook refuses with 400 and a reason": {
			`{"message":"admission webhook \"x\" denied the request: no","reason":"BadRequest","code":400}`, Denied,
		},
		"a webhook refuses with 401": {
			`{"message":"admission webhook \"x\" denied the request: no","reason":"Unauthorized","code":401}`, Denied,
		},
		"a webhook refuses with 404": {
			`{"message":"admission webhook \"x\" denied the request: no","reason":"NotFound","code":404}`, Denied,
		},
		"a webhook refuses with 409": {
			`{"message":"admission webhook \"x\" denied the request: no","reason":"Conflict","code":409}`, Denied,
		},
		"a webhook refuses without explanation": {
			`{"message":"admission webhook \"x\" denied the request without explanation","code":418}`, Denied,
		},
		"a webhook fails": {
			`{"message":"admission webhook \"x\" denied the request: no connection","code":500}`, ServerFailed,
		},
		"a webhook is busy": {
			`{"message":"admission webhook \"x\" denied the request: later","code":429}`, ServerFailed,
		},
		"the schema refuses": {
			`{"reason":"Invalid","details":{"name":"x","causes":[{"reason":"FieldValueTypeInvalid",` +
				`"message":"must be of type array","field":"spec.hosts"}]},"code":422}`, Invalid,
		},
		"unknown field": {
			`{"message":"strict decoding error: unknown field \"spec.nope\"","reason":"BadRequest","code":400}`,
			Invalid,
		},
		"too large": {
			`{"message":"Request entity too large: limit is 3145728","reason":"RequestEntityTooLarge","code":413}`,
			Invalid,
		},
		"too large for etcd": {`{"message":"etcdserver: request is too large","code":500}`, Invalid},
		"too large for etcd's client": {
			`{"message":"rpc error: code = ResourceExhausted desc = trying to send message larger than max ` +
				`(2164976 vs. 2097152)","code":500}`, Invalid,
		},
		"etcd without space":  {`{"message":"etcdserver: mvcc: database space exceeded","code":500}`, ServerFailed},
		"etcd without leader": {`{"message":"etcdserver: no leader","code":500}`, ServerFailed},
		"webhook unreachable": {
			`{"reason":"InternalError",` +
				`"details":{"causes":[{"message":"failed calling webhook \"validation.istio.io\""}]},"code":500}`,
			ServerFailed,
		},
		"unavailable":    {`{"reason":"ServiceUnavailable","code":503}`, ServerFailed},
		"never served":   {`{"code":501}`, NotAPIServer},
		"overloaded":     {`{"reason":"TooManyRequests","code":429}`, ServerFailed},
		"timeout":        {`{"reason":"Timeout","code":504}`, TimedOut},
		"server timeout": {`{"reason":"ServerTimeout","code":500}`, TimedOut},
		"API not served": {
			`{"reason":"NotFound","details":{"causes":[{"reason":"UnexpectedServerResponse",` +
				`"message":"404 page not found"}]},"code":404}`, CRDMissing,
		},
		"HTTP to an HTTPS port": {
			`{"reason":"BadRequest","details":{"causes":[{"reason":"UnexpectedServerResponse",` +
				`"message":"Client sent an HTTP request to an HTTPS server."}]},"code":400}`, NotAPIServer,
		},
		"a proxy forbids": {
			`{"reason":"Forbidden","details":{"causes":[{"reason":"UnexpectedServerResponse","message":"<html>"}]},` +
				`"code":403}`, NotAPIServer,
		},
		"a proxy forbids in the API server's form": {
			`{"message":"Kubernetes cluster \"prod\" not found","code":403}`, NotAPIServer,
		},
		"a proxy wants a login": {
			`{"reason":"Unauthorized","details":{"causes":[{"reason":"UnexpectedServerResponse",` +
				`"message":"<html>"}]},"code":401}`, Unauthorized,
		},
		"a load balancer has nobody": {
			`{"reason":"ServiceUnavailable","details":{"causes":[{"reason":"UnexpectedServerResponse",` +
				`"message":"<html>"}]},"code":503}`, ServerFailed,
		},
		"a teapot": {`{"code":418}`, Unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var status metav1.Status
			if err := json.Unmarshal([]byte(test.status), &status); err != nil {
				t.Fatal(err)
			}
			var got *Error
			err := (&Cluster{}).wrap("apply", address.String(), &apierrors.StatusError{ErrStatus: status})
			if !errors.As(err, &got) || got.Reason != test.want {
				t.Errorf("reason %v, want %d", got, test.want)
			}
		})
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	err := (&Cluster{}).wrap("apply", address.String(), &apierrors.StatusError{ErrStatus: metav1.Status{
		Code: http.StatusConflict, Reason: metav1.StatusReasonConflict,
		Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{
			{Type: metav1.CauseTypeFieldManagerConflict, Field: ".spec.http", Message: `conflict with "kubectl-edit"`},
			{Type: "Other", Field: ".spec.hosts", Message: "something else"},
		}},
	}})
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("error %T, want *Error", err)
	}
	if diff := cmp.Diff(
		[]Conflict{{Field: ".spec.http", Owner: `conflict with "kubectl-edit"`}}, failure.Conflicts,
	); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
}

func TestEach(t *testing.T) {
	t.Parallel()
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	if diff := cmp.Diff(3, len(Each(errors.Join(a, errors.Join(b, nil, c))))); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if got := Each(nil); got != nil {
		t.Errorf("Each(nil) = %v, want nothing", got)
	}
}

// TestCollectWarnings: the API server's warnings reach whoever made the request, and nobody else.
func TestCollectWarnings(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Warning", `299 - "use v2"`)
		w.Header().Add("Warning", `299 - "and soon"`)
		w.Header().Add("Warning", `110 - "stale"`)
		answerNotFound(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := Connect(Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	if _, err := c.Get(CollectWarnings(t.Context(), func(text string) {
		heard = append(heard, text)
	}), address); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"use v2", "and soon"}, heard); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
