// Command bench measures what the provider costs on a running lab: it creates, plans, changes and destroys many
// canary routes with Terraform or OpenTofu, in turns with a plugin that has the same schemas and does nothing (the
// floor), and prints the CPU seconds of both, the requests to the API server, and the peak of memory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// options are what the command line says.
type options struct {
	routes, runs, namespaces int
	provider                 string
}

func main() {
	var o options
	flag.IntVar(&o.routes, "routes", 100, "how many services have a route")
	flag.IntVar(&o.runs, "runs", 3, "how often everything is measured; the tables show medians")
	flag.IntVar(&o.namespaces, "namespaces", 1, "how many namespaces the services are in")
	flag.StringVar(&o.provider, "provider", "", "the provider's binary")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "\nbench failed:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.provider == "" || os.Getenv("TERRAFORM") == "" || os.Getenv("KUBE_CONFIG_PATH") == "" {
		return errors.New("-provider, TERRAFORM and KUBE_CONFIG_PATH must be set; make bench-plan does that")
	}
	if o.routes < 1 || o.runs < 1 || o.namespaces < 1 || o.namespaces > o.routes {
		return errors.New("there must be at least one run and one namespace, and a route in each namespace")
	}
	front, err := startFront(os.Getenv("KUBE_CONFIG_PATH"))
	if err != nil {
		return err
	}
	defer front.close()
	if err := front.createServices(ctx, o); err != nil {
		return err
	}
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	b := &bench{options: o, front: front}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, plugin := range []string{filepath.Join(filepath.Dir(executable), "floor"), o.provider} {
		if err := b.add(plugin, filepath.Join(filepath.Dir(executable), "meter")); err != nil {
			return err
		}
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	results := b.results()
	fmt.Printf("\n%d routes; namespaces: %d; medians of %d\n\n%s\n%s", o.routes, o.namespaces, o.runs, costs(results),
		requests(results, o.namespaces))
	return nil
}
