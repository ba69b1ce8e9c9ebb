package cluster

import (
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
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
			got, err := test.config.restConfig()
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

func TestConnect_noConfiguration(t *testing.T) {
	t.Setenv("KUBECONFIG", "/nonexistent/of-kubectl")
	tests := map[string]struct {
		inCluster string
		config    Config
	}{
		"nothing":                             {"", Config{}},
		"credentials alone":                   {"", Config{Token: secret, ClientKey: secret}},
		"in a pod without a service account":  {"10.0.0.1", Config{}},
		"a token in a pod without an account": {"10.0.0.1", Config{Token: secret}},
		"exec alone": {
			"", Config{Exec: &Exec{APIVersion: "client.authentication.k8s.io/v1", Command: "x"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBERNETES_SERVICE_HOST", test.inCluster)
			t.Setenv("KUBERNETES_SERVICE_PORT", "443")
			if _, err := Connect(test.config); !errors.Is(err, ErrNoConfiguration) {
				t.Errorf("Connect: %v, want %v", err, ErrNoConfiguration)
			}
		})
	}
}

// TestConnect_errors: every error says which file or attribute is wrong, and none says what is in it.
func TestConnect_errors(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	dir := writeFiles(t, map[string]string{
		"config":     strings.Replace(kubeconfig, ", certificate-authority: ca.crt", "", 1),
		"relative":   kubeconfig,
		"empty":      "",
		"tabs":       "users:\n\t- token: " + secret + "\n",
		"unclosed":   "users: [{name: a, user: {token: \"" + secret + "\n",
		"alias":      "users: [{name: a, user: {token: *" + secret + "}}]\n",
		"duplicate":  secret + ": 1\n" + secret + ": 2\n",
		"scalar":     secret + "\n",
		"wrong type": "users: " + secret + "\n",
		"wrong kind": "apiVersion: v1\nkind: " + secret + "\n",
		"base64":     "users: [{name: a, user: {client-key-data: \"" + secret + "!\"}}]\n",
		"binary":     "\x00\xff" + secret,
		"large":      strings.Repeat("- "+secret+"\n", 10<<20/(len(secret)+3)),
		"no context": "users: [{name: a, user: {token: " + secret + "}}]\n",
		"dangling": "current-context: a\ncontexts: [{name: a, context: {cluster: missing, user: " +
			"missing}}]\nusers: [{name: a, user: {token: " + secret + "}}]\n",
		"bad key": "current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: " +
			"[{name: a, cluster: {server: \"https://a.example\"}}]\nusers: [{name: a," +
			" user: {client-certificate-data: " + encoded + ", client-key-data: " + encoded + "}}]\n",
		"bad proxy": "current-context: a\ncontexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, " +
			"cluster: {server: \"https://a.example\", proxy-url: \"http://u:" + secret + "@[\"}}]\n",
		"bad server": "current-context: a\ncontexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, " +
			"cluster: {server: \"https://u:" + secret + "@a.example:port\"}}]\n",
		"bad authority": "current-context: a\ncontexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, " +
			"cluster: {server: \"https://a.example\", certificate-authority-data: " + encoded + "}}]\n",
		"two methods": "current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: " +
			"[{name: a, cluster: {server: \"https://a.example\"}}]\nusers: [{name: a, user: {token: " + secret +
			", username: u, password: " + secret + "}}]\n",
		"exec no version": "current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: " +
			"[{name: a, cluster: {server: \"https://a.example\"}}]\nusers: [{name: a, user: {exec: {command: x," +
			" env: [{name: T, value: " + secret + "}]}}}]\n",
	})
	if err := os.Mkdir(filepath.Join(dir, "directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "dangling link")); err != nil {
		t.Fatal(err)
	}
	file := func(name string) Config { return Config{ConfigPaths: []string{filepath.Join(dir, name)}} }
	own := func(change func(*Config)) Config {
		c := Config{Host: "https://own.example"}
		change(&c)
		return c
	}
	tests := map[string]struct {
		config Config
		want   []string
	}{
		"missing file": {file("missing"), []string{"missing", "no such file"}},
		"missing file in the home": {
			Config{ConfigPaths: []string{"~/missing-kubeconfig"}}, []string{"missing-kubeconfig", "no such file"},
		},
		"dangling link": {file("dangling link"), []string{"dangling link", "no such file"}},
		"directory":     {file("directory"), []string{"directory", "it is a directory"}},
		"directory in a list": {
			Config{ConfigPaths: []string{filepath.Join(dir, "config"), dir}}, []string{dir, "it is a directory"},
		},
		"every file of a list missing": {
			Config{ConfigPaths: []string{filepath.Join(dir, "one"), filepath.Join(dir, "two")}},
			[]string{"one", "two", "none of the files exists"},
		},
		"empty file": {file("empty"), []string{"empty", "names no cluster"}},
		"empty file in a list": {
			Config{ConfigPaths: []string{filepath.Join(dir, "empty"), filepath.Join(dir, "gone")}},
			[]string{"empty", "names no cluster"},
		},
		"tabs":                      {file("tabs"), []string{"tabs", "line 2"}},
		"unclosed string":           {file("unclosed"), []string{"unclosed"}},
		"alias to nowhere":          {file("alias"), []string{"alias"}},
		"duplicate key":             {file("duplicate"), []string{"duplicate"}},
		"text instead of a mapping": {file("scalar"), []string{"scalar"}},
		"text instead of a list":    {file("wrong type"), []string{"wrong type"}},
		"another kind":              {file("wrong kind"), []string{"wrong kind"}},
		"broken base64":             {file("base64"), []string{"base64"}},
		"binary file":               {file("binary"), []string{"binary"}},
		"10 MB":                     {file("large"), []string{"large"}},
		"broken file in a list": {
			Config{ConfigPaths: []string{filepath.Join(dir, "config"), filepath.Join(dir, "tabs")}},
			[]string{"tabs", "line 2"},
		},
		"no current context":       {file("no context"), []string{"no context", "names no cluster"}},
		"missing cluster and user": {file("dangling"), []string{"dangling", "names no cluster"}},
		"missing context": {
			Config{ConfigPaths: file("config").ConfigPaths, ConfigContext: "red"},
			[]string{"config", `context "red" does not exist`},
		},
		"missing user": {
			Config{ConfigPaths: file("config").ConfigPaths, ConfigContextAuthInfo: "red"},
			[]string{`"red"`, "does not exist"},
		},
		"missing cluster": {
			Config{ConfigPaths: file("config").ConfigPaths, ConfigContextCluster: "red"},
			[]string{`"red"`, "does not exist"},
		},
		"missing authority file": {file("relative"), []string{filepath.Join(dir, "ca.crt")}},
		"key that is none":       {file("bad key"), []string{"bad key", "PEM"}},
		"proxy that is none":     {file("bad proxy"), []string{"bad proxy", "proxy"}},
		"server that is none":    {file("bad server"), []string{"bad server", "server"}},
		"authority that is none": {file("bad authority"), []string{"bad authority", "certificate"}},
		"two ways to log in": {
			file("two methods"), []string{"two methods", "more than one authentication method"},
		},
		"exec without an API version": {file("exec no version"), []string{"exec no version", "apiVersion"}},

		"host that is none": {own(func(c *Config) {
			c.Host = "https://u:" + secret + "@own.example:port"
		}), []string{"host"}},
		"host of spaces": {own(func(c *Config) {
			c.Host = "own example " + secret
		}), []string{"host"}},
		"proxy of attribute": {own(func(c *Config) {
			c.ProxyURL = "http://u:" + secret + "@["
		}), []string{"proxy_url"}},
		"proxy of attribute without scheme": {own(func(c *Config) {
			c.ProxyURL = "u:" + secret + "@proxy.example:80"
		}), []string{"proxy_url", "http, https or socks5"}},
		"certificate without key": {own(func(c *Config) { c.ClientCertificate = secret }), []string{"client_key"}},
		"key without certificate": {own(func(c *Config) { c.ClientKey = secret }), []string{"client_certificate"}},
		"certificate of text": {own(func(c *Config) {
			c.ClientCertificate, c.ClientKey = secret, secret
		}), []string{"PEM"}},
		"authority of text": {own(func(c *Config) { c.ClusterCACertificate = secret }), []string{"certificate"}},
		"insecure and authority": {own(func(c *Config) {
			c.Insecure, c.ClusterCACertificate = true, secret
		}), []string{"insecure"}},
		"token and password": {own(func(c *Config) {
			c.Token, c.Username, c.Password = secret, "u", secret
		}), []string{"more than one authentication method"}},
		"exec of another version": {own(func(c *Config) {
			c.Exec = &Exec{APIVersion: "v0", Command: "x", Env: map[string]string{"T": secret}}
		}), []string{"v0"}},
		"exec without a command": {own(func(c *Config) {
			c.Exec = &Exec{APIVersion: "client.authentication.k8s.io/v1", Env: map[string]string{"T": secret}}
		}), []string{"command"}},
	}
	for name, test := range tests { //nolint:paralleltest // the environment is the process's
		t.Run(name, func(t *testing.T) {
			_, err := Connect(test.config)
			if err == nil {
				t.Fatal("Connect succeeds, want an error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
			for _, hidden := range []string{secret, encoded, url.QueryEscape(secret), "KUBERNETES_MASTER", "\n"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("error %q contains %q", err, hidden)
				}
			}
			if len(err.Error()) > 500 {
				t.Errorf("error has %d characters: %.300s", len(err.Error()), err)
			}
		})
	}
}
