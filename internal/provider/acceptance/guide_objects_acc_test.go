package acceptance_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// guideFiles are the files that blocks of configuration go into, by what they begin with.
var guideFiles = map[string]string{
	"terraform {": "main.tf",
	"list ":       "search.tfquery.hcl",
	"import {":    "import.tf",
	"moved {":     "moved.tf",
}

// printedBlock is a block of configuration that a command prints.
var printedBlock = regexp.MustCompile("(?s)```hcl\n(.*?)```")

// TestAccGuide_bringExistingObjects does what the guide tells people to do who have objects, block by block, word for
// word. Each way of bringing them has a folder of its own, and none of them writes to the cluster.
func TestAccGuide_bringExistingObjects(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	home := t.TempDir()
	mirror := filepath.Join(home, "mirror")
	buildInto(t, mirror)
	standInMirror(t, mirror, "hashicorp", "kubernetes")
	writeFile(t, filepath.Join(home, ".kube", "config"), readFile(t, lab.Kubeconfig))
	writeFile(t, filepath.Join(home, "cli.tfrc"),
		"provider_installation {\n  filesystem_mirror {\n    path = \""+mirror+"\"\n  }\n}\n")
	const name = "reviews"
	for _, source := range readOtherStates(t)["gavinbunney-kubectl-1.19.0"] {
		var attributes struct {
			YAML string `json:"yaml_body"`
		}
		if err := json.Unmarshal(source.Instances[0].Attributes, &attributes); err != nil {
			t.Fatal(err)
		}
		lab.ApplyAs("kubectl", attributes.YAML)
		t.Cleanup(func() { lab.Delete(kindOf[source.becomes()], name) })
	}
	untouchedRoutes, untouchedSubsets := untouched(t, lab, acctest.VirtualService, name), untouched(t,
		lab, acctest.DestinationRule, name)

	exports, main, generated := "", "", ""
	ran := 0
	for i, section := range strings.Split(readFile(t, "../../../templates/guides/bring-existing-objects.md"), "\n## ") {
		work := filepath.Join(home, "work", string(rune('a'+i)))
		writeFile(t, filepath.Join(work, "main.tf"), main)
		for _, block := range codeBlock.FindAllStringSubmatch(section, -1) {
			language, code := block[1], block[2]
			switch {
			case language == "terraform":
				file := guideFile(t, code)
				writeFile(t, filepath.Join(work, file), code)
				switch file {
				case "main.tf":
					main = code
				case "moved.tf":
					// The guide has the configuration written as by an import.
					writeFile(t, filepath.Join(work, "generated.tf"), generated)
					writeFile(t, filepath.Join(work, "terraform.tfstate"),
						readFile(t, "testdata/moved/hashicorp-kubernetes-3.0.1.tfstate"))
				case "search.tfquery.hcl":
					newServer(t).checkQueries(t, code)
				}
			case strings.HasPrefix(code, "export "):
				exports = code
			case strings.HasPrefix(code, "kubectl ") && !onPath("kubectl"):
				t.Logf("there is no kubectl to run %s", code)
			default:
				// Other tests have objects in the namespace.
				code = strings.ReplaceAll(code, " write "+lab.Namespace+" ", " write "+lab.Namespace+"/"+name+" ")
				if said := runShell(t, home, work, exports+code); strings.Contains(said, "updated in-place") {
					t.Error("the plan is not empty")
				}
				ran++
			}
		}
		if shown := printedBlock.FindStringSubmatch(section); shown != nil {
			if diff := cmp.Diff(shown[1], readFile(t, filepath.Join(work, "routes.tf"))); diff != "" {
				t.Errorf("the command writes something else than the guide says (-guide +command):\n%s", diff)
			}
		}
		if strings.HasPrefix(section, "Or import them one by one") {
			generated = readFile(t, filepath.Join(work, "generated.tf"))
		}
		if _, err := os.Stat(filepath.Join(work, "terraform.tfstate")); err == nil {
			runShell(t, home, work, exports+"terraform plan -detailed-exitcode")
		}
		untouchedRoutes()
		untouchedSubsets()
	}
	if ran < 6 {
		t.Errorf("only %d blocks of commands were run", ran)
	}
}

// guideFile returns the file that a block of configuration goes into.
func guideFile(t *testing.T, code string) string {
	t.Helper()
	for begin, file := range guideFiles {
		if strings.HasPrefix(code, begin) {
			return file
		}
	}
	t.Fatalf("nothing is known about where this belongs:\n%s", code)
	return ""
}

// standInMirror puts the provider into a mirror under the name of another one, of which Terraform wants no more than
// a schema.
func standInMirror(t *testing.T, mirror, organization, name string) {
	t.Helper()
	platform := runtime.GOOS + "_" + runtime.GOARCH
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		folder := filepath.Join(mirror, registry, organization, name, "3.0.1", platform)
		built := filepath.Join(mirror, registry, "meshroute", "mesh", "0.0.1", platform,
			"terraform-provider-mesh_v0.0.1")
		if err := errors.Join(
			os.MkdirAll(folder, 0o700), os.Link(built, filepath.Join(folder, "terraform-provider-"+name+"_v3.0.1")),
		); err != nil {
			t.Fatal(err)
		}
	}
}

func onPath(command string) bool {
	_, err := exec.LookPath(command)
	return err == nil
}

// checkQueries validates the list blocks of a query file, which only Terraform 1.14 can run.
func (s server) checkQueries(t *testing.T, code string) {
	t.Helper()
	file, diagnostics := hclsyntax.ParseConfig([]byte(code), "search.tfquery.hcl", hcl.InitialPos)
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	blocks := file.Body.(*hclsyntax.Body).Blocks
	for _, block := range blocks {
		schema, ok := s.schemas.ListResourceSchemas[block.Labels[0]]
		if !ok || block.Type != "list" || len(block.Body.Blocks) != 1 {
			t.Fatalf("%s %v is no list block", block.Type, block.Labels)
		}
		config := block.Body.Blocks[0]
		text := code[config.OpenBraceRange.End.Byte:config.CloseBraceRange.Start.Byte]
		listType := schema.ValueType()
		value, err := tfprotov6.NewDynamicValue(listType, parseHCL(t, listType.(tftypes.Object), text))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.ProviderServer.(tfprotov6.ListResourceServer).ValidateListResourceConfig(t.Context(),
			&tfprotov6.ValidateListResourceConfigRequest{
				TypeName: block.Labels[0], Config: &value,
			})
		if err != nil || len(resp.Diagnostics) > 0 {
			t.Errorf("%v: %v, %v", block.Labels, err, resp)
		}
	}
	if len(blocks) == 0 {
		t.Error("there are no list blocks")
	}
}
