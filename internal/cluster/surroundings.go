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

// scopes are the resources that can be listed: what errors call them, and how they are asked for.
var scopes = map[around.Resource]scope{
	around.VirtualServices:  {what: "every VirtualService", resource: resources[istio.KindVirtualService]},
	around.DestinationRules: {what: "every DestinationRule", resource: resources[istio.KindDestinationRule]},
	around.ServiceEntries:   {what: "every ServiceEntry", resource: istioResource("serviceentries")},
	around.Gateways:         {what: "every Gateway", resource: istioResource("gateways")},
	around.WorkloadEntries:  {what: "every WorkloadEntry", resource: istioResource("workloadentries")},
	around.Services: {
		what:     "every Service",
		resource: schema.GroupVersionResource{Version: "v1", Resource: "services"},
	},
	around.Namespaces: {
		what:     "every Namespace",
		resource: schema.GroupVersionResource{Version: "v1", Resource: "namespaces"},
	},
	around.Pods: {what: "every Pod", resource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}},
}

// extras are the resources of Istio's that a cluster may do without: where they are not served there are none.
var extras = []around.Resource{around.ServiceEntries, around.Gateways, around.WorkloadEntries}

func scopeOf(query around.Query) scope {
	where := scopes[query.Resource]
	where.namespace = query.Namespace
	return where
}

func istioResource(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: apiGroup, Version: apiVersion, Resource: resource}
}

// Surroundings are the lists that plans need, each kept for ten seconds and shared by all who ask. It is safe for
// concurrent use.
type Surroundings struct {
	cluster       *Cluster
	clusterDomain string

	virtualServices, destinationRules lists[neighbors]
	entries                           lists[entries]
	services                          lists[map[string]around.Service]
	gateways                          lists[map[string]around.Gateway]
	pods, workloads                   lists[*around.Endpoints]
	namespaces                        lists[map[string]map[string]string]
	sidecars                          lists[bool]
}

// neighbors are objects of one kind, ready to be asked, and as they were read.
type neighbors struct {
	*around.Neighbors
	lives map[*istio.Object]*Live
}

// NewSurroundings prepares to list; no request is made.
func NewSurroundings(c *Cluster, clusterDomain string) *Surroundings {
	return &Surroundings{cluster: c, clusterDomain: clusterDomain}
}

// each goes through the objects that a query asks for.
func (s *Surroundings) each(
	ctx context.Context, query around.Query, options metav1.ListOptions, use func(*unstructured.Unstructured),
) error {
	options.Limit = pageSize
	for o, err := range s.cluster.each(ctx, scopeOf(query), options) {
		if IsReason(err, CRDMissing) && slices.Contains(extras, query.Resource) {
			return nil
		}
		if err != nil {
			return err
		}
		use(o)
	}
	return nil
}

func (s *Surroundings) listVirtualServices(ctx context.Context, query around.Query) (neighbors, error) {
	return s.neighbors(ctx, istio.KindVirtualService, query)
}

func (s *Surroundings) listDestinationRules(ctx context.Context, query around.Query) (neighbors, error) {
	return s.neighbors(ctx, istio.KindDestinationRule, query)
}

// neighbors lists VirtualServices or DestinationRules. What this provider cannot read istiod cannot either: it is
// left out.
func (s *Surroundings) neighbors(ctx context.Context, kind istio.Kind, query around.Query) (neighbors, error) {
	found := neighbors{lives: map[*istio.Object]*Live{}}
	var all []*around.Neighbor
	err := s.each(ctx, query, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
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

// View is what one resource has listed of its surroundings. All its lists together take no longer than ten seconds.
type View struct {
	around.Facts
	// Unlisted are the queries that failed.
	Unlisted []Unlisted
	// ServiceEntryObjects are the ServiceEntries that were listed, as they are.
	ServiceEntryObjects []*istio.Object
	// Namespace is what is listed where the user may not list all namespaces.
	Namespace string

	surroundings *Surroundings
	began, until time.Time
	// notBefore is when a list has to have begun at the earliest, zero for whatever is kept.
	notBefore time.Time
	// mutex is held by queries that write down what they found.
	mutex sync.Mutex
	lives []map[*istio.Object]*Live
	// old are queries for who answers whose lists began before the view did.
	old []around.Query
}

// Unlisted is a query that failed.
type Unlisted struct {
	around.Query
	Err error
}

// View returns the view from a namespace, with nothing listed yet.
func (s *Surroundings) View(namespace string, options traffic.Options, owner string) *View {
	options.ClusterDomain = s.clusterDomain
	now := time.Now()
	return &View{
		surroundings: s, Namespace: namespace, began: now, until: now.Add(listTimeout),
		Facts: around.Facts{
			Options: options, Owner: owner,
			Services: map[string]map[string]around.Service{}, Gateways: map[string]map[string]around.Gateway{},
			Pods:      map[string]*around.Endpoints{},
			Workloads: map[string]*around.Endpoints{},
			Sidecars:  map[string]bool{},
			Closed:    map[around.Query]bool{},
			Narrow:    map[around.Resource]bool{},
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

// atOnce is how many queries are made at the same time.
const atOnce = 8

// List makes more queries, several at the same time. Where the user may not list all namespaces it lists one instead.
func (v *View) List(ctx context.Context, wanted []around.Query) {
	ctx, cancel := context.WithDeadline(ctx, v.until)
	defer cancel()
	errs := make([]error, len(wanted))
	var group sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for i, query := range wanted {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			errs[i] = v.listOrNarrow(ctx, query)
		})
	}
	group.Wait()
	for i, err := range errs {
		if err != nil {
			v.Closed[wanted[i]] = true
			v.Unlisted = append(v.Unlisted, Unlisted{Query: wanted[i], Err: err})
		}
	}
}

func (v *View) listOrNarrow(ctx context.Context, query around.Query) error {
	err := v.list(ctx, query)
	if query.Namespace != "" || query.Resource == around.Namespaces || !IsReason(err, Forbidden) {
		return err
	}
	if err = v.list(ctx, around.Query{Resource: query.Resource, Namespace: v.Namespace}); err == nil {
		v.mutex.Lock()
		defer v.mutex.Unlock()
		v.Narrow[query.Resource] = true
	}
	return err
}

// Anew lets the view take no list that began before it did.
func (v *View) Anew() { v.notBefore = v.began }

// answering are the resources that say who answers.
var answering = []around.Resource{around.Services, around.Pods, around.WorkloadEntries}

// Renew lists once more who answers where what is known of that is from before the view began: pods may have started
// since then. It reports whether there was anything to list.
func (v *View) Renew(ctx context.Context) bool {
	old := v.old
	v.old, v.notBefore = nil, v.began
	for _, query := range old {
		delete(v.Services, query.Namespace)
		delete(v.Pods, query.Namespace)
		delete(v.Workloads, query.Namespace)
	}
	v.List(ctx, old)
	return len(old) > 0
}

// list makes one query, and writes down what it found.
func (v *View) list(ctx context.Context, query around.Query) error {
	s := v.surroundings
	switch query.Resource {
	case around.VirtualServices:
		return keepOrList(ctx, v, &s.virtualServices, query, s.listVirtualServices, func(found neighbors) {
			v.VirtualServices, v.lives = found.Neighbors, append(v.lives, found.lives)
		})
	case around.DestinationRules:
		return keepOrList(ctx, v, &s.destinationRules, query, s.listDestinationRules, func(found neighbors) {
			v.DestinationRules, v.lives = found.Neighbors, append(v.lives, found.lives)
		})
	case around.ServiceEntries:
		return keepOrList(ctx, v, &s.entries, query, s.listEntries, func(found entries) {
			v.Entries, v.ServiceEntryObjects = found.HostIndex, found.objects
		})
	case around.Services:
		return keepOrList(ctx, v, &s.services, query, s.listServices, func(found map[string]around.Service) {
			v.Services[query.Namespace] = found
		})
	case around.Gateways:
		return keepOrList(ctx, v, &s.gateways, query, s.listGateways, func(found map[string]around.Gateway) {
			v.Gateways[query.Namespace] = found
		})
	case around.Pods:
		return keepOrList(ctx, v, &s.pods, query, s.listPods, func(found *around.Endpoints) {
			v.Pods[query.Namespace] = found
		})
	case around.WorkloadEntries:
		return keepOrList(ctx, v, &s.workloads, query, s.listWorkloads, func(found *around.Endpoints) {
			v.Workloads[query.Namespace] = found
		})
	case around.Namespaces:
		return keepOrList(ctx, v, &s.namespaces, query, s.listNamespaces, func(found map[string]map[string]string) {
			v.Namespaces = found
		})
	case around.Sidecars:
		return keepOrList(ctx, v, &s.sidecars, query, s.findSidecar, func(found bool) {
			v.Sidecars[query.Namespace] = found
		})
	}
	return errors.New("look at " + string(query.Resource) + ": it is of no interest")
}

// keepOrList takes a list that is kept, or makes it, and lets it be written down.
func keepOrList[T any](
	ctx context.Context, v *View, from *lists[T], query around.Query, list func(
		context.Context, around.Query,
	) (T, error), write func(T),
) error {
	found := from.get(ctx, query.Namespace, v.notBefore, func(ctx context.Context) (T, error) {
		return list(ctx, query)
	})
	switch {
	case found == nil:
		return v.surroundings.cluster.wrap("list", scopeOf(query).String(), ctx.Err())
	case found.err != nil:
		return found.err
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	write(found.list)
	if found.began.Before(v.began) && slices.Contains(answering, query.Resource) {
		v.old = append(v.old, query)
	}
	return nil
}
