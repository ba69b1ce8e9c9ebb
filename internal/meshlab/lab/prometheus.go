package lab

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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

// startPrometheus starts a Prometheus that asks the lab's servers every second.
func (l *Lab) startPrometheus(bin binaries.Set) error {
	dir := filepath.Join(l.Dir, "prometheus")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make lab directory: %w", err)
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := writePrometheusConfig(config, l.Scenario.Metrics); err != nil {
		return err
	}
	address := l.Cluster.Address()
	l.Prometheus = "http://" + address
	return l.Cluster.Launch(binaries.PrometheusServer, nil, bin.Path(binaries.PrometheusServer),
		"--config.file", config, "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", address, "--log.level", "warn",
		"--scrape.discovery-reload-interval", "100ms") // it asks nobody before, after 5 s unless it is told so
}

// finishPrometheus returns when Prometheus has asked the servers and its pod forwards its port.
func (l *Lab) finishPrometheus(ctx context.Context) error {
	if err := l.Cluster.Wait(ctx, "Prometheus", l.scraped); err != nil {
		return err
	}
	if err := l.Cluster.Admin.Apply(ctx, []byte(prometheusYAML)); err != nil {
		return err
	}
	return l.Cluster.RunPod(ctx, cluster.Pod{
		Name:      "prometheus-0",
		Labels:    "app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: prometheus",
		Container: "prometheus-server", Image: "prometheus",
		Ports: []cluster.PodPort{{Name: "http", Number: 9090, Address: strings.TrimPrefix(l.Prometheus, "http://")}},
	})
}

// scraped returns nil when Prometheus has asked the servers.
func (l *Lab) scraped(ctx context.Context) error {
	body, err := cluster.Get(ctx, http.DefaultClient, l.Prometheus+"/api/v1/query?query=up")
	if err != nil {
		return err
	}
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("read the answer of Prometheus: %w", err)
	}
	if r := answer.Data.Result; len(r) != 1 || r[0].Value[1] != "1" {
		return fmt.Errorf("no server has answered: %s", body)
	}
	return nil
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
