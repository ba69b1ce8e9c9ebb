package acceptance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// versionLabel is how the examples tell versions apart; the lab's pods carry another label.
var versionLabel = regexp.MustCompile(`\{ version = "(v[0-9])" \}`)

// inLab puts the lab's names in place of those of the example.
func inLab(text string, names ...string) string {
	text = strings.NewReplacer(names...).Replace(text)
	return versionLabel.ReplaceAllString(text, `{ app = "k8s-combat-service-$1" }`)
}

// TestAccPlatform_example applies the example of the module, changes it under load, and destroys it. Nobody else's
// objects change, no request fails, and each plan after an apply is empty.
func TestAccPlatform_example(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	reviews, ratings := lab.Twin("-reviews"), lab.Twin("-ratings")
	others := lab.Bystand()
	c := newCLI(t, "KUBE_CONFIG_PATH="+lab.Kubeconfig)
	folderIn(t, c, platformModule, func(text string) string {
		return inLab(text, `namespace = "shop"`, `namespace = "`+lab.Namespace+`"`, `pause = "5m"`, `pause = "0s"`,
			"    reviews = {", "    "+reviews.Service+" = {", "    ratings = {", "    "+ratings.Service+" = {")
	})
	if err := os.Symlink(filepath.Join(c.dir, "cli.tfrc"), filepath.Join(c.dir, "example", "cli.tfrc")); err != nil {
		t.Fatal(err)
	}
	c.dir = filepath.Join(c.dir, "example")
	file := filepath.Join(c.dir, "main.tf")
	c.must("get")
	unchanged := func(arguments ...string) {
		t.Helper()
		if r := c.run(append([]string{"plan", "-detailed-exitcode"}, arguments...)...); !r.ok {
			t.Errorf("the plan is not empty:\n%s", r.text)
		}
	}
	tester := acctest.Request{Host: reviews.Host, Headers: map[string]string{"x-tester": "yes"}, Count: 100}
	anybody := acctest.Request{Host: reviews.Host, Count: 1000}
	for _, l := range []*acctest.Lab{reviews, ratings} {
		nothingIn(t, l)
	}

	// Without an owner nothing is made.
	whole := readFile(t, file)
	writeFile(t, file, strings.Replace(whole, "  owner = ", "  # owner = ", 1))
	c.fails("Resource postcondition failed", []string{
		`Nobody owns the route of services["` + reviews.Service + `"]. Name this workspace in the provider block:`,
		`owner = "shop/${terraform.workspace}"`,
	}, "apply")
	nothingIn(t, reviews)
	writeFile(t, file, whole)

	c.must("apply")
	wantOwner(t, reviews, "shop/default")
	wantOwner(t, ratings, "shop/default")
	lab.Eventually(anybody, acctest.Shares(map[string]float64{"v1": 90, "v2": 10}))
	lab.Eventually(tester, acctest.Only("v2"))
	unchanged()
	if picture := c.must("output", "-raw", "pictures").text; !strings.Contains(picture, "v1 90 %, v2 10 %") {
		t.Errorf("the picture is\n%s", picture)
	}
	before := map[string]map[string]types.UID{"reviews": uids(reviews), "ratings": uids(ratings)}
	var load *acctest.Load
	if lab.Dir != "" {
		load = lab.StartLoad(50, []acctest.Stream{
			{Name: "reviews", Host: reviews.Host}, {Name: "testers", Host: reviews.Host, Headers: tester.Headers},
			{Name: "ratings", Host: ratings.Host},
		})
	}

	// What the platform forbids is refused where the route is live, too.
	c.fails("Step too large", []string{
		"v2 gains 40 percent points", "max_weight_step: allows a destination to gain at most 25 percent points",
	}, "apply", "-var=reviews_v2=50")
	c.fails("Resource precondition failed", []string{"sends more than 50 % to others"}, "apply", "-var=reviews_v2=51")
	lab.Eventually(anybody, acctest.Shares(map[string]float64{"v1": 90, "v2": 10}))

	c.must("apply", "-var=reviews_v2=35")
	lab.Eventually(anybody, acctest.Shares(map[string]float64{"v1": 65, "v2": 35}))
	unchanged("-var=reviews_v2=35")
	c.must("apply", "-var=reviews_v2=35", `-var=roll_back=["`+reviews.Service+`"]`)
	lab.Eventually(anybody, acctest.Only("v1"))
	lab.Eventually(tester, acctest.Only("v1"))
	unchanged("-var=reviews_v2=35", `-var=roll_back=["`+reviews.Service+`"]`)

	// Testers come back in one step where somebody says so.
	c.fails("Step too large", []string{"v2 gains 100 percent points: requests with header x-tester=yes"}, "plan")
	whole = strings.Replace(whole, "  roll_back       =", "  any_step  = [\""+reviews.Service+"\"]\n  roll_back =", 1)
	writeFile(t, file, whole)
	c.must("apply")
	lab.Eventually(tester, acctest.Only("v2"))

	// The second service walks to the version that is the one for all from now on. It has no steps on its way that
	// are too large; without the walk it would be one.
	at := strings.LastIndex(whole, `stable    = "v1"`)
	promoted := whole[:at] + `stable    = "v2"` + whole[at+len(`stable    = "v1"`):]
	writeFile(t, file, strings.Replace(promoted, "      walk      =", "      # walk    =", 1))
	c.fails("Step too large", []string{"v2 gains 100 percent points"}, "plan")
	writeFile(t, file, promoted)
	c.must("apply")
	lab.Eventually(acctest.Request{Host: ratings.Host, Count: 100}, acctest.Only("v2"))
	unchanged()
	if diff := cmp.Diff(before, map[string]map[string]types.UID{
		"reviews": uids(reviews), "ratings": uids(ratings),
	}); diff != "" {
		t.Errorf("objects were made anew (-want +got):\n%s", diff)
	}
	if load != nil {
		for _, stream := range load.Stop().Streams {
			if stream.Failed > 0 || stream.Sent == 0 {
				t.Errorf("of %d requests to %s %d failed: %v", stream.Sent, stream.Name, stream.Failed, stream.Errors)
			}
		}
	}

	c.must("destroy")
	for _, l := range []*acctest.Lab{reviews, ratings} {
		nothingIn(t, l)
	}
	if diff := others(); diff != "" {
		t.Errorf("objects of others changed:\n%s", diff)
	}
}

// TestAccPlatform_unknown: a share that is known when it is applied is planned, and held to the limits then.
func TestAccPlatform_unknown(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newCLI(t, "KUBE_CONFIG_PATH="+lab.Kubeconfig, "TFC_WORKSPACE_SLUG=acme/shop")
	base := c.dir
	c.dir = filepath.Join(base, "platform")
	folderIn(t, c, platformModule, strings.Clone)
	c.dir = base
	c.write("share.tf", inLab(`
variable "share" {}
resource "terraform_data" "share" {
  input            = var.share
  triggers_replace = var.share
}
module "routes" {
  source   = "./platform"
  services = {
    SERVICE = {
      namespace = "NAMESPACE"
      subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
      stable    = "v1"
      weights   = { v2 = tonumber(terraform_data.share.output) }
    }
  }
}
`, "SERVICE", lab.Service, "NAMESPACE", lab.Namespace))
	c.must("get")
	c.must("plan", "-var=share=60")
	c.fails("Resource precondition failed", []string{"v1 40 %, v2 60 %"}, "apply", "-var=share=60")
	nothingIn(t, lab)
	c.must("apply", "-var=share=10")
	before := uids(lab)
	c.must("apply", "-var=share=20")
	wantUIDs(t, lab, before)
	lab.Eventually(acctest.Request{Host: lab.Host, Count: 1000}, acctest.Shares(map[string]float64{"v1": 80, "v2": 20}))
	c.fails("Resource precondition failed", []string{"v1 49 %, v2 51 %"}, "apply", "-var=share=51")
	wantUIDs(t, lab, before)
	// Terraform plans the configuration before it destroys, unless it is told not to.
	c.fails("Step too large", []string{"v2 gains 31 percent points"}, "destroy", "-var=share=51")
	c.must("destroy", "-refresh=false", "-var=share=51")
	nothingIn(t, lab)
}
