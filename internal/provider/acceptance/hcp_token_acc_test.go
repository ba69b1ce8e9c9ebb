package acceptance_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const (
	// leeway is for how long an API server takes a token of a service account that has expired (the default of
	// go-jose's jwt.Claims.Validate), and remembered for how long one that it has looked at (kube-apiserver's
	// TokenSuccessCacheTTL).
	leeway, remembered = time.Minute, 10 * time.Second
)

// expiringToken returns a token of a service account that is taken for a while: one of a TokenRequest, of which the
// shortest lasts ten minutes, signed anew by the lab's own key.
func expiringToken(t *testing.T, lab *acctest.Lab, k *kube, account string, lasts time.Duration) string {
	t.Helper()
	acctest.NeedEmbedded(t)
	parts := strings.Split(k.login(lab.Namespace, account), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	claims := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	expires := time.Now().Add(lasts - leeway)
	issued := expires.Add(-leeway).Unix()
	claims["iat"], claims["nbf"], claims["exp"] = issued, issued, expires.Unix()
	if raw, err = json.Marshal(claims); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(readFile(t, filepath.Join(lab.Dir, "pki", "sa.key"))))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	signed := parts[0] + "." + base64.RawURLEncoding.EncodeToString(raw)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key.(*rsa.PrivateKey), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
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
	const lasts = 20 * time.Second
	ended := time.Now().Add(lasts)
	old := expiringToken(t, lab, k, lab.Service, lasts)
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
	time.Sleep(time.Until(ended.Add(remembered + time.Second)))
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
	const pause = 25 * time.Second
	share := func(v1, v2 string, pause time.Duration) {
		c.configure(attributes("host", quote(k.config.Host), "cluster_ca_certificate", quote(k.authority),
			"propagation", `{ settle = "0s" }`), `resource "mesh_canary_route" "test" {
  service   = "`+lab.Service+`"
  namespace = "`+lab.Namespace+`"
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }
  default = { weights = { v1 = `+v1+`, v2 = `+v2+` } }
  walk    = { steps = [50], pause = "`+pause.String()+`" }
}
`)
	}
	share("100", "0", pause)
	with(fresh)
	c.must("apply")
	share("0", "100", pause)
	with(expiringToken(t, lab, k, lab.Service, pause-remembered-2*time.Second))
	c.fails("Credentials not accepted", []string{"Unauthorized"}, "apply").want(t, "warning", "Walk stopped",
		"The walk is at step 1 of 2: v1 50 %, v2 50 %. That is live, and the next apply goes on from there.")
	wantShare(t, lab, 50, true)
	share("0", "100", 0)
	with(fresh)
	c.must("apply")
	wantShare(t, lab, 100, false)
	c.must("destroy")
	nothingIn(t, lab)
}
