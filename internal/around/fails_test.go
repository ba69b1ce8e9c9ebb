package around_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// A finding says whether requests fail for certain: that is told whatever else there is to tell.
func TestInspect_fails(t *testing.T) {
	t.Parallel()
	to := func(destination string) string { return "http: [{route: [{destination: {" + destination + "}}]}]" }
	absent, noted := map[around.FindingKind]bool{around.Absent: true}, map[around.FindingKind]bool{around.Absent: false}
	const rule = "host: reviews\nsubsets: [{name: v3, labels: {version: v3}}]"
	for name, test := range map[string]struct {
		spec, declared string
		change         func(*around.Facts)
		want           map[around.FindingKind]bool
	}{
		"no Service":      {spec: to("host: nobody"), want: absent},
		"no ServiceEntry": {spec: to("host: api.vendor.example"), want: absent},
		"no full name":    {spec: to("host: reviews.shop"), want: absent},
		"a ServiceEntry that cannot be listed may have it": {
			spec: to("host: reviews.shop"), change: func(f *around.Facts) {
				f.Narrow = map[around.Resource]bool{around.ServiceEntries: true}
			}, want: noted,
		},
		"no port":   {spec: to("host: reviews, port: {number: 81}"), want: absent},
		"no subset": {spec: to("host: reviews, subset: v9"), want: absent},
		"nobody answers": {
			spec: to("host: reviews, subset: v3"), declared: rule, want: map[around.FindingKind]bool{around.Idle: true},
		},
		"copies are lost": {
			spec: "http: [{" + istiotest.To("") + ", mirrors: [{destination: {host: nobody}}]}]",
			want: noted,
		},
		"no gateway": {
			spec: "gateways: [mesh, lost]\n" + to("host: reviews"), want: noted,
		},
		"no HTTP": {spec: to("host: reviews"), change: func(f *around.Facts) {
			f.Services["shop"]["reviews"] = around.Service{Ports: []around.ServicePort{{Number: 80, Protocol: "TCP"}}}
		}, want: map[around.FindingKind]bool{around.Opaque: false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			if test.declared != "" {
				a.has(istiotest.Object(t, "DestinationRule", "rule", test.declared))
			}
			if test.change != nil {
				test.change(a.facts)
			}
			a.ask(istio.Objects{}, ours(t, "hosts: [reviews]\n"+test.spec))
			findings, _ := around.Inspect(istio.Objects{}, ours(t, "hosts: [reviews]\n"+test.spec), a.facts)
			got := map[around.FindingKind]bool{}
			for _, f := range findings {
				got[f.Kind] = f.Fails
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("kinds and whether they fail (-want +got):\n%s", diff)
			}
		})
	}
}
