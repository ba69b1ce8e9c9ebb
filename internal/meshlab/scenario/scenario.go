// Package scenario puts a service in three versions into the mesh: Kubernetes objects, and real gRPC servers behind
// them on loopback addresses.
package scenario

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net"
	"text/template"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/ports"
)

// Where the scenario's service is.
const (
	Namespace = "greeter"
	Service   = "greeter"
	Port      = 50051
)

// endpointsPerVersion is more than one, so that a retry can land on another endpoint of the same version.
const endpointsPerVersion = 2

var versions = []string{"v1", "v2", "v3"}

//go:embed scenario.yaml
var manifest string

// The Roles that the provider ships as examples: for somebody who ships services, and for somebody who also waits
// until proxies have acknowledged a change. They are copies because a module cannot embed what is outside of it.
var (
	//go:embed role.yaml
	routesRole []byte
	//go:embed role-ack.yaml
	ackRole []byte
)

var objects = template.Must(template.New("scenario").Parse(manifest))

// Workload is one endpoint of the service.
type Workload struct {
	Name    string // of its WorkloadEntry
	Version string
	Address string // loopback, without the port
}

// Scenario is a running set of greeters.
type Scenario struct {
	Workloads []Workload

	servers []*greeter.Server
}

// Start starts the greeters and creates their objects.
func Start(ctx context.Context, client *cluster.Client) (*Scenario, error) {
	listeners, err := ports.Listen(len(versions)*endpointsPerVersion, Port)
	if err != nil {
		return nil, err
	}
	s := &Scenario{}
	attempts := greeter.NewAttempts()
	for i, listener := range listeners {
		version := versions[i/endpointsPerVersion]
		address, _, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("read address of %s: %w", version, err)
		}
		s.servers = append(s.servers, greeter.Serve(listener, version, attempts))
		s.Workloads = append(s.Workloads, Workload{
			Name:    fmt.Sprintf("k8s-combat-service-%s-%d", version, i%endpointsPerVersion+1),
			Version: version,
			Address: address,
		})
	}
	rendered, err := render(s.Workloads)
	if err != nil {
		s.Stop()
		return nil, err
	}
	for _, objects := range [][]byte{rendered, routesRole, ackRole} {
		if err := client.Apply(ctx, objects); err != nil {
			s.Stop()
			return nil, err
		}
	}
	return s, nil
}

// Stop ends the greeters.
func (s *Scenario) Stop() {
	for _, server := range s.servers {
		server.Stop()
	}
}

func render(workloads []Workload) ([]byte, error) {
	var out bytes.Buffer
	err := objects.Execute(&out, struct {
		Namespace, Developer, Acker string
		Port                        int
		Workloads                   []Workload
	}{Namespace, cluster.Developer, cluster.Acker, Port, workloads})
	if err != nil {
		return nil, fmt.Errorf("render scenario: %w", err)
	}
	return out.Bytes(), nil
}
