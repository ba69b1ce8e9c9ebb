package watch

import (
	"errors"
	"fmt"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"

	// What istiod puts into listeners, clusters and routes as an Any is checked if its type is linked in.
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/stateful_session/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/priority/previous_priorities/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

// validator is a message for which protoc-gen-validate has generated Envoy's constraints.
type validator interface{ ValidateAll() error }

// resource is a message that a discovery response carries.
type resource interface {
	proto.Message
	validator
}

// decode returns the response's resources by name. Like Envoy it takes all of them or, with an error, none.
func decode[R resource](response *discoveryv3.DiscoveryResponse, name func(R) string) (map[string]R, error) {
	decoded := map[string]R{}
	for i, packed := range response.GetResources() {
		message, err := packed.UnmarshalNew()
		if err != nil {
			return nil, fmt.Errorf("decode resource %d: %w", i, err)
		}
		r, ok := message.(R)
		if !ok {
			return nil, fmt.Errorf("decode resource %d: it is a %s, want a %s", i, packed.GetTypeUrl(),
				response.GetTypeUrl())
		}
		if err := validate(r); err != nil {
			return nil, fmt.Errorf("validate %q: %w", name(r), err)
		}
		if _, twice := decoded[name(r)]; twice {
			return nil, fmt.Errorf("validate %q: it is there twice", name(r))
		}
		decoded[name(r)] = r
	}
	return decoded, nil
}

// validate checks a message and the messages packed into it, at any depth. A packed message of an unknown type
// passes.
func validate(message proto.Message) error {
	if v, ok := message.(validator); ok {
		if err := v.ValidateAll(); err != nil {
			return err
		}
	}
	return protorange.Range(message.ProtoReflect(), func(values protopath.Values) error {
		value, ok := values.Index(-1).Value.Interface().(protoreflect.Message)
		if !ok {
			return nil
		}
		packed, ok := value.Interface().(*anypb.Any)
		if !ok {
			return nil
		}
		inner, err := packed.UnmarshalNew()
		switch {
		case errors.Is(err, protoregistry.NotFound):
			return nil
		case err != nil:
			return fmt.Errorf("decode %s: %w", packed.GetTypeUrl(), err)
		}
		if err := validate(inner); err != nil {
			return err
		}
		return protorange.Break // inner has been walked through
	})
}

// unpack returns the message in packed if it is an M.
func unpack[M proto.Message](packed *anypb.Any) (M, bool) {
	var none M
	if packed.MessageName() != fullName(none) {
		return none, false
	}
	message, err := packed.UnmarshalNew()
	if err != nil {
		return none, false
	}
	m, ok := message.(M)
	return m, ok
}

func fullName(m proto.Message) protoreflect.FullName { return m.ProtoReflect().Descriptor().FullName() }
