package acceptance_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// catchingUp is how long istiod may take to hold what the API server has, and a proxy to have all of it, after either
// server was restarted: the back-off of istiod's informers and then that of Envoy's connection, at their longest.
const catchingUp = time.Minute + 30*time.Second + 30*time.Second

// debug reads one of istiod's debug pages, and reports whether istiod answered.
func (b *breakable) debug(page string, into any) bool {
	b.t.Helper()
	response, err := http.Get("http://" + b.address("istiod", "--monitoringAddr") + "/debug/" + page)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK && json.NewDecoder(response.Body).Decode(into) == nil
}

func objectName(kind, namespace, name string) string { return kind + "/" + namespace + "/" + name }

// held returns the resource versions of the objects that istiod holds, by kind, namespace and name.
func (b *breakable) held() map[string]string {
	b.t.Helper()
	var objects []struct {
		Kind     string
		Metadata metav1.ObjectMeta
	}
	if !b.debug("configz", &objects) {
		return nil
	}
	versions := map[string]string{}
	for _, o := range objects {
		versions[objectName(o.Kind, o.Metadata.Namespace, o.Metadata.Name)] = o.Metadata.ResourceVersion
	}
	return versions
}

// holds reports whether istiod holds an object as it is in the cluster now.
func (b *breakable) holds(k *kube, resource, kind, name string) bool {
	b.t.Helper()
	live, err := k.objects("networking.istio.io/v1", resource, "greeter").Get(b.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	version, held := b.held()[objectName(kind, "greeter", name)]
	return held && version == live.GetResourceVersion()
}

// caughtUp reports whether istiod holds the routes and subsets that are in the cluster and no others, and whether the
// sidecar is connected and has acknowledged what it was sent.
func (b *breakable) caughtUp(k *kube, sidecar string) bool {
	b.t.Helper()
	want := map[string]string{}
	for _, resource := range []string{"virtualservices", "destinationrules"} {
		list, err := k.objects("networking.istio.io/v1", resource, "").List(b.t.Context(), metav1.ListOptions{})
		if err != nil {
			return false
		}
		for _, o := range list.Items {
			want[objectName(o.GetKind(), o.GetNamespace(), o.GetName())] = o.GetResourceVersion()
		}
	}
	held := b.held()
	maps.DeleteFunc(held, func(name, _ string) bool {
		return !strings.HasPrefix(name, "VirtualService/") && !strings.HasPrefix(name, "DestinationRule/")
	})
	var proxies []struct {
		Proxy        string
		ClusterSent  string `json:"cluster_sent"`
		ClusterAcked string `json:"cluster_acked"`
		RouteSent    string `json:"route_sent"`
		RouteAcked   string `json:"route_acked"`
	}
	if held == nil || !maps.Equal(want, held) || !b.debug("syncz", &proxies) {
		return false
	}
	for _, p := range proxies {
		if p.Proxy == sidecar {
			return p.ClusterSent == p.ClusterAcked && p.RouteSent == p.RouteAcked
		}
	}
	return sidecar == ""
}
