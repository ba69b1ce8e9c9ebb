package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
)

// TestLab_leavesNothing ends a lab in every way there is; no process, no port and, unless it was killed, no file but
// the logs is left.
func TestLab_leavesNothing(t *testing.T) {
	t.Parallel()
	binary := needLab(t)
	// What a process does about a signal is inherited while it is ignored, as under nohup, and not while it is
	// handled.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	t.Cleanup(func() { signal.Reset(syscall.SIGHUP) })
	for name, c := range map[string]struct {
		prefix []string
		signal syscall.Signal
		files  bool // the lab can remove its files
	}{
		"Ctrl-C":             {nil, syscall.SIGINT, true},
		"the terminal goes":  {nil, syscall.SIGHUP, true},
		"killed":             {nil, syscall.SIGKILL, false},
		"the parent is gone": {[]string{"/bin/sh", "-c", `"$@"; exit 0`, "sh"}, syscall.SIGKILL, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startLabProcess(t, binary, c.prefix...)
			p.ready(t)
			endpoints := p.endpoints(t)
			if len(endpoints) < 12 {
				t.Errorf("only %d endpoints: %v", len(endpoints), endpoints)
			}
			if err := p.cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			p.waitFor(t, "end of everything", 30*time.Second, func() error { return p.gone(endpoints) })
			if c.files {
				p.onlyLogs(t)
			}
		})
	}
}

// TestLab_interruptedStart interrupts a lab at several points of its start.
func TestLab_interruptedStart(t *testing.T) {
	t.Parallel()
	binary := needLab(t)
	for _, after := range []time.Duration{50 * time.Millisecond, time.Second, 3 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			p := startLabProcess(t, binary)
			time.Sleep(after)
			if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			p.waitFor(t, "end of everything", 30*time.Second, func() error { return p.gone(nil) })
			p.onlyLogs(t)
		})
	}
}

func (p *labProcess) onlyLogs(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(p.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if filepath.Base(path) != "logs" {
			t.Errorf("left %s", path)
		}
	}
}

// TestLab_control breaks a lab on purpose and repairs it.
func TestLab_control(t *testing.T) {
	t.Parallel()
	p := startLabProcess(t, needLab(t))
	p.ready(t)
	control := func(action, server string) {
		t.Helper()
		if out, err := exec.Command(p.binary, "control", "--dir", p.dir, action, server).CombinedOutput(); err != nil {
			t.Fatalf("control %s %s: %v\n%s", action, server, err, out)
		}
	}
	client := p.client(t, "kubeconfig")
	control("kill", cluster.APIServer)
	if err := client.Apply(t.Context(), []byte(routes)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("without an API server: %v", err)
	}
	control("restart", cluster.APIServer)
	p.waitFor(t, "API server", 30*time.Second, func() error { return client.Apply(t.Context(), []byte(routes)) })
	w := startWatchProcess(t, p)
	w.until(t, func(line watchLine) bool { return line.Event == "ready" })
	control("kill", cluster.Istiod)
	w.until(t, func(line watchLine) bool { return line.Event == "disconnected" })
	if err := client.Apply(
		t.Context(), []byte(strings.ReplaceAll(routes, "weight: 10", "weight: 11")),
	); !apierrors.IsInternalError(err) {
		t.Errorf("without the validating webhook: %v", err)
	}
	control("restart", cluster.Istiod)
	p.waitFor(t, "validating webhook and routes", 30*time.Second, func() error {
		if err := client.Apply(t.Context(), []byte(routes)); err != nil {
			return err
		}
		if r := p.call(t, "-n", "10", "--timeout", "2s", "--header", "version=200"); r.Answers["v2"] != 10 {
			return fmt.Errorf("answers %v, errors %v", r.Answers, r.Errors)
		}
		return nil
	})
	w.until(t, func(line watchLine) bool { return line.Event == "connected" })

	applied := strings.ReplaceAll(routes, "weight: 10", "weight: 13")
	applyOrFail(t, client, applied)
	before := p.revision(t)
	control("kill", cluster.Etcd)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	if err := client.Apply(ctx, []byte(routes)); err == nil {
		t.Error("without etcd an object was written")
	}
	cancel()
	control("restart", cluster.Etcd)
	p.waitFor(t, "API server with etcd", 30*time.Second, func() error {
		return client.Apply(t.Context(), []byte(applied))
	})
	if after := p.revision(t); after != before {
		t.Errorf("revision of the VirtualService %s, before etcd was killed %s", after, before)
	}

	for _, server := range []string{cluster.Istiod, cluster.APIServer, cluster.Etcd} {
		control("kill", server)
	}
	for _, server := range []string{cluster.Etcd, cluster.APIServer, cluster.Istiod} {
		control("restart", server)
	}
	p.waitFor(t, "everything after everything was killed", 30*time.Second, func() error {
		if err := client.Apply(
			t.Context(), []byte(strings.ReplaceAll(routes, "subset: v2", "subset: v1")),
		); err != nil {
			return err
		}
		if r := p.call(t, "-n", "10", "--timeout", "2s", "--header", "version=200"); r.Answers["v1"] != 10 {
			return fmt.Errorf("answers %v, errors %v", r.Answers, r.Errors)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := forwarded(ctx, p.config(t, "kubeconfig-acker"), "SPDY", "istiod-0", 15014, "/debug/syncz")
		return err
	})
	if out, err := exec.Command(
		p.binary, "control", "--dir", p.dir, "kill", "zookeeper",
	).CombinedOutput(); err == nil || !strings.Contains(string(out), `no server "zookeeper"`) {
		t.Errorf("unknown server: %v %s", err, out)
	}
	p.stop(t)
}

// revision returns the resourceVersion of the VirtualService.
func (p *labProcess) revision(t *testing.T) string {
	t.Helper()
	client, err := dynamic.NewForConfig(p.config(t, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	kind := schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "virtualservices"}
	object, err := client.Resource(kind).Namespace("greeter").Get(t.Context(), "greeter", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return object.GetResourceVersion()
}

// TestRun_exitCode ends `meshlab run` in several ways; its exit code is the command's, and neither the command nor
// the lab's temporary directory outlives it.
func TestRun_exitCode(t *testing.T) {
	t.Parallel()
	binary := needLab(t)
	for name, c := range map[string]struct {
		script string
		signal syscall.Signal // to meshlab alone, once the command runs
		want   int
	}{
		"the command's own": {"echo $MESH_TEST_LAB; exit 7", 0, 7},
		"SIGTERM reaches the command": {
			"trap 'exit 9' TERM; echo $MESH_TEST_LAB; while :; do sleep 0.1; done", syscall.SIGTERM, 9,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(binary, "run", "--", "/bin/sh", "-c", c.script)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			dir := strings.TrimSpace(line)
			if c.signal != 0 {
				if err := cmd.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != c.want {
				t.Errorf("ended with %v, want exit code %d", err, c.want)
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("lab directory %q: %v", dir, err)
			}
			if left, err := processesOf(dir); err != nil || len(left) > 0 {
				t.Errorf("left %v, error %v", left, err)
			}
		})
	}
}
