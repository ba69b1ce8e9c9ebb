// Package ask is the command ask: where a request goes, by the routes in files or by those of a cluster.
package ask

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/function"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
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
  --kubeconfig FILE        kubeconfig of the cluster
  --context NAME           its context
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
	text, notes, code := q.answer(connect, stdin)
	out := stdout
	if code == refused {
		out = stderr
	}
	if _, err := io.WriteString(out, text); err != nil {
		return refused
	}
	for _, note := range notes {
		_, _ = fmt.Fprintln(stderr, note) // what is no part of the answer
	}
	return code
}

// parse reads the arguments: what is no flag is a URL or a file, wherever it stands.
func parse(args []string, stdout, stderr io.Writer) (*question, error) {
	q := &question{}
	flags := commandline.New("ask")
	text := func(into *string, fallback string, names ...string) {
		for _, name := range names {
			flags.StringVar(into, name, fallback, "")
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
	text(&q.kubeconfig, "", "kubeconfig")
	text(&q.context, "", "context")
	text(&q.namespace, form.DefaultNamespace, "n", "namespace")
	text(&q.clusterDomain, form.DefaultClusterDomain, "cluster-domain")
	text(&q.rootNamespace, form.DefaultPropagation().IstiodNamespace, "root-namespace")
	text(&q.service, "", "service")
	text(&q.host, "", "host")
	text(&q.path, "", "path")
	text(&q.method, "", "X", "method")
	list(&q.headers, "H", "header")
	text(&q.grpc, "", "grpc")
	text(&q.port, "", "port")
	text(&q.scheme, "", "scheme")
	text(&q.gateway, "", "gateway")
	list(&q.fromLabels, "source-label")
	text(&q.fromNamespace, "", "source-namespace")
	flags.BoolVar(&q.asJSON, "json", false, "")
	flags.BoolVar(&q.picture, "picture", false, "")
	rest, err := commandline.Parse(flags, args, usage, stdout, stderr)
	if err != nil {
		return nil, err
	}
	for _, argument := range rest {
		switch {
		case !isURL(argument):
			q.files = append(q.files, argument)
		case q.url != "":
			return nil, fail(stderr, "one URL is asked about, and there are two: %s and %s", q.url, argument)
		default:
			q.url = argument
		}
	}
	return q, nil
}

// fail says what is wrong with the arguments.
func fail(stderr io.Writer, format string, values ...any) error {
	err := errors.New(report.Printable(fmt.Sprintf(format, values...), report.LongestDetail))
	_, _ = fmt.Fprintln(stderr, report.Sentence(err.Error())) // nothing else can be told
	return err
}

func isURL(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
}

// answer answers the question. Refused, the text says why.
func (q *question) answer(connect Connect, stdin io.Reader) (text string, notes []string, code int) {
	request, problem := q.request()
	if problem != "" {
		return problem + "\n", nil, refused
	}
	routes, problem := q.routes(connect, stdin, &request)
	if problem != "" {
		return problem + "\n", nil, refused
	}
	if problem = q.ambiguous(routes); problem != "" {
		return problem + "\n", nil, refused
	}
	answer, problem := routes.Ask(request)
	if problem != "" {
		return problem + "\n", nil, refused
	}
	notes = routes.notes
	if isUnclaimed(answer) {
		if !routes.exists {
			notes, code = append(notes, q.hint(routes, answer)...), unclaimed
		}
	}
	if q.asJSON {
		text = function.JSON(answer)
	} else {
		text = words(answer)
	}
	if q.picture {
		text += "\n" + picture(routes, answer)
	}
	return text, notes, code
}
