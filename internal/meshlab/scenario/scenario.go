// Package scenario puts two services in three versions into the mesh, one of gRPC and one of HTTP: Kubernetes
// objects, and real servers behind them on loopback addresses. It also says what a sidecar and a gateway are there.
package scenario

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net"
	"text/template"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/echo"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/envoy"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/pki"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/ports"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry"
)

// Where the scenario's services are: that of gRPC, and that of HTTP in the same namespace.
const (
	Namespace   = "greeter"
	Service     = "greeter"
	Port        = greeter.Port
	HTTPService = "echo"
	HTTPPort    = echo.Port
)

// The Gateway that is there for VirtualServices of all namespaces, and what it listens on.
const (
	GatewayNamespace = "edge"
	GatewayName      = "web"
	GatewayPort      = 50080
	GatewayTLSPort   = 50443
)

// GatewayHosts are the host names that the certificate of the Gateway is for. curl takes no wildcard for a whole
// top-level domain.
var GatewayHosts = []string{
	"shop.example", "*.shop.example", "*.example", "*.test", "*." + Namespace + ".svc.cluster.local",
}

// endpointsPerVersion is more than one, so that a retry can land on another endpoint of the same version.
const endpointsPerVersion = 2

// The hosts in the lab's network: the greeters begin with 1.
const (
	firstEcho   = 11
	sidecarHost = 21
	gatewayHost = 22
)

var versions = []string{"v1", "v2", "v3"}

// app is the service of gRPC in the labels of its workloads.
const app = "k8s-combat-service"

//go:embed scenario.yaml
var manifest string

//go:embed proxies.yaml
var proxiesManifest string

// The Roles that the provider ships as examples: for somebody who ships services, and for somebody who also waits
// until proxies have acknowledged a change. They are copies because a module cannot embed what is outside of it.
var (
	//go:embed role.yaml
	routesRole []byte
	//go:embed role-ack.yaml
	ackRole []byte
)

var (
	objects        = template.Must(template.New("scenario").Parse(manifest))
	proxiesObjects = template.Must(template.New("proxies").Parse(proxiesManifest))
)

// Workload is one endpoint of a service.
type Workload struct {
	Name    string // of its WorkloadEntry
	Version string
	Address string // loopback, without the port
}

// Scenario is a running set of servers.
type Scenario struct {
	Workloads []Workload // of the gRPC service
	Echoes    []Workload // of the HTTP service
	Sidecar   envoy.Proxy
	Gateway   envoy.Proxy
	Metrics   string // host:port at which the servers tell what they have answered, and are told to fail

	servers []interface{ Stop() }
}

// Start starts the servers and creates their objects, and those of the proxies, which it does not start.
func Start(ctx context.Context, c *cluster.Cluster) (*Scenario, error) {
	s := &Scenario{Metrics: c.Address()}
	network, err := s.serve()
	if err != nil {
		return nil, err
	}
	s.Sidecar, s.Gateway = sidecar(network.Address(sidecarHost)), gateway(network.Address(gatewayHost))
	if err := s.create(ctx, c); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func sidecar(address string) envoy.Proxy {
	return envoy.Proxy{
		Kind: envoy.Sidecar, Name: "client", Namespace: "default", Address: address,
		Labels: map[string]string{"app": "client", "proxy": "sidecar"},
	}
}

func gateway(address string) envoy.Proxy {
	return envoy.Proxy{
		Kind: envoy.Gateway, Name: GatewayName, Namespace: GatewayNamespace, ServiceAccount: GatewayName,
		Address: address, Labels: map[string]string{"gateway": GatewayName},
	}
}

// serve starts the servers, in a network that the lab has for itself.
func (s *Scenario) serve() (ports.Network, error) {
	network, listeners, err := ports.Listen(len(versions)*endpointsPerVersion, Port)
	if err != nil {
		return network, err
	}
	attempts, seen, mesh := greeter.NewAttempts(), echo.NewSeen(), telemetry.New(versions)
	s.Workloads = workloads(app, listeners)
	for i, listener := range listeners {
		version := s.Workloads[i].Version
		s.servers = append(s.servers, greeter.Serve(listener, version, attempts, reporter(mesh, app, version, Service)))
	}
	if listeners, err = network.Listen(firstEcho, len(listeners), HTTPPort); err != nil {
		s.Stop()
		return network, fmt.Errorf("start the HTTP service: %w", err)
	}
	s.Echoes = workloads(HTTPService, listeners)
	for i, listener := range listeners {
		version := s.Echoes[i].Version
		s.servers = append(s.servers, echo.Serve(listener, version, attempts, seen,
			reporter(mesh, HTTPService, version, HTTPService)))
	}
	metrics, err := net.Listen("tcp", s.Metrics)
	if err != nil {
		s.Stop()
		return network, fmt.Errorf("serve metrics: %w", err)
	}
	s.servers = append(s.servers, mesh.Serve(metrics))
	return network, nil
}

// reporter counts for a version of an app, whose first Service is the given one.
func reporter(mesh *telemetry.Mesh, app, version, service string) telemetry.Reporter {
	return mesh.Reporter(telemetry.Workload{
		Name: app + "-" + version, Namespace: Namespace, App: app + "-" + version, Version: version,
		Service: service + "." + Namespace + ".svc.cluster.local",
	})
}

func workloads(service string, listeners []net.Listener) []Workload {
	all := make([]Workload, 0, len(listeners))
	for i, listener := range listeners {
		version := versions[i/endpointsPerVersion]
		address, _, _ := net.SplitHostPort(listener.Addr().String()) // a listener's address has a port
		all = append(all, Workload{
			Name:    fmt.Sprintf("%s-%s-%d", service, version, i%endpointsPerVersion+1),
			Version: version,
			Address: address,
		})
	}
	return all
}

func (s *Scenario) create(ctx context.Context, c *cluster.Cluster) error {
	certificate, err := c.Certificate(GatewayName, GatewayHosts...)
	if err != nil {
		return err
	}
	services, err := s.render()
	if err != nil {
		return err
	}
	proxies, err := s.renderProxies(certificate)
	if err != nil {
		return err
	}
	for _, objects := range [][]byte{services, routesRole, ackRole, proxies} {
		if err := c.Admin.Apply(ctx, objects); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends the servers.
func (s *Scenario) Stop() {
	for _, server := range s.servers {
		server.Stop()
	}
}

func (s *Scenario) render() ([]byte, error) {
	var out bytes.Buffer
	err := objects.Execute(&out, struct {
		Namespace, Developer, Acker string
		Port, HTTPPort              int
		*Scenario
	}{Namespace, cluster.Developer, cluster.Acker, Port, HTTPPort, s})
	if err != nil {
		return nil, fmt.Errorf("render scenario: %w", err)
	}
	return out.Bytes(), nil
}

func (s *Scenario) renderProxies(certificate pki.Pair) ([]byte, error) {
	var out bytes.Buffer
	err := proxiesObjects.Execute(&out, struct {
		Port, HTTPPort, GatewayPort, GatewayTLSPort int
		Certificate, Key                            string
		ClusterHeader                               string
		Proxies                                     map[string]envoy.Proxy // by a label of its pod alone
		*Scenario
	}{
		Port, HTTPPort, GatewayPort, GatewayTLSPort,
		base64.StdEncoding.EncodeToString(certificate.Certificate),
		base64.StdEncoding.EncodeToString(certificate.Key), telemetry.ClusterHeader,
		map[string]envoy.Proxy{"proxy: sidecar": s.Sidecar, "gateway: " + GatewayName: s.Gateway}, s,
	})
	if err != nil {
		return nil, fmt.Errorf("render proxies: %w", err)
	}
	return out.Bytes(), nil
}
