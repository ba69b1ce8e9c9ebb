// Package write is what the command write does: it prints the configuration of what routes in a namespace, with the
// import blocks that bring it under Terraform. What a resource says of live objects, and which resource can say it,
// is asked of the provider itself, by the calls that terraform query and an import make.
package write

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// The exit codes.
const (
	written = iota
	leftOut
	failed
)

const usage = `usage: terraform-provider-mesh write [flags] NAMESPACE[/NAME]...

Prints Terraform configuration for the VirtualServices and DestinationRules of the namespaces, or for those of a name,
each with its import block: terraform plan then imports all of them and changes nothing. A pair that says no more than
a mesh_canary_route or a mesh_weighted_split can is written as one of these, everything else as mesh_virtual_service
and mesh_destination_rule. It reads, and changes nothing.

  terraform-provider-mesh write shop > shop.tf
  terraform plan

Flags:
  --kubeconfig FILE        kubeconfig of the cluster
  --context NAME           its context, instead of the current one
  --cluster-domain DOMAIN  end of every full name of a service, as in the provider block; default is cluster.local
  --all                    writes objects too that this provider has applied, which are in some state already

Without flags the environment says which cluster is meant, as for the provider: KUBE_CONFIG_PATH, KUBE_CTX, KUBE_HOST,
KUBE_TOKEN and the others. Where it says nothing, the cluster is the one that kubectl takes.

What there is to know about an object, such as the tool that it belongs to, is a comment above it and a line on
standard error.
Ends with 1 if an object could not be written, and with 2, printing nothing, if the cluster could not be read.
`

// options are what the command line says.
type options struct {
	Connection
	namespaces []string
	// names are what is written of a namespace, none for everything.
	names map[string][]string
	// all writes what this provider has applied too.
	all bool
}

// readOptions reads the command line, or returns the exit code with which the command ends.
func readOptions(args []string, stdout, stderr io.Writer) (o options, code int, ok bool) {
	flags := commandline.New("write")
	flags.StringVar(&o.Kubeconfig, "kubeconfig", "", "")
	flags.StringVar(&o.Context, "context", "", "")
	flags.StringVar(&o.ClusterDomain, "cluster-domain", "", "")
	flags.BoolVar(&o.all, "all", false, "")
	namespaces, err := commandline.Parse(flags, args, usage, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return o, written, false
	case err != nil:
		return o, failed, false
	case len(namespaces) == 0:
		_ = commandline.Refuse(flags, "Which namespace? Name one, such as\n  "+commandline.Program+
			" write shop > shop.tf", stderr)
		return o, failed, false
	}
	if o.ClusterDomain != "" && !istio.IsObjectName(o.ClusterDomain) {
		commandline.Error(stderr, commandline.NoDomain(o.ClusterDomain))
		return o, failed, false
	}
	o.names = map[string][]string{}
	for _, argument := range namespaces {
		namespace, name, named := strings.Cut(argument, "/")
		for _, problem := range check.Namespace(namespace) {
			commandline.Error(stderr, problem.Reason+".")
			return o, failed, false
		}
		if named && !istio.IsObjectName(name) {
			commandline.Error(stderr, fmt.Sprintf("%q is no name of an object.", name))
			return o, failed, false
		}
		names, again := o.names[namespace]
		if !again {
			o.namespaces = append(o.namespaces, namespace)
		}
		if o.names[namespace] = append(names, name); !named || again && len(names) == 0 {
			o.names[namespace] = nil
		}
	}
	return o, written, true
}

// Run is the command. It returns the exit code.
func Run(args []string, open Open, stdout, stderr io.Writer) int {
	o, code, ok := readOptions(args, stdout, stderr)
	if !ok {
		return code
	}
	ctx := context.Background()
	source, diagnostics := open(ctx, o.Connection)
	tell(stderr, diagnostics)
	if source == nil {
		return failed
	}
	out := document{names: names{}}
	for _, namespace := range o.namespaces {
		found, diagnostics := source.read(ctx, namespace)
		if tell(stderr, diagnostics); isError(diagnostics) {
			return failed
		}
		if len(found.objects) == 0 && len(found.unread) == 0 {
			if source.Missing(ctx, namespace) {
				commandline.Error(stderr, fmt.Sprintf("There is no namespace %q in the cluster. kubectl get "+
					"namespaces lists them; --context chooses another cluster.", namespace))
				return failed
			}
			commandline.Warning(stderr, fmt.Sprintf("Namespace %q has no VirtualService and no DestinationRule.",
				namespace))
			continue
		}
		entries, missing := named(source.choose(ctx, found, o.all), o.names[namespace])
		if missing != "" {
			commandline.Error(stderr, fmt.Sprintf("Namespace %q has no VirtualService and no DestinationRule %q.",
				namespace, missing))
			return failed
		}
		out.add(entries)
	}
	if !commandline.Print(string(out.format()), stdout, stderr) {
		return failed
	}
	return out.tell(stderr)
}

// tell writes what the provider says for a person to read.
func tell(to io.Writer, diagnostics []*tfprotov6.Diagnostic) {
	for _, d := range diagnostics {
		say := commandline.Warning
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			say = commandline.Error
		}
		say(to, strings.TrimSpace(d.Summary+"\n\n"+d.Detail))
	}
}

func isError(diagnostics []*tfprotov6.Diagnostic) bool { return reasonOf(diagnostics) != "" }

// reasonOf returns the first paragraph of the first error, empty without one.
func reasonOf(diagnostics []*tfprotov6.Diagnostic) string {
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return firstParagraph(d)
		}
	}
	return ""
}

func firstParagraph(d *tfprotov6.Diagnostic) string {
	text, _, _ := strings.Cut(d.Detail, "\n\n")
	return report.Printable(text, report.LongestPath)
}
