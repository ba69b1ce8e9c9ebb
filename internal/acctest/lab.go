// Package acctest supports acceptance tests. It finds the control plane that the environment names, gives every test
// a Kubernetes Service of its own, looks at live objects and changes them behind Terraform's back, and sends real
// requests through the routes that istiod computes.
//
// The environment is what `meshlab run -- go test ...` sets: KUBE_CONFIG_PATH, MESH_TEST_NAMESPACE, MESH_TEST_SERVICE
// and MESH_TEST_CALL. Any cluster with Istio will do that has the scenario's namespace.
package acctest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// requestTimeout bounds every request of a test to the API server.
const requestTimeout = 30 * time.Second

// Lab is the control plane as one test sees it: with a service that nobody else uses.
type Lab struct {
	// Namespace is where the service is.
	Namespace string
	// Service is the unique name of the test's own Service, and Host its full name.
	Service string
	Host    string
	// Kubeconfig is the path of the administrator's kubeconfig, Developer of one who may change both kinds in
	// Namespace, Acker of one who may also forward a port to istiod, Nobody of one who may do nothing. The last three
	// are empty where the environment does not name them.
	Kubeconfig string
	Developer  string
	Acker      string
	Nobody     string
	// Dir is the directory of an embedded lab, whose processes a test may stop. It is empty on another cluster.
	Dir string

	t       *testing.T
	client  dynamic.Interface
	traffic *traffic
	// sidecar is where another sidecar than the lab's own listens, empty for that one.
	sidecar string
}

// Start returns the control plane that the environment names, with a new Service that selects the same pods as the
// scenario's. Under TF_ACC a control plane that is missing fails the test; without TF_ACC the test is skipped.
func Start(t *testing.T) *Lab {
	t.Helper()
	return start(t, "MESH_TEST_SERVICE")
}

// start makes the test's Service like the one that a variable names.
func start(t *testing.T, service string) *Lab {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests need TF_ACC=1 and a control plane: make testacc")
	}
	l := &Lab{
		t: t, Namespace: mustGetenv(t, "MESH_TEST_NAMESPACE"), Kubeconfig: mustGetenv(t, "KUBE_CONFIG_PATH"),
		Developer: os.Getenv("MESH_TEST_KUBECONFIG_DEVELOPER"), Acker: os.Getenv("MESH_TEST_KUBECONFIG_ACKER"),
		Nobody: os.Getenv("MESH_TEST_KUBECONFIG_NOBODY"), Dir: os.Getenv("MESH_TEST_LAB"),
	}
	l.traffic = &traffic{command: strings.Fields(mustGetenv(t, "MESH_TEST_CALL"))}
	l.connect()
	l.createService(mustGetenv(t, service))
	return l
}

// At returns a lab of the test's own, the directory of an embedded one, with the scenario's service.
func At(t *testing.T, dir string) *Lab {
	t.Helper()
	namespace, service := mustGetenv(t, "MESH_TEST_NAMESPACE"), mustGetenv(t, "MESH_TEST_SERVICE")
	l := &Lab{
		t: t, Namespace: namespace, Service: service, Host: service + "." + namespace + ".svc.cluster.local",
		Kubeconfig: filepath.Join(dir, "kubeconfig"), Dir: dir,
	}
	call := l.variable("MESH_TEST_CALL")
	if call == "" {
		t.Fatalf("the environment of the lab in %s does not say how to call", dir)
	}
	l.traffic = &traffic{command: append(strings.Fields(call), "--dir", dir)}
	l.connect()
	return l
}

func mustGetenv(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: acceptance tests need a control plane, see make testacc", name)
	}
	return value
}

func (l *Lab) connect() {
	l.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	if err != nil {
		l.t.Fatalf("read kubeconfig: %v", err)
	}
	config.QPS = -1
	if l.client, err = dynamic.NewForConfig(config); err != nil {
		l.t.Fatalf("prepare client: %v", err)
	}
}

var (
	services    = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	notInALabel = regexp.MustCompile(`[^a-z0-9]+`)
)

// createService makes a Service of its own for the test, named after it, and removes it afterwards together with all
// that was left for its host.
func (l *Lab) createService(template string) {
	l.t.Helper()
	l.Service = uniqueName(l.t)
	l.Host = l.Service + "." + l.Namespace + ".svc.cluster.local"
	ctx, cancel := l.context()
	defer cancel()
	like, err := l.client.Resource(services).Namespace(l.Namespace).Get(ctx, template, metav1.GetOptions{})
	if err != nil {
		l.t.Fatalf("read the scenario's service: %v", err)
	}
	spec := l.within(like.Object, "spec")
	var ports []any
	for _, p := range l.portsOf(like) {
		port := map[string]any{}
		for _, name := range []string{"name", "port", "targetPort", "protocol", "appProtocol"} {
			if value, ok := p[name]; ok {
				port[name] = value
			}
		}
		ports = append(ports, port)
	}
	service := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service",
		"metadata": map[string]any{"name": l.Service, "namespace": l.Namespace},
		"spec":     map[string]any{"selector": spec["selector"], "ports": ports},
	}}
	if _, err := l.client.Resource(services).Namespace(l.Namespace).Create(
		ctx, service, metav1.CreateOptions{},
	); err != nil {
		l.t.Fatalf("create service: %v", err)
	}
	l.t.Cleanup(func() {
		ctx, cancel := l.context()
		defer cancel()
		l.deleteLeftovers(ctx)
		if err := l.client.Resource(services).Namespace(l.Namespace).Delete(
			ctx, l.Service, metav1.DeleteOptions{},
		); err != nil {
			l.t.Errorf("delete service: %v", err)
		}
	})
}

// AddPort gives the test's Service one more port, in front of the same port of its pods as the first one.
func (l *Lab) AddPort(name string, number int64) {
	l.t.Helper()
	ctx, cancel := l.context()
	defer cancel()
	all := l.client.Resource(services).Namespace(l.Namespace)
	service, err := all.Get(ctx, l.Service, metav1.GetOptions{})
	if err != nil {
		l.t.Fatalf("read service: %v", err)
	}
	var ports []any
	for _, port := range l.portsOf(service) {
		ports = append(ports, port)
	}
	port := maps.Clone(l.portsOf(service)[0])
	port["name"], port["port"] = name, number
	l.within(service.Object, "spec")["ports"] = append(ports, port)
	if _, err := all.Update(ctx, service, metav1.UpdateOptions{}); err != nil {
		l.t.Fatalf("add port: %v", err)
	}
}

// uniqueName returns a DNS label that begins with the test's name.
func uniqueName(t *testing.T) string {
	t.Helper()
	raw := make([]byte, 4)
	if _, err := rand.Read(raw); err != nil {
		t.Fatalf("read random bytes: %v", err)
	}
	name := strings.TrimPrefix(strings.ToLower(t.Name()), "testacc")
	name = strings.Trim(notInALabel.ReplaceAllString(name, "-"), "-")
	return fmt.Sprintf("acc-%s-%s", strings.Trim(name[:min(len(name), 40)], "-"), hex.EncodeToString(raw))
}

// In returns the lab with another namespace to look for objects in. The service stays where it is.
func (l *Lab) In(namespace string) *Lab {
	other := *l
	other.Namespace = namespace
	return &other
}

// context returns one that outlives the test: cleanup works with it too.
func (l *Lab) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(l.t.Context()), requestTimeout)
}

// Config returns a configuration with a provider block that waits for nothing, and with the test's names as
// local.service, local.namespace and local.host.
func (l *Lab) Config(resources string) string {
	return l.ConfigWith(`propagation = { settle = "0s" }`, resources)
}

// ConfigForced is [Lab.Config] with a provider block that takes fields from other managers.
func (l *Lab) ConfigForced(resources string) string {
	return l.ConfigWith("propagation = { settle = \"0s\" }\n  field_manager = { force_conflicts = true }", resources)
}

// ConfigWith is [Lab.Config] with the given attributes in the provider block, besides default_namespace.
func (l *Lab) ConfigWith(provider, resources string) string {
	return fmt.Sprintf(`
terraform {
  required_providers {
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

locals {
  service   = %q
  namespace = %q
  host      = %q
}

provider "mesh" {
  default_namespace = %q
  %s
}

%s
`, l.Service, l.Namespace, l.Host, l.Namespace, provider, strings.TrimSpace(resources))
}

// Expand puts the test's names in the place of SERVICE, NAMESPACE and HOST.
func (l *Lab) Expand(text string) string {
	return strings.NewReplacer("SERVICE", l.Service, "NAMESPACE", l.Namespace, "HOST", l.Host).Replace(text)
}

// Sidecar reports whether the lab has an Envoy that routes the requests of its clients.
func (l *Lab) Sidecar() bool { return l.variable("MESHLAB_SIDECAR_ADDRESS") != "" }
