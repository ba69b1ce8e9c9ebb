package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	walkExample  = "examples/walk/main.tf"
	walkRate     = 300 // requests a second
	walkFails    = 5   // of a hundred requests, the second time
	goesToV2     = "-var=v2_percent=100"
	staysAtV1    = "-var=v2_percent=0"
	walkWentBack = "Walk went back"
)

// shortened are the times of the example that the demo does not have.
var shortened = [][2]string{{`pause    = "5m"`, `pause    = "4s"`}, {`patience = "30m"`, `patience = "30s"`}}

// inBrief returns the example with times of a demo.
func inBrief(example string) (string, error) {
	for _, time := range shortened {
		if strings.Count(example, time[0]) != 1 {
			return "", fmt.Errorf("%s does not say once: %s", walkExample, time[0])
		}
		example = strings.Replace(example, time[0], time[1], 1)
	}
	return example, nil
}

var walkBlock = regexp.MustCompile(`(?s)\n  walk = \{\n.*?\n  \}\n`)

// atOnce returns the example without the walk.
func atOnce(example string) string { return walkBlock.ReplaceAllString(example, "\n") }

// demoWalk is the example under load.
type demoWalk struct {
	*demoWorkspace
	load    *load
	example string
}

// walks shows a canary that walks to its end, and one that comes back.
func walks(ctx context.Context, work *demoWorkspace) (err error) {
	if os.Getenv("MESHLAB_METRICS") == "" || os.Getenv("MESHLAB_PROMETHEUS") == "" {
		return errors.New("the lab has no Prometheus; make demo-walk starts one that has")
	}
	w := &demoWalk{demoWorkspace: work}
	if err := w.begin(ctx); err != nil {
		return err
	}
	if w.load, err = w.startLoad(ctx, walkRate); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.load.Close()) }()
	if err := w.arrives(ctx); err != nil {
		return err
	}
	if err := w.returnsAtOnce(ctx); err != nil {
		return err
	}
	return w.comesBack(ctx)
}

// begin applies the example, which leaves all requests to v1.
func (w *demoWalk) begin(ctx context.Context) error {
	content, err := os.ReadFile(walkExample)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n%s", walkExample, indent(string(content)))
	if w.example, err = inBrief(string(content)); err != nil {
		return err
	}
	fmt.Print("\n  here with these times, so that nobody has to wait:\n")
	for _, time := range shortened {
		fmt.Println("    " + time[1])
	}
	fmt.Printf(report, "All requests to v1")
	// The example has a provider block of its own.
	if err := errors.Join(w.Write("provider.tf", ""), w.Write("main.tf", w.example)); err != nil {
		return err
	}
	if err := w.terraformBriefly(ctx, "apply", "-auto-approve", staysAtV1); err != nil {
		return err
	}
	return w.settle(ctx)
}

// arrives walks to the healthy v2.
func (w *demoWalk) arrives(ctx context.Context) error {
	fmt.Printf(report, fmt.Sprintf("A healthy v2, while %d requests come in a second", walkRate))
	if err := w.terraform(ctx, "plan", "-out=plan", goesToV2); err != nil {
		return err
	}
	told, _, err := w.walk(ctx, "plan")
	if err != nil {
		return err
	}
	fmt.Printf("\n  %d requests were sent, %d failed\n", told.sum.Sent, told.sum.Failed)
	if err := told.arrived(); err != nil {
		return err
	}
	return w.measure(ctx, "afterwards", request{Method: hello, Count: 1000}, expectation{"v2": {share: 1}})
}

// returnsAtOnce leaves all requests to v1 again.
func (w *demoWalk) returnsAtOnce(ctx context.Context) error {
	fmt.Printf(report, "To v1 again, at once: the same without walk")
	if err := w.Write("main.tf", atOnce(w.example)); err != nil {
		return err
	}
	err := w.terraformBriefly(ctx, "apply", "-auto-approve", staysAtV1)
	return errors.Join(err, w.Write("main.tf", w.example), w.settle(ctx))
}

// comesBack walks to a v2 that is told to fail.
func (w *demoWalk) comesBack(ctx context.Context) (err error) {
	fmt.Printf(report, fmt.Sprintf("A v2 that fails %d of 100 requests", walkFails))
	repair, err := breaks(ctx, walkFails)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, repair()) }()
	told, text, failure := w.walk(ctx, "-auto-approve", goesToV2)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failure == nil || !strings.Contains(text, walkWentBack) {
		return errors.Join(errors.New("apply ended without the error of a walk that went back"), failure)
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	if _, err := told.count(); err != nil {
		return err
	}
	own, err := failures(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\n  %d requests were sent, %d failed%s\n", told.sum.Sent, told.sum.Failed, inBrackets(told.causes()))
	fmt.Printf("  v2 itself failed %d while it had its share, and Istio's retries sent those once more\n", own)
	if err := told.returned(own); err != nil {
		return err
	}
	return w.measure(ctx, "afterwards", request{Method: hello, Count: 1000}, expectation{"v1": {share: 1}})
}

// walk makes Terraform apply a walk, and tells each step. It returns what was told, and the errors that Terraform
// printed.
func (w *demoWalk) walk(ctx context.Context, args ...string) (*steps, string, error) {
	// What came before does not count.
	if _, err := w.load.mark(); err != nil {
		return nil, "", err
	}
	var printed bytes.Buffer
	told := newSteps(os.Stdout, w.load.mark)
	failure := w.applyLogged(ctx, told, &printed, args...)
	if failure == nil {
		_, failure = told.count()
	}
	// The log may come a little later than errors.
	_, err := newQuiet(os.Stdout, nil).Write(printed.Bytes())
	return told, printed.String(), errors.Join(failure, err)
}

// applyLogged applies, shows the progress, and passes on the errors and what the provider logs meanwhile.
func (w *demoWalk) applyLogged(ctx context.Context, log, problems io.Writer, args ...string) (err error) {
	const into = "walk.log"
	command := w.Command(ctx, "apply", args...)
	if err := w.Write(into, ""); err != nil {
		return err
	}
	file, err := os.Open(filepath.Join(command.Dir, into))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	command.Env = append(command.Env, "TF_LOG_PROVIDER=INFO", "TF_LOG_PATH="+file.Name())
	told := &tail{file: file, to: log}
	ended, followed := make(chan struct{}), make(chan error, 1)
	go func() { followed <- told.follow(ended) }()
	w.announce("apply", args...)
	err = run(command, told.behind(newQuiet(os.Stdout, progress)), problems)
	close(ended)
	return errors.Join(err, <-followed)
}
