package telemetry

import (
	"encoding/json"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves /metrics as a sidecar does, and /faults: GET lists them, PUT and DELETE change one.
func (m *Mesh) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(m.faults.list()) // the client is gone, or has it
	})
	change := func(apply func(query string) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := apply(r.URL.RawQuery); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}
	}
	mux.HandleFunc("PUT /faults", change(m.faults.put))
	mux.HandleFunc("DELETE /faults", change(m.faults.remove))
	return mux
}

// Server is one that serves.
type Server struct{ http *http.Server }

// Serve serves on a listener until Stop.
func (m *Mesh) Serve(listener net.Listener) *Server {
	s := &Server{&http.Server{Handler: m.Handler(), ReadHeaderTimeout: time.Minute}}
	go s.http.Serve(listener) //nolint:errcheck // it ends with Stop
	return s
}

// Stop ends the server.
func (s *Server) Stop() { s.http.Close() }
