package acceptance_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// hostileSecret is in every secret of a hostile provider block.
const hostileSecret = "marker-4711-secret"

// validConnection holds a secret wherever there can be one.
const validConnection = `
host        = "https://user:marker-4711-secret@127.0.0.1:1"
username    = "user"
password    = "marker-4711-secret"
token       = "marker-4711-secret"
proxy_url   = "http://user:marker-4711-secret@127.0.0.1:1"
exec        = [{ api_version = "client.authentication.k8s.io/v1", command = "true", args = [], env = { A = "marker-4711-secret" } }]
`

// connectionVariables are the environment variables that stand in for the provider block.
var connectionVariables = []string{
	"KUBE_HOST", "KUBE_USER", "KUBE_PASSWORD", "KUBE_INSECURE", "KUBE_TLS_SERVER_NAME", "KUBE_CLIENT_CERT_DATA",
	"KUBE_CLIENT_KEY_DATA",
	"KUBE_CLUSTER_CA_CERT_DATA", "KUBE_CONFIG_PATH", "KUBE_CONFIG_PATHS", "KUBE_CTX", "KUBE_CTX_AUTH_INFO",
	"KUBE_CTX_CLUSTER", "KUBE_TOKEN", "KUBE_PROXY_URL",
}

// block validates a provider block and configures a provider with it.
func (a *attack) block(what string, config tftypes.Value) {
	a.t.Helper()
	raw, err := tfprotov6.NewDynamicValue(config.Type(), config)
	if err != nil {
		return
	}
	a.input(what, func() ([]*tfprotov6.Diagnostic, error) {
		validated, err := a.ValidateProviderConfig(a.ctx, &tfprotov6.ValidateProviderConfigRequest{Config: &raw})
		if err != nil {
			return nil, err
		}
		configured, err := a.ConfigureProvider(a.ctx,
			&tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: &raw})
		if err != nil {
			return nil, err
		}
		return append(validated.Diagnostics, configured.Diagnostics...), nil
	})
}

// oneInConnection is one value in how many that TestHostile_connection tries at a place.
const oneInConnection = 17

// TestHostile_connection puts hostile values into the provider block beside secrets, into the secrets, and into the
// environment.
func TestHostile_connection(t *testing.T) { //nolint:paralleltest // it reads what the process logs, and measures
	a := newAttack(t, hostileSecret)
	a.listen()
	objectType := a.schemas.Provider.ValueType()
	config := parseHCL(t, objectType, validConnection)
	for i, p := range places(objectType) {
		for j, v := range hostileValues(p.of) {
			if !sampled(i, j, oneInConnection) {
				continue
			}
			a.block(fmt.Sprintf("provider%s = %s", p.name, v.name), put(config, p.at, v.value))
			var text string
			if p.of.Is(tftypes.String) && v.value.IsKnown() && v.value.As(&text) == nil && !v.huge {
				secret := put(parseHCL(t, objectType, `host = "127.0.0.1"`),
					p.at, tftypes.NewValue(tftypes.String, text+hostileSecret+text))
				if isSecretPlace(p.name) {
					a.block(fmt.Sprintf("provider%s = a secret in %s", p.name, v.name), secret)
				}
			}
		}
	}
	empty := parseHCL(t, objectType, "")
	for i, variable := range connectionVariables {
		t.Setenv(variable, "")
		for j, name := range slices.Sorted(maps.Keys(hostileTexts)) {
			text := hostileTexts[name]
			if !sampled(i, j, oneInConnection) || len(text) > 100_000 || os.Setenv(variable, text) != nil {
				// The system takes no variable of that size, and none with NUL in it.
				continue
			}
			a.block(variable+" = "+name, empty)
		}
		t.Setenv(variable, "")
	}
	a.report(leastConnection)
}

// isSecretPlace reports whether what stands there must not be printed.
func isSecretPlace(name string) bool {
	for _, secret := range []string{".token", ".password", ".client_key", ".exec[0].env[v1]"} {
		if name == secret {
			return true
		}
	}
	return false
}

// hostileKubeconfigs are files that hold a secret.
var hostileKubeconfigs = map[string]string{
	"nothing":            "",
	"a secret alone":     hostileSecret,
	"an anchor":          "*" + hostileSecret,
	"a tag":              "!!python/" + hostileSecret + " x",
	"an open quotation":  `"` + hostileSecret,
	"an open list":       "[" + hostileSecret,
	"a tab":              "\t" + hostileSecret + ": x",
	"no UTF-8":           hostileSecret + "\xff\xfe",
	"NUL":                hostileSecret + "\x00",
	"UTF-16":             "\xff\xfea\x00",
	"a list":             "- " + hostileSecret,
	"two documents":      "kind: Config\n---\nkind: " + hostileSecret,
	"an unknown field":   "kind: Config\napiVersion: v1\nsecret: " + hostileSecret,
	"an unknown kind":    "kind: " + hostileSecret + "\napiVersion: v1",
	"an unknown version": "kind: Config\napiVersion: " + hostileSecret,
	"clusters that are no list": "kind: Config\napiVersion: v1\nclusters: " +
		hostileSecret, "a duplicate key": "kind: Config\nkind: Config\nkind: " + hostileSecret,
	"a number for a token": kubeconfigWith("127.0.0.1", "{token: 1e999, username: "+hostileSecret+"}"),
	"a map for a token":    kubeconfigWith("127.0.0.1", "{token: {a: "+hostileSecret+"}}"),
	"certificates that are no base64": kubeconfigWith("127.0.0.1",
		"{client-certificate-data: "+hostileSecret+", client-key-data: "+hostileSecret+"}"),
	"a certificate that is none": kubeconfigWith("127.0.0.1",
		"{client-certificate-data: YWFh, client-key-data: YWFh, token: "+hostileSecret+"}"),
	"a certificate in a missing file": kubeconfigWith("127.0.0.1",
		"{client-certificate: \"/none/\\e[31m\", client-key: /none, token: "+hostileSecret+"}"),
	"a token in a missing file": kubeconfigWith("127.0.0.1",
		"{tokenFile: \"/none/\\e[31m\", password: "+hostileSecret+", username: a}"),
	"a server with a password": kubeconfigWith("https://user:"+hostileSecret+"@[",
		"{}"), "a server of control characters": kubeconfigWith(`https://\e[31m/`, "{token: "+hostileSecret+"}"),
	"a proxy with a password": strings.Replace(kubeconfigWith("127.0.0.1", "{}"), "{server:",
		"{proxy-url: \"ftp://u:"+hostileSecret+"@a\", server:", 1),
	"an exec without version": kubeconfigWith("127.0.0.1",
		"{exec: {command: \"\\e[31m\", env: [{name: A, value: "+hostileSecret+"}]}}"),
	"an unknown plugin": kubeconfigWith("127.0.0.1",
		"{auth-provider: {name: \"\\e[31m\", config: {a: "+hostileSecret+"}}}"),
	"a user that is not": strings.Replace(kubeconfigWith("127.0.0.1", "{token: "+hostileSecret+"}"), "user: a}",
		"user: \"\\e[31m\"}", 1),
	"a context that is not": strings.Replace(kubeconfigWith("127.0.0.1", "{token: "+hostileSecret+"}"),
		"current-context: a", "current-context: \"\\e[31m\\u202e\"", 1),
	"many aliases": "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c " +
		"[*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n" +
		"e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g " +
		"[*f,*f,*f,*f,*f,*f,*f,*f,*f]\nkind: Config\n",
	"deep lists": strings.Repeat("[", 20_000), "deep maps": strings.Repeat("{a: ", 5_000) + hostileSecret,
	"1 MB of one letter": strings.Repeat("a", megabyte),
	"1 MB of lists":      strings.Repeat("- [a]\n", megabyte/6),
	"1 MB of a comment":  "# " + strings.Repeat("a", megabyte),
}

func kubeconfigWith(server, user string) string {
	return fmt.Sprintf(
		"apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: \"%s\"}}]\n"+
			"contexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: %s}]\n", server, user,
	)
}

// TestHostile_kubeconfig reads hostile files, and files at hostile places.
func TestHostile_kubeconfig(t *testing.T) { //nolint:paralleltest // it reads what the process logs, and measures
	a := newAttack(t, hostileSecret)
	a.listen()
	objectType := a.schemas.Provider.ValueType()
	dir := t.TempDir()
	read := func(what string, paths ...string) {
		list := make([]tftypes.Value, len(paths))
		for i, path := range paths {
			list[i] = tftypes.NewValue(tftypes.String, path)
		}
		a.block(what, put(parseHCL(t, objectType, ""), []string{"config_paths"},
			tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, list)))
	}
	good := filepath.Join(dir, "good")
	files := map[string]string{good: kubeconfigWith("https://127.0.0.1:1", "{token: "+hostileSecret+"}")}
	for name, content := range hostileKubeconfigs {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		files[path] = content
	}
	for path, content := range files {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path := range files {
		read(filepath.Base(path), path)
		read(filepath.Base(path)+" after a good one", good, path)
		read(filepath.Base(path)+" before a good one", path, good)
	}
	for name, text := range hostileTexts {
		read("a file called "+name, filepath.Join(dir, text))
	}
	for _, path := range []string{dir, "/dev/null", "/dev/zero", "/proc/self/mem", "/proc/self/environ", good + "/" +
		good, "~", "~root", "~/\x1b[31m"} {
		read("the file "+path, path)
		read("the file "+path+" after a good one", good, path)
	}
	a.report(leastKubeconfigs)
}

// TestHostile_imports imports by hostile ids, from a cluster where nothing exists.
func TestHostile_imports(t *testing.T) { //nolint:paralleltest // it reads what the process logs, and measures
	a := newAttack(t, hostileSecret)
	a.listen()
	a.configure(fmt.Sprintf("host = %q\ntoken = %q", emptyCluster(t), hostileSecret))
	for resourceType := range a.schemas.ResourceSchemas {
		for i, name := range slices.Sorted(maps.Keys(hostileTexts)) {
			text := hostileTexts[name]
			for j, id := range []string{text, text + "/a", "a/" + text, "a/b/" + text, text + "/" + text + "/" + text} {
				if !sampled(i, j, 5) {
					continue
				}
				a.input(fmt.Sprintf("import %s by %s as part %d", resourceType, name, j), func() (
					[]*tfprotov6.Diagnostic, error,
				) {
					answer, err := a.ImportResourceState(a.ctx,
						&tfprotov6.ImportResourceStateRequest{TypeName: resourceType, ID: id})
					if err != nil {
						return nil, err
					}
					return answer.Diagnostics, nil
				})
			}
		}
	}
	a.report(leastImports)
}
