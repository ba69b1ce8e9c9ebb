package acctest

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// sidecarServer is the lab's sidecar, in the names of its files and processes.
const sidecarServer = "envoy-sidecar"

// sidecarHost is the place of a test's own sidecar in the lab's network, where nothing else listens.
const sidecarHost = ".31"

var sidecars = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "sidecars"}

// XDS is where the embedded lab's istiod tells clients of the routes.
func (l *Lab) XDS() string {
	l.t.Helper()
	i := slices.Index(l.traffic.command, "--xds")
	if i < 0 || i+1 == len(l.traffic.command) {
		l.t.Fatalf("MESH_TEST_CALL names no istiod: %q", l.traffic.command)
	}
	return l.traffic.command[i+1]
}

// StartSidecar starts one more Envoy like the embedded lab's sidecar, which asks the istiod at an address, and
// returns the lab as its clients see it: a [Load] goes through it. There can be one at a time. It ends with the test.
func (l *Lab) StartSidecar(istiod string) *Lab {
	l.t.Helper()
	own, _, _ := l.Envoys()
	other := *l
	other.sidecar = own.Host[:strings.LastIndex(own.Host, ".")] + sidecarHost
	name := l.Service + "-sidecar"
	l.listenAt(own.Host, other.sidecar, name)

	bootstrap := filepath.Join(l.t.TempDir(), "envoy.json")
	if err := os.WriteFile(bootstrap, l.bootstrap(own.Host, other.sidecar, name, istiod), 0o600); err != nil {
		l.t.Fatalf("write bootstrap: %v", err)
	}
	var processes map[string]struct{ Argv []string }
	l.readFile("processes.json", &processes)
	line := processes[sidecarServer].Argv
	i := slices.Index(line, "-c")
	if i < 0 {
		l.t.Fatalf("the lab's sidecar has no bootstrap: %q", line)
	}
	line[i+1] = bootstrap
	// The shell ends it with the end of its input, and so with the test's process.
	command := exec.Command("sh", append([]string{"-c", `"$@" & read -r _; kill $!; wait`, "sh"}, line...)...)
	in, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		l.t.Fatalf("start a sidecar: %v", err)
	}
	l.t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	for deadline := time.Now().Add(Patience); ; time.Sleep(50 * time.Millisecond) {
		err := errors.Join(reached(other.sidecar, "MESH_TEST_PORT"), reached(other.sidecar, "MESH_TEST_HTTP_PORT"))
		if err == nil {
			return &other
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("start a sidecar: %v", err)
		}
	}
}

// reached connects to the port that a variable names.
func reached(host, variable string) error {
	connection, err := net.Dial("tcp", net.JoinHostPort(host, os.Getenv(variable)))
	if err != nil {
		return err
	}
	return connection.Close()
}

// listenAt tells istiod that the pod of a name listens at an address as the lab's sidecar does at its own.
func (l *Lab) listenAt(own, address, name string) {
	l.t.Helper()
	ctx, cancel := l.context()
	defer cancel()
	all := l.client.Resource(sidecars).Namespace(ClientNamespace)
	object, err := all.Get(ctx, "client", metav1.GetOptions{})
	if err != nil {
		l.t.Fatalf("read the lab's Sidecar: %v", err)
	}
	text, err := json.Marshal(l.within(object.Object, "spec"))
	if err != nil {
		l.t.Fatalf("read the lab's Sidecar: %v", err)
	}
	var spec map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), own, address)), &spec); err != nil {
		l.t.Fatalf("read the lab's Sidecar: %v", err)
	}
	spec["workloadSelector"] = map[string]any{"labels": map[string]any{"proxy": name}}
	object.Object["spec"] = spec
	object.Object["metadata"] = map[string]any{"name": name, "namespace": ClientNamespace}
	if _, err := all.Create(ctx, object, metav1.CreateOptions{}); err != nil {
		l.t.Fatalf("create a Sidecar: %v", err)
	}
	l.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
		defer cancel()
		if err := all.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			l.t.Errorf("delete a Sidecar: %v", err)
		}
	})
}

// bootstrap is that of the lab's sidecar, for the pod of a name at another address, without administration pages.
func (l *Lab) bootstrap(own, address, name, istiod string) []byte {
	l.t.Helper()
	_, from, _ := net.SplitHostPort(l.XDS())
	_, to, _ := net.SplitHostPort(istiod)
	var all map[string]any
	l.readFile(filepath.Join("envoy", sidecarServer+".json"), &all)
	delete(all, "admin")
	node := l.within(all, "node")
	l.within(l.within(node, "metadata"), "LABELS")["proxy"] = name
	text, err := json.Marshal(all)
	if err != nil {
		l.t.Fatalf("render bootstrap: %v", err)
	}
	return []byte(strings.NewReplacer(
		own, address, "client."+ClientNamespace, name+"."+ClientNamespace, `"port_value":`+from, `"port_value":`+to,
	).Replace(string(text)))
}

// readFile reads JSON from a file of the embedded lab's directory.
func (l *Lab) readFile(name string, into any) {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.Dir, name))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		l.t.Fatalf("read %s of the lab: %v", name, err)
	}
}
