package lab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/ports"
)

// control lets a test break a lab on purpose: POST /kill/NAME ends a server, POST /restart/NAME starts it again with
// the arguments that it had. DIR/control holds its URL, DIR/processes.json what runs.
type control struct {
	dir     string
	cluster *cluster.Cluster
	server  *http.Server
}

func serveControl(dir string, c *cluster.Cluster) (*control, error) {
	listener, err := ports.ListenOne()
	if err != nil {
		return nil, err
	}
	ctl := &control{dir: dir, cluster: c}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /kill/{name}", func(w http.ResponseWriter, r *http.Request) {
		p := c.Process(r.PathValue("name"))
		if p == nil {
			http.Error(w, fmt.Sprintf("the lab has no server %q", r.PathValue("name")), http.StatusNotFound)
			return
		}
		p.Kill()
	})
	mux.HandleFunc("POST /restart/{name}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := c.Restart(r.PathValue("name")); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		if err := ctl.writeProcesses(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	ctl.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go ctl.server.Serve(listener) //nolint:errcheck // it ends with the lab
	if err := os.WriteFile(
		filepath.Join(dir, "control"), fmt.Appendf(nil, "http://%s\n", listener.Addr()), 0o600,
	); err != nil {
		return nil, fmt.Errorf("write control address: %w", err)
	}
	return ctl, ctl.writeProcesses()
}

func (c *control) close() { c.server.Close() }

// writeProcesses writes what runs: by server name its process id, arguments, environment and log.
func (c *control) writeProcesses() error {
	type entry struct {
		PID  int      `json:"pid"`
		Argv []string `json:"argv"`
		Env  []string `json:"env"`
		Log  string   `json:"log"`
	}
	all := map[string]entry{}
	for _, name := range c.cluster.Names() {
		p := c.cluster.Process(name)
		all[name] = entry{p.PID, p.Argv, p.Env, p.Log}
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encode processes: %w", err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "processes.json"), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write processes: %w", err)
	}
	return nil
}
