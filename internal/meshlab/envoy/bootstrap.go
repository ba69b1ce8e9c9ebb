package envoy

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
)

// Kind is what an Envoy is to istiod.
type Kind string

// The kinds of proxies.
const (
	Sidecar Kind = "sidecar"
	Gateway Kind = "router"
)

// Proxy is an Envoy as istiod knows it.
type Proxy struct {
	Kind           Kind
	Name           string // of its pod, if it had one
	Namespace      string
	ServiceAccount string
	Labels         map[string]string
	Address        string // of its pod
	Admin          string // host:port of its administration page
}

// Istiod is where a proxy gets its configuration. Without Root it is asked without TLS, and does not know for sure
// who asks: then it gives away no secrets.
type Istiod struct {
	Address string // host:port
	Root    string // PEM of the authority of its certificate
	Host    string // the name in its certificate
	Token   string // of the service account
}

// Argv returns how the Envoy starts with a bootstrap file. It has one worker thread, and no successor that would take
// over its sockets. With every update it would warn of fields that istiod still sets for older proxies.
func (b Binary) Argv(bootstrap string) []string {
	return []string{
		b.File, "-c", bootstrap, "--concurrency", "1", "--disable-hot-restart",
		"--log-level", "warning", "--component-log-level", "misc:error",
	}
}

// version is the one that istiod is told. It has to be as new as istiod: to older proxies it sends other settings.
const version = "1.31.0"

// Bootstrap returns the file with which an Envoy is this proxy: all that it does comes from istiod.
func (p Proxy) Bootstrap(istiod Istiod) ([]byte, error) {
	admin, err := socket(p.Admin)
	if err != nil {
		return nil, err
	}
	cluster, err := istiod.cluster()
	if err != nil {
		return nil, err
	}
	ads := map[string]any{"ads": map[string]any{}, "resource_api_version": "V3"}
	data, err := json.MarshalIndent(map[string]any{
		"node":  p.node(),
		"admin": map[string]any{"address": admin},
		"dynamic_resources": map[string]any{
			"lds_config": ads, "cds_config": ads,
			"ads_config": map[string]any{
				"api_type": "DELTA_GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true,
				"grpc_services": []any{istiod.service()},
			},
		},
		"static_resources": map[string]any{"clusters": []any{cluster}},
		"layered_runtime": map[string]any{"layers": []any{
			map[string]any{"name": "istio", "static_layer": runtimeFlags},
		}},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode bootstrap: %w", err)
	}
	return data, nil
}

// runtimeFlags are those of Istio's own bootstrap that decide what becomes of a request.
// Source: istio.io/istio/pkg/bootstrap/config.go.
var runtimeFlags = map[string]any{
	"re2.max_program_size.error_level":                         "32768",
	"envoy.reloadable_features.http_reject_path_with_fragment": false,
}

// node is who the proxy says it is. A sidecar that intercepts nothing listens where its clients send to.
func (p Proxy) node() map[string]any {
	metadata := map[string]any{
		"NAMESPACE": p.Namespace, "LABELS": p.Labels, "CLUSTER_ID": "Kubernetes", "ISTIO_VERSION": version,
		"INSTANCE_IPS": p.Address,
	}
	if p.ServiceAccount != "" {
		metadata["SERVICE_ACCOUNT"] = p.ServiceAccount
	}
	if p.Kind == Sidecar {
		metadata["INTERCEPTION_MODE"] = "NONE"
	}
	return map[string]any{
		"id":      fmt.Sprintf("%s~%s~%s.%s~%s.svc.cluster.local", p.Kind, p.Address, p.Name, p.Namespace, p.Namespace),
		"cluster": p.Name + "." + p.Namespace, "metadata": metadata,
	}
}

const istiodCluster = "xds-grpc"

// service is how istiod is asked. Who lost it asks again soon: half a minute, as Envoy does by itself, is long in a
// test that breaks istiod on purpose.
func (i Istiod) service() map[string]any {
	service := map[string]any{"envoy_grpc": map[string]any{
		"cluster_name": istiodCluster,
		"retry_policy": map[string]any{
			"retry_back_off": map[string]any{"base_interval": "0.2s", "max_interval": "2s"},
		},
	}}
	if i.Token != "" {
		service["initial_metadata"] = []any{map[string]any{"key": "authorization", "value": "Bearer " + i.Token}}
	}
	return service
}

func (i Istiod) cluster() (map[string]any, error) {
	address, err := socket(i.Address)
	if err != nil {
		return nil, err
	}
	const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
	cluster := map[string]any{
		"name": istiodCluster, "type": "STATIC", "connect_timeout": "1s",
		"typed_extension_protocol_options": map[string]any{options: map[string]any{
			"@type":                "type.googleapis.com/" + options,
			"explicit_http_config": map[string]any{"http2_protocol_options": map[string]any{}},
		}},
		"load_assignment": map[string]any{
			"cluster_name": istiodCluster,
			"endpoints": []any{map[string]any{"lb_endpoints": []any{map[string]any{
				"endpoint": map[string]any{"address": address},
			}}}},
		},
	}
	if i.Root != "" {
		cluster["transport_socket"] = i.tls()
	}
	return cluster, nil
}

func (i Istiod) tls() map[string]any {
	return map[string]any{
		"name": "envoy.transport_sockets.tls",
		"typed_config": map[string]any{
			"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
			"sni":   i.Host,
			"common_tls_context": map[string]any{
				"alpn_protocols": []any{"h2"},
				"validation_context": map[string]any{
					"trusted_ca": map[string]any{"inline_string": i.Root},
					"match_typed_subject_alt_names": []any{map[string]any{
						"san_type": "DNS", "matcher": map[string]any{"exact": i.Host},
					}},
				},
			},
		},
	}
}

func socket(address string) (map[string]any, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read address: %w", err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("read address %s: %w", address, err)
	}
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": port}}, nil
}
