package acceptance_test

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
