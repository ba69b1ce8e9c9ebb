package around_test

import (
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// neighborhood is a cluster in which namespace shop has a working reviews in versions v1 and v2, and a Gateway edge,
// and nothing else.
type neighborhood struct {
	t             *testing.T
	routes, rules []*around.Neighbor
	facts         *around.Facts
}

func newNeighborhood(t *testing.T) *neighborhood {
	t.Helper()
	pods := &around.Endpoints{}
	for _, version := range []string{"v1", "v1", "v2"} {
		pods.Add(map[string]string{"app": "reviews", "version": version})
	}
	pods.Add(map[string]string{"app": "ratings", "version": "v3"})
	return &neighborhood{t: t, facts: &around.Facts{
		Owner: "shop/prod",
		Services: map[string]map[string]around.Service{"shop": {
			"reviews": {
				Ports:    []around.ServicePort{{Name: "http", Number: 80}},
				Selector: map[string]string{"app": "reviews"},
			},
			"headless": {Ports: []around.ServicePort{{Number: 80}}},
		}, "web": {}},
		Gateways: map[string]map[string]around.Gateway{"shop": {"edge": {
			Servers: []istio.Server{{Port: 80, Hosts: []string{"*"}}},
		}}, "web": {}},
		Pods:      map[string]*around.Endpoints{"shop": pods},
		Workloads: map[string]*around.Endpoints{"shop": {}},
		Entries:   &around.HostIndex[string]{},
		Closed:    map[around.Query]bool{},
	}}
}

// has puts an object into the cluster; what is put later is newer.
func (a *neighborhood) has(o *istio.Object) *around.Neighbor {
	n := &around.Neighbor{Object: o, Created: time.Unix(int64(1000+len(a.routes)+len(a.rules)), 0)}
	if o.Kind() == istio.KindDestinationRule {
		a.rules = append(a.rules, n)
	} else {
		a.routes = append(a.routes, n)
	}
	return n
}

// ask returns what there is against a route as lines of place and text, and the looks that are wanted.
func (a *neighborhood) ask(before, pair istio.Objects) (found []string, wanted []around.Query) {
	if a.facts.VirtualServices == nil {
		a.facts.VirtualServices = around.NewNeighbors(a.routes, "cluster.local")
	}
	if a.facts.DestinationRules == nil {
		a.facts.DestinationRules = around.NewNeighbors(a.rules, "cluster.local")
	}
	findings, wanted := around.Inspect(before, pair, a.facts)
	for _, f := range findings {
		severity := map[bool]string{true: "error ", false: ""}[f.Severity == istio.Refused]
		found = append(found, severity+f.At.String()+": "+f.Text())
	}
	return found, wanted
}

// says checks that there is one finding for each of some texts, in order, that holds all of its words, which `…`
// divides.
func says(t *testing.T, found, want []string) {
	t.Helper()
	if len(found) != len(want) {
		t.Fatalf("found %d: %s\nwant %d: %s", len(found), strings.Join(found, "\n"), len(want),
			strings.Join(want, "\n"))
	}
	for i, text := range want {
		for part := range strings.SplitSeq(text, "…") {
			if !strings.Contains(found[i], part) {
				t.Errorf("finding %q does not say %q", found[i], part)
			}
		}
	}
}

func ours(t *testing.T, spec string) istio.Objects {
	t.Helper()
	return istio.ObjectsOf(istiotest.VirtualService(t, "ours", spec)).WithSubsetsElsewhere(true)
}
