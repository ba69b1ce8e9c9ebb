package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// proxy is what istiod knows of one proxy: the nonces of what it was sent last, and of what it acknowledged last.
// Source: istio.io/istio pilot/pkg/xds SyncStatus, served as /debug/syncz.
type proxy struct {
	ID           string              `json:"proxy"`
	Type         string              `json:"proxy_type"`
	IstioVersion string              `json:"istio_version"`
	ClusterSent  string              `json:"cluster_sent"`
	ClusterAcked string              `json:"cluster_acked"`
	RouteSent    string              `json:"route_sent"`
	RouteAcked   string              `json:"route_acked"`
	Resources    map[string]resource `json:"resources"`
}

type resource struct {
	LastError string `json:"lastError"`
}

// nonces are what changes when a proxy is sent something or acknowledges it.
func (p proxy) nonces() [4]string {
	return [4]string{p.ClusterSent, p.ClusterAcked, p.RouteSent, p.RouteAcked}
}

// objection is why the proxy refuses what it was sent, empty if it has not said.
func (p proxy) objection() string {
	for _, name := range slices.Sorted(maps.Keys(p.Resources)) {
		if text := p.Resources[name].LastError; text != "" {
			return text
		}
	}
	return ""
}

// proxies are those that are connected to one istiod, by their id.
type proxies map[string]proxy

// nonceTail is the length of the random part of a nonce, a UUID. In front of it stands the version that was sent.
const nonceTail = 36

// version is the newest that istiod sent to any of them.
func (p proxies) version() int {
	newest := 0
	for _, one := range p {
		newest = max(newest, versionOf(one.ClusterSent), versionOf(one.RouteSent))
	}
	return newest
}

// versionOf returns the version in a nonce: a number that istiod counts up, 0 where the nonce is of another form.
func versionOf(nonce string) int {
	if len(nonce) < nonceTail {
		return 0
	}
	version := nonce[:len(nonce)-nonceTail]
	n, err := strconv.Atoi(version[strings.LastIndex(version, "/")+1:])
	if err != nil {
		return 0
	}
	return n
}

// isUnaskable reports whether trying again would not help: a right is missing, there is no istiod, or what answers is
// none.
func isUnaskable(err error) bool {
	var never unaskable
	var e *Error
	// A port-forward that fails on its way has no status, and no reason.
	return errors.As(err, &never) || errors.As(err, &e) && !passes(err) && e.Reason != Unknown
}

// controlPlane is a connection to every istiod.
type controlPlane struct {
	istiods []istiod
}

// istiod is one instance, and how to reach it.
type istiod struct {
	client  *http.Client
	address string
	// name is what a message calls it.
	name string
}

// connectControlPlane connects to the istiods: at the given addresses, or through a port-forward to every pod.
func (c *Cluster) connectControlPlane(ctx context.Context, p Propagation) (*controlPlane, error) {
	control := &controlPlane{}
	for _, address := range p.IstiodAddresses {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: c.dial}}
		control.istiods = append(control.istiods, istiod{client, strings.TrimSuffix(address, "/"), nameAt(address)})
	}
	if len(control.istiods) > 0 {
		return control, nil
	}
	pods, err := c.istiodPods(ctx, p.IstiodNamespace)
	if err != nil {
		return nil, err
	}
	for _, pod := range pods {
		what := fmt.Sprintf("Pod %q", p.IstiodNamespace+"/"+pod)
		client, err := c.forward(ctx, p.IstiodNamespace, pod)
		if err != nil {
			control.close()
			return nil, c.unforwarded(ctx, p.IstiodNamespace, pod, c.wrap("forward a port of", what, err))
		}
		control.istiods = append(control.istiods, istiod{client, "http://" + pod, "istiod in " + what})
	}
	return control, nil
}

// unforwarded is why a port-forward to a pod failed, with the reason that a right is missing where it is: the
// protocols of a port-forward tell that in words only. A request that does not ask for one of them is refused with a
// status.
func (c *Cluster) unforwarded(ctx context.Context, namespace, pod string, err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Reason != Unknown {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	plain := c.rest.Post().AbsPath("/api/v1/namespaces", namespace, "pods", pod, "portforward").Do(ctx).Error()
	if reason := classify(plain); plain != nil && slices.Contains([]Reason{Forbidden, Unauthorized}, reason) {
		e.Reason = reason
	}
	return err
}

// nameAt names the istiod at an address, without credentials that may stand in it.
func nameAt(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return "istiod"
	}
	return "istiod at " + at.Host
}

// istiodPods returns the names of istiod's running pods.
func (c *Cluster) istiodPods(ctx context.Context, namespace string) ([]string, error) {
	what := fmt.Sprintf("every Pod of istiod in namespace %q", namespace)
	var list *unstructured.UnstructuredList
	err := c.persist(ctx, "list "+what, func(ctx context.Context, _ bool) (err error) {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		list, err = c.client.Resource(schema.GroupVersionResource{
			Version:  "v1",
			Resource: "pods",
		}).Namespace(namespace).
			List(ctx, metav1.ListOptions{LabelSelector: "app=istiod", FieldSelector: "status.phase=Running"})
		return c.wrap("list", what, err)
	})
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range list.Items {
		if isReady(&list.Items[i]) {
			names = append(names, list.Items[i].GetName())
		}
	}
	switch {
	case len(list.Items) == 0:
		return nil, unaskable{fmt.Errorf("list %s: there is none that is ready", what)}
	case len(names) == 0:
		return nil, fmt.Errorf("list %s: none of %d is ready", what, len(list.Items))
	}
	return names, nil
}

// askAll asks every istiod at the same time, and returns the answers in their order.
func askAll[T any](ctx context.Context, p *controlPlane, ask func(context.Context, istiod) (T, error)) ([]T, error) {
	answers, failed := make([]T, len(p.istiods)), make([]error, len(p.istiods))
	var group sync.WaitGroup
	for i, one := range p.istiods {
		group.Go(func() { answers[i], failed[i] = ask(ctx, one) })
	}
	group.Wait()
	return answers, errors.Join(failed...)
}

// proxies returns what the proxies have, by istiod.
func (p *controlPlane) proxies(ctx context.Context) ([]proxies, error) {
	return askAll(ctx, p, func(ctx context.Context, one istiod) (all proxies, err error) {
		var list []proxy
		err = one.ask(ctx, "/debug/syncz", func(decoder *json.Decoder) error { return decoder.Decode(&list) })
		return byID(list), err
	})
}

// holdings returns what each istiod holds of some objects.
func (p *controlPlane) holdings(ctx context.Context, of written) ([]holding, error) {
	return askAll(ctx, p, func(ctx context.Context, one istiod) (held holding, err error) {
		err = one.ask(ctx, "/debug/configz", func(decoder *json.Decoder) error {
			held, err = readHolding(decoder, of)
			return err
		})
		return held, err
	})
}

// ask asks for one of istiod's debug pages, and reads the answer.
func (i istiod) ask(ctx context.Context, page string, read func(*json.Decoder) error) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.address+page, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", i.name, err)
	}
	response, err := i.client.Do(request)
	if err != nil {
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return fmt.Errorf("ask %s: %w", i.name, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		err := fmt.Errorf("ask %s for %s: it answered %s", i.name, page, response.Status)
		if response.StatusCode < http.StatusInternalServerError {
			return unaskable{err}
		}
		return err
	}
	if err := read(json.NewDecoder(&boundedBody{response.Body, longestAnswer})); err != nil {
		err = fmt.Errorf("ask %s for %s: %w", i.name, page, err)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) || errors.Is(err, errTooLong) {
			return unaskable{err}
		}
		return err
	}
	return nil
}

// byID returns proxies by their id. A gRPC client without a sidecar connects once for each of its channels, with one
// id: those are told apart by a number.
func byID(list []proxy) proxies {
	slices.SortFunc(list, func(a, b proxy) int {
		x, y := a.nonces(), b.nonces()
		return cmp.Or(cmp.Compare(a.ID, b.ID), slices.Compare(x[:], y[:]))
	})
	all := make(proxies, len(list))
	for i, one := range list {
		name := one.ID
		for n := 2; i > 0 && hasKey(all, name); n++ {
			name = fmt.Sprintf("%s #%d", one.ID, n)
		}
		all[name] = one
	}
	return all
}

func hasKey(all proxies, name string) bool {
	_, ok := all[name]
	return ok
}

// close ends the connections.
func (p *controlPlane) close() {
	for _, one := range p.istiods {
		one.client.CloseIdleConnections()
	}
}
