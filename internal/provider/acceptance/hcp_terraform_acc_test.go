package acceptance_test

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

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
	all := strings.NewReplacer(replace...).Replace(readFile(t, filepath.Join(hcpExample, name)))
	for _, text := range strings.Split(all, "\n---\n") {
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
		k.createObject(object)
	}
	c.must(plan...)
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

// TestAccHCPTerraform_agent: an API server takes what runs an agent, and with the subject of the README the agent's
// service account may change routes, and nothing else.
func TestAccHCPTerraform_agent(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	named := []string{
		"namespace: tfc-agent", "namespace: " + lab.Namespace, "name: tfc-agent\n", "name: " + lab.Service + "\n",
		"namespace: greeter", "namespace: " + lab.Namespace, "name: mesh-routes\n", "name: " + lab.Service + "\n",
	}
	_, subjects, _ := strings.Cut(readFile(t, filepath.Join(hcpExample, "README.md")), "```yaml\n")
	subjects, _, _ = strings.Cut(subjects, "```")
	for _, object := range append(manifests(t, "agent.yaml", named...), manifests(t, "rbac.yaml", named...)...) {
		if object.GetKind() == "RoleBinding" {
			text := strings.NewReplacer(named...).Replace(subjects)
			if err := yaml.UnmarshalStrict([]byte(text), &object.Object); err != nil {
				t.Fatal(err)
			}
		}
		k.createObject(object)
	}
	c := newCLI(t)
	c.configure(attributes("host", quote(k.config.Host), "cluster_ca_certificate", quote(k.authority), "token",
		quote(k.login(lab.Namespace, lab.Service))), routeTo(lab.Service, lab.Namespace, ""))
	c.must("plan")
	c.configure(attributes("host", quote(k.config.Host), "cluster_ca_certificate", quote(k.authority), "token",
		quote(k.login(lab.Namespace, lab.Service))), routeTo(lab.Service, "default", ""))
	c.fails("Permission missing", []string{"system:serviceaccount:" + lab.Namespace + ":" + lab.Service}, "plan")
}

// createObject makes an object, and removes it after the test.
func (k *kube) createObject(object *unstructured.Unstructured) {
	k.t.Helper()
	text, err := yaml.Marshal(object.Object)
	if err != nil {
		k.t.Fatal(err)
	}
	k.create(resourceOf(object), string(text))
}
