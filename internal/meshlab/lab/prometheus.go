package lab

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"text/template"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/binaries"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
)

//go:embed prometheus.yml
var prometheusConfig string

var prometheusTemplate = template.Must(template.New("prometheus").Parse(prometheusConfig))

// prometheusYAML is the Service that comes with Istio's samples. In the lab nothing stands behind it: the API server
// connects to no loopback address for a Service, and forwards ports to its pod.
const prometheusYAML = `
apiVersion: v1
kind: Service
metadata:
  name: prometheus
  namespace: ` + cluster.RootNamespace + `
spec:
  selector: {app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: prometheus}
  ports:
  - {name: http, port: 9090, targetPort: 9090, protocol: TCP}
`

// startPrometheus starts a Prometheus that asks the lab's servers every second, and returns when it answers queries
// and its pod forwards its port.
func (l *Lab) startPrometheus(ctx context.Context, bin binaries.Set) error {
	dir := filepath.Join(l.Dir, "prometheus")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make lab directory: %w", err)
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := writePrometheusConfig(config, l.Scenario.Metrics); err != nil {
		return err
	}
	address := l.Cluster.Address()
	if err := l.Cluster.Launch(binaries.PrometheusServer, nil, bin.Path(binaries.PrometheusServer),
		"--config.file", config, "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", address, "--log.level", "warn",
	); err != nil {
		return err
	}
	l.Prometheus = "http://" + address
	if err := l.Cluster.Wait(ctx, "Prometheus", func(ctx context.Context) error {
		return cluster.Get(ctx, http.DefaultClient, l.Prometheus+"/-/ready")
	}); err != nil {
		return err
	}
	if err := l.Cluster.Admin.Apply(ctx, []byte(prometheusYAML)); err != nil {
		return err
	}
	return l.Cluster.RunPod(ctx, cluster.Pod{
		Name:      "prometheus-0",
		Labels:    "app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: prometheus",
		Container: "prometheus-server", Image: "prometheus",
		Ports: []cluster.PodPort{{Name: "http", Number: 9090, Address: address}},
	})
}

// writePrometheusConfig makes Prometheus ask one address.
func writePrometheusConfig(path, address string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write Prometheus's configuration: %w", err)
	}
	defer file.Close()
	if err := prometheusTemplate.Execute(file, address); err != nil {
		return fmt.Errorf("write Prometheus's configuration: %w", err)
	}
	return nil
}
