package cluster

import (
	"context"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// mostUnlisted is how many objects are read one by one that are beyond the first page of their namespace, before the
// whole namespace is listed: few objects among many are cheaper to read.
const mostUnlisted = 8

// identityPage is which objects of one kind a namespace has: all of them, or as many as one request returns.
type identityPage struct {
	mutex      sync.Mutex
	identities map[string]Identity
	whole      bool
}

func (p *identityPage) get(name string) (Identity, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	is, ok := p.identities[name]
	return is, ok
}

func (p *identityPage) set(name string, is *Identity) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if is == nil {
		delete(p.identities, name)
	} else {
		p.identities[name] = *is
	}
}

// identityLists are which objects of one kind the namespaces have. One list serves all who ask within ten seconds, as
// a plan of many resources does.
type identityLists struct {
	first, whole lists[*identityPage]
	mutex        sync.Mutex
	// unlisted counts, by namespace, the objects that were beyond the first page.
	unlisted map[string]int
}

// Listed returns the identity of the object at an address, nil if there is none, from a list of its namespace:
// neither the object's spec nor anything that people put on it is read. Known is false where a list does not tell: it
// is not allowed, failed, or the object is one of few in a namespace of many. The caller reads the object then.
func (c *Cluster) Listed(ctx context.Context, at Address) (identity *Identity, known bool) {
	kept := c.identities[at.Kind]
	found := kept.first.get(ctx, at.Namespace, time.Time{}, func(ctx context.Context) (*identityPage, error) {
		return c.listIdentities(ctx, at, false)
	})
	if found == nil || found.err != nil {
		return nil, false
	}
	if is, ok := found.list.get(at.Name); ok || found.list.whole {
		return pointer(is, ok), true
	}
	if !kept.countUnlisted(at.Namespace) {
		return nil, false
	}
	found = kept.whole.get(ctx, at.Namespace, time.Time{}, func(ctx context.Context) (*identityPage, error) {
		return c.listIdentities(ctx, at, true)
	})
	if found == nil || found.err != nil {
		return nil, false
	}
	is, ok := found.list.get(at.Name)
	return pointer(is, ok), true
}

func pointer(identity Identity, ok bool) *Identity {
	if !ok {
		return nil
	}
	return &identity
}

// countUnlisted reports whether so many objects were beyond the first page that the whole namespace is to be listed.
func (l *identityLists) countUnlisted(namespace string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.unlisted == nil {
		l.unlisted = map[string]int{}
	}
	l.unlisted[namespace]++
	return l.unlisted[namespace] > mostUnlisted
}

// wrote takes note of a write: which object stands at an address now, nil for none. Where that is not known, the next
// who asks lists the namespace anew. A list that is being made may be from before the write, and is good only for
// those who wait for it.
func (l *identityLists) wrote(at Address, is *Identity, err error) {
	for _, lists := range []*lists[*identityPage]{&l.first, &l.whole} {
		page, made := lists.made(at.Namespace)
		if err != nil || !made {
			lists.forget(at.Namespace)
			continue
		}
		if page != nil {
			page.set(at.Name, is)
		}
	}
}

// listIdentities lists one page, or all of them. The API server leaves everything but the metadata out.
func (c *Cluster) listIdentities(ctx context.Context, at Address, all bool) (*identityPage, error) {
	found := &identityPage{identities: map[string]Identity{}}
	where := scope{what: "every " + string(at.Kind), resource: resources[at.Kind], namespace: at.Namespace}
	options := metav1.ListOptions{Limit: pageSize}
	for {
		list, err := c.listMetadata(ctx, where, options)
		if err != nil {
			return found, err
		}
		for i := range list.Items {
			o := &list.Items[i]
			found.identities[o.Name] = Identity{UID: string(o.UID), ResourceVersion: o.ResourceVersion}
		}
		options.Continue = list.Continue
		found.whole = options.Continue == ""
		if found.whole || !all {
			return found, nil
		}
	}
}

// listMetadata makes one request. It is not tried again: who gets no answer reads the object itself, and is patient
// there.
func (c *Cluster) listMetadata(
	ctx context.Context, where scope, options metav1.ListOptions,
) (*metav1.PartialObjectMetadataList, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	list, err := c.metadata.Resource(where.resource).Namespace(where.namespace).List(ctx, options)
	return list, c.wrap("list", where.String(), err)
}

// wrote takes note of what a write answered.
func (c *Cluster) wrote(at Address, object *unstructured.Unstructured, err error) {
	var is *Identity
	if err == nil {
		is = &Identity{UID: string(object.GetUID()), ResourceVersion: object.GetResourceVersion()}
	}
	c.identities[at.Kind].wrote(at, is, err)
}

// newIdentityLists returns empty lists.
func newIdentityLists() map[istio.Kind]*identityLists {
	return map[istio.Kind]*identityLists{istio.KindVirtualService: {}, istio.KindDestinationRule: {}}
}
