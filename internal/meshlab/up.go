package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/binaries"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/envoy"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/lab"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/process"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/scenario"
)

// How long a command in the lab may take to end: after Ctrl-C, which it has received too, and after SIGTERM.
const (
	afterInterrupt = 60 * time.Second
	afterTerminate = 10 * time.Second
)

// stopped says why the lab has to end.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string {
	if s.signal == nil {
		return "the parent process is gone"
	}
	return s.signal.String()
}

// exitCode is what a shell reports for a command that ended by the signal.
func (s stopped) exitCode() exitError {
	if number, ok := s.signal.(syscall.Signal); ok {
		return exitError(128 + int(number))
	}
	return 1
}

// stops delivers every reason to end. A hang-up that was ignored at start (nohup) stays ignored.
func stops() <-chan stopped {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	received := make(chan os.Signal, 8)
	signal.Notify(received, signals...)
	reasons := make(chan stopped, 8)
	parent := process.ParentGone()
	go func() {
		for {
			select {
			case s := <-received:
				reasons <- stopped{s}
			case <-parent:
				reasons <- stopped{}
				parent = nil
			}
		}
	}()
	return reasons
}

// until runs f with a context that ends at the first reason to stop, which is returned in place of f's error.
func until(ctx context.Context, reasons <-chan stopped, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	select {
	case err := <-done:
		return err
	case reason := <-reasons:
		cancel(reason)
		return errors.Join(reason, <-done)
	}
}

// moduleFlags say what is built, and from which modules.
func moduleFlags(flags *flag.FlagSet, options *lab.Options) {
	moduleFlag(flags, &options.Module, binaries.ControlPlane)
	moduleFlag(flags, &options.PrometheusModule, binaries.Prometheus)
	flags.BoolVar(&options.Prometheus, "prometheus", false, "with a Prometheus that counts requests")
}

func moduleFlag(flags *flag.FlagSet, module *string, pins binaries.Pins) {
	flags.StringVar(module, pins.Flag, "", fmt.Sprintf("`directory` of the Go module that pins %s (default $%s, else "+
		"next to meshlab's source)", pins.What, pins.Variable))
}

func build(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	var options lab.Options
	moduleFlags(flags, &options)
	if err := parse(flags, args); err != nil {
		return err
	}
	err := until(ctx, stops(), func(ctx context.Context) error {
		set, err := binaries.ControlPlane.Find(ctx, options.Module, os.Stderr)
		if err != nil {
			return err
		}
		fmt.Println(set.Dir)
		if options.Prometheus {
			if set, err = binaries.Prometheus.Find(ctx, options.PrometheusModule, os.Stderr); err != nil {
				return err
			}
			fmt.Println(set.Dir)
		}
		return fetchEnvoy(ctx)
	})
	return stopExit(err)
}

// fetchEnvoy makes sure that the cache has an Envoy where one can be had. That there is none is said by who needs it.
func fetchEnvoy(ctx context.Context) error {
	cache, err := binaries.Cache()
	if err != nil {
		return err
	}
	_, err = envoy.NewFinder(cache, os.Stderr).Find(ctx)
	if _, absent := errors.AsType[envoy.Absent](err); absent {
		return nil
	}
	return err
}

func up(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	options := labFlags(flags)
	if err := parse(flags, args); err != nil {
		return err
	}
	reasons := stops()
	l, err := startLab(ctx, reasons, options)
	if err != nil {
		return stopExit(err)
	}
	describe(os.Stdout, l)
	reason := <-reasons
	fmt.Fprintf(os.Stderr, "stopping the lab: %v\n", reason)
	return l.Stop()
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	options := labFlags(flags)
	if err := parse(flags, args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("run: name a command after --")
	}
	reasons := stops()
	l, err := startLab(ctx, reasons, options)
	if err != nil {
		return stopExit(err)
	}
	return errors.Join(runIn(l, reasons, flags.Args()), l.Stop())
}

func labFlags(flags *flag.FlagSet) *lab.Options {
	options := &lab.Options{Progress: os.Stderr}
	flags.StringVar(&options.Dir, "dir", "",
		"`directory` of the lab; what the lab wrote is removed at the end, except the logs (default a temporary one)")
	moduleFlags(flags, options)
	return options
}

func startLab(ctx context.Context, reasons <-chan stopped, options *lab.Options) (*lab.Lab, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own binary: %w", err)
	}
	options.Executable = executable
	var l *lab.Lab
	err = until(ctx, reasons, func(ctx context.Context) error {
		var err error
		l, err = lab.Start(ctx, *options)
		return err
	})
	if err != nil && l != nil {
		err = errors.Join(err, l.Stop())
	}
	return l, err
}

// stopExit turns a reason to stop into its exit code.
func stopExit(err error) error {
	var reason stopped
	if errors.As(err, &reason) {
		fmt.Fprintf(os.Stderr, "meshlab: stopped: %v\n", reason)
		return reason.exitCode()
	}
	return err
}

// runIn runs a command in the lab's environment, in the same terminal, and returns its exit code as an error.
func runIn(l *lab.Lab, reasons <-chan stopped, argv []string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = l.Environ()
	if err := process.Foreground(cmd); err != nil {
		return fmt.Errorf("run %s: %w", argv[0], err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return exitOf(await(cmd.Process, done, reasons))
}

// await returns when the command has ended. Ctrl-C has reached the command as well, so it gets time to end by itself;
// any other reason, or Ctrl-C again, is passed on as SIGTERM.
func await(child *os.Process, done <-chan error, reasons <-chan stopped) error {
	var patience <-chan time.Time
	terminated := false
	terminate := func() {
		terminated = true
		_ = child.Signal(syscall.SIGTERM)
		patience = time.After(afterTerminate)
	}
	interrupted := false
	for {
		select {
		case err := <-done:
			return err
		case reason := <-reasons:
			if reason.signal == syscall.SIGINT && !interrupted {
				interrupted = true
				patience = time.After(afterInterrupt)
			} else if !terminated {
				terminate()
			}
		case <-patience:
			if !terminated {
				terminate()
				continue
			}
			_ = child.Kill()
			patience = nil
		}
	}
}

func exitOf(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitError(128 + int(status.Signal()))
	}
	return exitError(exit.ExitCode())
}

// describe prints what runs where.
func describe(w io.Writer, l *lab.Lab) {
	fmt.Fprintf(w, "\n%s\n\nAPI server  %s\nistiod      %s (xDS)\nlogs        %s\nmetrics     http://%s\n", l.Versions,
		l.Cluster.URL, l.Cluster.XDS, filepath.Join(l.Dir, "logs"), l.Scenario.Metrics)
	if l.Prometheus != "" {
		fmt.Fprintf(w, "Prometheus  %s\n", l.Prometheus)
	}
	fmt.Fprintln(w)
	if l.Envoy.File != "" {
		fmt.Fprintf(w, "sidecar     %s (ports %d gRPC, %d HTTP)\ngateway     %s (ports %d HTTP, %d HTTPS)\n\n",
			l.Scenario.Sidecar.Address, scenario.Port, scenario.HTTPPort,
			l.Scenario.Gateway.Address, scenario.GatewayPort, scenario.GatewayTLSPort)
	}
	for _, workload := range slices.Concat(l.Scenario.Workloads, l.Scenario.Echoes) {
		fmt.Fprintf(w, "%-24s %s  %s\n", workload.Name, workload.Version, workload.Address)
	}
	fmt.Fprintf(w,
		"\nUse it from another shell:\n\n  . %s\n  kubectl get services,workloadentries -n %s\n\nCtrl-C stops it.\n",
		filepath.Join(l.Dir, "env"), scenario.Namespace)
}
