// Command matrix tries the provider with other versions of what it works with: Terraform and OpenTofu, Envoy, and
// istiod with kube-apiserver. It prints a table of what passed, and writes it into a file that has a place for it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
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
	flag.StringVar(&o.document, "document", "", "a file that gets the tables of which every row has passed")
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
		p := &chosen[i]
		for n := range p.rows {
			if err := o.fill(ctx, p, &p.rows[n]); err != nil {
				return err
			}
		}
		texts = append(texts, p.markdown())
		failed += p.failures()
	}
	fmt.Printf("\n%s", strings.Join(texts, "\n"))
	if o.document != "" {
		if err := write(o.document, chosen); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d cells of the table; %s has what was printed", failed, o.logs)
	}
	return nil
}

// fill tries a chosen row. What passed is kept in a file, and stands in the table when other rows are tried.
func (o options) fill(ctx context.Context, p *part, r *row) error {
	kept := filepath.Join(o.logs, p.name+"-"+r.name+".json")
	if !r.chosen {
		before, err := os.ReadFile(kept)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err == nil {
			err = json.Unmarshal(before, &r.result)
		}
		if r.result != nil && len(r.result.Cells) != len(p.columns) {
			r.result = nil // of another version of this program
		}
		return err
	}
	if err := os.RemoveAll(kept); err != nil {
		return err
	}
	var err error
	if r.result, err = o.try(ctx, p, *r); err != nil {
		return fmt.Errorf("%s/%s: %w", p.name, r.name, err)
	}
	if r.result.failures() > 0 {
		return nil
	}
	text, err := json.MarshalIndent(r.result, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(kept, text, 0o600)
}

// write puts the tables of which every row has passed into a file.
func write(document string, tried []part) error {
	content, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	text := string(content)
	for i := range tried {
		if !tried[i].whole() {
			continue
		}
		if text, err = insert(text, tried[i].name, tried[i].markdown()); err != nil {
			return fmt.Errorf("%s: %w", document, err)
		}
	}
	return os.WriteFile(document, []byte(text), 0o644)
}
