package acceptance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccClusters applies the examples of managed clusters word for word, but for the names of the lab. The cloud's
// provider and its command are stand-ins; who is asked with the credentials is the lab's API server.
func TestAccClusters(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		variables []string
		// command is how the plugin for credentials has to be called.
		command string
	}{
		"eks": {
			[]string{"region=eu-central-1", "cluster=shop"},
			"aws eks get-token --cluster-name shop --region eu-central-1 --output json",
		},
		"gke": {[]string{"project=acme", "location=europe-west1", "cluster=shop"}, "gke-gcloud-auth-plugin"},
		"aks": {
			[]string{"subscription=00000000-0000-0000-0000-000000000000", "resource_group=acme", "cluster=shop"},
			"kubelogin get-token --login azurecli --server-id 6dae42f8-4368-4678-94ff-3960e28e3630",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			k := newKube(t, lab.Kubeconfig)
			c := newCLI(t)
			installClouds(t, c, k.config.Host, k.authority)
			for _, variable := range test.variables {
				c.env = append(c.env, "TF_VAR_"+variable)
			}
			example := inLab(readFile(t, "../../../examples/clusters/"+name+"/main.tf"), `service   = "greeter"`,
				`service   = "`+lab.Service+`"`, `namespace = "greeter"`, `namespace = "`+lab.Namespace+`"`)
			c.write("main.tf", example)

			program, _, _ := strings.Cut(test.command, " ")
			token := k.token(lab.Namespace, lab.Service, everyVerb...)
			calls := filepath.Join(t.TempDir(), "calls")
			folder := filepath.Join(c.dir, "bin")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			c.write(filepath.Join("bin", program), fmt.Sprintf(`#!/bin/sh
echo "$(basename "$0") $*" >> %q
case "$KUBERNETES_EXEC_INFO" in *'"apiVersion":"client.authentication.k8s.io/v1beta1"'*) ;; *) exit 1 ;; esac
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"%%s"}}' %q
`, calls, token))
			c.env = append(c.env, "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
			c.must("apply")
			for _, call := range strings.Split(strings.TrimSpace(readFile(t, calls)), "\n") {
				if strings.TrimSpace(call) != test.command {
					t.Errorf("the command was called as %q, want %q", call, test.command)
				}
			}
			lab.Eventually(acctest.Request{Host: lab.Host, Count: 1000},
				acctest.Shares(map[string]float64{"v1": 90, "v2": 10}))
			if r := c.run("plan", "-detailed-exitcode"); !r.ok {
				t.Errorf("the plan is not empty:\n%s", r.text)
			}
			if strings.Contains(readFile(t, filepath.Join(c.dir, "terraform.tfstate")), token) {
				t.Error("the token is in the state")
			}

			// Who leaves base64decode out is told so.
			before, rest, _ := strings.Cut(example, "base64decode(")
			c.write("main.tf", before+strings.Replace(rest, ")", "", 1))
			c.fails("Invalid provider configuration", []string{"cluster_ca_certificate = base64decode(...)"}, "plan")
			c.write("main.tf", example)
			c.must("destroy")
			nothingIn(t, lab)
		})
	}
}
