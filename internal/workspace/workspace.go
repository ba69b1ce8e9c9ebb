// Package workspace is a folder with a Terraform configuration that uses a provider as it was just built, for
// programs that show or measure the provider from the outside.
package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Workspace is a temporary folder and the CLI that works in it.
type Workspace struct {
	folder string
	cli    string
}

// New makes a workspace for the CLI, Terraform or OpenTofu, that takes the provider from a folder with its binary. It
// needs no init, which would ask the registry. The configuration has a provider block with the given content.
func New(cli, providerFolder, block string) (*Workspace, error) {
	folder, err := os.MkdirTemp("", "mesh-workspace-")
	if err != nil {
		return nil, err
	}
	w := &Workspace{folder: folder, cli: cli}
	override := fmt.Sprintf(
		"provider_installation {\n  dev_overrides {\n    \"meshroute/mesh\" = %q\n  }\n  direct {}\n}\n",
		providerFolder,
	)
	required := "terraform {\n  required_providers {\n    mesh = {\n      source = \"meshroute/mesh\"\n    }\n  }\n}\n"
	err = errors.Join(w.Write("cli.tfrc", override),
		w.Write("provider.tf", required+"\nprovider \"mesh\" {"+block+"}\n"))
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Close removes the folder.
func (w *Workspace) Close() error { return os.RemoveAll(w.folder) }

// CLI is the name of the command.
func (w *Workspace) CLI() string { return filepath.Base(w.cli) }

// Write writes a file of the configuration.
func (w *Workspace) Write(name, content string) error {
	return os.WriteFile(filepath.Join(w.folder, name), []byte(content), 0o600)
}

// Command is a command of the CLI, such as plan. An interrupt reaches the CLI by itself, as part of the process
// group; a second one from here would make it stop at once. It gets a minute to end in order.
func (w *Workspace) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, w.cli, append([]string{name, "-no-color", "-input=false"}, args...)...)
	command.Dir = w.folder
	command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(w.folder, "cli.tfrc"),
		"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	command.Cancel = func() error { return nil }
	command.WaitDelay = time.Minute
	return command
}
