package acceptance_test

import (
	"archive/zip"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// secretive is a way to connect that holds secrets.
type secretive struct {
	block string
	env   []string
	// secrets must not be printed or kept anywhere.
	secrets []string
	// works says that the API server accepts them.
	works bool
	// declared says that the secrets are values of the configuration: Terraform itself keeps those in a plan file.
	declared bool
}

// TestAccFailure_secrets: no secret is in any output at TF_LOG=TRACE, in the state, in its backup or in a plan file,
// whether the connection works or not.
func TestAccFailure_secrets(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newConnection(t, lab)
	files := &cli{t: t, dir: t.TempDir()}
	mark := func(name string) string { return "marker-" + name + "-" + lab.Service }
	proxy, _ := connectProxy(t, mark("proxy"))
	ca := base64.StdEncoding.EncodeToString([]byte(c.authority))
	kubeconfig := func(name, user string) string {
		return files.write(name, fmt.Sprintf(
			"apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: %q, "+
				"certificate-authority-data: %s}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nusers: "+
				"[{name: a, user: %s}]\n",
			c.host, ca, user))
	}
	printing := func(name, text string) string { return files.write(name, "#!/bin/sh\n"+text+"\n") }
	credential := `printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",` +
		`"status":{"token":"%s"}}' "$MARK"`
	execUser := func(command, marker string) string {
		return fmt.Sprintf("{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: %q,"+
			" env: [{name: MARK, value: %s}]}}", command, marker)
	}
	execBlock := func(command string) string {
		return fmt.Sprintf("  host = %q\n  cluster_ca_certificate = %q\n  exec {\n    api_version = "+
			"\"client.authentication.k8s.io/v1\"\n    command = %q\n    env = { MARK = var.secret }\n  }\n", c.host,
			c.authority, command)
	}
	reach := []string{"KUBE_HOST=" + c.host, "KUBE_CLUSTER_CA_CERT_DATA=" + c.authority}
	with := func(more ...string) []string { return append(append([]string{}, reach...), more...) }
	declare := func(attribute string) string {
		return fmt.Sprintf("  host = %q\n  cluster_ca_certificate = %q\n  %s\n", c.host, c.authority, attribute)
	}
	signature := c.token[strings.LastIndex(c.token, ".")+1:]
	tests := map[string]secretive{
		"token": {env: with("KUBE_TOKEN=" + c.token), secrets: []string{c.token, signature}, works: true},
		"token through a proxy": {
			env: with("KUBE_TOKEN="+c.token, "KUBE_PROXY_URL=http://user:"+mark("proxy")+"@"+proxy),
			secrets: []string{signature, mark("proxy"), base64.StdEncoding.EncodeToString([]byte("user:" +
				mark("proxy")))}, works: true,
		},
		"proxy that is down": {
			env:     with("KUBE_TOKEN="+mark("token"), "KUBE_PROXY_URL=http://user:"+mark("proxy")+"@127.0.0.1:1"),
			secrets: []string{mark("token"), mark("proxy")},
		},
		"proxy that is none": {
			env:     with("KUBE_TOKEN="+mark("token"), "KUBE_PROXY_URL=http://user:"+mark("proxy")+"@["),
			secrets: []string{mark("token"), mark("proxy")},
		},
		"host with a password": {
			env:     []string{"KUBE_HOST=https://user:" + mark("host") + "@127.0.0.1:1"},
			secrets: []string{mark("host")},
		},
		"wrong token": {
			env:     with("KUBE_TOKEN=" + mark("token")),
			secrets: []string{mark("token")},
		},
		"wrong password": {
			env:     with("KUBE_USER=u", "KUBE_PASSWORD="+mark("password")),
			secrets: []string{mark("password"), base64.StdEncoding.EncodeToString([]byte("u:" + mark("password")))},
		},
		"key that is none": {
			env:     with("KUBE_CLIENT_CERT_DATA="+mark("cert"), "KUBE_CLIENT_KEY_DATA="+mark("key")),
			secrets: []string{mark("key")},
		},
		"kubeconfig with a token": {
			env:     []string{"KUBE_CONFIG_PATH=" + kubeconfig("good", "{token: "+c.token+"}")},
			secrets: []string{c.token, signature},
			works:   true,
		},
		"kubeconfig with a wrong token": {
			env:     []string{"KUBE_CONFIG_PATH=" + kubeconfig("wrong", "{token: "+mark("kubeconfig")+"}")},
			secrets: []string{mark("kubeconfig")},
		},
		"broken kubeconfig": {
			env:     []string{"KUBE_CONFIG_PATH=" + kubeconfig("broken", "{token: *"+mark("kubeconfig")+"}")},
			secrets: []string{mark("kubeconfig")},
		},
		"exec of a kubeconfig": {env: []string{
			"KUBE_CONFIG_PATH=" + kubeconfig("exec", execUser(printing("print", credential), c.token)),
		}, secrets: []string{c.token, signature}, works: true},
		"exec whose token is refused": {env: []string{
			"KUBE_CONFIG_PATH=" + kubeconfig("exec-wrong", execUser(printing("print-wrong", credential), mark("exec"))),
		}, secrets: []string{mark("exec")}},
		"exec that fails": {env: []string{"KUBE_CONFIG_PATH=" + kubeconfig("exec-fails",
			execUser(printing("fails", credential+"; exit 3"), mark("exec")))}, secrets: []string{mark("exec")}},
		"exec that prints something else": {env: []string{"KUBE_CONFIG_PATH=" + kubeconfig("exec-text",
			execUser(printing("text", `echo "{token: *$MARK}"`), mark("exec")))}, secrets: []string{mark("exec")}},
		"token of the configuration": {
			block:    declare("token = var.secret"),
			env:      []string{"TF_VAR_secret=" + c.token},
			secrets:  []string{c.token, signature},
			works:    true,
			declared: true,
		},
		"password of the configuration": {
			block:    declare("username = \"u\"\n  password = var.secret"),
			env:      []string{"TF_VAR_secret=" + mark("password")},
			secrets:  []string{mark("password")},
			declared: true,
		},
		"proxy_url of the configuration": {
			block:    declare("token = \"x\"\n  proxy_url = \"http://user:${var.secret}@127.0.0.1:1\""),
			env:      []string{"TF_VAR_secret=" + mark("proxy")},
			secrets:  []string{mark("proxy")},
			declared: true,
		},
		"bad proxy_url of the configuration": {
			block:    declare("token = \"x\"\n  proxy_url = \"user:${var.secret}@127.0.0.1:1\""),
			env:      []string{"TF_VAR_secret=" + mark("proxy")},
			secrets:  []string{mark("proxy")},
			declared: true,
		},
		"exec of the configuration": {
			block:    execBlock(printing("print-block", credential)),
			env:      []string{"TF_VAR_secret=" + c.token},
			secrets:  []string{c.token, signature},
			works:    true,
			declared: true,
		},
		"failing exec of the configuration": {
			block:    execBlock(printing("fails-block", credential+"; exit 3")),
			env:      []string{"TF_VAR_secret=" + mark("exec")},
			secrets:  []string{mark("exec")},
			declared: true,
		},
	}
	if lab.Dir != "" {
		key := readFile(t, filepath.Join(lab.Dir, "client.key"))
		tests["client key"] = secretive{
			env: with("KUBE_CLIENT_CERT_DATA="+readFile(t, filepath.Join(lab.Dir, "client.crt")),
				"KUBE_CLIENT_KEY_DATA="+key),
			secrets: strings.Split(strings.TrimSpace(key), "\n")[1:2], works: true,
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := lab
			if test.works {
				own = acctest.Start(t)
			}
			terraform := newCLI(t, append(test.env, "TF_LOG=TRACE")...)
			variable := ""
			if test.declared {
				variable = "variable \"secret\" {\n  type = string\n  sensitive = true\n}\n"
			}
			terraform.configure("  propagation = { settle = \"0s\" }\n"+test.block,
				variable+routeTo(own.Service, own.Namespace, ""))
			output := terraform.run("plan", "-out=saved.tfplan")
			if output.ok != test.works {
				t.Fatalf("plan succeeds: %t, want %t\n%s", output.ok, test.works, output)
			}
			search(t, "the plan's output", output.text, test.secrets)
			if !strings.Contains(output.text, "[TRACE]") && !strings.Contains(output.text, `"@level":"trace"`) {
				t.Error("the output has no trace: nothing was searched")
			}
			if !test.works {
				return
			}
			apply := []string{"apply"}
			if !test.declared {
				apply = append(apply, "saved.tfplan")
			}
			search(t, "apply's output", terraform.must(apply...).text, test.secrets)
			search(t, "destroy's output", terraform.must("destroy").text, test.secrets)
			for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
				search(t, name, readFile(t, filepath.Join(terraform.dir, name)), test.secrets)
			}
			if !test.declared {
				searchPlan(t, filepath.Join(terraform.dir, "saved.tfplan"), test.secrets)
			}
		})
	}
}

// search fails the test for every line of a text that holds a secret, and shows it without the secret.
func search(t *testing.T, where, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if len(secret) < 10 {
			t.Fatalf("the secret %q is too short to be told from other text", secret)
		}
		for line := range strings.Lines(text) {
			if strings.Contains(line, secret) {
				t.Errorf("%s holds a secret: %.600s", where, strings.ReplaceAll(line, secret, "<SECRET>"))
			}
		}
	}
}

// searchPlan searches the files in a plan file, which is a zip archive.
func searchPlan(t *testing.T, path string, secrets []string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		search(t, "the plan file's "+file.Name, string(content), secrets)
	}
}
