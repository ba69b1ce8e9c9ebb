package check

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Limits of Envoy's API, which istiod does not check.
const (
	largestRing      = 8388608
	longestSNI       = 255
	firstStatusAbove = 600
	largestPort      = 65535
)

// refusedPart finds what istiod accepts and Envoy then refuses. It is the worst kind of mistake: every proxy that
// sees the object keeps its old routes for all hosts of the port, and nobody is told.
// Source: Envoy's API (the protoc-gen-validate rules of RouteConfiguration, Cluster and Listener), with istiod's
// translation.
func refusedPart(at istio.Path, message proto.Message) []istio.Problem {
	switch m := message.(type) {
	case *networking.HTTPRedirect:
		problems := append(refusedText(at.At("uri"), m.Uri), refusedText(at.At("authority"), m.Authority)...)
		return append(append(problems, refusedText(at.At("prefix_rewrite"), m.PrefixRewrite)...),
			refusedRedirectCode(at, m)...)
	case *networking.HTTPDirectResponse:
		return refusedStatus(at.At("status"), int64(m.Status))
	case *networking.HTTPFaultInjection_Abort:
		return refusedStatus(at.At("http_status"), int64(m.GetHttpStatus()))
	case *networking.HTTPMatchRequest:
		if _, empty := m.QueryParams[""]; empty {
			return []istio.Problem{istio.Errorf(at.At("query_params", istio.Key("")),
				"a query parameter needs a name; Envoy refuses the whole route table without")}
		}
	case *networking.HTTPRewrite:
		return append(refusedText(at.At("uri"), m.Uri), refusedText(at.At("authority"), m.Authority)...)
	case *networking.Headers_HeaderOperations:
		return refusedHeaderNames(at, m)
	case *networking.LoadBalancerSettings_ConsistentHashLB:
		return refusedHash(at, m)
	case *networking.ClientTLSSettings:
		if len(m.Sni) > longestSNI {
			return []istio.Problem{istio.Errorf(at.At("sni"), "must not be longer than %d bytes, got %d", longestSNI,
				len(m.Sni))}
		}
	}
	return nil
}

func refusedRedirectCode(at istio.Path, m *networking.HTTPRedirect) []istio.Problem {
	if m.RedirectCode < 300 || m.RedirectCode > 399 ||
		slices.Contains([]uint32{301, 302, 303, 307, 308}, m.RedirectCode) {
		return nil
	}
	return []istio.Problem{istio.Errorf(at.At("redirect_code"), "must be 301, 302, 303, 307 or 308, got %d",
		m.RedirectCode)}
}

func refusedStatus(at istio.Path, status int64) []istio.Problem {
	if status != firstStatusAbove {
		return nil
	}
	return []istio.Problem{istio.Errorf(at, "must be below %d", firstStatusAbove)}
}

// refusedText finds characters that end a header.
func refusedText(at istio.Path, text string) []istio.Problem {
	if !strings.ContainsAny(text, "\x00\r\n") {
		return nil
	}
	return []istio.Problem{istio.Errorf(at, "must not hold line breaks or NUL characters")}
}

func refusedHeaderNames(at istio.Path, m *networking.Headers_HeaderOperations) []istio.Problem {
	var problems []istio.Problem
	for _, operation := range []struct {
		field   string
		headers map[string]string
	}{{"set", m.Set}, {"add", m.Add}} {
		for _, name := range slices.Sorted(maps.Keys(operation.headers)) {
			problems = append(problems, refusedText(at.At(operation.field, istio.Key(name)), name)...)
		}
	}
	for i, name := range m.Remove {
		problems = append(problems, refusedText(at.At("remove", i), name)...)
	}
	return problems
}

func refusedHash(at istio.Path, m *networking.LoadBalancerSettings_ConsistentHashLB) []istio.Problem {
	var problems []istio.Problem
	switch key := m.HashKey.(type) {
	case *networking.LoadBalancerSettings_ConsistentHashLB_HttpHeaderName:
		if key.HttpHeaderName == "" {
			problems = append(problems, istio.Errorf(at.At("http_header_name"), "must not be empty"))
		}
	case *networking.LoadBalancerSettings_ConsistentHashLB_HttpQueryParameterName:
		if key.HttpQueryParameterName == "" {
			problems = append(problems, istio.Errorf(at.At("http_query_parameter_name"), "must not be empty"))
		}
	}
	if size := m.GetRingHash().GetMinimumRingSize(); size > largestRing {
		problems = append(problems, istio.Errorf(at.At("ring_hash", "minimum_ring_size"), "must not be over %d, got %d",
			largestRing, size))
	}
	if size := m.GetMinimumRingSize(); size > largestRing { //nolint:staticcheck // deprecated, and still accepted
		problems = append(problems, istio.Errorf(at.At("minimum_ring_size"), "must not be over %d, got %d", largestRing,
			size))
	}
	return problems
}

// visit calls inspect for every message that is set inside a message, itself included, in no certain order. The path
// is only valid during the call.
func visit(message protoreflect.Message, at istio.Path, inspect func(istio.Path, proto.Message)) {
	inspect(at, message.Interface())
	message.Range(func(fd protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if fd.Message() == nil {
			return true
		}
		name := string(fd.Name())
		switch {
		case fd.IsList():
			inner := slices.Concat(at, istio.Path{name, 0})
			for j := range value.List().Len() {
				inner[len(inner)-1] = j
				visit(value.List().Get(j).Message(), inner, inspect)
			}
		case fd.IsMap():
			if fd.MapValue().Message() == nil {
				break
			}
			inner := slices.Concat(at, istio.Path{name, istio.Key("")})
			value.Map().Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
				inner[len(inner)-1] = istio.Key(key.String())
				visit(v.Message(), inner, inspect)
				return true
			})
		case isWellKnown(fd.Message()):
		default:
			visit(value.Message(), append(at, name), inspect)
		}
		return true
	})
}

// isWellKnown reports whether a message is one of protobuf's own, such as a duration.
func isWellKnown(d protoreflect.MessageDescriptor) bool {
	return d.ParentFile().Package() == "google.protobuf"
}
