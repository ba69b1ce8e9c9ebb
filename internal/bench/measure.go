package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/workspace"
)

// bench are the plugins that are measured: the floor, then the provider.
type bench struct {
	options
	front    *front
	subjects []*subject
}

// subject is a plugin and a workspace of its own.
type subject struct {
	plugin string
	// folder has the meter under the plugin's name, and the meter's report.
	folder string
	work   *workspace.Workspace
	// samples are those of each step.
	samples [][]sample
}

// sample is what one command cost.
type sample struct {
	// terraform and plugin are CPU time, user and system.
	terraform, plugin time.Duration
	// bytes is the largest resident set of a process of the plugin.
	bytes int64
	calls calls
}

// pluginUsage is a line that the meter writes for each process of a plugin.
type pluginUsage struct {
	CPU   time.Duration `json:"cpu"`
	Bytes int64         `json:"bytes"`
}

// add makes the workspace of a plugin, in whose place the CLI starts the meter.
func (b *bench) add(plugin, meter string) error {
	folder, err := os.MkdirTemp("", "mesh-bench-")
	if err != nil {
		return err
	}
	s := &subject{plugin: plugin, folder: folder, samples: make([][]sample, len(steps))}
	b.subjects = append(b.subjects, s)
	if err := os.Symlink(meter, filepath.Join(folder, "terraform-provider-mesh")); err != nil {
		return err
	}
	// Waiting costs no CPU, and would only make everything take longer.
	s.work, err = workspace.New(os.Getenv("TERRAFORM"), folder, "\n  propagation = { settle = \"0s\" }\n")
	return err
}

func (b *bench) close() error {
	var err error
	for _, s := range b.subjects {
		err = errors.Join(err, os.RemoveAll(s.folder))
		if s.work != nil {
			err = errors.Join(err, s.work.Close())
		}
	}
	return err
}

// measure takes the plugins in turns, step by step, so that what else the machine does hits both.
func (b *bench) measure(ctx context.Context) error {
	for run := range b.runs {
		for i, step := range steps {
			for _, s := range b.subjects {
				began := time.Now()
				got, err := b.take(ctx, s, step)
				if err != nil {
					return fmt.Errorf("%s with %s: %w", step.name, filepath.Base(s.plugin), err)
				}
				s.samples[i] = append(s.samples[i], got)
				fmt.Fprintf(os.Stderr, "run %d of %d: %s, %s: %.1f s, of CPU %.1f + %.1f s\n", run+1, b.runs, step.name,
					filepath.Base(s.plugin),
					time.Since(began).Seconds(), got.terraform.Seconds(), got.plugin.Seconds())
			}
		}
	}
	return nil
}

// take runs the command of one step.
func (b *bench) take(ctx context.Context, s *subject, step step) (sample, error) {
	if err := s.work.Write("main.tf", b.configuration(step)); err != nil {
		return sample{}, err
	}
	report := filepath.Join(s.folder, "usage")
	if err := os.RemoveAll(report); err != nil {
		return sample{}, err
	}
	command := s.work.Command(ctx, step.command[0], step.command[1:]...)
	command.Env = append(command.Env, "KUBE_CONFIG_PATH="+b.front.kubeconfig, "MESH_BENCH_PLUGIN="+s.plugin,
		"MESH_BENCH_USAGE="+report)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	b.front.take()
	if err := command.Run(); ctx.Err() != nil {
		return sample{}, ctx.Err()
	} else if err != nil {
		return sample{}, fmt.Errorf("%w\n%s", err, endOf(output.String()))
	}
	if warning := unexpectedWarning(output.String()); warning != "" {
		return sample{}, fmt.Errorf("a warning, whose cost is not meant here: %s", warning)
	}
	got := sample{calls: b.front.take()}
	lines, err := os.ReadFile(report)
	if err != nil {
		return sample{}, err
	}
	if got.plugin, got.bytes, err = readUsage(lines); err != nil {
		return sample{}, err
	}
	// What a process used includes those of its children that it has waited for.
	got.terraform = command.ProcessState.UserTime() + command.ProcessState.SystemTime() - got.plugin
	return got, nil
}

// endOf returns the last of what a command printed, where the error stands.
func endOf(output string) string {
	const most = 4000
	return output[max(0, len(output)-most):]
}

// unexpectedWarning returns the first warning other than that of the development override, and that a change moves
// traffic, which these do.
func unexpectedWarning(output string) string {
	for line := range strings.Lines(output) {
		warning, ok := strings.CutPrefix(strings.TrimSpace(line), "Warning: ")
		if ok && !strings.HasPrefix(warning, "Provider development overrides") &&
			!strings.HasPrefix(warning, "Traffic moves in ") {
			return warning
		}
	}
	return ""
}

// readUsage returns the CPU time of all processes of a plugin, and the largest memory of one. Terraform starts
// several.
func readUsage(lines []byte) (cpu time.Duration, peak int64, err error) {
	for decoder := json.NewDecoder(bytes.NewReader(lines)); ; {
		var used pluginUsage
		if err := decoder.Decode(&used); errors.Is(err, io.EOF) {
			return cpu, peak, nil
		} else if err != nil {
			return 0, 0, fmt.Errorf("read what the plugin used: %w", err)
		}
		cpu += used.CPU
		peak = max(peak, used.Bytes)
	}
}

// results are the medians of each step.
func (b *bench) results() []result {
	results := make([]result, len(steps))
	for i, step := range steps {
		results[i] = result{
			step:     step.name,
			floor:    medianOf(b.subjects[0].samples[i]),
			provider: medianOf(b.subjects[1].samples[i]),
		}
	}
	return results
}
