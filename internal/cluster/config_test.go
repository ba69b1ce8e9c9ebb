package cluster

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// secret stands for everything in a configuration that must never be printed.
const secret = "s3cr3t-0f-a-user"

const kubeconfig = `apiVersion: v1
kind: Config
current-context: blue
clusters:
- name: blue
  cluster: {server: "https://blue.example:6443", certificate-authority: ca.crt}
- name: green
  cluster: {server: "https://green.example:6443", tls-server-name: kubernetes}
contexts:
- name: blue
  context: {cluster: blue, user: blue}
- name: green
  context: {cluster: green, user: green}
users:
- name: blue
  user: {token: ` + secret + `}
- name: green
  user: {username: green, password: ` + secret + `}
`

// connection is what a test compares: where to, as whom, trusting whom.
type connection struct {
	Host, Username, Password, Token, ServerName, CAFile, CAData, CertData, KeyData, Proxy string
	Insecure                                                                              bool
}

func connectionOf(c *rest.Config) connection {
	got := connection{
		Host: c.Host, Username: c.Username, Password: c.Password, Token: c.BearerToken, ServerName: c.ServerName,
		CAFile:   filepath.Base(c.CAFile),
		CAData:   string(c.CAData),
		CertData: string(c.CertData),
		KeyData:  string(c.KeyData),
		Insecure: c.Insecure,
	}
	if c.CAFile == "" {
		got.CAFile = ""
	}
	if c.Proxy != nil {
		if u, err := c.Proxy(nil); err == nil && u != nil {
			got.Proxy = u.String()
		}
	}
	return got
}

// writeFiles writes files into a new directory, and returns it.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestConfigRestConfig(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	// What somebody has set for kubectl decides nothing here.
	t.Setenv("KUBECONFIG", "/nonexistent/of-kubectl")
	dir := writeFiles(t, map[string]string{
		"config": kubeconfig, "ca.crt": "PEM", "empty": "",
		"users":    "users: [{name: blue, user: {token: other}}]\n",
		"contexts": "current-context: green\n",
		"no server": "current-context: red\ncontexts: [{name: red, context: {cluster: red, user: red}}]\nclusters: " +
			"[{name: red, cluster: {server: \"https://u:" + secret + "@red.example:port\"}}]\n",
		"certificate": "current-context: red\ncontexts: [{name: red, context: {cluster: red, user: red}}]\nclusters: " +
			"[{name: red, cluster: {server: \"https://red.example\"}}]\n" +
			"users: [{name: red, user: {client-certificate-data: Qw==, client-key-data: Sw==, as: somebody}}]\n",
	})
	if err := os.MkdirAll(filepath.Join(dir, "home"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"link", "home/config"} {
		if err := os.Symlink(filepath.Join(dir, "config"), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "home", "ca.crt"), []byte("PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", filepath.Join(dir, "home"))
	blue := connection{Host: "https://blue.example:6443", Token: secret, CAFile: "ca.crt"}
	green := connection{
		Host:       "https://green.example:6443",
		Username:   "green",
		Password:   secret,
		ServerName: "kubernetes",
	}
	file := func(names ...string) Config {
		var c Config
		for _, name := range names {
			c.ConfigPaths = append(c.ConfigPaths, filepath.Join(dir, name))
		}
		return c
	}
	with := func(c Config, change func(*Config)) Config { change(&c); return c }
	changed := func(c connection, change func(*connection)) connection { change(&c); return c }
	tests := map[string]struct {
		config Config
		want   connection
	}{
		"the current context": {file("config"), blue},
		"a symbolic link":     {file("link"), changed(blue, func(c *connection) {})},
		// its certificates are beside the link
		"the home directory": {Config{ConfigPaths: []string{"~/config"}}, blue},
		"another context":    {with(file("config"), func(c *Config) { c.ConfigContext = "green" }), green},
		"another user": {with(file("config"), func(c *Config) {
			c.ConfigContextAuthInfo = "green"
		}), changed(green, func(c *connection) { c.Host, c.ServerName, c.CAFile = blue.Host, "", "ca.crt" })},
		"another cluster": {with(file("config"), func(c *Config) {
			c.ConfigContextCluster = "green"
		}), changed(blue, func(c *connection) { c.Host, c.ServerName, c.CAFile = green.Host, "kubernetes", "" })},
		"the first file wins": {file("users", "config"), changed(blue, func(c *connection) {
			c.Token = "other"
		})},
		"the later file fills in":    {file("config", "users"), blue},
		"the first context wins":     {file("contexts", "config"), green},
		"missing files are left out": {file("missing", "config", "also-missing"), blue},
		"an empty file among others": {file("empty", "config"), blue},
		"a token over the kubeconfig's": {
			with(file("config"), func(c *Config) { c.Token = "mine" }), changed(blue, func(c *connection) {
				c.Token = "mine"
			}),
		},
		"the kubeconfig's certificate": {
			file("certificate"), connection{Host: "https://red.example", CertData: "C", KeyData: "K"},
		},
		"a token over the kubeconfig's certificate": {
			with(file("certificate"), func(c *Config) {
				c.Token = "mine"
			}), connection{Host: "https://red.example", Token: "mine"},
		},
		"a user over the kubeconfig's token": {
			with(file("config"), func(c *Config) {
				c.Username, c.Password = "u", "p"
			}), changed(blue, func(c *connection) { c.Token, c.Username, c.Password = "", "u", "p" }),
		},
		"a certificate over the kubeconfig's token": {
			with(file("config"), func(c *Config) { c.ClientCertificate, c.ClientKey = "C", "K" }),
			changed(blue, func(c *connection) { c.Token, c.CertData, c.KeyData = "", "C", "K" }),
		},
		"a command over the kubeconfig's certificate": {
			with(file("certificate"), func(c *Config) {
				c.Exec = &Exec{APIVersion: "client.authentication.k8s.io/v1", Command: "print"}
			}), connection{Host: "https://red.example"},
		},
		"a token of another context": {
			with(file("config"), func(c *Config) {
				c.ConfigContext, c.Token = "green", "mine"
			}), connection{Host: green.Host, ServerName: green.ServerName, Token: "mine"},
		},
		"a host over the kubeconfig's": {
			with(file("config"), func(c *Config) {
				c.Host = "https://mine.example"
			}), changed(blue, func(c *connection) { c.Host = "https://mine.example" }),
		},
		"a host beside a kubeconfig of another server": {
			with(file("config"), func(c *Config) {
				c.Host, c.HostAlone, c.Token, c.ConfigContext = "https://mine.example", true, "mine", "green"
			}), connection{Host: "https://mine.example", Token: "mine"},
		},
		"a host beside a kubeconfig whose server is none": {
			with(file("no server"), func(c *Config) {
				c.Host, c.HostAlone, c.Token = "https://mine.example", true, "mine"
			}), connection{Host: "https://mine.example", Token: "mine"},
		},
		"a host alone beside a kubeconfig of another server": {
			with(file("config"), func(c *Config) { c.Host, c.HostAlone = "http://127.0.0.1:8001", true }),
			connection{Host: "http://127.0.0.1:8001"},
		},
		"a host beside its own kubeconfig": {
			with(file("config"), func(c *Config) { c.Host, c.HostAlone = "blue.example:6443/", true }),
			changed(blue, func(c *connection) { c.Host = "https://blue.example:6443/" }),
		},
		"a host beside its own kubeconfig, with the port": {
			with(file("certificate"), func(c *Config) { c.Host, c.HostAlone = "https://red.example:443", true }),
			connection{Host: "https://red.example:443", CertData: "C", KeyData: "K"},
		},
		"a host beside a kubeconfig without a server": {
			with(file("users"), func(c *Config) {
				c.Host, c.HostAlone, c.Token = "https://mine.example", true, "mine"
			}), connection{Host: "https://mine.example", Token: "mine"},
		},
		"authorities over the kubeconfig's": {
			with(file("config"), func(c *Config) {
				c.ClusterCACertificate = "PEM2"
			}), changed(blue, func(c *connection) { c.CAFile, c.CAData = "", "PEM2" }),
		},
		"insecure over the kubeconfig's authorities": {
			with(file("config"), func(c *Config) { c.Insecure = true }), changed(blue, func(c *connection) {
				c.CAFile, c.Insecure = "", true
			}),
		},
		"a proxy": {
			with(file("config"), func(c *Config) { c.ProxyURL = "http://user:pw@proxy.example:3128" }),
			changed(blue, func(c *connection) { c.Proxy = "http://user:pw@proxy.example:3128" }),
		},
		"a host with a scheme": {
			Config{Host: "http://plain.example:8080"}, connection{Host: "http://plain.example:8080"},
		},
		"a host without a scheme": {Config{Host: "bare.example:6443"}, connection{Host: "https://bare.example:6443"}},
		"an address":              {Config{Host: "127.0.0.1:6443"}, connection{Host: "https://127.0.0.1:6443"}},
		"an IPv6 address":         {Config{Host: "[::1]:6443"}, connection{Host: "https://[::1]:6443"}},
		"a path behind the host": {
			Config{Host: "https://rancher.example/k8s/clusters/c-1"},
			connection{Host: "https://rancher.example/k8s/clusters/c-1"},
		},
		"a name without a port": {Config{Host: "bare.example"}, connection{Host: "https://bare.example"}},
		"every attribute without a file": {
			Config{
				Host:                 "https://own.example",
				Token:                "t",
				TLSServerName:        "n",
				ClientCertificate:    "C",
				ClientKey:            "K",
				ClusterCACertificate: "A",
			},
			connection{
				Host: "https://own.example", Token: "t", ServerName: "n", CertData: "C", KeyData: "K", CAData: "A",
			},
		},
		"user and password": {
			Config{Host: "https://own.example", Username: "u", Password: "p"},
			connection{Host: "https://own.example", Username: "u", Password: "p"},
		},
	}
	for name, test := range tests { //nolint:paralleltest // the environment is the process's
		t.Run(name, func(t *testing.T) {
			config, _ := test.config.withoutOther()
			got, err := config.restConfig()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, connectionOf(got)); diff != "" {
				t.Errorf("connection (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfigRestConfig_exec(t *testing.T) {
	t.Parallel()
	config := Config{Host: "https://own.example", Exec: &Exec{
		APIVersion: "client.authentication.k8s.io/v1", Command: "print-token", Args: []string{"--cluster", "shop"},
		Env: map[string]string{"B": "2", "A": "1"},
	}}
	got, err := config.restConfig()
	if err != nil {
		t.Fatal(err)
	}
	want := &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: "print-token", Args: []string{"--cluster", "shop"},
		Env:             []clientcmdapi.ExecEnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}},
		InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
	}
	// What client-go adds for itself is of no interest.
	got.ExecProvider.InstallHint, got.ExecProvider.StdinUnavailable = "", false
	if diff := cmp.Diff(want.String(), got.ExecProvider.String()); diff != "" {
		t.Errorf("exec (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]string{want.Args, {"A=1", "B=2"}}, [][]string{
		got.ExecProvider.Args, environ(got.ExecProvider.Env),
	}); diff != "" {
		t.Errorf("arguments and environment (-want +got):\n%s", diff)
	}
}

func environ(variables []clientcmdapi.ExecEnvVar) []string {
	var list []string
	for _, v := range variables {
		list = append(list, v.Name+"="+v.Value)
	}
	return list
}
