package cluster

import (
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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

		"missing file beside a host": {
			Config{ConfigPaths: file("missing").ConfigPaths, Host: "https://own.example", HostAlone: true},
			[]string{"missing", "no such file"},
		},
		"broken file beside a host": {
			Config{ConfigPaths: file("tabs").ConfigPaths, Host: "https://own.example", HostAlone: true},
			[]string{"tabs", "line 2"},
		},
		"host that is none beside a kubeconfig": {
			Config{
				ConfigPaths: file("config").ConfigPaths, Host: "https://u:" + secret + "@own.example:port",
				HostAlone: true,
			},
			[]string{"host must be a URL or host:port"},
		},
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
