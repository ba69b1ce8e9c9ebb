package ask_test

import (
	"fmt"
	"strings"
	"testing"
)

// Routes come from files, folders and stdin, and what is none stands beside them.
func TestRun_sources(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"one/routes.yaml": otherText, "one/deep/service.yml": "apiVersion: v1\nkind: Service\n",
		"one/values.yaml": "replicas: 3\n", "one/package.json": `{"name": "cart"}`, "one/list.json": "[1]",
		"one/empty.yaml": "# nothing\n", "one/.git/a.yaml": "a: [", "one/.hidden.yaml": "a: [", "one/notes.txt": "a: [",
		"cart.json": `{"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "cart"},
			"spec": {"hosts": ["cart"], "http": [{"route": [{"destination": {"host": "cart"}}]}]}}`,
	})
	want := answer{Stdout: `GET http://cart.default.svc.cluster.local/ from a sidecar, port 80
Rule http[0]: all requests go to cart.

rule     http[0] of VirtualService "default/cart"
to       100 % cart.default.svc.cluster.local
retries  2 on connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes (Istio's default)
`}
	for name, args := range map[string][]string{
		"a folder": {"-f", "DIR/one"}, "a file": {"-f", "DIR/one/routes.yaml"}, "an argument": {"DIR/one/routes.yaml"},
		"a file twice": {"DIR/one/routes.yaml", "-f", "DIR/one/routes.yaml"}, "JSON": {"--file", "DIR/cart.json"},
		"stdin": {"-f", "-"}, "stdin as an argument": {"-"}, "a file and a flag behind it": {"DIR/one", "--path", "/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, run(dir, otherText, args...), want)
		})
	}
	check(t, run("", otherText+"---\nkind: HTTPRoute\napiVersion: gateway.networking.k8s.io/v1\n", "-"), answer{
		Stdout: want.Stdout,
		Stderr: "Warning: The answer does not say what each HTTPRoute does: the Gateway API is not read.\n",
	})
	elsewhere := strings.ReplaceAll(want.Stdout, "default", "shop")
	elsewhere = strings.ReplaceAll(strings.ReplaceAll(elsewhere, "Istio's shop", "Istio's default"),
		"cluster.local", "mesh")
	check(t, run(dir, "", "-n", "shop", "--cluster-domain", "mesh", "DIR/one"), answer{Stdout: elsewhere})
}

// What is wrong is said with what to do, and nothing is answered.
func TestRun_wrong(t *testing.T) {
	t.Parallel()
	const more = "terraform-provider-mesh ask --help says more.\n"
	dir := folder(t, map[string]string{
		"routes.yaml": routesText, "cart.yaml": otherText, "none/notes.txt": "a", "broken/a.yaml": routesText +
			"---\na: [\n",
		"broken/b.yaml":  "kind: VirtualServise\napiVersion: networking.istio.io/v1\n",
		"foreign/a.yaml": "kind: Pod\napiVersion: v1\n",
		"chart/a.yaml":   "{{- if .Values.a }}\nkind: VirtualService\n{{- end }}\n", "named.yaml": "replicas: 3\n",
		"empty.yaml": "",
		"root.yaml": "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: root}\n" +
			"spec: {hosts: [a.com], gateways: [public], http: [{delegate: {name: cart, namespace: cart}}]}\n",
		"rule.yaml": "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: " +
			"a}\n",
	})
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no routes": {
			nil,
			"Error: Which routes? Give files, a folder, or - for stdin, such as\n" +
				"  terraform-provider-mesh ask -f routes/ --host greeter.shop\n" +
				"or --live for those of the cluster. --help says more.\n",
		},
		"no such file": {
			[]string{"-f", "DIR/gone.yaml"},
			"Error: DIR/gone.yaml cannot be read: no such file or directory.\n",
		},
		"an empty folder": {
			[]string{"-f", "DIR/none"},
			"Error: DIR/none has no file that ends with .yaml, .yml or .json.\n",
		},
		"files and a cluster": {
			[]string{"--live", "DIR"},
			"Error: Either files are asked or, with --live, the cluster, and not both.\n" + more,
		},
		"files and a kubeconfig": {
			[]string{"-f", "DIR", "--kubeconfig", "a"},
			"Error: --kubeconfig and --context are for --live, which is not given.\n" + more,
		},
		"a context without live": {
			[]string{"--context", "a", "--host", "a"},
			"Error: --kubeconfig and --context are for --live, which is not given.\n" + more,
		},
		"JSON and a picture": {
			[]string{"DIR", "--json", "--picture"},
			"Error: --json and --picture exclude each other: what has a picture behind it is no JSON.\n" + more,
		},
		"no YAML, and a misspelt kind": {
			[]string{"-f", "DIR/broken"},
			"Error: DIR/broken/a.yaml: Read document 4 of YAML: yaml: line 34: did not find expected node content.\n" +
				"Error: DIR/broken/b.yaml: kind: \"VirtualServise\" has nothing to do with this route: it must be " +
				"VirtualService, DestinationRule, Gateway or ServiceEntry; the nearest is VirtualService.\n" +
				"Error: DIR/broken/b.yaml: metadata.name: is missing.\nError: DIR/broken/b.yaml: spec: is missing.\n",
		},
		"only what routes nothing": {[]string{"-f", "DIR/foreign"}, "Error: Nothing here routes, only Pod.\n"},
		"a template": {
			[]string{"-f", "DIR/chart"},
			"Error: DIR/chart/a.yaml: Read document 1 of YAML: yaml: did not find expected node content.\n" +
				"Templates have to be rendered first: helm template CHART | terraform-provider-mesh ask -f - …\n",
		},
		"a file of something else": {
			[]string{"-f", "DIR/named.yaml"},
			"Error: DIR/named.yaml: An object of Istio's API is needed, such as a VirtualService, as YAML or JSON.\n",
		},
		"an empty file": {[]string{"-f", "DIR/empty.yaml"}, "Error: DIR/empty.yaml: There is nothing in this text.\n"},
		"a rule alone": {
			[]string{"-f", "DIR/rule.yaml"},
			"Error: Nothing here claims requests: a VirtualService with hosts is needed.\n",
		},
		"a delegate is gone": {
			[]string{"-f", "DIR/root.yaml"},
			"Error: http[0].delegate of VirtualService \"default/root\": delegate \"cart/cart\" is not there, so " +
				"istiod leaves this rule out. Give the file in which it is too.\n",
		},
		"several, and no host": {
			[]string{"DIR/routes.yaml", "DIR/cart.yaml"},
			"Error: Which host? Give --host, or a URL. The hosts here are cart.default, greeter.example.com and " +
				"greeter.shop.\n",
		},
		"a claim without a value": {
			[]string{"-H", "@request.auth.claims[http://a=b]"},
			"Error: --header: a header is like 'version: 200', got @request.auth.claims[http://a=b].\n",
		},
		"no header": {[]string{"-H", "version"}, "Error: --header: a header is like 'version: 200', got version.\n"},
		"a header without a name": {
			[]string{"-H", ": 200"},
			"Error: --header: a header is like 'version: 200', got : 200.\n",
		},
		"wrong headers": {[]string{"-H", "a b: 200", "-H", "c: d\ne"}, "Error: --header"},
		"two hosts": {
			[]string{"-H", "Host: a", "--host", "b"},
			"Error: The header host says it too: leave out --host.\n",
		},
		"a service and another host": {
			[]string{"--service", "a", "--host", "b"},
			"Error: --service says it too: leave out --host.\n",
		},
		"a service and another URL": {
			[]string{"--service", "a", "http://b"},
			"Error: The URL says it too: leave out --service.\n",
		},
		"a header and another service": {
			[]string{"--service", "a", "-H", "Host: b"},
			"Error: --service says it too: leave out the header host.\n",
		},
		"a URL of something else": {
			[]string{"ftp://a\x1b", "DIR"},
			"Error: A URL begins with http:// or https://, got ftp://a\\x1b.\n" + more,
		},
		"an empty name of a file": {[]string{"-f", ""}, "Error: The name of a file is empty.\n" + more},
		"no namespace": {
			[]string{"-n", "A"},
			"Error: --namespace: \"A\" is no name of a namespace.\n" + more,
		},
		"no root namespace": {
			[]string{"--root-namespace", "A"},
			"Error: --root-namespace: \"A\" is no name of a namespace.\n" + more,
		},
		"no domain": {
			[]string{"--cluster-domain", "A"},
			"Error: --cluster-domain must be a DNS domain in lower case, such as cluster.local, got \"A\".\n" + more,
		},
		"an empty label": {
			[]string{"--source-label", ""},
			"Error: --source-label: a label is like app=web, got \"\".\n",
		},
		"no service": {[]string{"--service", "a b\x1b"}, "Error: --service: a b\\u001b is no name of a service.\n"},
		"two URLs": {
			[]string{"http://a", "http://b"},
			"Error: One URL is asked about, and there are two: http://a and http://b.\n" + more,
		},
		"a URL without a host": {
			[]string{"http:///x"},
			"Error: A URL is like http://greeter.shop/hello, got http:///x.\n",
		},
		"a URL with a user": {
			[]string{"http://a:b@c/x"},
			"Error: A URL has no user and password here. What a client makes of them is a header: -H 'authorization: " +
				"…'.\n",
		},
		"no host": {
			[]string{"http://u:secret@a b"},
			"Error: A URL is like http://greeter.shop/hello: invalid character \" \" in host name.\n",
		},
		"a URL and a path": {[]string{"http://a/x", "--path", "/y"}, "Error: The URL says it too: leave out --path.\n"},
		"no gRPC method": {
			[]string{"--grpc", "Hello"},
			"Error: --grpc: a gRPC method is like shop.Greeter/Hello, got Hello.\n",
		},
		"gRPC with GET": {
			[]string{"--grpc", "a.B/C", "-X", "GET"},
			"Error: --grpc says it too: leave out --method.\n",
		},
		"gRPC and a path": {
			[]string{"--grpc", "a.B/C", "--path", "/x"},
			"Error: --grpc says it too: leave out --path.\n",
		},
		"no label": {
			[]string{"--source-label", "app=a,b"},
			"Error: --source-label: a label is like app=web, got b.\n",
		},
		"no port":      {[]string{"--port", "http"}, "Error: --port: must be a number.\n"},
		"a large port": {[]string{"--port", "65536"}, "Error: --port: must be between 1 and 65535, got 65536.\n"},
		"no gateway": {
			[]string{"--gateway", "public"},
			"Error: --gateway: must be mesh or the NAMESPACE/NAME of a Gateway, got \"public\".\n",
		},
		"a wrong namespace": {
			[]string{"--source-namespace", "A"},
			"Error: --source-namespace: must be the name of a namespace, got \"A\".\n",
		},
		"a wrong method": {
			[]string{"-X", "a b"},
			"Error: --method: must be the name of an HTTP method, such as GET, got \"a b\".\n",
		},
		"a wrong scheme": {[]string{"--scheme", "ftp"}, "Error: --scheme: must be http or https, got \"ftp\".\n"},
		"an unknown flag": {
			[]string{"--paht", "/"},
			"Error: There is no flag --paht.\n" + more,
		},
		"no cluster": {[]string{"--live", "--service", "a"}, "Error: No cluster is configured: none.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(dir, "", test.args...)
			if strings.HasSuffix(test.want, "\n") {
				check(t, got, answer{Code: 2, Stderr: test.want})
			} else if got.Code != 2 || got.Stdout != "" || !strings.HasPrefix(got.Stderr, test.want) {
				t.Errorf("code %d, said %q and %q", got.Code, got.Stdout, got.Stderr)
			}
		})
	}
	if help := run("", "", "--help"); help.Code != 0 || !strings.HasPrefix(help.Stdout,
		"usage: terraform-provider-mesh ask -f FILE") {
		t.Errorf("help: %+v", help)
	}
}

// hiddenText is a VirtualService that its own namespace alone sees.
const hiddenText = "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: hidden, " +
	"namespace: front}\n" +
	"spec: {hosts: [greeter], exportTo: [.], http: [{route: [{destination: {host: greeter}}]}]}\n"

// What no VirtualService is for is answered too, with the host that may be meant and a code of its own.
func TestRun_unclaimed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args           []string
		stdout, stderr string
	}{
		"a misspelt host": {[]string{"--host", "greter.shop"},
			"GET http://greter.shop/ from a sidecar, port 80\nNo VirtualService claims requests for greter.shop in " +
				"the mesh: they " +
				"go to the service of that name, whatever its version.\n",
			"Warning: The hosts here are greeter.example.com, greeter.front and greeter.shop; the nearest is " +
				"greeter.shop.\n"},
		"another namespace": {[]string{"--service", "greeter"},
			"GET http://greeter.default.svc.cluster.local/ from a sidecar, port 80\nNo VirtualService claims " +
				"requests for " +
				"greeter.default.svc.cluster.local in the mesh: they go to the service of that name, whatever its " +
				"version.\n",
			"Warning: The hosts here are greeter.example.com, greeter.front and greeter.shop; the nearest is " +
				"greeter.front.\n"},
		"nothing near": {[]string{"--host", "xyz"},
			"GET http://xyz/ from a sidecar, port 80\nNo VirtualService claims requests for xyz in the mesh: they " +
				"go to the " +
				"service of that name, whatever its version.\n",
			"Warning: The hosts here are greeter.example.com, greeter.front and greeter.shop.\n"},
		"a misspelt gateway": {[]string{"--gateway", "shop/publik", "--host", "greeter.example.com"},
			"GET http://greeter.example.com/ at gateway shop/publik, port 80\nNo VirtualService claims requests for " +
				"greeter.example.com at gateway shop/publik: it answers 404.\n",
			"Warning: No VirtualService is at shop/publik. There are some at mesh and shop/public; the nearest is " +
				"shop/public.\n"},
		"for others": {
			[]string{"--host", "greeter.front", "--source-namespace", "shop"},
			"GET http://greeter.front/ from a sidecar, port 80\nNo VirtualService claims requests for " +
				"greeter.front in the mesh: they go to the " +
				"service of that name, whatever its version.\n",
			"Warning: A VirtualService has the host greeter.front, and is not for such a request: look at its " +
				"exportTo, and at the caller and " +
				"port of the request.\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, run("", routesText+hiddenText, append([]string{"-"}, test.args...)...), answer{1, test.stdout,
				test.stderr})
		})
	}
}

// A large file is answered, and what is too large, deep or many times itself is refused.
func TestRun_huge(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 300 {
		fmt.Fprintf(&many, "%s---\n", strings.ReplaceAll(otherText, "cart", fmt.Sprintf("cart-%d", i)))
	}
	if got := run("", many.String(), "-", "--host",
		"cart-299.default"); got.Code != 0 || !strings.Contains(got.Stdout, `of VirtualService "default/cart-299"`) {
		t.Errorf("%+v", got)
	}
	got := run("", many.String(), "-", "--host", "card-299")
	if want := " and 280 more; the nearest is cart-299.default.\n"; got.Code != 1 || !strings.HasSuffix(got.Stderr,
		want) {
		t.Errorf("%+v", got)
	}
	for name, test := range map[string]struct{ stdin, want string }{
		"too large": {
			strings.Repeat("# nothing to see here, and much of it\n", 1<<20),
			"Error: stdin is too much: more than 32 MiB are to be read.\n",
		},
		"deep":          {strings.Repeat("[", 20_000), "exceeded max depth"},
		"many values":   {"a: [" + strings.Repeat("x,", 50_000) + "x]\n", "stands for more than 50000 values"},
		"a hidden kind": {"kind: \"a\\u202eb\"\napiVersion: v1\n", `Nothing here routes, only a\u202eb.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := run("", test.stdin, "-"); got.Code != 2 || !strings.Contains(got.Stderr, test.want) {
				t.Errorf("%d %.300q", got.Code, got.Stderr)
			}
		})
	}
}
