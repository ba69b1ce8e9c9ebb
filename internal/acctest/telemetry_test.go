package acctest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A lab that answers every request writes down what it was asked for.
func TestTelemetry(t *testing.T) {
	t.Parallel()
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.Path+" "+r.URL.Query().Encode())
		fmt.Fprint(w, `{"data":{"result":[{"metric":{},"value":[1795998020.938,"66.5"]}]}}`)
	}))
	defer server.Close()
	dir := t.TempDir()
	env := fmt.Sprintf("export MESHLAB_METRICS='%[1]s'\nexport MESHLAB_PROMETHEUS='%[1]s/prometheus'\n", server.URL)
	if err := os.WriteFile(filepath.Join(dir, "env"), []byte(env), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("faults", func(t *testing.T) {
		lab := &Lab{t: t, Dir: dir, Service: "reviews", Host: "reviews.shop.svc.cluster.local"}
		lab.SetFault(ServerFault{Version: "v1", Fail: 0.5})
		lab.SetFault(ServerFault{Version: "v2", Delay: 300 * time.Millisecond})
		lab.SetFault(ServerFault{Version: "v3", Fail: 5, Delay: time.Second, Share: 50})
		if value, found := lab.Query(`up{service="SERVICE"}`); value != 66.5 || !found {
			t.Errorf("value %v, found %t", value, found)
		}
	})
	const service = "&service=reviews.shop.svc.cluster.local&version="
	want := []string{
		"PUT /faults fail=0.5" + service + "v1",
		"PUT /faults delay=300ms&fail=0" + service[:len(service)-len("&version=")] + "&share=100&version=v2",
		"PUT /faults delay=1s&fail=5" + service[:len(service)-len("&version=")] + "&share=50&version=v3",
		"GET /prometheus/api/v1/query query=up%7Bservice%3D%22reviews%22%7D",
		"DELETE /faults " + service[1:] + "v3",
		"DELETE /faults " + service[1:] + "v2",
		"DELETE /faults " + service[1:] + "v1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
