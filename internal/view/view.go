// Package view does what the command view does: it makes of a plan, as terraform show -json prints it, a page or a
// comment that shows every route which the plan touches. It asks nobody; what is live is given to it.
package view

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// The exit codes.
const (
	drawn = iota
	_
	unreadable
)

const usage = `usage: terraform show -json PLAN | terraform-provider-mesh view [--markdown] > page.html

Draws every route that a plan touches, before and after, with what moves, how shares walk and what is doubtful.
Reads what terraform show -json prints, of a saved plan or of the state, from a file or from the standard input.
Nothing is asked for without --live.

  --markdown               write Markdown for a comment, instead of a page
  --limit N                leave out what is beyond so many bytes of a page, characters of Markdown
  --cluster-domain DOMAIN  end of every full name of a service; without it the plan says it where its provider
                           blocks have it written out, and else it is cluster.local
  --live                   show what is live too, in the clusters of your kubeconfig that the provider blocks of the
                           plan name by a config_context that is written out, or else in that of the KUBE_*
                           variables. A kubeconfig that only the plan names is not opened
  --kubeconfig FILE        with --live, kubeconfig of the cluster
  --context NAME           with --live, its context, instead of the current one
  --prometheus WHERE       with --live, ask for requests and failures: a URL, or NAMESPACE/NAME:PORT of a Service

Ends with 2, printing nothing, if the input, or with --live the cluster, could not be read.
`

// The limits where none is given. A comment on GitHub has at most 65,536 characters, and there may be others around
// this text.
const (
	longestMarkdown = 65_000
	largestPage     = 5_000_000
)

// Look looks at what is live.
type Look func(ctx context.Context, at Place, services []Service) (Live, error)

// Place is where something is live, as far as somebody says so. The domain of the cluster is always said.
type Place struct{ Kubeconfig, Context, Prometheus, ClusterDomain string }

// Owns reports whether a kubeconfig that a plan names is the one by which [Look] goes with these flags.
type Owns func(flags Place, kubeconfig string) bool

// Run is the command. It returns the exit code.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer, look Look, owns Owns) int {
	var o options
	flags := commandline.New("view")
	flags.BoolVar(&o.markdown, "markdown", false, "")
	flags.IntVar(&o.limit, "limit", 0, "")
	flags.BoolVar(&o.live, "live", false, "")
	flags.StringVar(&o.domain, "cluster-domain", "", "")
	flags.StringVar(&o.at.Kubeconfig, "kubeconfig", "", "")
	flags.StringVar(&o.at.Context, "context", "", "")
	flags.StringVar(&o.at.Prometheus, "prometheus", "", "")
	files, err := commandline.Parse(flags, args, usage, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return drawn
	case err != nil:
		return unreadable
	}
	if problem := o.refused(files, stdin); problem != "" {
		_ = commandline.Refuse(flags, problem, stderr)
		return unreadable
	}
	text, problem := o.draw(strings.Join(files, ""), stdin, look, owns)
	if problem != "" {
		commandline.Error(stderr, problem)
		return unreadable
	}
	if !commandline.Print(text, stdout, stderr) {
		return unreadable
	}
	return drawn
}

// options are what the command was asked for.
type options struct {
	markdown, live bool
	limit          int
	domain         string
	at             Place
}

// refused says why nothing can be drawn with the arguments, empty if it can.
func (o options) refused(files []string, stdin io.Reader) (problem string) {
	switch {
	case len(files) > 1:
		return "One plan is drawn, and there are several files: " + commandline.Plain(strings.Join(files, ", ")) + "."
	case o.limit < 0:
		return fmt.Sprintf("--limit must not be below 0, got %d.", o.limit)
	case o.domain != "" && !istio.IsObjectName(o.domain):
		return commandline.NoDomain(o.domain)
	case o.at != (Place{}) && !o.live:
		return "--kubeconfig, --context and --prometheus are for --live, which is not given."
	case len(files) == 0 && isTerminal(stdin):
		return "Nothing is piped into this command, and no file is named. " + showIt
	}
	return ""
}

// draw reads a plan from a file, or without a name from the standard input, and draws it.
func (o options) draw(file string, stdin io.Reader, look Look, owns Owns) (text, problem string) {
	in, problem := open(file, stdin)
	if problem != "" {
		return "", problem
	}
	p := in.picture(o.domain)
	if o.live {
		// An interrupt ends the questions, and with them the command.
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := p.look(ctx, o.at, look, owns); err != nil {
			return "", report.Printable(report.Sentence(err.Error()), report.LongestDetail)
		}
	}
	if o.markdown {
		return p.markdown(cmp.Or(o.limit, longestMarkdown)), ""
	}
	text, err := p.page(cmp.Or(o.limit, largestPage))
	if err != nil {
		return "", report.Sentence(err.Error())
	}
	return text, ""
}

// isTerminal reports whether nothing is piped into the command.
func isTerminal(stdin io.Reader) bool {
	file, ok := stdin.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err != nil || info.Mode()&os.ModeCharDevice != 0
}
