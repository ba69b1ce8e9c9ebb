package cluster

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// discovery answers what is served as an API server does: served has the resources by version of Istio's API.
// Objects do not exist.
func discovery(served map[string][]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer := func(o any) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(o)
		}
		group := metav1.APIGroup{Name: apiGroup}
		for version := range served {
			group.Versions = append(group.Versions, metav1.GroupVersionForDiscovery{
				GroupVersion: apiGroup + "/" + version, Version: version,
			})
		}
		if r.URL.Path == "/apis" {
			groups := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList"}}
			if groups.Groups = append(groups.Groups, metav1.APIGroup{Name: "apps"}); len(served) > 0 {
				groups.Groups = append(groups.Groups, group)
			}
			answer(groups)
			return
		}
		version, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/apis/"+apiGroup+"/"), "/")
		list := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList"}}
		for _, name := range served[version] {
			list.APIResources = append(list.APIResources, metav1.APIResource{Name: name})
			if strings.Contains(rest, name+"/") {
				answerNotFound(w, r)
				return
			}
		}
		if rest != "" || served[version] == nil {
			http.NotFound(w, r)
			return
		}
		answer(list)
	}
}

// TestGetServed: an object of a kind that is served in no version does not exist, also for who deletes it. Where it
// is not certain that none is, the error stays.
func TestGetServed(t *testing.T) {
	t.Parallel()
	routes := Address{Kind: istio.KindVirtualService, Namespace: "shop", Name: "reviews"}
	subsets := Address{Kind: istio.KindDestinationRule, Namespace: "shop", Name: "reviews"}
	const both = "read VirtualService \"shop/reviews\": the server could not find the requested resource\n" +
		"read DestinationRule \"shop/reviews\": the server could not find the requested resource"
	for name, test := range map[string]struct {
		server   http.HandlerFunc
		unserved []Address
		err      string
	}{
		"no Istio": {discovery(nil), []Address{routes, subsets}, ""},
		"other kinds of Istio": {
			discovery(map[string][]string{"v1": {"gateways", "gateways/status"}}), []Address{routes, subsets}, "",
		},
		"one of the kinds": {discovery(map[string][]string{"v1": {"virtualservices"}}), []Address{subsets}, ""},
		"both kinds": {
			discovery(map[string][]string{"v1": {"virtualservices", "destinationrules"}}), nil, "",
		},
		"an older version": {
			discovery(map[string][]string{"v1beta1": {"virtualservices", "destinationrules"}}), nil, both,
		},
		"no API server": {http.NotFound, nil, both},
		"a server that takes every path": {func(w http.ResponseWriter, r *http.Request) {
			if strings.Count(r.URL.Path, "/") > 2 {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write([]byte("{}"))
		}, nil, both},
		"a version that does not answer": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/apis" {
				http.NotFound(w, r)
				return
			}
			discovery(map[string][]string{"v1beta1": nil})(w, r)
		}, nil, both},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.server)
			t.Cleanup(server.Close)
			c, err := Connect(Config{Host: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			live, unserved, err := c.GetServed(t.Context(), routes, subsets)
			if diff := cmp.Diff(test.unserved, unserved); diff != "" || len(live.All()) > 0 {
				t.Errorf("live %v, not served (-want +got):\n%s", live, diff)
			}
			said := ""
			if err != nil {
				said = err.Error()
			}
			if diff := cmp.Diff(test.err, said); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if err := c.remove(t.Context(), subsets, "uid"); (err == nil) != (test.err == "") {
				t.Errorf("remove: %v", err)
			}
		})
	}
}
