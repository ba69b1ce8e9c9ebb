// Package call sends requests through the routes that istiod computes, with grpc-go's own xDS client or an Envoy as
// the data plane, and counts who answered.
package call

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	xdscreds "google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/xds"
)

// BootstrapVariable names the file that says where the mesh's configuration comes from. In a pod, Istio's injector
// sets it.
const BootstrapVariable = "GRPC_XDS_BOOTSTRAP"

// Identity is what istiod knows of a client: routes can depend on it (sourceNamespace, sourceLabels).
type Identity struct {
	Namespace string
	Labels    string // key=value, separated by commas
}

// Source says where a client gets its configuration: from an istiod at XDS (host:port), else as the file Bootstrap
// says. Requests through an Envoy go to Proxies.
type Source struct {
	XDS       string
	Bootstrap string
	Proxies   Proxies
}

// bootstrap returns what grpc-go calls a bootstrap configuration.
func (s Source) bootstrap(identity Identity) ([]byte, error) {
	if s.XDS != "" {
		return synthesize(s.XDS, identity)
	}
	file := s.Bootstrap
	if file == "" {
		file = os.Getenv(BootstrapVariable)
	}
	if file == "" {
		return nil, errors.New("find istiod: set --xds, --bootstrap or " + BootstrapVariable)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read bootstrap: %w", err)
	}
	return data, nil
}

// nodeAddress is the address that a client outside of any pod says it has. Nothing connects to it.
const nodeAddress = "127.0.0.99"

// nodes counts the nodes that this process has been to istiod, so that each has a name of its own.
var nodes atomic.Int64

func synthesize(address string, identity Identity) ([]byte, error) {
	labels, err := parseLabels(identity.Labels)
	if err != nil {
		return nil, err
	}
	namespace := identity.Namespace
	data, err := json.Marshal(map[string]any{
		"xds_servers": []any{map[string]any{
			"server_uri":      address,
			"channel_creds":   []any{map[string]any{"type": "insecure"}},
			"server_features": []any{"xds_v3"},
		}},
		"node": map[string]any{
			"id": fmt.Sprintf("sidecar~%s~client-%d-%d.%s~%s.svc.cluster.local", nodeAddress, os.Getpid(), nodes.Add(1),
				namespace, namespace),
			"metadata": map[string]any{
				"GENERATOR":    "grpc",
				"NAMESPACE":    namespace,
				"INSTANCE_IPS": nodeAddress,
				"LABELS":       labels,
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("encode bootstrap: %w", err)
	}
	return data, nil
}

func parseLabels(text string) (map[string]string, error) {
	labels := map[string]string{}
	if text == "" {
		return labels, nil
	}
	for _, pair := range strings.Split(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("parse label %q: want key=value", pair)
		}
		labels[key] = value
	}
	return labels, nil
}

// Clients keeps channels open, one per identity and target, so that a later request finds the routes already there.
type Clients struct {
	source    Source
	resolvers map[Identity]resolver.Builder
	channels  map[channelKey]Channel
}

type channelKey struct {
	identity Identity
	target   Target
}

// NewClients returns clients that have no channel yet.
func NewClients(source Source) *Clients {
	return &Clients{
		source:    source,
		resolvers: map[Identity]resolver.Builder{},
		channels:  map[channelKey]Channel{},
	}
}

// Close closes all channels.
func (c *Clients) Close() {
	for _, channel := range c.channels {
		_ = channel.Close() // nothing is sent by it any more
	}
}

func (c *Clients) channel(identity Identity, target Target) (Channel, error) {
	key := channelKey{identity, target}
	if channel := c.channels[key]; channel != nil {
		return channel, nil
	}
	channel, err := c.Open(identity, target)
	if err != nil {
		return nil, err
	}
	c.channels[key] = channel
	return channel, nil
}

// dial opens a channel of grpc-go's own xDS client.
func (c *Clients) dial(identity Identity, host string, port int) (*grpc.ClientConn, error) {
	builder, err := c.resolver(identity)
	if err != nil {
		return nil, err
	}
	target := net.JoinHostPort(host, strconv.Itoa(port))
	// TLS as istiod says, and none where it says nothing.
	creds, err := xdscreds.NewClientCredentials(xdscreds.ClientOptions{FallbackCreds: insecure.NewCredentials()})
	if err != nil {
		return nil, fmt.Errorf("make credentials: %w", err)
	}
	channel, err := grpc.NewClient("xds:///"+target, grpc.WithTransportCredentials(creds), grpc.WithResolvers(builder))
	if err != nil {
		return nil, fmt.Errorf("open channel to %s: %w", target, err)
	}
	return channel, nil
}

// resolver returns the xDS client of an identity. grpc-go reads its own bootstrap once per process, at start; only
// this constructor takes one as an argument, and several side by side.
func (c *Clients) resolver(identity Identity) (resolver.Builder, error) {
	if builder := c.resolvers[identity]; builder != nil {
		return builder, nil
	}
	data, err := c.source.bootstrap(identity)
	if err != nil {
		return nil, err
	}
	builder, err := xds.NewXDSResolverWithConfigForTesting(data)
	if err != nil {
		return nil, fmt.Errorf("make xDS resolver: %w", err)
	}
	c.resolvers[identity] = builder
	return builder, nil
}
