package acceptance_test

import (
	"context"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// kube is an administrator's access to a cluster, for what a test needs beside routes.
type kube struct {
	t      testing.TB
	config *rest.Config
	client dynamic.Interface
	// authority is the PEM of the API server's certificate authority.
	authority string
}

func newKube(t testing.TB, kubeconfig string) *kube {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	if err == nil {
		err = rest.LoadTLSFiles(config)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &kube{t: t, config: config, client: client, authority: string(config.CAData)}
}

func (k *kube) objects(apiVersion, resource, namespace string) dynamic.ResourceInterface {
	version, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		k.t.Fatal(err)
	}
	return k.client.Resource(version.WithResource(resource)).Namespace(namespace)
}

// create makes an object of YAML, and removes it after the test. A Role has to be there before its binding.
func (k *kube) create(resource, text string) *unstructured.Unstructured {
	k.t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
		k.t.Fatal(err)
	}
	api := k.objects(object.GetAPIVersion(), resource, object.GetNamespace())
	made, err := api.Create(k.t.Context(), object, metav1.CreateOptions{})
	if err != nil {
		k.t.Fatalf("create %s: %v", resource, err)
	}
	k.t.Cleanup(func() { k.remove(object.GetAPIVersion(), resource, object.GetNamespace(), object.GetName()) })
	if resource == "rolebindings" {
		k.awaitBinding(made)
	}
	return made
}

// resourceTypes are the resources of one object, by its kind.
var resourceTypes = map[string]string{
	acctest.VirtualService:  "mesh_virtual_service",
	acctest.DestinationRule: "mesh_destination_rule",
}

// resourceOf is what the API server calls objects of the kind of o.
func resourceOf(o *unstructured.Unstructured) string { return strings.ToLower(o.GetKind()) + "s" }

// ofKind reaches the objects of the kind of o, where it is.
func (k *kube) ofKind(o *unstructured.Unstructured) dynamic.ResourceInterface {
	return k.objects(o.GetAPIVersion(), resourceOf(o), o.GetNamespace())
}

// get returns a live object in the API's newest version.
func (k *kube) get(o *unstructured.Unstructured) *unstructured.Unstructured {
	k.t.Helper()
	live, err := k.objects(istio.APIVersion, resourceOf(o), o.GetNamespace()).Get(k.t.Context(), o.GetName(),
		metav1.GetOptions{})
	if err != nil {
		k.t.Fatalf("read %s: %v", o.GetName(), err)
	}
	return live
}

func (k *kube) remove(apiVersion, resource, namespace, name string) {
	k.t.Helper()
	// The test's own context has ended when a cleanup runs.
	err := k.objects(apiVersion, resource, namespace).Delete(contextOf(k.t), name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		k.t.Errorf("delete %s %s: %v", resource, name, err)
	}
}

// token makes a service account that may do these verbs with both kinds in a namespace, and look who answers there,
// and returns a token of it.
func (k *kube) token(namespace, name string, verbs ...string) string {
	k.t.Helper()
	header := "metadata: {name: " + name + ", namespace: " + namespace + "}\n"
	k.create("serviceaccounts", "apiVersion: v1\nkind: ServiceAccount\n"+header)
	k.create("roles", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"+header+
		"rules:\n- {apiGroups: [networking.istio.io], resources: [virtualservices, destinationrules], verbs: ["+
		strings.Join(verbs, ", ")+"]}\n"+
		"- {apiGroups: [networking.istio.io], resources: [workloadentries], verbs: [list]}\n- {apiGroups: [''], "+
		"resources: [services, pods], verbs: [list]}\n")
	k.create("rolebindings", "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"+header+
		"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: "+name+"}\n"+
		"subjects: [{kind: ServiceAccount, name: "+name+", namespace: "+namespace+"}]\n")
	return k.login(namespace, name)
}

// login returns a token of a service account.
func (k *kube) login(namespace, name string) string {
	k.t.Helper()
	return k.loginWith(namespace, name, map[string]any{"expirationSeconds": int64(3600)})
}

// loginWith returns a token of a service account, as the spec of a TokenRequest wants it.
func (k *kube) loginWith(namespace, name string, spec map[string]any) string {
	k.t.Helper()
	request := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
		"metadata": map[string]any{"name": name}, "spec": spec,
	}}
	answer, err := k.objects("v1", "serviceaccounts", namespace).Create(k.t.Context(), request, metav1.CreateOptions{},
		"token")
	if err != nil {
		k.t.Fatalf("request token: %v", err)
	}
	token, _, err := unstructured.NestedString(answer.Object, "status", "token")
	if err != nil || token == "" {
		k.t.Fatalf("request token: %v, %v", answer, err)
	}
	return token
}

var everyVerb = []string{"get", "list", "create", "patch", "delete"}

// contextOf returns a context that outlives the test: cleanups work with it too.
func contextOf(t testing.TB) context.Context {
	t.Helper()
	return context.WithoutCancel(t.Context())
}
