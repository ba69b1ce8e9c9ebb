package acceptance_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// envoyAgreement compares with the lab's Envoys.
type envoyAgreement struct {
	*agreement
	client           *envoyClient
	sidecar, gateway acctest.EnvoyPod
	version          string
	// older says that the Envoys join the lines of a header before they compare it.
	older        bool
	round, names int
	// server is one that tells which requests were received.
	server string
	// witnesses, elsewhere, counted, policies and stayed are how much was compared besides the requests.
	witnesses, elsewhere, counted, policies, stayed int
}

// newEnvoyAgreement makes Services of the scenario's HTTP servers in the scenario's namespace, and in that of the
// sidecar. For the time of the test an answer of an Envoy says by which route it came.
func newEnvoyAgreement(t *testing.T, lab *acctest.Lab) *envoyAgreement {
	t.Helper()
	lab.AddPort("http-other", httpOtherPort)
	lab.AddPort("http-third", httpsPort)
	k := newKube(t, lab.Kubeconfig)
	home := lab.In(outside)
	home.Host = strings.Replace(lab.Host, "."+lab.Namespace+".", "."+outside+".", 1)
	copyServers(k, lab, home)
	a := &envoyAgreement{agreement: newAgreement(t, lab, home), version: lab.Gateway().Version}
	a.gateways = []*istio.Object{gatewayOf(k, lab.Gateway())}
	sidecar, gateway, authority := lab.Envoys()
	a.sidecar, a.gateway = sidecar, gateway
	var addresses []string
	for _, port := range []int{httpPort, httpOtherPort, httpsPort} {
		for _, host := range []string{sidecar.Host, gateway.Host} {
			addresses = append(addresses, net.JoinHostPort(host, strconv.Itoa(port)))
		}
	}
	a.client = newEnvoyClient(t, authority, addresses...)
	a.older = minorOf(t, a.version) < individually
	for _, proxy := range []acctest.EnvoyPod{sidecar, gateway} {
		var labels []string
		for name, value := range proxy.Labels {
			labels = append(labels, fmt.Sprintf("%q: %q", name, value))
		}
		k.create("envoyfilters", fmt.Sprintf(telling, lab.Service, proxy.Namespace, strings.Join(labels, ", "),
			routeHeader))
	}
	return a
}

// minorOf returns the 39 of 1.39.3.
func minorOf(t *testing.T, version string) int {
	t.Helper()
	parts := strings.Split(version, ".")
	minor, err := strconv.Atoi(parts[min(1, len(parts)-1)])
	if err != nil {
		t.Fatalf("read the version of the Envoys: %v", err)
	}
	return minor
}

// gatewayOf returns the Gateway at which requests come in.
func gatewayOf(k *kube, at acctest.Gateway) *istio.Object {
	k.t.Helper()
	all := k.objects("networking.istio.io/v1", "gateways", at.Namespace)
	object, err := all.Get(k.t.Context(), at.Name, metav1.GetOptions{})
	if err != nil {
		k.t.Fatal(err)
	}
	raw, err := object.MarshalJSON()
	if err != nil {
		k.t.Fatal(err)
	}
	known, err := istio.ParseAny(raw)
	if err != nil {
		k.t.Fatal(err)
	}
	return known
}

// individually is the minor version since which an Envoy compares each line of a header by itself.
const individually = 39

// routeHeader tells the name of the route by which an answer came.
const routeHeader = "x-route"

// telling makes a proxy tell it.
const telling = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: %s, namespace: %s}
spec:
  workloadSelector: {labels: {%s}}
  configPatches:
  - applyTo: ROUTE_CONFIGURATION
    match: {context: ANY}
    patch:
      operation: MERGE
      value:
        response_headers_to_add:
        - {header: {key: %s, value: "%%ROUTE_NAME%%"}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}
`

// copyServers puts the test's Service and the servers behind it into the namespace of another lab.
func copyServers(k *kube, lab, home *acctest.Lab) {
	k.t.Helper()
	for resource, version := range map[string]string{"services": "v1", "workloadentries": "networking.istio.io/v1"} {
		all, err := k.objects(version, resource, lab.Namespace).List(k.t.Context(), metav1.ListOptions{})
		if err != nil {
			k.t.Fatal(err)
		}
		for _, object := range all.Items {
			isServer := resource == "workloadentries" && strings.HasPrefix(object.GetName(), "echo-")
			if !isServer && object.GetName() != lab.Service {
				continue
			}
			spec, _ := object.Object["spec"].(map[string]any)
			delete(spec, "clusterIP")
			delete(spec, "clusterIPs")
			object.Object["metadata"] = map[string]any{"name": object.GetName(), "namespace": home.Namespace}
			if isServer {
				object.SetName(lab.Service + strings.TrimPrefix(object.GetName(), "echo"))
			}
			delete(object.Object, "status")
			text, err := yaml.Marshal(object.Object)
			if err != nil {
				k.t.Fatal(err)
			}
			k.create(resource, string(text))
		}
	}
}
