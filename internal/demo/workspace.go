package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/workspace"
)

// demoWorkspace is a workspace that shows what it does, with a command that sends requests.
type demoWorkspace struct {
	*workspace.Workspace
	call  []string
	envoy string // the version of the lab's Envoys, empty where it has none
}

// newWorkspace has an empty provider block: the lab's kubeconfig is in KUBE_CONFIG_PATH.
func newWorkspace() (*demoWorkspace, error) {
	cli, providerFolder, call := os.Getenv(
		"TERRAFORM",
	), os.Getenv("PROVIDER_DIR"), strings.Fields(os.Getenv("MESH_TEST_CALL"))
	if cli == "" || providerFolder == "" || len(call) == 0 {
		return nil, errors.New("TERRAFORM, PROVIDER_DIR and MESH_TEST_CALL must be set; make demo does that")
	}
	w, err := workspace.New(cli, providerFolder, "")
	return &demoWorkspace{w, call, os.Getenv("MESHLAB_ENVOY_VERSION")}, err
}

// proxies says what routes the requests.
func (w *demoWorkspace) proxies() string {
	if w.envoy == "" {
		return "no Envoy in this lab: gRPC's own client routes, and HTTP is not shown"
	}
	return fmt.Sprintf(
		"requests go through real Envoys, version %s: a sidecar, and a gateway for those from outside", w.envoy,
	)
}

// via is the way of a request that names none.
func (w *demoWorkspace) via() string {
	if w.envoy == "" {
		return viaXDS
	}
	return "sidecar"
}

// apply makes examples the configuration, with what has moved since the ones before, shows the plan and applies it.
func (w *demoWorkspace) apply(ctx context.Context, moved string, examples ...string) error {
	var all strings.Builder
	for _, example := range examples {
		content, err := os.ReadFile(example)
		if err != nil {
			return err
		}
		fmt.Printf("\n%s\n%s", example, indent(string(content)))
		all.Write(content)
	}
	if err := errors.Join(
		w.Write("main.tf", all.String()), w.Write("moved.tf", moved), w.Write("pictures.tf", pictures(all.String())),
	); err != nil {
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

func (w *demoWorkspace) settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settleTime):
		return nil
	}
}

// terraform runs the CLI and shows the command and what it prints, of a destroy only the progress.
func (w *demoWorkspace) terraform(ctx context.Context, name string, args ...string) error {
	if name == "destroy" {
		return w.terraformBriefly(ctx, name, args...)
	}
	w.announce(name, args...)
	return run(w.Command(ctx, name, args...), newQuiet(os.Stdout, nil), newQuiet(os.Stdout, nil))
}

// terraformBriefly is terraform that shows the progress and what went wrong, and nothing else.
func (w *demoWorkspace) terraformBriefly(ctx context.Context, name string, args ...string) error {
	w.announce(name, args...)
	return run(w.Command(ctx, name, args...), newQuiet(os.Stdout, progress), newQuiet(os.Stdout, nil))
}

// run runs a command of the CLI, which prints its errors apart.
func run(command *exec.Cmd, output, problems io.Writer) error {
	command.Stdout, command.Stderr = output, problems
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(command.Path), command.Args[1], err)
	}
	return nil
}

// announce shows a command.
func (w *demoWorkspace) announce(name string, args ...string) {
	fmt.Printf("\n$ %s %s\n", w.CLI(), strings.Join(append([]string{name}, args...), " "))
}

// overridden are the lines of that warning.
var overridden = []string{
	"Warning: Provider development overrides are in effect",
	"The following provider development overrides are set in the CLI", "configuration:",
	" - meshroute/mesh in ", "The behavior may therefore not match any released version of the provider and",
	"applying changes may cause the state to become incompatible with published",
	"releases.",
}

// progress are the lines that tell how far the CLI is.
var progress = regexp.MustCompile(`^(\w+\.\w+: |Plan: |Apply complete! |Destroy complete! )`)

// quiet leaves out the warning that every command prints under a development override, the outputs that are there for
// the pictures, and everything but some lines where only they are asked for.
type quiet struct {
	lines
	out   io.Writer
	only  *regexp.Regexp
	blank bool
}

func newQuiet(out io.Writer, only *regexp.Regexp) *quiet {
	q := &quiet{out: out, only: only}
	q.each = q.line
	return q
}

func (q *quiet) line(line string) error {
	blank := strings.TrimSpace(line) == ""
	if q.hides(line) || blank && q.blank {
		return nil
	}
	q.blank = blank
	_, err := io.WriteString(q.out, indent(line))
	return err
}

func (q *quiet) hides(line string) bool {
	if q.only != nil {
		return !q.only.MatchString(line)
	}
	for _, start := range overridden {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return pictureLine.MatchString(line)
}

// lines passes what is written on by whole lines.
type lines struct {
	each    func(line string) error
	partial string
}

var _ io.Writer = (*lines)(nil)

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	all := strings.SplitAfter(l.partial+string(p), "\n")
	l.partial = all[len(all)-1]
	for _, line := range all[:len(all)-1] {
		if err := l.each(line); err != nil {
			return 0, err
		}
	}
	return len(p), nil
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
