package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"
)

// Options say whom to watch as what.
type Options struct {
	XDS       string            // host:port of istiod, without TLS
	Gateway   bool              // whether it is a gateway instead of a sidecar
	Namespace string            // that the sidecar says it is in
	Labels    map[string]string // that its pod has
	Hosts     Hosts
	Commands  <-chan Command // answered while it watches; nil when there are none
}

// nodeAddress is the address that the sidecar says it has. Nothing connects to it.
const nodeAddress = "127.0.0.99"

// retryDelay lies between two streams when istiod ends them at once.
const retryDelay = 100 * time.Millisecond

// node is who the proxy is. Without GENERATOR in the metadata istiod computes what it computes for Envoy.
func (o Options) node() *corev3.Node {
	labels := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for key, value := range o.Labels {
		labels.Fields[key] = structpb.NewStringValue(value)
	}
	kind := "sidecar"
	if o.Gateway {
		kind = "router"
	}
	return &corev3.Node{
		Id: fmt.Sprintf("%s~%s~watch.%s~%s.svc.cluster.local", kind, nodeAddress, o.Namespace, o.Namespace),
		Metadata: &structpb.Struct{Fields: map[string]*structpb.Value{
			"NAMESPACE":    structpb.NewStringValue(o.Namespace),
			"INSTANCE_IPS": structpb.NewStringValue(nodeAddress),
			"LABELS":       structpb.NewStructValue(labels),
		}},
	}
}

// Run watches until ctx ends, and writes what it sees to out as lines of JSON, the summary last. When istiod goes
// away it keeps what it holds and connects again, as often as it takes.
func Run(ctx context.Context, o Options, out io.Writer) error {
	connection, err := connect(o.XDS)
	if err != nil {
		return err
	}
	defer connection.Close()
	w := newWatcher(connection, o, out)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var following sync.WaitGroup
	following.Go(func() {
		defer cancel()
		w.follow(ctx)
	})
	w.obey(ctx, o.Commands)
	cancel()
	following.Wait()
	w.report.summary(time.Now(), w.picture)
	return w.report.err
}

// Fetch returns what the picture of a proxy is once it is complete: the route tables that istiod has for it.
func Fetch(ctx context.Context, o Options) (map[string]*routev3.RouteConfiguration, error) {
	connection, err := connect(o.XDS)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	w := newWatcher(connection, o, io.Discard)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.ready = cancel
	err = w.stream(ctx)
	if !w.picture.ready {
		return nil, fmt.Errorf("fetch routes from istiod: %w", err)
	}
	return w.picture.tables, nil
}

func connect(address string) (*grpc.ClientConn, error) {
	connection, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay:  retryDelay,
				Multiplier: 1.6,
				Jitter:     0.2,
				MaxDelay:   time.Second,
			},
			MinConnectTimeout: time.Second,
		}))
	if err != nil {
		return nil, fmt.Errorf("connect to istiod: %w", err)
	}
	return connection, nil
}

func newWatcher(connection *grpc.ClientConn, o Options, out io.Writer) *watcher {
	return &watcher{
		service:  discoveryv3.NewAggregatedDiscoveryServiceClient(connection),
		node:     o.node(),
		picture:  NewPicture(o.Hosts),
		report:   newReport(out, time.Now()),
		versions: map[string]string{},
		ready:    func() {},
	}
}

type watcher struct {
	service  discoveryv3.AggregatedDiscoveryServiceClient
	node     *corev3.Node
	versions map[string]string // by type: the last that was accepted, on whichever stream
	ready    func()            // called when the picture is complete for the first time

	mu      sync.Mutex
	picture *Picture
	report  *report
}

// follow follows one stream after the other until ctx ends, or the report cannot be written.
func (w *watcher) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := w.stream(ctx)
		if ctx.Err() != nil {
			return
		}
		if w.disconnected(err) != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryDelay):
		}
	}
}

func (w *watcher) disconnected(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.disconnected(time.Now(), err)
	return w.report.err
}

// stream follows one stream to its end.
func (w *watcher) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ads, err := w.service.StreamAggregatedResources(ctx)
	if err != nil {
		return err
	}
	s := &stream{watcher: w, ads: ads, nonces: map[string]string{}, names: map[string][]string{}}
	for _, typeURL := range []string{clusterType, endpointType, listenerType, routeType} {
		wildcard := typeURL == clusterType || typeURL == listenerType
		if !wildcard && len(w.picture.Wanted(typeURL)) == 0 {
			continue
		}
		if err := s.request(typeURL, nil); err != nil {
			return err
		}
	}
	for {
		response, err := ads.Recv()
		if err != nil {
			return err
		}
		if err := s.answer(response); err != nil {
			return err
		}
	}
}

// stream is the state that ends with a stream.
type stream struct {
	*watcher
	ads    discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesClient
	greets bool // the first request, which says who the sidecar is, has been sent
	nonces map[string]string
	names  map[string][]string // that the last request of the type asked for
}

// answer takes a response in and acknowledges it, or refuses it. What the response makes the sidecar subscribe to is
// requested first.
func (s *stream) answer(response *discoveryv3.DiscoveryResponse) error {
	typeURL := response.GetTypeUrl()
	s.nonces[typeURL] = response.GetNonce()
	if refusal := s.takeIn(response); refusal != nil {
		return s.request(typeURL, refusal)
	}
	s.versions[typeURL] = response.GetVersionInfo()
	for _, dependent := range []string{endpointType, routeType} {
		if dependent != typeURL && !slices.Equal(s.names[dependent], s.picture.Wanted(dependent)) {
			if err := s.request(dependent, nil); err != nil {
				return err
			}
		}
	}
	return s.request(typeURL, nil)
}

// takeIn changes the picture, reports that, and returns why it did not.
func (w *watcher) takeIn(response *discoveryv3.DiscoveryResponse) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := time.Now()
	w.report.connected(at)
	change, refusal := w.picture.Apply(response, at)
	if refusal != nil {
		w.report.refused(at, response.GetTypeUrl(), refusal)
		return refusal
	}
	w.report.change(at, change)
	if change.Ready {
		w.ready()
	}
	return nil
}

// request asks for the wanted resources of a type. It is also the answer to the last response of the type: a refusal
// with an error, else an acknowledgement.
func (s *stream) request(typeURL string, refusal error) error {
	request := &discoveryv3.DiscoveryRequest{
		TypeUrl:       typeURL,
		VersionInfo:   s.versions[typeURL],
		ResponseNonce: s.nonces[typeURL],
		ResourceNames: s.picture.Wanted(typeURL),
	}
	if refusal != nil {
		request.ErrorDetail = &statuspb.Status{Code: int32(codes.InvalidArgument), Message: refusal.Error()}
	}
	if !s.greets {
		request.Node, s.greets = s.node, true
	}
	s.names[typeURL] = request.GetResourceNames()
	if err := s.ads.Send(request); !errors.Is(err, io.EOF) {
		return err
	}
	return nil // the stream has ended, and the next Recv says why
}
