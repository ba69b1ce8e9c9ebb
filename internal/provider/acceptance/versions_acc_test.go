package acceptance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// olderVersion is one whose proxies join the lines of a header.
const olderVersion = "1.30.2"

// TestAccVersions: where proxies differ in what they make of a rule, a plan says how many of those that are connected
// to istiod are older, if it may ask.
func TestAccVersions(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	acctest.NeedEmbedded(t)
	b := &breakable{t: t, dir: lab.Dir}
	b.startOlder(lab)
	route := "route = [{ destination = { host = local.host } }]"
	config := fmt.Sprintf(`
locals { host = %q }
resource "mesh_virtual_service" "test" {
  name = %q
  hosts = [local.host]
  http = [
    { match = [{ without_headers = { v = { exact = "a" } } }], %s },
    { match = [{ without_headers = { v = { exact = "b" } } }], %s },
    { %s },
  ]
}
`, lab.Host, lab.Service, route, route, route)
	c := newCLI(t, reattach(t))
	plan := func(kubeconfig, more string) map[string]string {
		t.Helper()
		c.configure(fmt.Sprintf("config_path = %q\ndefault_namespace = %q\n%s", kubeconfig, lab.Namespace, more),
			config)
		told := map[string]string{}
		for _, d := range c.must("plan").Diagnostics {
			kind, _, _ := strings.Cut(d.Summary, " (")
			told[kind] = d.Detail
		}
		return told
	}
	const differ, void = "Proxies differ by version", "Route without effect"
	var told map[string]string
	versions := b.versions()
	for deadline := time.Now().Add(acctest.Patience); ; versions = b.versions() {
		told = plan(lab.Acker, "")
		if maps.Equal(versions, b.versions()) || time.Now().After(deadline) {
			break // nobody came or went meanwhile
		}
	}
	what, accept, _ := strings.Cut(told[void], "\n\n")
	want := fmt.Sprintf("%s\n\n1 of %d proxies here are older (1 of Istio %s), and join the lines of a header before "+
		"they compare it, so that for their callers there is no exception.", what, total(versions), olderVersion)
	if silent := versions[""]; silent > 0 {
		want += fmt.Sprintf(" Of how many the version is not known: %d.", silent)
	}
	if diff := cmp.Diff(want+"\n\n"+accept, told[differ]); diff != "" {
		t.Errorf("told of versions %v (-want +got):\n%s", versions, diff)
	}
	const exception = "but for requests that send header v several times to proxies since Istio 1.31"
	if !strings.Contains(what, exception) {
		t.Errorf("the problem is told as %s", what)
	}
	for who, told := range map[string]map[string]string{
		"who may not forward a port": plan(lab.Developer, ""),
		"who asks nobody":            plan(lab.Acker, `propagation = { mode = "settle" }`),
	} {
		if text, is := told[differ]; is || told[void] == "" {
			t.Errorf("%s is told %q, of the rule %q", who, text, told[void])
		}
	}
}

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// versions counts the proxies that are connected to the lab's istiod.
func (b *breakable) versions() map[string]int {
	b.t.Helper()
	var proxies []struct {
		Version string `json:"istio_version"`
	}
	if !b.debug("syncz", &proxies) {
		b.t.Fatal("istiod does not tell of its proxies")
	}
	counts := map[string]int{}
	for _, p := range proxies {
		counts[p.Version]++
	}
	return counts
}

// startOlder connects one more Envoy to the lab's istiod, which says that it is of an older Istio. It is a gateway
// that no Gateway selects, so that it listens nowhere.
func (b *breakable) startOlder(lab *acctest.Lab) {
	b.t.Helper()
	bootstrap, err := os.ReadFile(filepath.Join(b.dir, "envoy", "envoy-sidecar.json"))
	if os.IsNotExist(err) {
		b.t.Skip("the lab has no Envoy")
	}
	var config map[string]any
	if err == nil {
		err = json.Unmarshal(bootstrap, &config)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	delete(config, "admin")
	node := config["node"].(map[string]any)
	node["id"] = fmt.Sprintf("router~127.0.0.1~%s.%s~%s.svc.cluster.local", lab.Service, lab.Namespace, lab.Namespace)
	node["metadata"].(map[string]any)["ISTIO_VERSION"] = olderVersion
	node["metadata"].(map[string]any)["LABELS"] = map[string]string{"app": lab.Service}
	if bootstrap, err = json.Marshal(config); err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(b.t.TempDir(), "envoy.json")
	if err := os.WriteFile(file, bootstrap, 0o600); err != nil {
		b.t.Fatal(err)
	}
	line := b.line("envoy-sidecar")
	line[slices.Index(line, "-c")+1] = file
	command := exec.Command(line[0], line[1:]...)
	if err := command.Start(); err != nil {
		b.t.Fatalf("start an Envoy: %v", err)
	}
	b.t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for deadline := time.Now().Add(
		acctest.Patience,
	); b.versions()[olderVersion] == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatal("the Envoy does not connect to istiod")
		}
	}
}
