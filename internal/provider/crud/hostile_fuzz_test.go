package crud

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// FuzzImportState imports by any id: an id of two or three parts asks for the cluster, every other is refused, and
// what is said is text.
func FuzzImportState(f *testing.F) {
	for _, id := range []string{
		"shop/reviews", "shop/reviews/reviews", "", "/", "a//b", "a/b/c/d", "\x1b[31m/a", "a/\xff",
	} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		for _, each := range form.All {
			p := newObjectsResource(each)
			objectType := p.cached.Type().TerraformType(context.Background())
			resp := resource.ImportStateResponse{}
			resp.State.Raw, resp.State.Schema = tftypes.NewValue(objectType, nil), p.cached
			p.ImportState(context.Background(), resource.ImportStateRequest{ID: id}, &resp)
			checkShown(t, "import", resp.Diagnostics)
			parts := strings.Split(id, "/")
			_, isObject := each.(form.Object)
			valid := len(parts) == 2 && parts[0] != "" && parts[1] != "" ||
				!isObject && len(parts) == 3 && parts[0] != "" && parts[1] != "" && parts[2] != ""
			if refused := resp.Diagnostics[0].Summary() == "Invalid import id"; refused == valid {
				t.Errorf("id %q is refused: %t", id, refused)
			}
		}
	})
}

// FuzzRefresh takes whatever objects a cluster could hold into the state, and the state back into objects: a second
// look at the same objects changes nothing.
func FuzzRefresh(f *testing.F) {
	for _, spec := range [][2]string{
		{`{}`, `{}`},
		{
			`{"hosts":["reviews"],"http":[{"route":[{"destination":{"host":"reviews","subset":"v1"}}]}]}`,
			`{"host":"reviews","subsets":[{"name":"v1","labels":{"version":"v1"}}]}`,
		},
		{`{"hosts":["reviews"],"http":[{"timeout":"5s","retries":{},"route":[{"destination":{"host":"reviews",` +
			`"subset":"v1"},"weight":30},{"destination":{"host":"reviews","subset":"v2"},"weight":70}]}]}`,
			`{"host":"reviews","trafficPolicy":{"tls":{}}}`},
	} {
		f.Add(spec[0], spec[1])
	}
	f.Fuzz(func(t *testing.T, virtualService, destinationRule string) {
		pair := liveObjects{cluster.LiveObjectsOf(
			liveSpec(t, istio.KindVirtualService, virtualService),
			liveSpec(t, istio.KindDestinationRule, destinationRule),
		)}
		for _, each := range form.All {
			live := pair
			if f, ok := each.(form.Object); ok && f.Kind == istio.KindDestinationRule {
				live.LiveObjects = live.Without(istio.Routes)
			} else if ok {
				live.LiveObjects = live.Without(istio.DeclaresSubsets)
			}
			p := newObjectsResource(each)
			p.settings = Settings{
				Defaults: form.Defaults{Namespace: form.DefaultNamespace, ClusterDomain: form.DefaultClusterDomain},
			}
			state := importedState(p, "shop")
			state = p.refresh(state, p.routeOf(state), form.Lifecycle{}, live, nil)
			checkSays(t, p, state, live)
			if again := p.refresh(state, p.routeOf(state), form.Lifecycle{}, live, nil); !again.Equal(state) {
				t.Errorf("refreshed to %s, and then to %s", state, again)
			}
		}
	})
}

// checkSays fails the test for a state that means something else than the live objects, and says in foreign_fields
// that nothing is left over.
func checkSays(t *testing.T, p *objectsResource, state attr.Value, live liveObjects) {
	t.Helper()
	ours := p.Resolve(live.Ours(istio.Objects{}), form.DefaultClusterDomain)
	if says := len(cluster.Steps(ours, p.routeOf(state).Render())) == 0; !says &&
		isEmptyList(state.Get("foreign_fields")) {
		t.Errorf("the state does not say what is there, and foreign_fields is empty\nlive %v\nstate %s", live, state)
	}
}

func liveSpec(t *testing.T, kind istio.Kind, text string) *cluster.Live {
	t.Helper()
	var spec map[string]any
	if len(text) > 2000 || json.Unmarshal([]byte(text), &spec) != nil {
		t.Skip("no JSON object")
	}
	message, _, err := istio.ParseSpec(kind, spec)
	if err != nil {
		t.Skip(err)
	}
	live := liveObject(&networking.VirtualService{})
	live.Spec = message
	return live
}

// A state with nothing in it is not moved, whoever sends it.
func TestMoveState_nothing(t *testing.T) {
	t.Parallel()
	p := newObjectsResource(form.WeightedSplit{})
	for _, mover := range p.MoveState(t.Context()) {
		var source *tfsdk.State
		if mover.SourceSchema != nil {
			source = &tfsdk.State{
				Schema: *mover.SourceSchema,
				Raw:    tftypes.NewValue(mover.SourceSchema.Type().TerraformType(t.Context()), nil),
			}
		}
		resp := resource.MoveStateResponse{TargetState: tfsdk.State{
			Schema: p.cached,
			Raw:    tftypes.NewValue(p.cached.Type().TerraformType(t.Context()), nil),
		}}
		mover.StateMover(t.Context(), resource.MoveStateRequest{
			SourceProviderAddress: "registry.terraform.io/meshroute/mesh",
			SourceTypeName:        "mesh_canary_route",
			SourceState:           source,
		}, &resp)
		if !resp.TargetState.Raw.IsNull() {
			t.Errorf("moved to %s", resp.TargetState.Raw)
		}
	}
}

// checkShown fails the test for a diagnostic that could do something to a terminal.
func checkShown(t *testing.T, what string, diagnostics diag.Diagnostics) {
	t.Helper()
	if len(diagnostics) == 0 {
		t.Errorf("%s: nothing is said", what)
	}
	for _, d := range diagnostics {
		for _, text := range []string{d.Summary(), d.Detail()} {
			if !utf8.ValidString(text) || len(text) > 8192 || strings.ContainsFunc(text, func(r rune) bool {
				return r != '\n' && r != '\t' && (unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029')
			}) {
				t.Errorf("%s: %d bytes: %.300q", what, len(text), text)
			}
		}
	}
}
