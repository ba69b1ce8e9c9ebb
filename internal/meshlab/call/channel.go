package call

import (
	"context"
	"errors"
	"net"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
)

// Answer is what a server says about itself and the call.
type Answer struct {
	// Version is the server's. Where an Envoy answered by itself, and did not fail, it is the status and where it
	// leads.
	Version  string
	Endpoint string // address and port
	Attempts string // that the answer needed; empty unless the call counts them
	Body     []byte // of HTTP
}

// Channel sends to one target.
type Channel interface {
	// Send sends one request and returns who answered. What went wrong is in the words of Describe.
	Send(ctx context.Context, m Message) (Answer, error)
	// Ready connects, and returns whether that worked before ctx ended.
	Ready(ctx context.Context) bool
	Close() error
}

// Open returns a channel that the caller closes. The channels of one identity share one connection to istiod. What
// goes through an Envoy has the Envoy's identity.
func (c *Clients) Open(identity Identity, t Target) (Channel, error) {
	if t.Via == XDS {
		connection, err := c.dial(identity, t.Host, t.Port)
		if err != nil {
			return nil, err
		}
		return grpcChannel{connection}, nil
	}
	address := net.JoinHostPort(c.source.Proxies.Sidecar, strconv.Itoa(t.Port))
	if t.Via == Gateway {
		address = net.JoinHostPort(c.source.Proxies.Gateway, strconv.Itoa(t.Port))
	}
	tls, err := c.source.Proxies.tls(t)
	if err != nil {
		return nil, err
	}
	if t.Protocol != GRPC {
		return newHTTPChannel(t, address, tls), nil
	}
	creds := insecure.NewCredentials()
	if tls != nil {
		creds = credentials.NewTLS(tls)
	}
	connection, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(creds),
		grpc.WithAuthority(t.Host))
	if err != nil {
		return nil, err
	}
	return grpcChannel{connection}, nil
}

// Describe says what went wrong with a call: "Code: message" of gRPC, or "503: text" of HTTP.
func Describe(err error) string {
	if failure, ok := errors.AsType[httpFailure](err); ok {
		return failure.Error()
	}
	return status.Code(err).String() + ": " + status.Convert(err).Message()
}

type grpcChannel struct{ *grpc.ClientConn }

func (c grpcChannel) Send(ctx context.Context, m Message) (Answer, error) {
	var header metadata.MD
	ctx = metadata.NewOutgoingContext(ctx, m.Headers)
	if err := c.Invoke(
		ctx, m.Method, wrapperspb.String("meshlab"), &greeter.Message{}, grpc.Header(&header),
	); err != nil {
		return Answer{}, err
	}
	return Answer{
		Version:  value(header, greeter.VersionHeader),
		Endpoint: value(header, greeter.AddressHeader),
		Attempts: value(header, greeter.AttemptsHeader),
	}, nil
}

func (c grpcChannel) Ready(ctx context.Context) bool {
	for {
		state := c.GetState()
		if state == connectivity.Ready {
			return true
		}
		if state == connectivity.Idle {
			c.Connect()
		}
		if !c.WaitForStateChange(ctx, state) {
			return false
		}
	}
}

func value(md metadata.MD, key string) string {
	if values := md.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}
