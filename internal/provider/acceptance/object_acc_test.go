package acceptance_test

import (
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// objectForms are the resources of one object, in configurations that say what the objects made by hand do.
var objectForms = map[string]form{
	acctest.VirtualService: {
		address: "mesh_virtual_service.test",
		template: `
resource "mesh_virtual_service" "test" {
  name  = local.service
  hosts = [local.host]
  TOP

  http = [{
    match = MATCH
    route = [{ destination = { host = local.host, subset = "v2" } }]
    RULE
  }, {
    route = [{ destination = { host = local.host, subset = "v1" } }]
  }]
}
`,
	},
	acctest.DestinationRule: {
		address: "mesh_destination_rule.test",
		template: `
resource "mesh_destination_rule" "test" {
  name = local.service
  host = local.host
  TOP

  subsets = [
    { name = "v1", labels = { app = "k8s-combat-service-v1" } },
    { name = "v2", labels = { app = "k8s-combat-service-v2" } },
  ]
}
`,
	},
}

// TestAccObject_lifecycle: a resource of one object refuses, adopts, marks, changes and restores as one of two does.
func TestAccObject_lifecycle(t *testing.T) {
	t.Parallel()
	for kind, f := range objectForms {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			canaryForm.handMadePair(lab)
			was, before := snapshot(lab), uids(lab)
			w := newWorkspace(t, lab, f, "shop/prod")
			w.declare(parts{})
			w.fails("Object exists already", []string{kind, "adopt = true", "kubectl-create", "terraform import " +
				strings.TrimSuffix(f.address, "test")}, "plan")

			w.apply(parts{top: "adopt = true\n deletion = \"restore\"\n labels = { team = \"shop\" }"})
			wantUIDs(t, lab, before)
			live := lab.MustGet(kind, lab.Service)
			if owner := live.GetAnnotations()[ownerAnnotation]; owner != "shop/prod" ||
				live.GetLabels()["team"] != "shop" || live.GetLabels()["cost"] != "42" {
				t.Errorf("labels are %v, annotations %v", live.GetLabels(), live.GetAnnotations())
			}
			w.wantAttribute("left_over", "[]")
			w.wantAttribute("foreign_fields", "[]")
			w.unchanged()
			w.apply(parts{top: "deletion = \"restore\"\n export_to = [\"*\"]"})
			w.unchanged()
			lab.Eventually(acctest.Request{Headers: version("200")}, acctest.Only("v2"))

			w.must("destroy")
			wantUIDs(t, lab, before)
			wantRestored(t, lab, was)
			w.must("import", f.address, lab.Namespace+"/"+lab.Service)
			w.must("state", "rm", f.address)
		})
	}
}

// TestAccObject_rename: a new object takes the place of the old one, and requests are answered all the time.
func TestAccObject_rename(t *testing.T) {
	t.Parallel()
	for kind, f := range objectForms {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			for other, manifest := range map[string]string{
				acctest.VirtualService:  handMadeVirtualService,
				acctest.DestinationRule: handMadeDestinationRule,
			} {
				if other != kind {
					lab.Create(canaryForm.handMade(manifest))
				}
			}
			w := newWorkspace(t, lab, f, "")
			w.apply(parts{})
			lab.Eventually(acctest.Request{Headers: version("200")}, acctest.Only("v2"))
			w.write(strings.Replace(f.with(parts{}), "= local.service\n", "= \"${local.service}-new\"\n", 1))
			w.must("apply")
			if lab.Get(kind, lab.Service) != nil {
				t.Errorf("the old %s is left", kind)
			}
			lab.MustGet(kind, lab.Service+"-new")
			w.unchanged()
			for _, other := range bothKinds {
				if other != kind {
					lab.Delete(other, lab.Service)
				}
			}
			w.must("destroy")
		})
	}
}
