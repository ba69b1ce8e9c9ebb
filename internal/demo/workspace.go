package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// workspace is a folder with a Terraform configuration that uses the provider as it was just built.
type workspace struct {
	folder string
	cli    string
	call   []string
}

// providerBlock configures nothing: the lab's kubeconfig is in KUBE_CONFIG_PATH.
const providerBlock = `terraform {
  required_providers {
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

provider "mesh" {}
`

func newWorkspace() (*workspace, error) {
	w := &workspace{cli: os.Getenv("TERRAFORM"), call: strings.Fields(os.Getenv("MESH_TEST_CALL"))}
	providerFolder := os.Getenv("PROVIDER_DIR")
	if w.cli == "" || providerFolder == "" || len(w.call) == 0 {
		return nil, errors.New("TERRAFORM, PROVIDER_DIR and MESH_TEST_CALL must be set; make demo does that")
	}
	var err error
	if w.folder, err = os.MkdirTemp("", "mesh-demo-"); err != nil {
		return nil, err
	}
	override := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"meshroute/mesh\" = %q\n  }\n  direct {}\n}\n", providerFolder)
	return w, errors.Join(w.write("provider.tf", providerBlock), w.write("cli.tfrc", override))
}

func (w *workspace) close() error { return os.RemoveAll(w.folder) }

func (w *workspace) write(name, content string) error {
	return os.WriteFile(filepath.Join(w.folder, name), []byte(content), 0o600)
}

// apply makes one example the configuration, shows the plan and applies it.
func (w *workspace) apply(ctx context.Context, example, more string) error {
	content, err := os.ReadFile(example)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n%s", example, indent(string(content)))
	if err := errors.Join(w.write("main.tf", string(content)), w.write("moved.tf", more)); err != nil {
		return err
	}
	if err := w.terraform(ctx, "plan", "-out=plan"); err != nil {
		return err
	}
	if err := w.terraform(ctx, "apply", "plan"); err != nil {
		return err
	}
	return w.settle(ctx)
}

// settleTime is how long istiod and the proxies get to learn of a change before requests count.
const settleTime = 2 * time.Second

func (w *workspace) settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settleTime):
		return nil
	}
}

// terraform runs the CLI without init: a development override needs none. An interrupt reaches the CLI by itself, as part
// of the process group; a second one from here would make it stop at once. It gets a minute to end in order.
func (w *workspace) terraform(ctx context.Context, args ...string) error {
	fmt.Printf("\n$ %s %s\n", filepath.Base(w.cli), strings.Join(args, " "))
	command := exec.CommandContext(ctx, w.cli, append([]string{args[0], "-no-color", "-input=false"}, args[1:]...)...)
	command.Dir = w.folder
	command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(w.folder, "cli.tfrc"), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	output := &quiet{out: os.Stdout, brief: args[0] == "destroy"}
	command.Stdout, command.Stderr = output, output
	command.Cancel = func() error { return nil }
	command.WaitDelay = time.Minute
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(w.cli), args[0], err)
	}
	return nil
}

// overridden are the lines of that warning.
var overridden = []string{
	"Warning: Provider development overrides are in effect", "The following provider development overrides are set in the CLI", "configuration:",
	" - meshroute/mesh in ", "The behavior may therefore not match any released version of the provider and", "applying changes may cause the state to become incompatible with published",
	"releases.",
}

// quiet leaves out the warning that every command prints under a development override, and of a destroy everything but
// its progress.
type quiet struct {
	out     *os.File
	brief   bool
	blank   bool
	partial string
}

// Write implements io.Writer.
func (q *quiet) Write(p []byte) (int, error) {
	lines := strings.SplitAfter(q.partial+string(p), "\n")
	q.partial = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		blank := strings.TrimSpace(line) == ""
		if q.hides(line) || blank && q.blank {
			continue
		}
		q.blank = blank
		if _, err := q.out.WriteString(indent(line)); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (q *quiet) hides(line string) bool {
	for _, start := range overridden {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return q.brief && (strings.TrimSpace(line) == "" || strings.HasPrefix(line, " ") || strings.Contains(line, "Terraform") ||
		strings.Contains(line, "OpenTofu") || strings.HasPrefix(line, "plan. Resource"))
}

func indent(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "")
}
