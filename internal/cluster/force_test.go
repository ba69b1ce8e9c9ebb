package cluster

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// TestChange_take: a change that takes fields writes what is there, whether it changes or not.
func TestChange_force(t *testing.T) {
	t.Parallel()
	rule := &istio.Object{Namespace: "shop", Name: "a", Spec: &networking.DestinationRule{Host: "a"}}
	routes := &istio.Object{Namespace: "shop", Name: "a", Spec: &networking.VirtualService{Hosts: []string{"a"}}}
	others := &istio.Object{Namespace: "shop", Name: "a", Spec: &networking.VirtualService{Hosts: []string{"b"}}}
	both := istio.ObjectsOf(routes, rule)
	identities := func(pair istio.Objects) Identities {
		all := Identities{}
		for _, o := range pair.All() {
			all[AddressOf(o)] = Identity{UID: "1"}
		}
		return all
	}
	const ruleA, routesA = `update DestinationRule "shop/a"`, `update VirtualService "shop/a"`
	tests := map[string]struct {
		from, to istio.Objects
		force    bool
		want     []string
	}{
		"equal, and nothing to take": {both, both, false, nil},
		"equal":                      {both, both, true, []string{ruleA, routesA}},
		"one changes":                {both, istio.ObjectsOf(others, rule), true, []string{routesA, ruleA}},
		"one is not there": {
			istio.ObjectsOf(routes).WithSubsetsElsewhere(true), istio.ObjectsOf(routes).WithSubsetsElsewhere(true),
			true, []string{routesA},
		},
		"one goes": {both, istio.ObjectsOf(rule), true, []string{`delete VirtualService "shop/a"`, ruleA}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, step := range (Change{
				From:       test.from,
				To:         test.to,
				Identities: identities(test.from),
				Force:      test.force,
			}).plan() {
				got = append(got, step.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWithoutOurs: what this manager has applied is its own alone, and nothing else changes hands.
func TestWithoutOurs(t *testing.T) {
	t.Parallel()
	c := &Cluster{manager: "terraform-provider-mesh"}
	entry := func(
		manager string, operation metav1.ManagedFieldsOperationType, fields string,
	) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{
			Manager:    manager,
			Operation:  operation,
			FieldsType: "FieldsV1",
			FieldsV1:   metav1.NewFieldsV1(fields),
		}
	}
	const applied, updated = metav1.ManagedFieldsOperationApply, metav1.ManagedFieldsOperationUpdate
	ours := entry(c.manager, applied, `{"f:metadata":{"f:labels":{"f:team":{}}},"f:spec":{"f:host":{},"f:subsets":{}}}`)
	status := entry("istiod", updated, `{"f:status":{"f:conditions":{}}}`)
	status.Subresource = "status"
	tests := map[string]struct{ entries, want []metav1.ManagedFieldsEntry }{
		"nobody else": {[]metav1.ManagedFieldsEntry{ours, status}, nil},
		"somebody who owns something else": {
			[]metav1.ManagedFieldsEntry{ours, entry("kubectl", updated, `{"f:spec":{"f:exportTo":{}}}`)}, nil,
		},
		"somebody who owns the same": {
			[]metav1.ManagedFieldsEntry{entry("Terraform", applied, `{"f:spec":{"f:host":{}}}`), ours, status},
			[]metav1.ManagedFieldsEntry{ours, status},
		},
		"somebody who owns more": {
			[]metav1.ManagedFieldsEntry{ours, entry("kubectl", updated, `{"f:metadata":{"f:labels":{".":{},`+
				`"f:cost":{},"f:team":{}}},"f:spec":{"f:exportTo":{},"f:host":{}}}`)},
			[]metav1.ManagedFieldsEntry{ours, entry("kubectl", updated, `{"f:metadata":{"f:labels":{".":{},`+
				`"f:cost":{}}},"f:spec":{"f:exportTo":{}}}`)},
		},
		"ourselves, by an update": {
			[]metav1.ManagedFieldsEntry{ours, entry(c.manager, updated, `{"f:spec":{"f:host":{}}}`)},
			[]metav1.ManagedFieldsEntry{ours},
		},
		"an entry that cannot be read": {[]metav1.ManagedFieldsEntry{ours, entry("kubectl", updated, `[]`)}, nil},
		"ours that cannot be read": {[]metav1.ManagedFieldsEntry{
			entry(c.manager, applied, `[]`), entry("kubectl", updated, `{"f:spec":{"f:host":{}}}`),
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, changed := c.withoutOurs(test.entries)
			want := test.want
			if want == nil {
				want = test.entries
			}
			if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" || changed != (test.want != nil) {
				t.Errorf("changed %t, entries (-want +got):\n%s", changed, diff)
			}
		})
	}
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
