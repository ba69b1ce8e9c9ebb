package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
)

// needLab keeps the tests that start a lab out of a plain `go test`; MESHLAB_E2E or TF_ACC asks for them, and then
// what they need is a failure when it is missing.
func needLab(t *testing.T) string {
	t.Helper()
	if os.Getenv("MESHLAB_E2E") == "" && os.Getenv("TF_ACC") == "" {
		t.Skip("starts a lab: set MESHLAB_E2E=1 or TF_ACC=1")
	}
	binary, err := meshlabBinary()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

var meshlabBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "meshlab")
	if err != nil {
		return "", err
	}
	binaryDir = dir
	binary := filepath.Join(dir, "meshlab")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build meshlab: %w\n%s", err, out)
	}
	if out, err := exec.Command(binary, "build").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the control plane: %w\n%s", err, out)
	}
	return binary, nil
})

var binaryDir string

func TestMain(m *testing.M) {
	code := m.Run()
	if binaryDir != "" {
		os.RemoveAll(binaryDir)
	}
	os.Exit(code)
}

// labProcess is a lab that was started as a user starts it, with `meshlab up`.
type labProcess struct {
	dir    string
	binary string
	cmd    *exec.Cmd
	ended  chan error
	output *bytes.Buffer
}

// startLabProcess starts `meshlab up` through an optional prefix of the command line and does not wait for it to be
// ready.
func startLabProcess(t *testing.T, binary string, prefix ...string) *labProcess {
	t.Helper()
	p := &labProcess{
		dir:    filepath.Join(t.TempDir(), "lab"),
		binary: binary,
		ended:  make(chan error, 1),
		output: &bytes.Buffer{},
	}
	argv := append(prefix, binary, "up", "--dir", p.dir) //nolint:gocritic // prefix is not used again
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() { p.cmd.Process.Kill() }) //nolint:errcheck // it may have ended
	return p
}

// ready waits until the lab has written what it writes last.
func (p *labProcess) ready(t *testing.T) {
	t.Helper()
	p.waitFor(t, "ready lab", 3*time.Minute, func() error {
		_, err := os.Stat(filepath.Join(p.dir, "env"))
		return err
	})
}

func (p *labProcess) waitFor(t *testing.T, what string, patience time.Duration, check func() error) {
	t.Helper()
	var last error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last = check(); last == nil {
			return
		}
	}
	t.Fatalf("wait for %s: %v", what, last)
}

func (p *labProcess) client(t *testing.T, kubeconfig string) *cluster.Client {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(p.dir, kubeconfig))
	if err != nil {
		t.Fatal(err)
	}
	client, err := cluster.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// call runs the command of MESH_TEST_CALL as DIR/env says it.
func (p *labProcess) call(t *testing.T, args ...string) call.Report {
	t.Helper()
	script := fmt.Sprintf(". %s/env; $MESH_TEST_CALL --json \"$@\"", p.dir)
	out, err := exec.Command("/bin/sh", append([]string{"-c", script, "sh"}, args...)...).Output()
	if err != nil {
		t.Fatalf("call %v: %v", args, err)
	}
	var report call.Report
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// endpoints returns the addresses of everything that listens for the lab.
func (p *labProcess) endpoints(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, "processes.json"))
	if err != nil {
		t.Fatal(err)
	}
	var processes map[string]struct{ Argv []string }
	if err := json.Unmarshal(data, &processes); err != nil {
		t.Fatal(err)
	}
	control, err := os.ReadFile(filepath.Join(p.dir, "control"))
	if err != nil {
		t.Fatal(err)
	}
	env := p.env(t)
	texts := []string{strings.TrimSpace(string(control)), env["MESHLAB_METRICS"]}
	for _, process := range processes {
		texts = append(texts, process.Argv...)
	}
	config, err := clientcmd.LoadFromFile(filepath.Join(p.dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, text := range append(texts, config.Clusters["meshlab"].Server) {
		if parsed, err := url.Parse(text); err == nil && parsed.Host != "" {
			text = parsed.Host
		}
		if _, _, err := net.SplitHostPort(text); err == nil {
			found = append(found, text)
		}
	}
	for address, port := range map[string]string{
		"MESHLAB_SIDECAR_ADDRESS": env["MESH_TEST_PORT"], "MESHLAB_GATEWAY_ADDRESS": env["MESHLAB_GATEWAY_HTTPS_PORT"],
	} {
		if env[address] != "" {
			found = append(found, net.JoinHostPort(env[address], port),
				env[strings.ReplaceAll(address, "ADDRESS", "ADMIN")])
		}
	}
	for endpoint := range p.call(t, "-n", "12", "--concurrency", "1").Endpoints {
		found = append(found, endpoint)
	}
	return found
}

// processesOf lists the processes whose command line names dir.
func processesOf(dir string) ([]string, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && bytes.Contains(line, []byte(dir)) {
			found = append(found, file+" "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found, nil
}

// gone says what of the lab is still there.
func (p *labProcess) gone(endpoints []string) error {
	var errs []error
	found, err := processesOf(p.dir)
	if err != nil {
		return err
	}
	for _, process := range found {
		errs = append(errs, errors.New("still runs: "+process))
	}
	for _, endpoint := range endpoints {
		if connection, err := net.DialTimeout("tcp", endpoint, time.Second); err == nil {
			errs = append(errs, fmt.Errorf("%s still answers", endpoint), connection.Close())
		}
	}
	return errors.Join(errs...)
}

func (p *labProcess) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-p.ended; err != nil {
		t.Errorf("meshlab up ended: %v\n%s", err, p.output)
	}
}

func applyOrFail(t *testing.T, client *cluster.Client, manifest string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := client.Apply(ctx, []byte(manifest)); err != nil {
		t.Fatal(err)
	}
}
