package cluster

import (
	"context"
	"errors"
	"fmt"
	"iter"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Query says which objects of a kind are looked for.
type Query struct {
	Kind istio.Kind
	// Namespace is empty for all namespaces.
	Namespace string
	// LabelSelector is in Kubernetes' syntax, such as `app=greeter,env!=dev`; empty selects all.
	LabelSelector string
	// Few is how many objects the caller is going to look at, 0 for all of them.
	Few int64
}

// pageSize is how many objects one request asks for at most.
const pageSize = 500

// CheckLabelSelector says what is wrong with a label selector.
func CheckLabelSelector(text string) error {
	_, err := labels.Parse(text)
	return err
}

// Each goes through the objects of a query, page by page, until the caller stops. An object that cannot be read is an
// error in its place; that of a request is the last thing that is yielded.
func (c *Cluster) Each(ctx context.Context, q Query) iter.Seq2[*Live, error] {
	return func(yield func(*Live, error) bool) {
		size := int64(pageSize)
		if q.Few > 0 {
			size = min(size, q.Few)
		}
		where := scope{what: "every " + string(q.Kind), resource: resources[q.Kind], namespace: q.Namespace}
		for o, err := range c.each(ctx, where, metav1.ListOptions{Limit: size, LabelSelector: q.LabelSelector}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(c.live(Address{Kind: q.Kind, Namespace: o.GetNamespace(), Name: o.GetName()}, o)) {
				return
			}
		}
	}
}

// scope is what a list is of.
type scope struct {
	// what calls the objects in errors.
	what     string
	resource schema.GroupVersionResource
	// namespace is empty for all namespaces.
	namespace string
}

// String returns the scope as `every Pod in namespace "shop"`.
func (s scope) String() string {
	if s.namespace == "" {
		return s.what + " in all namespaces"
	}
	return fmt.Sprintf("%s in namespace %q", s.what, s.namespace)
}

// each goes through the objects of a scope, page by page. An error is the last thing that is yielded.
func (c *Cluster) each(
	ctx context.Context, s scope, options metav1.ListOptions,
) iter.Seq2[*unstructured.Unstructured, error] {
	return func(yield func(*unstructured.Unstructured, error) bool) {
		for {
			page, err := c.page(ctx, s, options)
			if next := resumption(err); next != "" && options.Continue != "" && next != options.Continue {
				options.Continue = next
				continue
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page.Items {
				if !yield(&page.Items[i], nil) {
					return
				}
			}
			if options.Continue = page.GetContinue(); options.Continue == "" {
				return
			}
		}
	}
}

// resumption returns how a list goes on after the API server has forgotten where it was: what follows is of a later
// time than what came before. Empty for every other error.
func resumption(err error) string {
	var status apierrors.APIStatus
	if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) {
		return ""
	}
	return status.Status().Continue
}

func (c *Cluster) page(
	ctx context.Context, s scope, options metav1.ListOptions,
) (*unstructured.UnstructuredList, error) {
	var page *unstructured.UnstructuredList
	err := c.persist(ctx, "list "+s.String(), func(ctx context.Context, _ bool) (err error) {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		page, err = c.client.Resource(s.resource).Namespace(s.namespace).List(ctx, options)
		return c.wrap("list", s.String(), err)
	})
	if failure := (*Error)(nil); errors.As(err, &failure) {
		failure.Everywhere = s.namespace == ""
	}
	return page, err
}
