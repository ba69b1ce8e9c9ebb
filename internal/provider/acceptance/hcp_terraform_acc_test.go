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
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const hcpExample = "../../../examples/hcp-terraform"

// hcpWorkspace is the working directory of the example of a workspace on HCP Terraform, with the lab's names.
func hcpWorkspace(t *testing.T, lab *acctest.Lab, k *kube) *cli {
	t.Helper()
	c := newCLI(t, "TFC_WORKSPACE_SLUG=acme/routes-greeter", "TF_VAR_cluster_host="+k.config.Host,
		"TF_VAR_cluster_ca="+base64.StdEncoding.EncodeToString([]byte(k.authority)))
	base := c.dir
	for _, folder := range []string{"platform", "hcp-terraform"} {
		c.dir = filepath.Join(base, folder)
		folderIn(t, c, "../../../examples/"+folder, func(text string) string {
			return inLab(text, "    greeter = {", "    "+lab.Service+" = {", `namespace = "greeter"`,
				`namespace = "`+lab.Namespace+`"`)
		})
	}
	c.write("cli.tfrc", readFile(t, filepath.Join(base, "cli.tfrc")))
	c.must("get")
	return c
}

// manifests are the objects of a file of the example, for the lab's namespace and under names of the test's own.
func manifests(t *testing.T, name string, replace ...string) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for _, text := range strings.Split(strings.NewReplacer(replace...).Replace(readFile(t, filepath.Join(hcpExample, name))), "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(text), &object.Object); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
	return objects
}

// TestAccHCPTerraform_identities plans and applies the example as the two users whom the API server knows of HCP
// Terraform's tokens. The lab's API server trusts no issuer; an administrator acts as the users in place of it.
func TestAccHCPTerraform_identities(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	c := hcpWorkspace(t, lab, k)
	const workspace = "organization:acme:project:shop:workspace:routes-greeter"
	as := func(phase string) string {
		text := readFile(t, lab.Kubeconfig)
		at := strings.Index(text, "  user:\n")
		if at < 0 {
			t.Fatalf("the kubeconfig has no user:\n%s", text)
		}
		at += len("  user:\n")
		return c.write("kubeconfig-"+phase, text[:at]+"    as: "+workspace+":run_phase:"+phase+"\n"+text[at:])
	}
	// The kubeconfig takes the place of the token.
	configured := strings.NewReplacer(`  host                   = var.cluster_host
  cluster_ca_certificate = base64decode(var.cluster_ca)
`, "  config_path = var.kubeconfig\n").Replace(readFile(t, filepath.Join(c.dir, "main.tf")))
	c.write("main.tf", configured+"\nvariable \"kubeconfig\" {}\n")
	plan := []string{"plan", "-out=saved.tfplan", "-var=kubeconfig=" + as("plan")}
	c.fails("Permission missing", []string{workspace + ":run_phase:plan"}, plan...)

	own := lab.Service + "-routes"
	for _, object := range manifests(t, "rbac.yaml", "name: mesh-routes", "name: "+own, "namespace: greeter",
		"namespace: "+lab.Namespace) {
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		k.create(resourceOf(object), string(text))
	}
	c.must(plan...)
	as("apply")
	c.must("apply", "-var=kubeconfig="+as("apply"))
	wantOwner(t, lab, "acme/routes-greeter")
	lab.Eventually(acctest.Request{Host: lab.Host, Count: 1000}, acctest.Shares(map[string]float64{"v1": 90, "v2": 10}))

	// Another workspace of the organization may do nothing here.
	other := strings.ReplaceAll(readFile(t, filepath.Join(c.dir, "kubeconfig-apply")), "routes-greeter", "routes-other")
	c.fails("Permission missing", []string{"workspace:routes-other:run_phase:apply"}, "plan",
		"-var=kubeconfig="+c.write("kubeconfig-other", other))
	c.must("destroy", "-var=kubeconfig="+as("apply"))
	nothingIn(t, lab)
}

// TestAccHCPTerraform_roles: the Role is the one that the documentation shows, and the agent has what it names.
func TestAccHCPTerraform_roles(t *testing.T) {
	t.Parallel()
	var role shippedRole
	shown := manifests(t, "rbac.yaml")[0]
	text, err := yaml.Marshal(shown.Object)
	if err == nil {
		err = yaml.Unmarshal(text, &role)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(role), fmt.Sprint(readRole(t, routesRole)); got != want {
		t.Errorf("the Role is %s, want %s", got, want)
	}
}

// TestAccHCPTerraform_agent: an API server takes what runs an agent.
func TestAccHCPTerraform_agent(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	for _, object := range manifests(t, "agent.yaml", "namespace: tfc-agent", "namespace: "+lab.Namespace, "name: tfc-agent\n",
		"name: "+lab.Service+"\n") {
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		k.create(resourceOf(object), string(text))
	}
}

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
		c.env = append(environment[:len(environment):len(environment)], variable+"="+token)
	}
	const lasts = 20 * time.Second
	ended := time.Now().Add(lasts)
	old := expiringToken(t, lab, k, lab.Service, lasts)
	refused := func(arguments ...string) {
		t.Helper()
		c.fails("Credentials not accepted", []string{k.config.Host, "Unauthorized", "a token may have expired"}, arguments...)
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
		at.write("main.tf", strings.Replace(main, "provider \"mesh\" {\n", "provider \"mesh\" {\n  token = "+token+"\n", 1)+`
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
		at.env = append(at.env[:len(at.env):len(at.env)], "TF_VAR_token="+old, "KUBE_TOKEN=")
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

	// A token in a variable stays what it was when it was planned.
	c.dir = variable
	with("TF_VAR_token", fresh)
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
