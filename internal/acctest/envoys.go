package acctest

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Gateway is the Gateway of an embedded lab, which takes every host name, and the Envoy that is there for it.
type Gateway struct {
	// Namespace and Name are those of the Gateway, and Labels those of the pod that it selects.
	Namespace string
	Name      string
	Labels    string
	// Port is where it takes plain HTTP.
	Port int
	// Address is where the Envoy does, empty where the lab has none. Version is the Envoy's.
	Address string
	Version string
}

// Gateway returns the Gateway of the embedded lab that the environment names.
func (l *Lab) Gateway() Gateway {
	l.t.Helper()
	namespace, name, _ := strings.Cut(mustGetenv(l.t, "MESHLAB_GATEWAY_NAME"), "/")
	text := mustGetenv(l.t, "MESHLAB_GATEWAY_HTTP_PORT")
	port, err := strconv.Atoi(text)
	if err != nil {
		l.t.Fatalf("read the gateway's port: %v", err)
	}
	g := Gateway{
		Namespace: namespace, Name: name, Labels: "gateway=" + name, Port: port,
		Version: os.Getenv("MESHLAB_ENVOY_VERSION"),
	}
	if address := os.Getenv("MESHLAB_GATEWAY_ADDRESS"); address != "" {
		g.Address = net.JoinHostPort(address, text)
	}
	return g
}

// StartProxied is [Start] with a Service of HTTP, which only Envoys route to. It skips the test where there is none.
func StartProxied(t *testing.T) *Lab {
	t.Helper()
	if os.Getenv("TF_ACC") != "" {
		NeedEmbedded(t)
		if os.Getenv("MESHLAB_ENVOY_VERSION") == "" {
			t.Skip("the lab has no Envoy")
		}
	}
	return start(t, "MESH_TEST_HTTP_SERVICE")
}

// HTTPHost is the full name of the embedded lab's HTTP service, which answers with what it received.
func (l *Lab) HTTPHost() string {
	l.t.Helper()
	return mustGetenv(l.t, "MESH_TEST_HTTP_SERVICE") + "." + l.Namespace + ".svc.cluster.local"
}

// EnvoyPod is one of the Envoys of an embedded lab, as the pod that it is to istiod.
type EnvoyPod struct {
	// Host is the address at which it listens, on several ports, and Admin the URL of its administration pages.
	Host  string
	Admin string
	// Namespace and Labels are those of its pod.
	Namespace string
	Labels    map[string]string
}

// Envoys returns those of a lab that has them, and the file with the authority of the gateway's certificate.
func (l *Lab) Envoys() (sidecar, gateway EnvoyPod, authority string) {
	l.t.Helper()
	sidecar = EnvoyPod{
		Host: mustGetenv(l.t, "MESHLAB_SIDECAR_ADDRESS"), Admin: "http://" + mustGetenv(l.t, "MESHLAB_SIDECAR_ADMIN"),
		Namespace: "default", Labels: map[string]string{"app": "client", "proxy": "sidecar"},
	}
	at := l.Gateway()
	gateway = EnvoyPod{
		Host: mustGetenv(l.t, "MESHLAB_GATEWAY_ADDRESS"), Admin: "http://" + mustGetenv(l.t, "MESHLAB_GATEWAY_ADMIN"),
		Namespace: at.Namespace, Labels: map[string]string{"gateway": at.Name},
	}
	return sidecar, gateway, mustGetenv(l.t, "MESHLAB_GATEWAY_CA")
}
