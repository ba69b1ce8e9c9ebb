package cluster

import (
	"context"
	"fmt"
	"iter"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// Query says which objects of a kind are looked for.
type Query struct {
	Kind routing.Kind
	// Namespace is empty for all namespaces.
	Namespace string
	// LabelSelector is in Kubernetes' syntax, such as `app=greeter,env!=dev`; empty selects all.
	LabelSelector string
}

// pageSize is how many objects one request asks for.
const pageSize = 500

// Each goes through the objects of a query, page by page, until the caller stops. An error is the last thing that it yields.
func (c *Cluster) Each(ctx context.Context, q Query) iter.Seq2[*Live, error] {
	return func(yield func(*Live, error) bool) {
		for options := (metav1.ListOptions{Limit: pageSize, LabelSelector: q.LabelSelector}); ; {
			page, err := c.page(ctx, q, options)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page.Items {
				o := &page.Items[i]
				live, err := c.live(Address{Kind: q.Kind, Namespace: o.GetNamespace(), Name: o.GetName()}, o)
				if !yield(live, err) || err != nil {
					return
				}
			}
			if options.Continue = page.GetContinue(); options.Continue == "" {
				return
			}
		}
	}
}

func (c *Cluster) page(ctx context.Context, q Query, options metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	where := fmt.Sprintf("namespace %q", q.Namespace)
	if q.Namespace == "" {
		where = "all namespaces"
	}
	object := fmt.Sprintf("every %s in %s", q.Kind, where)
	var page *unstructured.UnstructuredList
	err := c.persist(ctx, "list "+object, func(ctx context.Context, _ bool) (err error) {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		page, err = c.resource(q.Kind, q.Namespace).List(ctx, options)
		return c.wrap("list", object, err)
	})
	return page, err
}

// List reads all objects of a kind in a namespace.
func (c *Cluster) List(ctx context.Context, kind routing.Kind, namespace string) ([]*Live, error) {
	var found []*Live
	for live, err := range c.Each(ctx, Query{Kind: kind, Namespace: namespace}) {
		if err != nil {
			return nil, err
		}
		found = append(found, live)
	}
	return found, nil
}
