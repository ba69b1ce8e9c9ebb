// Package lab puts the control plane and the scenario together: one directory, one life.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/binaries"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/envoy"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/process"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/scenario"
)

// Options say where a lab lives.
type Options struct {
	Dir        string    // empty: a temporary one below the cache
	Module     string    // that pins the control plane's versions; empty: as binaries.Module finds it
	Executable string    // the meshlab binary, which commands in the lab use to send requests
	Progress   io.Writer // told what happens, also when a server ends by itself later

	Prometheus       bool   // whether there shall be one
	PrometheusModule string // that pins its version; empty: as its Pins find it
}

// Lab is a running control plane with the scenario in it.
type Lab struct {
	Dir      string
	Cluster  *cluster.Cluster
	Scenario *scenario.Scenario
	Versions string
	Envoy    envoy.Binary // empty where there is none

	Prometheus string // the URL of its API; empty where there is none

	executable string
	temporary  bool
	lock       *process.Lock
	control    *control
}

// Start builds what is not built and starts a lab. After an error nothing of it is left, except the logs when Dir was
// given.
func Start(ctx context.Context, o Options) (*Lab, error) {
	bin, err := binaries.ControlPlane.Find(ctx, o.Module, o.Progress)
	if err != nil {
		return nil, err
	}
	l := &Lab{executable: o.Executable, Versions: bin.String()}
	var prometheus *binaries.Set
	if o.Prometheus {
		set, err := binaries.Prometheus.Find(ctx, o.PrometheusModule, o.Progress)
		if err != nil {
			return nil, err
		}
		prometheus = &set
		l.Versions += ", " + set.String()
	}
	if err := l.findEnvoy(ctx, o.Progress); err != nil {
		return nil, err
	}
	if err := l.claim(o.Dir); err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := l.start(ctx, bin, prometheus, o.Progress); err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	fmt.Fprintf(o.Progress, "lab is ready after %.1f s: %s\n", time.Since(begin).Seconds(), l.Versions)
	return l, nil
}

// findEnvoy looks for an Envoy. Where there is none, the lab says why in a line and has no sidecar and no gateway.
func (l *Lab) findEnvoy(ctx context.Context, progress io.Writer) error {
	cache, err := binaries.Cache()
	if err != nil {
		return err
	}
	l.Envoy, err = envoy.NewFinder(cache, progress).Find(ctx)
	if absent, ok := errors.AsType[envoy.Absent](err); ok {
		fmt.Fprintf(progress, "no Envoy, requests go by gRPC's own client alone: %s\n", absent)
		return nil
	}
	l.Versions += ", Envoy " + l.Envoy.Version
	return err
}

// start starts everything. Prometheus is nil where none is asked for.
func (l *Lab) start(ctx context.Context, bin binaries.Set, prometheus *binaries.Set, progress io.Writer) error {
	var started atomic.Bool
	lost := func(err error) {
		if started.Load() {
			fmt.Fprintln(progress, "meshlab:", err)
		}
	}
	var err error
	if l.Cluster, err = cluster.Start(ctx, l.Dir, bin, lost); err != nil {
		return err
	}
	if l.Scenario, err = scenario.Start(ctx, l.Cluster); err != nil {
		return err
	}
	if prometheus != nil {
		if err := l.startPrometheus(*prometheus); err != nil {
			return err
		}
	}
	if l.Envoy.File != "" {
		if err := l.startProxies(ctx); err != nil {
			return err
		}
	}
	if l.control, err = serveControl(l.Dir, l.Cluster); err != nil {
		return err
	}
	if err := l.firstCalls(ctx); err != nil {
		return err
	}
	if prometheus != nil {
		if err := l.finishPrometheus(ctx); err != nil {
			return err
		}
	}
	started.Store(true)
	return l.writeEnv()
}

// firstCalls returns when requests are routed by istiod's configuration: by gRPC's own client, which asks each
// endpoint in its turn, to all of them, and by the sidecar to both services.
func (l *Lab) firstCalls(ctx context.Context) error {
	clients := call.NewClients(call.Source{
		XDS: l.Cluster.XDS, Proxies: call.Proxies{Sidecar: l.Scenario.Sidecar.Address},
	})
	defer clients.Close()
	all := len(l.Scenario.Workloads)
	if err := firstCall(ctx, clients, all, call.Request{Via: call.XDS, Host: scenario.Service}); err != nil {
		return err
	}
	if l.Envoy.File == "" {
		return nil
	}
	if err := firstCall(ctx, clients, 1, call.Request{Via: call.Sidecar, Host: scenario.Service}); err != nil {
		return err
	}
	return firstCall(ctx, clients, 1, call.Request{
		Via: call.Sidecar, Protocol: call.HTTP1, Host: scenario.HTTPService,
	})
}

// firstCall returns when so many endpoints of a service answer that many requests.
func firstCall(ctx context.Context, clients *call.Clients, endpoints int, request call.Request) error {
	request.Host += "." + scenario.Namespace + ".svc.cluster.local"
	request.Namespace = scenario.Namespace
	request.Count, request.Concurrency, request.Timeout = endpoints, 1, call.Duration(5*time.Second)
	var last call.Report
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		var err error
		if last, err = clients.Run(ctx, request); err != nil {
			return err
		}
		if len(last.Endpoints) == endpoints {
			return nil
		}
	}
	return fmt.Errorf("reach every endpoint of %s by %s: answers from %v, errors %v", request.Host, request.Via,
		last.Endpoints, last.Errors)
}

// claim makes the lab's directory and locks it. Directories that killed labs left in the cache are removed.
func (l *Lab) claim(dir string) error {
	if dir == "" {
		cache, err := binaries.Cache()
		if err != nil {
			return err
		}
		labs := filepath.Join(cache, "labs")
		if err := sweep(labs); err != nil {
			return err
		}
		if dir, err = os.MkdirTemp(labs, ""); err != nil {
			return fmt.Errorf("make lab directory: %w", err)
		}
		l.temporary = true
	}
	var err error
	if l.Dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("make lab directory: %w", err)
	}
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return fmt.Errorf("make lab directory: %w", err)
	}
	if l.lock, err = process.TryLock(filepath.Join(l.Dir, lockFile)); err != nil {
		return fmt.Errorf("claim lab directory %s: %w", l.Dir, err)
	}
	if err := l.refuseForeign(); err != nil {
		return errors.Join(err, os.Remove(filepath.Join(l.Dir, lockFile)))
	}
	return l.clean()
}

const lockFile = "lock"

// ours are the entries of a lab directory, so that nothing else is ever removed from a directory that a user named.
var ours = []string{
	"ca.crt", "client.crt", "client.key", "control", "env", "env.new", "envoy", "etcd", "istiod", "kubeconfig",
	"kubeconfig-" + cluster.Developer, "kubeconfig-" + cluster.Acker, "kubeconfig-" + cluster.Nobody, lockFile,
	"pki", "processes.json", "prometheus",
}

func (l *Lab) refuseForeign() error {
	entries, err := os.ReadDir(l.Dir)
	if err != nil {
		return fmt.Errorf("read lab directory: %w", err)
	}
	known := map[string]bool{"logs": true}
	for _, name := range ours {
		known[name] = true
	}
	for _, entry := range entries {
		if !known[entry.Name()] {
			return fmt.Errorf("claim lab directory %s: it holds %q, which is not of a lab", l.Dir, entry.Name())
		}
	}
	return nil
}

// clean removes what a lab writes, except its logs and the lock.
func (l *Lab) clean() error {
	var errs []error
	for _, name := range ours {
		if name != lockFile {
			errs = append(errs, os.RemoveAll(filepath.Join(l.Dir, name)))
		}
	}
	return errors.Join(errs...)
}

// sweep removes the directories of labs that no process holds any more.
func sweep(labs string) error {
	if err := os.MkdirAll(labs, 0o700); err != nil {
		return fmt.Errorf("make lab directory: %w", err)
	}
	entries, err := os.ReadDir(labs)
	if err != nil {
		return fmt.Errorf("read lab directories: %w", err)
	}
	for _, entry := range entries {
		dir := filepath.Join(labs, entry.Name())
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue // just made, perhaps not locked yet
		}
		lock, err := process.TryLock(filepath.Join(dir, lockFile))
		if err != nil {
			continue // in use
		}
		err = os.RemoveAll(dir)
		lock.Unlock()
		if err != nil {
			return fmt.Errorf("remove the directory of a killed lab: %w", err)
		}
	}
	return nil
}

// Stop ends everything and removes what the lab wrote; in a directory that the user named, the logs stay.
func (l *Lab) Stop() error {
	if l.control != nil {
		l.control.close()
	}
	if l.Scenario != nil {
		l.Scenario.Stop()
	}
	if l.Cluster != nil {
		l.Cluster.Stop()
	}
	defer l.lock.Unlock()
	if l.temporary {
		return os.RemoveAll(l.Dir)
	}
	return errors.Join(l.clean(), os.Remove(filepath.Join(l.Dir, lockFile)))
}

// Environ returns the environment for a command in the lab: the caller's, without anything in it that would lead to
// another cluster, and Env.
func (l *Lab) Environ() []string {
	return append(slices.DeleteFunc(os.Environ(), ownVariable), l.Env()...)
}

// Env returns what a command needs to use the lab, as KEY=VALUE.
func (l *Lab) Env() []string {
	kubeconfig := filepath.Join(l.Dir, "kubeconfig")
	env := append([]string{
		"KUBECONFIG=" + kubeconfig,
		"KUBE_CONFIG_PATH=" + kubeconfig,
		"MESH_TEST_KUBECONFIG_DEVELOPER=" + l.Cluster.Kubeconfig(cluster.Developer),
		"MESH_TEST_KUBECONFIG_ACKER=" + l.Cluster.Kubeconfig(cluster.Acker),
		"MESH_TEST_KUBECONFIG_NOBODY=" + l.Cluster.Kubeconfig(cluster.Nobody),
		"MESH_TEST_NAMESPACE=" + scenario.Namespace,
		"MESH_TEST_SERVICE=" + scenario.Service,
		"MESH_TEST_PORT=" + strconv.Itoa(scenario.Port),
		"MESH_TEST_CALL=" + l.executable + " call --xds " + l.Cluster.XDS,
		"MESH_TEST_LAB=" + l.Dir,
		"MESH_TEST_HTTP_SERVICE=" + scenario.HTTPService,
		"MESH_TEST_HTTP_PORT=" + strconv.Itoa(scenario.HTTPPort),
		"MESHLAB_METRICS=http://" + l.Scenario.Metrics,
	}, l.proxyEnv()...)
	if l.Prometheus != "" {
		env = append(env, "MESHLAB_PROMETHEUS="+l.Prometheus)
	}
	return env
}

// writeEnv writes DIR/env for a shell to source. It is the last file that a start writes: who waits for a lab, waits
// for it. So it appears whole.
func (l *Lab) writeEnv() error {
	var text strings.Builder
	for _, entry := range l.Env() {
		key, value, _ := strings.Cut(entry, "=")
		fmt.Fprintf(&text, "export %s='%s'\n", key, strings.ReplaceAll(value, "'", `'\''`))
	}
	file := filepath.Join(l.Dir, "env")
	err := os.WriteFile(file+".new", []byte(text.String()), 0o600)
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		return fmt.Errorf("write environment: %w", err)
	}
	return nil
}

// ReadEnv returns the variables that the lab in a directory has written for its commands.
func ReadEnv(dir string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		return nil, fmt.Errorf("read environment of the lab: %w", err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if ok {
			env[name] = strings.ReplaceAll(strings.Trim(value, "'"), `'\''`, "'")
		}
	}
	return env, nil
}
