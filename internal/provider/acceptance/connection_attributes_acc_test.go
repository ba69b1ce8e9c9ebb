package acceptance_test

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccConnection_attributes: every connection attribute and every environment variable acts, alone and where both
// are set: then the attribute counts. The question is put by a plan, which looks for objects of the same names.
func TestAccConnection_attributes(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newConnection(t, lab)
	dir := t.TempDir()
	files := &cli{t: t, dir: dir}
	file := files.write("kubeconfig", c.kubeconfig)
	other := files.write("other", "apiVersion: v1\nkind: Config\ncurrent-context: a\n"+
		"clusters: [{name: a, cluster: {server: \"https://127.0.0.1:1\", tls-server-name: a.example}}]\n"+
		"users: [{name: a, user: {token: "+c.token+"}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n")
	contexts := files.write("contexts", "apiVersion: v1\nkind: Config\ncurrent-context: good\n")
	plugin := files.write("print-token", `#!/bin/sh
[ "$1" = "for-shop" ] || exit 1
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}' "$SHOP_TOKEN"
`)
	proxy, used := connectProxy(t, "pw")
	proxyURL := "http://user:pw@" + proxy
	base := []string{"host", quote(c.host), "cluster_ca_certificate", quote(c.authority)}
	withToken := append([]string{"token", quote(c.token)}, base...)
	type failure struct {
		summary string
		say     []string
	}
	refused := &failure{"Credentials not accepted", []string{c.host, "Unauthorized"}}
	// Kubernetes has not known passwords since 1.19; who sends one is nobody.
	anonymous := &failure{"No credentials", []string{"system:anonymous", "username and password"}}
	leftOut := "The environment names kubeconfig " + other + " of the server https://127.0.0.1:1, and the provider " +
		"block another host, so that nothing of it is used. If it is meant for this host too, name it in config_path."
	noProxy := &failure{"Cluster not reachable", []string{"Proxy Authentication Required", "proxy_url"}}
	twice := &failure{"Cluster configuration unusable", []string{"more than one authentication method"}}
	tests := map[string]struct {
		block []string
		more  string
		env   []string
		warn  string
		want  *failure
	}{
		"host, token and authorities": {block: withToken},
		"KUBE_HOST and so on": {
			env: []string{"KUBE_HOST=" + c.host, "KUBE_TOKEN=" + c.token, "KUBE_CLUSTER_CA_CERT_DATA=" + c.authority},
		},
		"the block over the environment": {
			block: withToken,
			env:   []string{"KUBE_HOST=https://127.0.0.1:1", "KUBE_TOKEN=x", "KUBE_CLUSTER_CA_CERT_DATA=x"},
		},
		"config_path": {
			block: []string{"config_path", quote(file), "config_context", `"good"`},
		},
		"KUBE_CONFIG_PATH and KUBE_CTX": {env: []string{"KUBE_CONFIG_PATH=" + file, "KUBE_CTX=good"}},
		"config_paths": {
			block: []string{"config_paths", fmt.Sprintf("[%q, %q]", contexts, file)},
		},
		"KUBE_CONFIG_PATHS": {
			env: []string{"KUBE_CONFIG_PATHS=" + contexts + string(filepath.ListSeparator) + file},
		},
		"config_paths over KUBE_CONFIG_PATH": {
			block: []string{"config_paths", fmt.Sprintf("[%q, %q]", contexts, file)},
			env:   []string{"KUBE_CONFIG_PATH=/nonexistent"},
		},
		"config_path over KUBE_CONFIG_PATHS": {
			block: []string{"config_path", quote(file), "config_context", `"good"`},
			env:   []string{"KUBE_CONFIG_PATHS=/nonexistent"},
		},
		"KUBE_HOST beside config_path": {
			block: []string{"config_path", quote(file), "config_context", `"good"`},
			env:   []string{"KUBE_HOST=https://127.0.0.1:1"},
		},
		"host beside config_path": {
			block: append([]string{"config_path", quote(file), "config_context", `"bad-cluster"`}, base...),
		},
		"host and token beside KUBE_CONFIG_PATH": {
			block: withToken, env: []string{"KUBE_CONFIG_PATH=" + other, "KUBE_CTX=a"},
		},
		"host and config_context beside KUBE_CONFIG_PATH": {
			block: append([]string{"config_context", `"bad-cluster"`}, base...),
			env:   []string{"KUBE_CONFIG_PATH=" + file},
		},
		"host beside KUBE_CONFIG_PATH": {
			block: base, env: []string{"KUBE_CONFIG_PATH=" + other},
			want: &failure{anonymous.summary, append([]string{leftOut}, anonymous.say...)},
		},
		"host without its authority beside KUBE_CONFIG_PATH": {
			block: []string{"host", quote(c.host)}, env: []string{"KUBE_CONFIG_PATH=" + other},
			want: &failure{"Certificate not trusted", []string{leftOut}},
		},
		"config_context of a wrong token": {
			block: []string{"config_path", quote(file), "config_context", `"bad-user"`},
			want:  refused,
		},
		"config_context_auth_info": {block: []string{
			"config_path", quote(file), "config_context", `"bad-user"`, "config_context_auth_info", `"good"`,
		}},
		"KUBE_CTX_AUTH_INFO": {
			env: []string{"KUBE_CONFIG_PATH=" + file, "KUBE_CTX=bad-user", "KUBE_CTX_AUTH_INFO=good"},
		},
		"config_context_cluster": {
			block: []string{"config_path", quote(file), "config_context_cluster", `"good"`},
		},
		"KUBE_CTX_CLUSTER": {
			env: []string{"KUBE_CONFIG_PATH=" + file, "KUBE_CTX_CLUSTER=good"},
		},
		"the current context, where nobody answers": {block: []string{"config_path", quote(file)}, want: &failure{
			"Cluster not reachable", []string{"https://127.0.0.1:1", "connection refused", "API server runs"},
		}},
		"exec": {
			block: base, more: fmt.Sprintf("  exec {\n    api_version = \"client.authentication.k8s.io/v1\"\n    "+
				"command = %q\n    args = [\"for-shop\"]\n    env = { SHOP_TOKEN = %q }\n  }\n", plugin, c.token),
		},
		"exec that fails": {block: base, more: fmt.Sprintf(
			"  exec {\n    api_version = \"client.authentication.k8s.io/v1\"\n    command = %q\n  }\n", plugin,
		), want: &failure{"No credentials from exec", []string{plugin, "exit code 1", "by hand"}}},
		"insecure": {
			block: []string{"host", quote(c.host), "token", quote(c.token), "insecure", "true"},
			warn:  "TLS is not verified",
		},
		"KUBE_INSECURE": {
			env:  []string{"KUBE_HOST=" + c.host, "KUBE_TOKEN=" + c.token, "KUBE_INSECURE=true"},
			warn: "TLS is not verified",
		},
		"no authority": {
			block: []string{"host", quote(c.host), "token", quote(c.token)},
			want:  &failure{"Certificate not trusted", []string{"unknown authority", c.host, "cluster_ca_certificate"}},
		},
		"an authority in base64": {
			block: []string{
				"host", quote(c.host), "token", quote(c.token),
				"cluster_ca_certificate", quote(base64.StdEncoding.EncodeToString([]byte(c.authority))),
			},
			want: &failure{"Invalid provider configuration", []string{
				"cluster_ca_certificate: is the base64 of PEM", "cluster_ca_certificate = base64decode(...)",
			}},
		},
		"tls_server_name of somebody else": {
			block: append([]string{"tls_server_name", `"shop.example"`}, withToken...),
			want:  &failure{"Certificate not trusted", []string{"shop.example", "tls_server_name"}},
		},
		"KUBE_TLS_SERVER_NAME of somebody else": {
			block: withToken,
			env:   []string{"KUBE_TLS_SERVER_NAME=shop.example"},
			want:  &failure{"Certificate not trusted", []string{"shop.example", "tls_server_name"}},
		},
		"username and password": {
			block: append([]string{"username", `"u"`, "password", `"p"`}, base...),
			want:  anonymous,
		},
		"KUBE_USER and KUBE_PASSWORD": {block: base, env: []string{"KUBE_USER=u", "KUBE_PASSWORD=p"}, want: anonymous},
		"username and token": {
			block: append([]string{"username", `"u"`, "password", `"p"`}, withToken...),
			want:  twice,
		},
		// The API server cannot tell which password came; that both variables are read shows in what they cannot be
		// combined with.
		"KUBE_USER and token":     {block: withToken, env: []string{"KUBE_USER=u"}, want: twice},
		"KUBE_PASSWORD and token": {block: withToken, env: []string{"KUBE_PASSWORD=p"}, want: twice},
		"a wrong token":           {block: append([]string{"token", `"expired"`}, base...), want: refused},
		"proxy_url":               {block: append([]string{"proxy_url", quote(proxyURL)}, withToken...)},
		"KUBE_PROXY_URL":          {block: withToken, env: []string{"KUBE_PROXY_URL=" + proxyURL}},
		"proxy_url with a wrong password": {
			block: append([]string{"proxy_url", quote(strings.Replace(proxyURL, "pw", "no", 1))}, withToken...),
			want:  noProxy,
		},
		"KUBE_PROXY_URL with a wrong password": {
			block: withToken,
			env:   []string{"KUBE_PROXY_URL=" + strings.Replace(proxyURL, "pw", "no", 1)},
			want:  noProxy,
		},
		"http instead of https": {
			block: []string{"host", quote(strings.Replace(c.host, "https", "http", 1)), "token", quote(c.token)},
			want:  &failure{"Not a Kubernetes API server", []string{"http://", "https"}},
		},
	}
	if lab.Dir != "" {
		certificate, key := readFile(t, filepath.Join(lab.Dir, "client.crt")), readFile(t,
			filepath.Join(lab.Dir, "client.key"))
		add := func(name string, block, env []string) {
			tests[name] = struct {
				block []string
				more  string
				env   []string
				warn  string
				want  *failure
			}{block: append(block, base...), env: env}
		}
		add("client_certificate and client_key",
			[]string{"client_certificate", quote(certificate), "client_key", quote(key)}, nil)
		add("KUBE_CLIENT_CERT_DATA and KUBE_CLIENT_KEY_DATA", nil,
			[]string{"KUBE_CLIENT_CERT_DATA=" + certificate, "KUBE_CLIENT_KEY_DATA=" + key})
		tests["tls_server_name"] = tests["host, token and authorities"]
		named := tests["tls_server_name"]
		named.block = append([]string{"tls_server_name", `"kubernetes.default.svc"`}, withToken...)
		tests["tls_server_name"] = named
	}
	t.Cleanup(func() {
		if used.Load() < 2 {
			t.Errorf("%d connections went through the proxy, want those of two tests", used.Load())
		}
	})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraform := newCLI(t, test.env...)
			terraform.configure(attributes(test.block...)+test.more, routeTo(lab.Service, lab.Namespace, ""))
			if test.want != nil {
				r := terraform.fails(test.want.summary, test.want.say, "plan")
				if test.want.summary != anonymous.summary && len(r.Diagnostics) > 1 {
					t.Errorf("want one diagnostic, not one per object:\n%s", r)
				}
				return
			}
			r := terraform.must("plan")
			if test.warn != "" {
				r.want(t, "warning", test.warn)
			} else if len(r.besidesMoves()) > 0 {
				t.Errorf("want no diagnostic:\n%s", r)
			}
		})
	}
}
