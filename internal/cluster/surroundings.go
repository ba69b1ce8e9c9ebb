package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// looks are the resources that can be looked at: what errors call them, and how they are asked for.
var looks = map[around.Resource]scope{
	around.VirtualServices:  {what: "every VirtualService", resource: resources[istio.KindVirtualService]},
	around.DestinationRules: {what: "every DestinationRule", resource: resources[istio.KindDestinationRule]},
	around.ServiceEntries:   {what: "every ServiceEntry", resource: istioResource("serviceentries")},
	around.Gateways:         {what: "every Gateway", resource: istioResource("gateways")},
	around.WorkloadEntries:  {what: "every WorkloadEntry", resource: istioResource("workloadentries")},
	around.Services:         {what: "every Service", resource: schema.GroupVersionResource{Version: "v1", Resource: "services"}},
	around.Pods:             {what: "every Pod", resource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}},
}

// extras are the resources of Istio's that a cluster may do without: where they are not served there are none.
var extras = []around.Resource{around.ServiceEntries, around.Gateways, around.WorkloadEntries}

func scopeOf(look around.Look) scope {
	where := looks[look.Resource]
	where.namespace = look.Namespace
	return where
}

func istioResource(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: apiGroup, Version: apiVersion, Resource: resource}
}

// Surroundings are the lists that plans look at, each kept for ten seconds and shared by all who ask. It is safe for concurrent use.
type Surroundings struct {
	cluster       *Cluster
	clusterDomain string

	routes, rules   lists[neighbors]
	entries         lists[*around.HostIndex[struct{}]]
	services        lists[map[string]around.Service]
	gateways        lists[map[string]bool]
	pods, workloads lists[*around.Endpoints]
}

// neighbors are objects of one kind, ready to be asked, and as they were read.
type neighbors struct {
	*around.Neighbors
	lives map[*istio.Object]*Live
}

// NewSurroundings prepares to look; no request is made.
func NewSurroundings(c *Cluster, clusterDomain string) *Surroundings {
	return &Surroundings{cluster: c, clusterDomain: clusterDomain}
}

// each goes through the objects of a look.
func (s *Surroundings) each(ctx context.Context, look around.Look, options metav1.ListOptions, use func(*unstructured.Unstructured)) error {
	options.Limit = pageSize
	for o, err := range s.cluster.each(ctx, scopeOf(look), options) {
		if IsReason(err, CRDMissing) && slices.Contains(extras, look.Resource) {
			return nil
		}
		if err != nil {
			return err
		}
		use(o)
	}
	return nil
}

func (s *Surroundings) listRoutes(ctx context.Context, look around.Look) (neighbors, error) {
	return s.neighbors(ctx, istio.KindVirtualService, look)
}

func (s *Surroundings) listRules(ctx context.Context, look around.Look) (neighbors, error) {
	return s.neighbors(ctx, istio.KindDestinationRule, look)
}

// neighbors lists VirtualServices or DestinationRules. What this provider cannot read istiod cannot either: it is left out.
func (s *Surroundings) neighbors(ctx context.Context, kind istio.Kind, look around.Look) (neighbors, error) {
	found := neighbors{lives: map[*istio.Object]*Live{}}
	var all []*around.Neighbor
	err := s.each(ctx, look, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		live, err := s.cluster.live(Address{Kind: kind, Namespace: o.GetNamespace(), Name: o.GetName()}, o)
		if err != nil {
			return
		}
		found.lives[&live.Object] = live
		all = append(all, &around.Neighbor{Object: &live.Object, Created: live.Created, Applied: live.Applied})
	})
	found.Neighbors = around.NewNeighbors(all, s.clusterDomain)
	return found, err
}

// View is what one resource has seen of its surroundings. All its looks together take no longer than ten seconds.
type View struct {
	around.Facts
	// Unseen are the looks that failed.
	Unseen []Unseen
	// Namespace is where a look is taken whose user may not look at all namespaces.
	Namespace string

	surroundings *Surroundings
	began, until time.Time
	// notBefore is when a list has to have begun at the earliest, zero for whatever is kept.
	notBefore time.Time
	// mutex is held by looks that write down what they see.
	mutex sync.Mutex
	lives []map[*istio.Object]*Live
	// old are looks at who answers whose lists began before the view did.
	old []around.Look
}

// Unseen is a look that failed.
type Unseen struct {
	around.Look
	Err error
}

// View begins to look from a namespace.
func (s *Surroundings) View(namespace string, options traffic.Options, owner string) *View {
	options.ClusterDomain = s.clusterDomain
	now := time.Now()
	return &View{
		surroundings: s, Namespace: namespace, began: now, until: now.Add(lookTimeout),
		Facts: around.Facts{
			Options: options, Owner: owner, Services: map[string]map[string]around.Service{}, Gateways: map[string]map[string]bool{},
			Pods: map[string]*around.Endpoints{}, Workloads: map[string]*around.Endpoints{}, Closed: map[around.Look]bool{},
			Narrow: map[around.Resource]bool{},
		},
	}
}

// Live returns a neighbor as it was read, nil for any other object.
func (v *View) Live(o *istio.Object) *Live {
	for _, lives := range v.lives {
		if live := lives[o]; live != nil {
			return live
		}
	}
	return nil
}

// atOnce is how many looks are taken at the same time.
const atOnce = 8

// Look takes more looks, side by side. One at all namespaces that the user may not take is taken at one instead.
func (v *View) Look(ctx context.Context, wanted []around.Look) {
	ctx, cancel := context.WithDeadline(ctx, v.until)
	defer cancel()
	errs := make([]error, len(wanted))
	var looking sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for i, look := range wanted {
		looking.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			errs[i] = v.lookOrNarrow(ctx, look)
		})
	}
	looking.Wait()
	for i, err := range errs {
		if err != nil {
			v.Closed[wanted[i]] = true
			v.Unseen = append(v.Unseen, Unseen{Look: wanted[i], Err: err})
		}
	}
}

func (v *View) lookOrNarrow(ctx context.Context, look around.Look) error {
	err := v.look(ctx, look)
	if look.Namespace != "" || !IsReason(err, Forbidden) {
		return err
	}
	if err = v.look(ctx, around.Look{Resource: look.Resource, Namespace: v.Namespace}); err == nil {
		v.mutex.Lock()
		defer v.mutex.Unlock()
		v.Narrow[look.Resource] = true
	}
	return err
}

// Anew lets the view take no list that began before it did.
func (v *View) Anew() { v.notBefore = v.began }

// answering are the resources that say who answers.
var answering = []around.Resource{around.Services, around.Pods, around.WorkloadEntries}

// Renew looks once more at who answers where what was seen of that is from before the view began: pods may have started since then.
// It reports whether there was anything to look at.
func (v *View) Renew(ctx context.Context) bool {
	old := v.old
	v.old, v.notBefore = nil, v.began
	for _, look := range old {
		delete(v.Services, look.Namespace)
		delete(v.Pods, look.Namespace)
		delete(v.Workloads, look.Namespace)
	}
	v.Look(ctx, old)
	return len(old) > 0
}

// look takes one look, and writes down what it sees.
func (v *View) look(ctx context.Context, look around.Look) error {
	s := v.surroundings
	switch look.Resource {
	case around.VirtualServices:
		return see(ctx, v, &s.routes, look, s.listRoutes, func(found neighbors) { v.Routes, v.lives = found.Neighbors, append(v.lives, found.lives) })
	case around.DestinationRules:
		return see(ctx, v, &s.rules, look, s.listRules, func(found neighbors) { v.Rules, v.lives = found.Neighbors, append(v.lives, found.lives) })
	case around.ServiceEntries:
		return see(ctx, v, &s.entries, look, s.listEntries, func(found *around.HostIndex[struct{}]) { v.Entries = found })
	case around.Services:
		return see(ctx, v, &s.services, look, s.listServices, func(found map[string]around.Service) { v.Services[look.Namespace] = found })
	case around.Gateways:
		return see(ctx, v, &s.gateways, look, s.listGateways, func(found map[string]bool) { v.Gateways[look.Namespace] = found })
	case around.Pods:
		return see(ctx, v, &s.pods, look, s.listPods, func(found *around.Endpoints) { v.Pods[look.Namespace] = found })
	case around.WorkloadEntries:
		return see(ctx, v, &s.workloads, look, s.listWorkloads, func(found *around.Endpoints) { v.Workloads[look.Namespace] = found })
	}
	return errors.New("look at " + string(look.Resource) + ": it is of no interest")
}

// see takes a list that is kept, or makes it, and lets it be written down.
func see[T any](
	ctx context.Context, v *View, from *lists[T], look around.Look, list func(context.Context, around.Look) (T, error), write func(T),
) error {
	found := from.get(ctx, look.Namespace, v.notBefore, func(ctx context.Context) (T, error) { return list(ctx, look) })
	switch {
	case found == nil:
		return v.surroundings.cluster.wrap("list", scopeOf(look).String(), ctx.Err())
	case found.err != nil:
		return found.err
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	write(found.list)
	if found.began.Before(v.began) && slices.Contains(answering, look.Resource) {
		v.old = append(v.old, look)
	}
	return nil
}
