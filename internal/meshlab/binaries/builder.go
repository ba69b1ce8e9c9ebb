package binaries

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/process"
)

// interval is the time between two progress lines of one build.
const interval = 5 * time.Second

type builder struct {
	pins     Pins
	module   string
	out      string
	versions map[string]string
	progress io.Writer
}

func (b builder) all(ctx context.Context) error {
	fmt.Fprintf(b.progress, "building %s; the first time takes %s on two cores, later times seconds\n", b.pins.What,
		b.pins.long)
	for _, s := range b.pins.servers {
		if err := b.server(ctx, s); err != nil {
			return err
		}
	}
	if b.pins.extra == nil {
		return nil
	}
	return b.pins.extra(ctx, b)
}

func (b builder) server(ctx context.Context, s server) error {
	version := b.versions[s.name]
	start := time.Now()
	finished := make(chan struct{})
	defer close(finished)
	go func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-finished:
				return
			case <-ticker.C:
				fmt.Fprintf(b.progress, "building %s %s … %s\n", s.name, version, time.Since(start).Round(time.Second))
			}
		}
	}()
	if _, err := b.run(
		ctx, "build", "-tags", s.tags, "-ldflags", linkerFlags(s, version), "-o", filepath.Join(b.out, s.name),
		s.packagePath,
	); err != nil {
		return fmt.Errorf("build %s %s: %w", s.name, version, err)
	}
	fmt.Fprintf(b.progress, "built %s %s in %s\n", s.name, version, time.Since(start).Round(time.Second))
	return nil
}

// linkerFlags leaves out debug information and gives a server the version that it reports. Without the stamp the API
// server says v0.0.0, and clients that look at the version misbehave.
func linkerFlags(s server, version string) string {
	flags := "-s -w"
	number := strings.TrimPrefix(version, "v")
	major, rest, _ := strings.Cut(number, ".")
	minor, _, _ := strings.Cut(rest, ".")
	stamps := map[string]map[string]string{
		"kube-apiserver": {
			"k8s.io/component-base/version.gitVersion": version,
			"k8s.io/component-base/version.gitMajor":   major,
			"k8s.io/component-base/version.gitMinor":   minor,
		},
		PrometheusServer: {"github.com/prometheus/common/version.Version": released(minor, number)},
	}
	for name, value := range stamps[s.name] {
		flags += fmt.Sprintf(" -X %s=%s", name, value)
	}
	return flags
}

// released is the version of Prometheus that a module of its is of: v0.316.0 is 3.16.0.
func released(minor, number string) string {
	both, err := strconv.Atoi(minor)
	if err != nil {
		return number
	}
	return fmt.Sprintf("%d.%d%s", both/100, both%100, number[strings.LastIndex(number, "."):])
}

// crds copies Istio's CustomResourceDefinitions next to the binaries, so that starting a lab needs no go command.
func (b builder) crds(ctx context.Context) error {
	dir, err := b.run(ctx, "list", "-m", "-f", "{{.Dir}}", "istio.io/api")
	if err != nil {
		return fmt.Errorf("find module istio.io/api: %w", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(dir), "kubernetes", "customresourcedefinitions.gen.yaml"))
	if err != nil {
		return fmt.Errorf("read CRDs: %w", err)
	}
	if err := os.WriteFile(filepath.Join(b.out, "crds.yaml"), data, 0o644); err != nil {
		return fmt.Errorf("write CRDs: %w", err)
	}
	return nil
}

// run executes the go command in the module and returns what it printed. When ctx ends, the command and the compilers
// that it started end too.
func (b builder) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = b.module
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "PWD="+b.module)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	if err := process.Background(cmd); err != nil {
		return "", fmt.Errorf("run go: %w", err)
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.String())
	}
	return stdout.String(), nil
}
