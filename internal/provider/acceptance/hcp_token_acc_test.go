package acceptance_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// endingToken returns a token of a service account, and what ends it: the token is good for as long as a Secret exists.
// The API server remembers for ten seconds that a token was good.
func (k *kube) endingToken(namespace, account string) (token string, end func()) {
	k.t.Helper()
	secret := k.create("secrets", "apiVersion: v1\nkind: Secret\nmetadata: {name: "+account+"-token, namespace: "+
		namespace+"}\n")
	token = k.loginWith(namespace, account, map[string]any{"boundObjectRef": map[string]any{
		"kind": "Secret", "apiVersion": "v1", "name": secret.GetName(), "uid": string(secret.GetUID()),
	}})
	client, err := dynamic.NewForConfig(&rest.Config{
		Host: k.config.Host, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: []byte(k.authority)},
	})
	if err != nil {
		k.t.Fatal(err)
	}
	holder := &kube{t: k.t, client: client}
	reading := func() error {
		_, err := holder.objects("v1", "pods", namespace).List(k.t.Context(), metav1.ListOptions{})
		return err
	}
	return token, func() {
		k.t.Helper()
		k.remove("v1", "secrets", namespace, secret.GetName())
		k.awaitAnswer("read with a token that has ended", reading, apierrors.IsUnauthorized)
	}
}

// TestAccHCPTerraform_savedPlan: a token that ends between plan and apply stops the apply before anything is written.
// The same plan is applied with the token that the apply gets, as on HCP Terraform. A token that is a variable is in
// the plan, and stays the old one.
func TestAccHCPTerraform_savedPlan(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	fresh := k.token(lab.Namespace, lab.Service, everyVerb...)
	c := hcpWorkspace(t, lab, k)
	environment := c.env
	with := func(variable, token string) {
		c.env = slices.Concat(environment, []string{variable + "=" + token})
	}
	old, end := k.endingToken(lab.Namespace, lab.Service)
	refused := func(arguments ...string) {
		t.Helper()
		c.fails("Credentials not accepted", []string{k.config.Host, "Unauthorized", "a token may have expired"},
			arguments...)
		nothingIn(t, lab)
	}

	with("KUBE_TOKEN", old)
	c.must("plan", "-out=saved.tfplan")
	// The same with the token in a variable, and with the token in a file whose path is a variable.
	main := readFile(t, filepath.Join(c.dir, "main.tf"))
	variable, file := c.dir+"-variable", c.dir+"-file"
	tokenFile := filepath.Join(t.TempDir(), "token")
	writeFile(t, tokenFile, old)
	for folder, token := range map[string]string{
		variable: "var.token", file: "file(var.tfc_kubernetes_dynamic_credentials.default.token_path)",
	} {
		at := *c
		at.dir = folder
		folderIn(t, &at, c.dir, strings.Clone)
		const block = "provider \"mesh\" {\n"
		at.write("main.tf", strings.Replace(main, block, block+"  token = "+token+"\n", 1)+`
variable "token" {
  type      = string
  default   = ""
  sensitive = true
}
variable "tfc_kubernetes_dynamic_credentials" {
  type = object({ default = object({ token_path = string }) })
  default = { default = { token_path = "`+tokenFile+`" } }
}
`)
		at.env = slices.Concat(environment, []string{"TF_VAR_token=" + old})
		at.must("get")
		at.must("plan", "-out=saved.tfplan")
	}
	end()
	whole := c.dir
	refused("plan")
	c.dir += "-old"
	folderIn(t, c, whole, strings.Clone)
	refused("apply", "saved.tfplan")
	// Terraform has saved the state nevertheless.
	with("KUBE_TOKEN", fresh)
	c.fails("Saved plan is stale", nil, "apply", "saved.tfplan")

	// A token in a variable stays what it was when it was planned. OpenTofu takes no other value beside the plan.
	c.dir = variable
	with("TF_VAR_token", fresh)
	if os.Getenv("TF_ACC_PROVIDER_HOST") != "" {
		c.fails("Mismatch between input and plan variable value", nil, "apply", "saved.tfplan")
		with("TF_VAR_token", old)
	}
	refused("apply", "saved.tfplan")

	// A file is read anew.
	c.dir = file
	writeFile(t, tokenFile, fresh)
	with("KUBE_TOKEN", "")
	c.must("apply", "saved.tfplan")
	c.must("destroy")
	nothingIn(t, lab)

	c.dir = whole
	with("KUBE_TOKEN", fresh)
	c.must("apply", "saved.tfplan")
	if r := c.run("plan", "-detailed-exitcode"); !r.ok {
		t.Errorf("the plan is not empty:\n%s", r.text)
	}
	c.must("destroy")
	nothingIn(t, lab)
}

// TestAccHCPTerraform_walk: a walk that outlives its token stops at its step, and the next apply goes on from there.
func TestAccHCPTerraform_walk(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	fresh := k.token(lab.Namespace, lab.Service, everyVerb...)
	c := newCLI(t)
	environment := c.env
	with := func(token string) {
		c.env = slices.Concat(environment, []string{"KUBE_TOKEN=" + token})
	}
	var ended atomic.Bool
	j := newJudge(t, func(int64) int {
		if ended.Load() {
			return http.StatusNoContent
		}
		return http.StatusServiceUnavailable
	})
	share := func(v1, v2 string) {
		c.configure(attributes("host", quote(k.config.Host), "cluster_ca_certificate", quote(k.authority),
			"propagation", `{ settle = "0s" }`), `resource "mesh_canary_route" "test" {
  service   = "`+lab.Service+`"
  namespace = "`+lab.Namespace+`"
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }
  default = { weights = { v1 = `+v1+`, v2 = `+v2+` } }
  walk    = { steps = [50], pause = "0s", gates = [{ name = "ended", webhook = "`+j.URL+`/secret" }] }
}
`)
	}
	share("100", "0")
	with(fresh)
	c.must("apply")
	share("0", "100")
	token, end := k.endingToken(lab.Namespace, lab.Service)
	with(token)
	apply := c.start("apply")
	awaitShare(t, lab, 50)
	end()
	ended.Store(true)
	r := <-apply.done
	r.want(t, "error", "Credentials not accepted", "Unauthorized")
	r.want(t, "warning", "Walk stopped",
		"The walk is at step 1 of 2: v1 50 %, v2 50 %. That is live, and the next apply goes on from there.")
	wantShare(t, lab, 50, true)
	with(fresh)
	c.must("apply")
	wantShare(t, lab, 100, false)
	c.must("destroy")
	nothingIn(t, lab)
}
