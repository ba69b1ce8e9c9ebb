package acceptance_test

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
