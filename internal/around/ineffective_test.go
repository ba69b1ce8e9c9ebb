package around_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// Rules for HTTP hold on a port that Istio takes for HTTP, or where it looks what comes.
func TestInspectPorts(t *testing.T) {
	t.Parallel()
	const catchAll = "\nhttp: [{route: [{destination: {host: reviews}}]}]"
	mysql := around.ServicePort{Name: "db", Number: 3306, Protocol: "MySQL"}
	const told = "hosts[0]: Istio takes no port of the Service of reviews.shop.svc.cluster.local for HTTP, as their " +
		"names and protocols say (PORTS), so that sidecars follow no rule for HTTP there; begin the port's name " +
		"with http, " +
		"http2 or grpc, or set its appProtocol"
	for name, test := range map[string]struct {
		spec  string
		ports []around.ServicePort
		// want are the ports that are told.
		want string
	}{
		"HTTP":             {ports: []around.ServicePort{{Name: "http", Number: 80, Protocol: "HTTP"}}},
		"no name, sniffed": {ports: []around.ServicePort{{Number: 80}}},
		"HTTP beside":      {ports: []around.ServicePort{mysql, {Name: "grpc", Number: 80, Protocol: "GRPC"}}},
		"no ports":         {},
		"MySQL":            {ports: []around.ServicePort{mysql}, want: "db 3306 is MySQL"},
		"without a name, and many": {
			ports: []around.ServicePort{{Number: 25, Protocol: "TCP"}, mysql, mysql, mysql, mysql, mysql, mysql},
			want: "25 is TCP, db 3306 is MySQL, db 3306 is MySQL, db 3306 is MySQL, db 3306 is MySQL, " +
				"2 more",
		},
		"at a gateway": {spec: "gateways: [edge]" + catchAll, ports: []around.ServicePort{mysql}},
		"rules for TCP": {
			spec: "tcp: [{route: [{destination: {host: reviews}}]}]", ports: []around.ServicePort{mysql},
		},
		"outside the cluster": {spec: "hosts: [a.example]" + catchAll, ports: []around.ServicePort{mysql}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			a.facts.Services["shop"]["reviews"] = around.Service{Ports: test.ports}
			if test.spec == "" {
				test.spec = catchAll
			}
			found, _ := a.ask(istio.Objects{}, ours(t, test.spec))
			var want []string
			if test.want != "" {
				want = []string{strings.Replace(told, "PORTS", test.want, 1)}
			}
			if diff := cmp.Diff(want, found); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// Two subsets that are the same pods are no two versions, and one that is every pod of the service is none.
func TestInspectAlike(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		subsets string
		want    []string
	}{
		"two versions": {subsets: "{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}"},
		"one version twice": {subsets: "{name: v1, labels: {version: v1}}, {name: v2, labels: {version: " +
			"v1}}", want: []string{
			"subsets[1]: has the labels version=v1, as the subset v1 has, so that both are the same pods"}},
		"one version with two policies": {subsets: "{name: v1, labels: {version: v1}}, {name: sticky, labels: " +
			"{version: v1}, " +
			"trafficPolicy: {loadBalancer: {simple: RANDOM}}}"},
		"of Argo Rollouts": {subsets: "{name: v1, labels: {rollouts-pod-template-hash: abc}}, {name: v2, labels: " +
			"{rollouts-pod-template-hash: abc}}"},
		"the selector": {subsets: "{name: v1, labels: {app: reviews}}", want: []string{
			"subsets[0]: has the labels app=reviews, which the selector of the Service of " +
				"reviews.shop.svc.cluster.local has " +
				"too, so that the subset is every pod of the service"}},
		"the selector and more": {subsets: "{name: v1, labels: {app: reviews, version: v1}}"},
		"no labels":             {subsets: "{name: all}, {name: each}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			rule := istiotest.Object(t, "DestinationRule", "ours", "host: reviews\nsubsets: ["+test.subsets+"]")
			found, _ := a.ask(istio.Objects{}, istio.ObjectsOf(rule))
			if diff := cmp.Diff(test.want, found); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}
