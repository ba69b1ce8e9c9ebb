// Package ask is the command ask: where a request goes, by the routes in files or by those of a cluster.
package ask

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/function"
)

// The exit codes.
const (
	answered = iota
	unclaimed
	refused
)

const usage = `usage: terraform-provider-mesh ask -f FILE... [URL] [-H 'NAME: VALUE']...
       terraform-provider-mesh ask --live -n NAMESPACE --service NAME [-H 'NAME: VALUE']...

Where does this request go?

  terraform-provider-mesh ask -f routes/ -H 'version: 200' http://greeter.shop/hello
  kubectl get virtualservices,destinationrules -A -o yaml | terraform-provider-mesh ask -f - --host greeter.shop
  terraform-provider-mesh ask --live -n shop --service greeter --grpc shop.Greeter/Hello

The routes:
  -f, --file FILE          YAML or JSON of Istio's API, a folder of it, or - for stdin; may come several times
                           or stand alone. A Service or a Deployment beside the routes is left out
  --live                   what the cluster has. It is found as the provider finds it, by KUBE_CONFIG_PATH, KUBE_CTX,
                           KUBE_HOST and so on, and else as kubectl finds it
  --kubeconfig FILE        with --live, kubeconfig of the cluster
  --context NAME           with --live, its context, instead of the current one
  -n, --namespace NAME     namespace of --service, and of objects in files that name none; default is default
  --cluster-domain DOMAIN  end of every full name of a service; default is cluster.local
  --root-namespace NAME    namespace of istiod; default is istio-system

The request, a GET of / without anything else:
  URL                      http:// or https:// with host, port, path and query
  --service NAME           service that is called: the host is its full name
  --host HOST              host that is called, with or without a port
  --path PATH              path, with the query
  -X, --method METHOD      method
  -H, --header HEADER      NAME: VALUE or NAME=VALUE; may come several times
  --grpc SERVICE/METHOD    gRPC method, such as shop.Greeter/Hello
  --port PORT              port of the service, or of the gateway
  --scheme SCHEME          http or https
  --gateway NAMESPACE/NAME Gateway at which it comes in; without it a sidecar sends it
  --source-label KEY=VALUE label of the pod that calls; may come several times
  --source-namespace NAME  namespace of that pod

The answer:
  --json                   everything that provider::mesh::evaluate returns, as JSON
  --picture                the rules too, as a picture in Markdown

Ends with 0 if it is answered, with 1 if no VirtualService is for that host, and with 2 if something cannot be read or
is wrong.
`

// A Connect connects to the cluster of a kubeconfig and a context, either of which may be empty. The problem says why
// it cannot, and what to do.
type Connect func(kubeconfig, context string) (c *cluster.Cluster, problem string)

// question is what is asked, of what.
type question struct {
	files                                []string
	live, asJSON, picture                bool
	namespace, service                   string
	kubeconfig, context                  string
	clusterDomain, rootNamespace         string
	host, path, method, port             string
	scheme, gateway, grpc, fromNamespace string
	url                                  string
	headers, fromLabels                  []string
	// by says from what a part of the request follows that its own flag does not say.
	by map[string]string
}

// known is what routes are known.
type known struct {
	*argument.Routes
	// notes are what the reader of an answer has to know, a sentence each.
	notes []string
	// asked is the service that is asked for in a cluster, in full.
	asked string
	// exists says that the service which is asked for is certain to exist.
	exists bool
}

// Run is the command. It returns the exit code.
func Run(args []string, connect Connect, stdin io.Reader, stdout, stderr io.Writer) int {
	q, err := parse(args, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return answered
	case err != nil:
		return refused
	}
	a, problems := q.answer(connect, stdin)
	for _, problem := range problems {
		commandline.Error(stderr, problem)
	}
	if len(problems) > 0 || !commandline.Print(a.text, stdout, stderr) {
		return refused
	}
	for _, note := range a.notes {
		commandline.Warning(stderr, note)
	}
	return a.code
}

// parse reads the arguments: what is no flag is a URL or a file, wherever it stands.
func parse(args []string, stdout, stderr io.Writer) (*question, error) {
	q := &question{}
	flags := commandline.New("ask")
	text := func(into *string, names ...string) {
		for _, name := range names {
			flags.StringVar(into, name, "", "")
		}
	}
	list := func(into *[]string, names ...string) {
		for _, name := range names {
			flags.Func(name, "", func(value string) error {
				*into = append(*into, value)
				return nil
			})
		}
	}
	list(&q.files, "f", "file")
	flags.BoolVar(&q.live, "live", false, "")
	text(&q.kubeconfig, "kubeconfig")
	text(&q.context, "context")
	text(&q.namespace, "n", "namespace")
	text(&q.clusterDomain, "cluster-domain")
	text(&q.rootNamespace, "root-namespace")
	text(&q.service, "service")
	text(&q.host, "host")
	text(&q.path, "path")
	text(&q.method, "X", "method")
	list(&q.headers, "H", "header")
	text(&q.grpc, "grpc")
	text(&q.port, "port")
	text(&q.scheme, "scheme")
	text(&q.gateway, "gateway")
	list(&q.fromLabels, "source-label")
	text(&q.fromNamespace, "source-namespace")
	flags.BoolVar(&q.asJSON, "json", false, "")
	flags.BoolVar(&q.picture, "picture", false, "")
	rest, err := commandline.Parse(flags, args, usage, stdout, stderr)
	if err != nil {
		return nil, err
	}
	for _, argument := range rest {
		switch {
		case strings.Contains(argument, "://") && !isURL(argument):
			return nil, commandline.Refuse(flags, "A URL begins with http:// or https://, got "+
				commandline.Plain(argument)+".", stderr)
		case !isURL(argument):
			q.files = append(q.files, argument)
		case q.url != "":
			return nil, commandline.Refuse(flags, fmt.Sprintf("One URL is asked about, and there are two: %s and %s.",
				commandline.Plain(q.url), commandline.Plain(argument)), stderr)
		default:
			q.url = argument
		}
	}
	q.namespace = cmp.Or(q.namespace, form.DefaultNamespace)
	q.clusterDomain = cmp.Or(q.clusterDomain, form.DefaultClusterDomain)
	q.rootNamespace = cmp.Or(q.rootNamespace, form.DefaultPropagation().IstiodNamespace)
	if problem := q.contradiction(); problem != "" {
		return nil, commandline.Refuse(flags, problem, stderr)
	}
	return q, nil
}

// contradiction says which flags exclude each other, empty where none do.
func (q *question) contradiction() (problem string) {
	switch {
	case q.live && len(q.files) > 0:
		return "Either files are asked or, with --live, the cluster, and not both."
	case !q.live && (q.kubeconfig != "" || q.context != ""):
		return "--kubeconfig and --context are for --live, which is not given."
	case slices.Contains(q.files, ""):
		return "The name of a file is empty."
	case !istio.IsNamespaceName(q.namespace):
		return fmt.Sprintf("--namespace: %q is no name of a namespace.", q.namespace)
	case !istio.IsNamespaceName(q.rootNamespace):
		return fmt.Sprintf("--root-namespace: %q is no name of a namespace.", q.rootNamespace)
	case !istio.IsObjectName(q.clusterDomain):
		return commandline.NoDomain(q.clusterDomain)
	case q.asJSON && q.picture:
		return "--json and --picture exclude each other: what has a picture behind it is no JSON."
	}
	return ""
}

func isURL(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
}

// reply is what is answered.
type reply struct {
	text string
	// notes are what there is to know besides, and code is the exit code.
	notes []string
	code  int
}

// answer answers the question, or says why not.
func (q *question) answer(connect Connect, stdin io.Reader) (a reply, problems []string) {
	request, problem := q.request()
	if problem != "" {
		return a, each(problem)
	}
	routes, problems := q.routes(connect, stdin, &request)
	if len(problems) > 0 {
		return a, problems
	}
	if problem = q.ambiguous(routes); problem != "" {
		return a, []string{problem}
	}
	answer, problem := routes.Ask(request)
	if problem != "" {
		return a, each(problem)
	}
	a.notes = routes.notes
	if isUnclaimed(answer) {
		if !routes.exists {
			a.notes, a.code = append(a.notes, q.hint(routes, answer)...), unclaimed
		}
	}
	if q.asJSON {
		a.text = function.JSON(answer)
	} else {
		a.text = words(answer)
	}
	if q.picture {
		a.text += "\n" + picture(routes, answer)
	}
	return a, nil
}

// each returns the problems that a text lists, a line each. What is indented belongs to the line before.
func each(text string) (problems []string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if last := len(problems) - 1; last >= 0 && strings.HasPrefix(line, " ") {
			problems[last] += "\n" + line
		} else {
			problems = append(problems, line)
		}
	}
	return problems
}
