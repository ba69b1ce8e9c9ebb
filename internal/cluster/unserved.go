package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// GetServed is [Cluster.GetObjects] where an API server that serves a kind in no version is no error: no object of it
// exists. It returns the objects that were asked for and are none for that.
func (c *Cluster) GetServed(ctx context.Context, at ...Address) (live LiveObjects, unserved []Address, err error) {
	if live, err = c.GetObjects(ctx, at...); !IsReason(err, CRDMissing) {
		return live, nil, err
	}
	var served []Address
	for _, at := range at {
		if c.serves(ctx, at.Kind) {
			served = append(served, at)
		} else {
			unserved = append(unserved, at)
		}
	}
	if len(unserved) > 0 {
		live, err = c.GetObjects(ctx, served...)
	}
	return live, unserved, err
}

// serves reports whether the API server serves a kind in any version, such as that of an older Istio, whose objects
// exist. One that does not tell is taken to do so.
func (c *Cluster) serves(ctx context.Context, kind istio.Kind) bool {
	found := c.discovered.get(ctx, "", time.Time{}, c.discover)
	return found == nil || found.err != nil || slices.Contains(found.list, resources[kind].Resource)
}

// discover lists the resources of Istio's API that the API server serves, in any version.
func (c *Cluster) discover(ctx context.Context) ([]string, error) {
	var groups metav1.APIGroupList
	if err := c.discoverAt(ctx, "/apis", &groups); err != nil {
		return nil, err
	}
	if groups.Kind != "APIGroupList" {
		return nil, errors.New("read /apis: no API server answers")
	}
	var served []string
	for _, group := range groups.Groups {
		if group.Name != apiGroup {
			continue
		}
		for _, version := range group.Versions {
			var list metav1.APIResourceList
			if err := c.discoverAt(ctx, "/apis/"+version.GroupVersion, &list); err != nil {
				return nil, err
			}
			for _, resource := range list.APIResources {
				served = append(served, resource.Name)
			}
		}
	}
	return served, nil
}

func (c *Cluster) discoverAt(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	raw, err := c.rest.Get().AbsPath(path).SetHeader("Accept", "application/json").DoRaw(ctx)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	return c.wrap("read", path, err)
}
