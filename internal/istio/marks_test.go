package istio_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func TestTools(t *testing.T) {
	t.Parallel()
	type found map[string]string
	tests := map[string]struct {
		object         istio.Object
		kinds, writers []string
		want           found
	}{
		"nothing": {},
		"our own label": {
			object: istio.Object{Labels: map[string]string{istio.ManagedByLabel: istio.ManagedBy}},
		},
		"a manager that nobody knows": {writers: []string{"kubectl-edit", "terraform-provider-mesh"}},
		"an owner of another kind":    {kinds: []string{"Deployment"}},
		"kubectl's annotation": {object: istio.Object{
			Annotations: map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}"},
		}},
		"a Canary": {
			kinds: []string{"Deployment", "Canary"},
			want:  found{"Flagger": "owner of kind Canary"},
		},
		"Flagger's annotation": {
			object: istio.Object{Annotations: map[string]string{"flagger.kubernetes.io/original-configuration": ""}},
			want:   found{"Flagger": `annotation "flagger.kubernetes.io/original-configuration"`},
		},
		"Flagger's manager": {
			writers: []string{"flagger"},
			want:    found{"Flagger": `field manager "flagger"`},
		},
		"Argo Rollouts' annotation": {object: istio.Object{
			Annotations: map[string]string{"argo-rollouts.argoproj.io/managed-by-rollouts": "shop"},
		}, want: found{"Argo Rollouts": `annotation "argo-rollouts.argoproj.io/managed-by-rollouts"`}},
		"Argo Rollouts' manager": {
			writers: []string{"kubectl-edit", "rollouts-controller"},
			want:    found{"Argo Rollouts": `field manager "rollouts-controller"`},
		},
		"Kiali's label": {
			object: istio.Object{Labels: map[string]string{"kiali_wizard": "request_routing"}},
			want:   found{"Kiali": `label "kiali_wizard"`},
		},
		"Kiali's other label": {
			object: istio.Object{Labels: map[string]string{"kiali_wizard_related": "x"}},
			want:   found{"Kiali": `label "kiali_wizard_related"`},
		},
		"Argo CD's annotation": {
			object: istio.Object{Annotations: map[string]string{"argocd.argoproj.io/tracking-id": "x"}},
			want:   found{"Argo CD": `annotation "argocd.argoproj.io/tracking-id"`},
		},
		"Flux's label of a Kustomize": {
			object: istio.Object{Labels: map[string]string{"kustomize.toolkit.fluxcd.io/namespace": "x", "a": "b"}},
			want:   found{"Flux": `label "kustomize.toolkit.fluxcd.io/namespace"`},
		},
		"Flux's label of a release": {
			object: istio.Object{Labels: map[string]string{"helm.toolkit.fluxcd.io/name": "x"}},
			want:   found{"Flux": `label "helm.toolkit.fluxcd.io/name"`},
		},
		"Helm's label": {
			object: istio.Object{Labels: map[string]string{istio.ManagedByLabel: "Helm"}},
			want:   found{"Helm": `label "app.kubernetes.io/managed-by=Helm"`},
		},
		"a mark is better than a manager": {
			object: istio.Object{
				Labels:      map[string]string{istio.ManagedByLabel: "Helm"},
				Annotations: map[string]string{"meta.helm.sh/release-name": "shop"},
			},
			writers: []string{"helm"}, want: found{"Helm": `annotation "meta.helm.sh/release-name"`},
		},
		"two tools": {
			object:  istio.Object{Annotations: map[string]string{"argocd.argoproj.io/tracking-id": "x"}},
			writers: []string{"rollouts-controller"},
			want: found{
				"Argo CD":       `annotation "argocd.argoproj.io/tracking-id"`,
				"Argo Rollouts": `field manager "rollouts-controller"`,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, spec := range []*networking.VirtualService{{}, {Http: []*networking.HTTPRoute{nil, {}}}} {
				test.object.Spec = spec
				got := found{}
				for _, tool := range istio.Tools(&test.object, test.kinds, test.writers) {
					got[tool.Name] = tool.Evidence
					if tool.Advice == "" {
						t.Errorf("no advice about %s", tool.Name)
					}
				}
				if len(test.want)+len(got) > 0 && !cmp.Equal(test.want, got) {
					t.Errorf("tools (-want +got):\n%s", cmp.Diff(test.want, got))
				}
			}
		})
	}
}

func TestTools_subsetLabel(t *testing.T) {
	t.Parallel()
	rule := &istio.Object{Spec: &networking.DestinationRule{Subsets: []*networking.Subset{
		{Name: "v1"}, {Name: "v2", Labels: map[string]string{"rollouts-pod-template-hash": "1"}},
	}}}
	got := istio.Tools(rule, nil, nil)
	if len(got) != 1 || got[0].Name != "Argo Rollouts" ||
		got[0].Evidence != `subset label "rollouts-pod-template-hash"` {
		t.Errorf("got %+v", got)
	}
}
