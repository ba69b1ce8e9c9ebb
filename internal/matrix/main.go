// Command matrix tries the provider with other versions of what it works with: Terraform and OpenTofu, Envoy, and
// istiod with kube-apiserver. It prints a table of what passed, and writes it into a file that has a place for it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// options are what the command line says.
type options struct {
	rows                       string
	tables                     int
	meshlab, demo, tests, logs string
	document                   string
}

func main() {
	var o options
	flag.StringVar(&o.rows, "rows", "", "which `rows`: parts such as envoy, or single rows such as envoy/1.38.3")
	flag.IntVar(&o.tables, "tables", 60, "how many random route tables each Envoy and each istiod is asked about")
	flag.StringVar(&o.meshlab, "meshlab", "", "the command that starts labs")
	flag.StringVar(&o.demo, "demo", "", "the demo")
	flag.StringVar(&o.tests, "tests", "", "the acceptance tests, compiled")
	flag.StringVar(&o.logs, "logs", "", "the folder for what the commands print")
	flag.StringVar(&o.document, "document", "", "a file that gets the tables of the parts that ran and passed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "\nmatrix failed:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, o options) error {
	if o.meshlab == "" || o.demo == "" || o.tests == "" || o.logs == "" {
		return errors.New("-meshlab, -demo, -tests and -logs must be set; make matrix does that")
	}
	all, err := parts(o)
	if err != nil {
		return err
	}
	chosen, err := choose(all, strings.Fields(o.rows))
	if err != nil {
		return err
	}
	var texts []string
	failed := 0
	for i := range chosen {
		for _, r := range chosen[i].rows {
			if err := o.try(ctx, &chosen[i], r); err != nil {
				return err
			}
		}
		texts = append(texts, chosen[i].markdown())
		failed += chosen[i].failures()
	}
	fmt.Printf("\n%s", strings.Join(texts, "\n"))
	if failed > 0 {
		return fmt.Errorf("%d cells of the table; %s has what was printed", failed, o.logs)
	}
	if o.document == "" {
		return nil
	}
	return write(o.document, slices.DeleteFunc(chosen, func(p part) bool { return !p.whole }))
}

// write puts the tables of parts into a file.
func write(document string, chosen []part) error {
	content, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	text := string(content)
	for i := range chosen {
		if text, err = insert(text, chosen[i].name, chosen[i].markdown()); err != nil {
			return fmt.Errorf("%s: %w", document, err)
		}
	}
	return os.WriteFile(document, []byte(text), 0o644) //nolint:gosec // a document of the repository
}
