// Package cluster is the only package that talks to a cluster. It connects to a Kubernetes API server, reads pairs of
// VirtualService and DestinationRule, changes them in an order that drops no request, and says in types what went
// wrong.
package cluster

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Cluster is a connection to one API server. It is safe for concurrent use.
type Cluster struct {
	client dynamic.Interface
	// metadata reads objects without what is in them.
	metadata metadata.Interface
	rest     rest.Interface
	config   *rest.Config
	manager  string
	force    bool
	host     string
	// leftOut is the kubeconfig that does not belong to the host, empty for none.
	leftOut    string
	identities map[istio.Kind]*identityLists
	// discovered are the resources of Istio's API that are served in some version, under the empty name.
	discovered lists[[]string]
	// answered says that the API server has answered a request of ours.
	answered atomic.Bool
	// recovered is when the API server last answered a request that had failed before, in nanoseconds of Unix time; 0
	// is never.
	recovered atomic.Int64
	// asking is what is known of whether istiod can be asked.
	asking asking
	// versions are those of the proxies, where a plan has asked for them.
	versions askedVersions
	// made and takenUp are the UIDs of the objects that were created over this connection, and of those that a create
	// found left behind by a killed apply, with the [taker]: false for what is being deleted, which none takes up.
	made, takenUp sync.Map
	// dial makes a connection, nil for one over the network.
	dial dialer
}

// dialer makes a connection to an address.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Connect reads the configuration and prepares a client. No request is made. An error says what is wrong with which
// file or attribute, and never what is in it.
func Connect(config Config) (*Cluster, error) {
	config, leftOut := config.withoutOther()
	restConfig, err := config.restConfig()
	if err != nil {
		return nil, err
	}
	restConfig.UserAgent = config.UserAgent
	restConfig.WarningHandlerWithContext = warnings{}
	// The API server has priority and fairness of its own; a throttle in the client only adds seconds.
	restConfig.QPS = -1
	restConfig.Dial = config.dial
	c := &Cluster{
		dial:       config.dial,
		manager:    config.FieldManager,
		force:      config.ForceConflicts,
		host:       serverName(restConfig.Host),
		leftOut:    leftOut,
		identities: newIdentityLists(),
	}
	transport, err := httpClient(restConfig, &c.answered)
	if err != nil {
		return nil, fmt.Errorf("use %s: %w", config.source(), err)
	}
	client, err := dynamic.NewForConfigAndClient(restConfig, transport)
	if err != nil {
		return nil, fmt.Errorf("use %s: %w", config.source(), err)
	}
	if c.metadata, err = metadata.NewForConfigAndClient(metadata.ConfigFor(restConfig), transport); err != nil {
		return nil, fmt.Errorf("use %s: %w", config.source(), err)
	}
	raw := dynamic.ConfigFor(restConfig)
	raw.GroupVersion, raw.APIPath = &schema.GroupVersion{Group: apiGroup, Version: apiVersion}, "/apis"
	plain, err := rest.RESTClientForConfigAndClient(raw, transport)
	if err != nil {
		return nil, fmt.Errorf("use %s: %w", config.source(), err)
	}
	c.client, c.rest, c.config = client, plain, restConfig
	return c, nil
}

// apiGroup and apiVersion are those of Istio's API.
const (
	apiGroup   = "networking.istio.io"
	apiVersion = "v1"
)

// Host is the API server, as it may be printed.
func (c *Cluster) Host() string { return c.host }

// wasMade reports whether an object was created over this connection: it belongs to another resource of the same
// run.
func (c *Cluster) wasMade(uid string) bool {
	_, made := c.made.Load(uid)
	return made
}

// taker is whose an object is that was left behind.
type taker struct{ caller any }

// takesUp reports whether an object that was left behind is the caller's from now on: nobody else has it, or deletes
// it.
func (c *Cluster) takesUp(uid string, caller any) bool {
	taken, _ := c.takenUp.LoadOrStore(uid, taker{caller})
	return taken == any(taker{caller})
}

// TakenFrom reports whether an object has become that of another caller in this run: see [Change].
func (c *Cluster) TakenFrom(caller any, uid string) bool {
	taken, ok := c.takenUp.Load(uid)
	return ok && taken != false && taken != any(taker{caller})
}

var resources = map[istio.Kind]schema.GroupVersionResource{
	istio.KindVirtualService:  {Group: apiGroup, Version: apiVersion, Resource: "virtualservices"},
	istio.KindDestinationRule: {Group: apiGroup, Version: apiVersion, Resource: "destinationrules"},
}

func (c *Cluster) resource(kind istio.Kind, namespace string) dynamic.ResourceInterface {
	return c.client.Resource(resources[kind]).Namespace(namespace)
}
