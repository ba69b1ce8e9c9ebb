package around

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Resource is a kind of object that is looked for around a route, by its name in Kubernetes' API.
type Resource string

// The resources that tell whether a route can work.
const (
	VirtualServices  Resource = "virtualservices"
	DestinationRules Resource = "destinationrules"
	Services         Resource = "services"
	ServiceEntries   Resource = "serviceentries"
	Gateways         Resource = "gateways"
	Pods             Resource = "pods"
	WorkloadEntries  Resource = "workloadentries"
	// Namespaces and Sidecars, which are the workloads that have one, tell whether callers are in the mesh.
	Namespaces Resource = "namespaces"
	Sidecars   Resource = "sidecars"
)

// Query asks a cluster for all objects of a resource in a namespace, or with an empty one in all namespaces.
type Query struct {
	Resource  Resource
	Namespace string
}

// Facts are what is known of a cluster. A member that is nil, or a namespace that is not in it, was not listed.
type Facts struct {
	traffic.Options
	// Owner is the workspace whose route is inspected: what else it applied is no surprise to it. May be empty.
	Owner                             string
	VirtualServices, DestinationRules *Neighbors
	// Entries has the hosts of ServiceEntries, as they are written.
	Entries *HostIndex[string]
	// Services and Gateways are by namespace and name; Pods and Workloads are by namespace.
	Services        map[string]map[string]Service
	Gateways        map[string]map[string]Gateway
	Pods, Workloads map[string]*Endpoints
	// Namespaces are the labels of each. Sidecars says whether a workload of a namespace has one, or asks for it.
	Namespaces map[string]map[string]string
	Sidecars   map[string]bool
	// Narrow says that a resource was listed in one namespace only where all of them are of interest: what is not
	// there may be elsewhere.
	Narrow map[Resource]bool
	// Closed are queries that failed: what depends on them is not known.
	Closed map[Query]bool
}

// Service is what a Service of Kubernetes says about the pods behind it.
type Service struct {
	Ports []ServicePort
	// Selector is nil where it does not decide alone which workloads take requests: for a Service without a selector,
	// one that is only a name for something outside, and one that sends requests to pods that are not ready.
	Selector map[string]string
}

// ServicePort is a port of a Service.
type ServicePort struct {
	Name   string
	Number uint32
	// Protocol is what Istio takes it for, such as HTTP2, GRPC or TCP; empty where it looks what comes.
	Protocol string
}

// Neighbor is a VirtualService or a DestinationRule of the cluster.
type Neighbor struct {
	*istio.Object
	Created time.Time
	// Applied says that the provider's field manager applied it.
	Applied bool
}

// Neighbors are objects by the hosts that they speak of.
type Neighbors struct {
	all   []*Neighbor
	index HostIndex[claimed]
	named map[string]*Neighbor
	// senders are VirtualServices by the hosts, in full and in lower case, that they send requests to.
	senders func() map[string][]*Neighbor
	// roots are VirtualServices by the delegates, as namespace and name, that they hand over to.
	roots func() map[string][]*Neighbor
}

// claimed is a neighbor and one of its hosts, in full and in lower case.
type claimed struct {
	*Neighbor
	host string
}

// NewNeighbors files objects of one kind. They must not change afterwards.
func NewNeighbors(all []*Neighbor, clusterDomain string) *Neighbors {
	neighbors := &Neighbors{all: all, named: map[string]*Neighbor{}}
	neighbors.roots = sync.OnceValue(func() map[string][]*Neighbor { return rootsOf(all) })
	neighbors.senders = sync.OnceValue(func() map[string][]*Neighbor { return sendersOf(all, clusterDomain) })
	for _, n := range all {
		neighbors.named[n.Namespace+"/"+n.Name] = n
		for _, host := range hostsOf(n.Object) {
			full := strings.ToLower(istio.FullHost(host, n.Namespace, clusterDomain))
			neighbors.index.Add(full, claimed{n, full})
		}
	}
	return neighbors
}

// All returns the objects, and when each was made.
func (n *Neighbors) All() (objects []*istio.Object, created map[*istio.Object]time.Time) {
	created = map[*istio.Object]time.Time{}
	for _, o := range n.all {
		objects, created[o.Object] = append(objects, o.Object), o.Created
	}
	return objects, created
}

func hostsOf(o *istio.Object) []string {
	switch spec := o.Spec.(type) {
	case *networking.VirtualService:
		return spec.GetHosts()
	case *networking.DestinationRule:
		return []string{spec.GetHost()}
	}
	return nil
}

// Named returns the neighbor at the address of an object, nil where there is none.
func (n *Neighbors) Named(o *istio.Object) *Neighbor {
	if n == nil || o == nil {
		return nil
	}
	return n.named[o.Namespace+"/"+o.Name]
}

// Neighbor returns the neighbor at the address of an object, nil where there is none.
func (f *Facts) Neighbor(o *istio.Object) *Neighbor {
	if o.Kind() == istio.KindDestinationRule {
		return f.DestinationRules.Named(o)
	}
	return f.VirtualServices.Named(o)
}

// overlapping returns the claims of hosts that have a name in common with the given one.
func (n *Neighbors) overlapping(host string) []claimed {
	return append(n.index.Covering(host), n.index.Within(host)...)
}

// aged returns the options with the creation times of some objects: those that exist are as old as the cluster says.
func (f *Facts) aged(objects ...*istio.Object) traffic.Options {
	options := f.Options
	options.Created = map[*istio.Object]time.Time{}
	for _, o := range objects {
		if n := f.Neighbor(o); n != nil {
			options.Created[o] = n.Created
		}
	}
	return options
}

// audience are the namespaces that see something; all says that every namespace does.
type audience struct {
	all   bool
	names []string
}

// whoSees returns who sees all of some objects.
func whoSees(objects ...*istio.Object) audience {
	who := audience{all: true}
	for _, o := range objects {
		names := istio.ExportedTo(o)
		switch {
		case len(names) == 0:
		case who.all:
			who = audience{names: names}
		default:
			who.names = slices.DeleteFunc(who.names, func(name string) bool { return !slices.Contains(names, name) })
		}
	}
	who.names = istio.Unique(who.names)
	return who
}

func (a audience) nobody() bool { return !a.all && len(a.names) == 0 }

// anyone returns a namespace that is among them.
func (a audience) anyone() string {
	if a.all {
		return otherNamespace
	}
	return a.names[0]
}

// alike splits them by what something is for their namespaces.
func (a audience) alike(is func(namespace string) int) []audience {
	if a.all {
		return []audience{a}
	}
	groups := map[int][]string{}
	for _, name := range a.names {
		groups[is(name)] = append(groups[is(name)], name)
	}
	var all []audience
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, audience{names: groups[key]})
	}
	return all
}

// otherNamespace stands for a namespace that nothing names.
const otherNamespace = "?"

// words says who the callers are.
func (a audience) words() string {
	if a.all {
		return "every caller"
	}
	names := slices.DeleteFunc(slices.Clone(a.names), func(name string) bool { return name == otherNamespace })
	others := len(names) < len(a.names)
	if more := len(names) - istio.MostNamed; more > 0 {
		//nolint:gosec // it is positive
		names = append(names[:istio.MostNamed:istio.MostNamed], strconv.FormatUint(uint64(uint32(more)), 10)+" more")
	}
	switch {
	case others:
		return "callers in " + istio.Enumerate(append(names, "all other namespaces"), "and")
	case len(names) == 1:
		return "callers in namespace " + names[0]
	}
	return "callers in the namespaces " + istio.Enumerate(names, "and")
}

// InCluster returns whose full host it is, false if it is of no Service of the cluster.
func (f *Facts) InCluster(host string) (namespace, name string, ok bool) {
	return istio.InCluster(host, f.Domain())
}

// sendersOf files VirtualServices, delegates apart, under the hosts that they send requests to.
func sendersOf(all []*Neighbor, clusterDomain string) map[string][]*Neighbor {
	senders := map[string][]*Neighbor{}
	for _, n := range all {
		if len(hostsOf(n.Object)) == 0 {
			continue
		}
		l := &inspection{Facts: &Facts{}, pair: istio.ObjectsOf(n.Object)}
		for _, t := range l.targets() {
			host := strings.ToLower(istio.FullHost(t.Host, n.Namespace, clusterDomain))
			if found := senders[host]; len(found) == 0 || found[len(found)-1] != n {
				senders[host] = append(found, n)
			}
		}
	}
	return senders
}
