package acceptance_test

import (
	"strings"
	"time"

	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Objects that are made in a dry run alone.
const (
	rehearsedVirtualService = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: rehearsed}
spec: {hosts: [rehearsed.example], http: [{route: [{destination: {host: rehearsed.example}}]}]}
`
	rehearsedDestinationRule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: rehearsed}
spec: {host: rehearsed.example}
`
)

// rehearsal makes an object in a dry run, which meets what its creation would meet, fields that are unknown too.
func (k *kube) rehearsal(namespace, text string) func() error {
	k.t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
		k.t.Fatal(err)
	}
	api := k.objects(istio.APIVersion, resourceOf(object), namespace)
	return func() error {
		_, err := api.Create(contextOf(k.t), object, metav1.CreateOptions{
			DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
		})
		return err
	}
}

// awaitAnswer waits until the API server answers a request in a certain way: definitions, policies, webhooks, quotas
// and the end of a namespace take effect some time after they were written.
func (k *kube) awaitAnswer(what string, try func() error, wanted func(error) bool) {
	k.t.Helper()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = try(); wanted(err) {
			return
		}
	}
	k.t.Fatalf("after a minute, who wants to %s still gets the answer: %v", what, err)
}

// awaitObject waits until an object in greeter, or the error of who reads it, is as wanted.
func (k *kube) awaitObject(resource, name, what string, wanted func(*unstructured.Unstructured, error) bool) {
	k.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		o, err := k.objects(istio.APIVersion, resource, "greeter").Get(k.t.Context(), name, metav1.GetOptions{})
		if wanted(o, err) {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("%s %s is not %s: %v, %v", resource, name, what, o, err)
		}
	}
}

// awaitGone waits until an object does not exist any more.
func (k *kube) awaitGone(resource, name string) {
	k.t.Helper()
	k.awaitObject(resource, name, "gone", func(_ *unstructured.Unstructured, err error) bool {
		return apierrors.IsNotFound(err)
	})
}

// awaitDeleted waits until an object is deleted, as far as its finalizers let it.
func (k *kube) awaitDeleted(resource, name string) {
	k.t.Helper()
	k.awaitObject(resource, name, "deleted", func(o *unstructured.Unstructured, err error) bool {
		return err == nil && o.GetDeletionTimestamp() != nil
	})
}

// awaitGeneration waits until the spec of an object was written that often.
func (k *kube) awaitGeneration(resource, name string, generation int64) {
	k.t.Helper()
	k.awaitObject(resource, name, "written", func(o *unstructured.Unstructured, err error) bool {
		return err == nil && o.GetGeneration() >= generation
	})
}

// finalizers sets those of an object in greeter, as a list in JSON.
func (k *kube) finalizers(resource, name, list string) {
	k.t.Helper()
	_, err := k.objects(istio.APIVersion, resource, "greeter").Patch(k.t.Context(), name, types.MergePatchType,
		[]byte(`{"metadata":{"finalizers":`+list+`}}`), metav1.PatchOptions{})
	if err != nil {
		k.t.Fatal(err)
	}
}

// awaitBinding waits until the first user of a RoleBinding may do the first thing of its Role: the API server decides
// by Roles and bindings that it has heard of, which is some time after they were written.
func (k *kube) awaitBinding(o *unstructured.Unstructured) {
	k.t.Helper()
	var binding rbac.RoleBinding
	var role rbac.Role
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &binding)
	if err == nil {
		var live *unstructured.Unstructured
		live, err = k.objects(o.GetAPIVersion(), "roles", o.GetNamespace()).Get(contextOf(k.t), binding.RoleRef.Name,
			metav1.GetOptions{})
		if err == nil {
			err = runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, &role)
		}
	}
	if err != nil {
		k.t.Fatal(err)
	}
	may, who := role.Rules[0], binding.Subjects[0]
	resource, subresource, _ := strings.Cut(may.Resources[0], "/")
	user := who.Name
	if who.Kind == rbac.ServiceAccountKind {
		user = "system:serviceaccount:" + who.Namespace + ":" + who.Name
	}
	review := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
		"spec": map[string]any{"user": user, "resourceAttributes": map[string]any{
			"namespace": o.GetNamespace(), "verb": may.Verbs[0], "group": may.APIGroups[0], "resource": resource,
			"subresource": subresource,
		}},
	}}
	allowed := false
	k.awaitAnswer(may.Verbs[0]+" "+may.Resources[0]+" as "+user, func() error {
		answer, err := k.objects("authorization.k8s.io/v1", "subjectaccessreviews", "").Create(contextOf(k.t), review,
			metav1.CreateOptions{})
		if err == nil {
			allowed, _, err = unstructured.NestedBool(answer.Object, "status", "allowed")
		}
		return err
	}, func(error) bool { return allowed })
}
