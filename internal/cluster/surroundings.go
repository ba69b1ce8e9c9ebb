package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

const (
	// freshness is how long what was listed is good for the checks of a plan: Terraform plans many resources at once, and a list
	// for each of them would take a time that grows with their square.
	freshness = 10 * time.Second
	// lookTimeout bounds each look, which no plan has to wait for.
	lookTimeout = 10 * time.Second
)

// looks are the resources that can be looked at: what errors call them, and how they are asked for.
var looks = map[routing.Resource]scope{
	routing.VirtualServices:  {what: "every VirtualService", resource: resources[routing.KindVirtualService]},
	routing.DestinationRules: {what: "every DestinationRule", resource: resources[routing.KindDestinationRule]},
	routing.ServiceEntries:   {what: "every ServiceEntry", resource: istio("serviceentries")},
	routing.Gateways:         {what: "every Gateway", resource: istio("gateways")},
	routing.WorkloadEntries:  {what: "every WorkloadEntry", resource: istio("workloadentries")},
	routing.Services:         {what: "every Service", resource: schema.GroupVersionResource{Version: "v1", Resource: "services"}},
	routing.Pods:             {what: "every Pod", resource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}},
}

func istio(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: apiGroup, Version: apiVersion, Resource: resource}
}

// Surroundings are the lists that plans look at, each kept for ten seconds and shared by all who ask. It is safe for concurrent use.
type Surroundings struct {
	cluster       *Cluster
	clusterDomain string

	routes, rules   lists[neighbors]
	entries         lists[*routing.HostIndex[struct{}]]
	services        lists[map[string]routing.Service]
	gateways        lists[map[string]bool]
	pods, workloads lists[*routing.Endpoints]
}

// neighbors are objects of one kind, ready to be asked, and as they were read.
type neighbors struct {
	*routing.Neighbors
	lives map[*routing.Object]*Live
}

// NewSurroundings prepares to look; no request is made.
func NewSurroundings(c *Cluster, clusterDomain string) *Surroundings {
	return &Surroundings{cluster: c, clusterDomain: clusterDomain}
}

// lists are what was listed of one resource, by namespace.
type lists[T any] struct {
	mutex sync.Mutex
	by    map[string]*listed[T]
}

type listed[T any] struct {
	mutex sync.Mutex
	at    time.Time
	list  T
	err   error
}

// get returns a list that is fresh. Whoever asks while it is being made waits for that.
func (l *lists[T]) get(namespace string, list func() (T, error)) (T, error) {
	l.mutex.Lock()
	if l.by == nil {
		l.by = map[string]*listed[T]{}
	}
	if l.by[namespace] == nil {
		l.by[namespace] = &listed[T]{}
	}
	kept := l.by[namespace]
	l.mutex.Unlock()
	kept.mutex.Lock()
	defer kept.mutex.Unlock()
	if time.Since(kept.at) >= freshness {
		kept.list, kept.err = list()
		kept.at = time.Now()
	}
	return kept.list, kept.err
}

// each goes through the objects of a look.
func (s *Surroundings) each(ctx context.Context, look routing.Look, options metav1.ListOptions, use func(*unstructured.Unstructured)) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	where := looks[look.Resource]
	where.namespace, options.Limit = look.Namespace, pageSize
	for o, err := range s.cluster.each(ctx, where, options) {
		if err != nil {
			return err
		}
		use(o)
	}
	return nil
}

// neighbors lists VirtualServices or DestinationRules. What this provider cannot read istiod cannot either: it is left out.
func (s *Surroundings) neighbors(ctx context.Context, kind routing.Kind, look routing.Look) (neighbors, error) {
	found := neighbors{lives: map[*routing.Object]*Live{}}
	var all []*routing.Neighbor
	err := s.each(ctx, look, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		live, err := s.cluster.live(Address{Kind: kind, Namespace: o.GetNamespace(), Name: o.GetName()}, o)
		if err != nil {
			return
		}
		found.lives[&live.Object] = live
		all = append(all, &routing.Neighbor{Object: &live.Object, Created: live.Created, Applied: live.Applied})
	})
	found.Neighbors = routing.NewNeighbors(all, s.clusterDomain)
	return found, err
}

// View is what one resource has seen of its surroundings.
type View struct {
	routing.Facts
	// Unseen are the looks that failed.
	Unseen []Unseen
	// Narrow says that only the resource's own namespace could be looked at where all of them are of interest.
	Narrow map[routing.Resource]bool

	surroundings *Surroundings
	namespace    string
	lives        []map[*routing.Object]*Live
}

// Unseen is a look that failed.
type Unseen struct {
	routing.Look
	Err error
}

// View begins to look from a namespace.
func (s *Surroundings) View(namespace string, options routing.Options, owner string) *View {
	options.ClusterDomain = s.clusterDomain
	return &View{
		surroundings: s, namespace: namespace, Narrow: map[routing.Resource]bool{},
		Facts: routing.Facts{
			Options: options, Owner: owner, Services: map[string]map[string]routing.Service{}, Gateways: map[string]map[string]bool{},
			Pods: map[string]*routing.Endpoints{}, Workloads: map[string]*routing.Endpoints{}, Closed: map[routing.Look]bool{},
		},
	}
}

// Live returns a neighbor as it was read, nil for any other object.
func (v *View) Live(o *routing.Object) *Live {
	for _, lives := range v.lives {
		if live := lives[o]; live != nil {
			return live
		}
	}
	return nil
}

// Look takes more looks. One at all namespaces that the user may not take is taken at the own namespace instead.
func (v *View) Look(ctx context.Context, wanted []routing.Look) {
	for _, look := range wanted {
		err := v.look(ctx, look, look.Namespace)
		if look.Namespace == "" && IsReason(err, Forbidden) {
			if err = v.look(ctx, look, v.namespace); err == nil {
				v.Narrow[look.Resource] = true
			}
		}
		if err != nil {
			v.Closed[look] = true
			v.Unseen = append(v.Unseen, Unseen{Look: look, Err: err})
		}
	}
}

// look takes one look, in a namespace.
func (v *View) look(ctx context.Context, look routing.Look, namespace string) (err error) {
	s := v.surroundings
	look.Namespace = namespace
	switch look.Resource {
	case routing.VirtualServices:
		v.Routes, err = v.neighbors(ctx, &s.routes, routing.KindVirtualService, look)
	case routing.DestinationRules:
		v.Rules, err = v.neighbors(ctx, &s.rules, routing.KindDestinationRule, look)
	case routing.ServiceEntries:
		var entries *routing.HostIndex[struct{}]
		if entries, err = s.entries.get(namespace, func() (*routing.HostIndex[struct{}], error) { return s.listEntries(ctx, look) }); err == nil {
			v.Entries = entries
		}
	case routing.Services:
		err = keep(v.Services, &s.services, namespace, func() (map[string]routing.Service, error) { return s.listServices(ctx, look) })
	case routing.Gateways:
		err = keep(v.Gateways, &s.gateways, namespace, func() (map[string]bool, error) { return s.listGateways(ctx, look) })
	case routing.Pods:
		err = keep(v.Pods, &s.pods, namespace, func() (*routing.Endpoints, error) { return s.listPods(ctx, look) })
	case routing.WorkloadEntries:
		err = keep(v.Workloads, &s.workloads, namespace, func() (*routing.Endpoints, error) { return s.listWorkloads(ctx, look) })
	default:
		err = errors.New("look at " + string(look.Resource) + ": it is of no interest")
	}
	return err
}

func (v *View) neighbors(ctx context.Context, from *lists[neighbors], kind routing.Kind, look routing.Look) (*routing.Neighbors, error) {
	found, err := from.get(look.Namespace, func() (neighbors, error) { return v.surroundings.neighbors(ctx, kind, look) })
	if err != nil {
		return nil, err
	}
	v.lives = append(v.lives, found.lives)
	return found.Neighbors, nil
}

// keep puts a list of a namespace among the facts.
func keep[T any](facts map[string]T, from *lists[T], namespace string, list func() (T, error)) error {
	found, err := from.get(namespace, list)
	if err == nil {
		facts[namespace] = found
	}
	return err
}
