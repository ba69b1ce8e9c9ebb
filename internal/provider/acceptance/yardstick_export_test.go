package acceptance

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form/formtest"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/guard"
)

// Shown is what the guard makes of every diagnostic.
var Shown = guard.Shown

// ObjectConfigs are configurations of the resources of one object that use every field, by the name of the resource.
func ObjectConfigs(t *testing.T) map[string][]tftypes.Value {
	t.Helper()
	configs := map[string][]tftypes.Value{}
	for _, o := range ReadObjects(t, "shop") {
		tree, _, err := unstructured.NestedMap(normalJSON(t, o.Object), "spec")
		if err != nil {
			t.Fatal(err)
		}
		spec, _, err := istio.ParseSpec(istio.Kind(o.GetKind()), tree)
		if err != nil {
			t.Fatal(err)
		}
		f := form.OfKind(istio.Kind(o.GetKind()))
		state := formtest.State(f, spec)
		for name, a := range form.SchemaOf(f).Attributes {
			if a.IsComputed() && !a.IsOptional() {
				state = state.With(name, attr.Null())
			}
		}
		name := "mesh_" + f.TypeName()
		configs[name] = append(configs[name], state.ToTerraform(form.SchemaOf(f).Type().TerraformType(t.Context())))
	}
	return configs
}
