package cluster

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The proxies of all istiods are counted by their versions, with one question in a run, and only where one may be
// asked. Who cannot be asked holds nobody up for long.
func TestCluster_ProxyVersions(t *testing.T) {
	t.Parallel()
	one := []proxy{{ID: "a", IstioVersion: "1.30.1"}, {ID: "a", IstioVersion: "1.30.1"}, {ID: "b"}}
	other := []proxy{
		{ID: "c", IstioVersion: "1.31.0", Type: "router"}, {ID: "d", IstioVersion: "1.31.0", Type: "ztunnel"},
	}
	both := []string{"http://one", "http://other"}
	for name, test := range map[string]struct {
		propagation Propagation
		want        map[string]int
		asked       int32
		most        time.Duration
	}{
		"all of them": {
			Propagation{Mode: Auto, Settle: time.Second, IstiodAddresses: both},
			map[string]int{"1.30.1": 2, "": 1, "1.31.0": 1}, 2, time.Second,
		},
		"where acknowledgements are wanted": {
			Propagation{Mode: Ack, IstiodAddresses: both[:1]}, map[string]int{"1.30.1": 2, "": 1}, 1, time.Second,
		},
		"where a fixed time is wanted": {
			Propagation{Mode: Settle, Settle: time.Second, IstiodAddresses: both}, nil, 0, time.Second,
		},
		"of nobody": {
			Propagation{Mode: Ack, IstiodAddresses: []string{"http://nobody"}}, nil, 0, time.Second,
		},
		"of who does not say": {
			Propagation{Mode: Ack, IstiodAddresses: []string{"http://refuses"}}, nil, 1, time.Second,
		},
		"of who never answers": {
			Propagation{Mode: Ack, IstiodAddresses: []string{"http://hangs"}}, nil, 1, 6 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var within network
				var asked atomic.Int32
				for host, list := range map[string][]proxy{"one": one, "other": other, "refuses": nil, "hangs": nil} {
					within.serve(t, host+":80", func(w http.ResponseWriter, r *http.Request) {
						asked.Add(1)
						switch {
						case host == "hangs":
							<-r.Context().Done()
						case list == nil:
							w.WriteHeader(http.StatusForbidden)
						default:
							_ = json.NewEncoder(w).Encode(list)
						}
					})
				}
				c := &Cluster{dial: within.dial}
				began := time.Now()
				for range 3 {
					if diff := cmp.Diff(test.want, c.ProxyVersions(t.Context(), test.propagation)); diff != "" {
						t.Errorf("versions (-want +got):\n%s", diff)
					}
				}
				if took := time.Since(began); asked.Load() != test.asked || took > test.most {
					t.Errorf("asked %d times within %s", asked.Load(), took)
				}
			})
		})
	}
}
