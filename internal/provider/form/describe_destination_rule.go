package form

import "google.golang.org/protobuf/reflect/protoreflect"

// destinationRuleDescriptions describes destination rules: subsets, TLS and the traffic policy around them.
var destinationRuleDescriptions = map[protoreflect.FullName]string{
	istioAPI + "DestinationRule.host": "Service whose callers this object configures, as the service registry names " +
		"it, or a wildcard such as `\"*.shop.svc.cluster.local\"`. A short name such as `\"greeter\"` is completed " +
		"with the namespace of this object; for a host that the registry does not know the object has no effect.",
	istioAPI + "DestinationRule.traffic_policy": "How callers connect to the host: load balancing, connection pools, " +
		"ejection of failing endpoints, TLS. It holds for every subset and port without settings of its own; absent " +
		"means Istio's defaults.",
	istioAPI + "DestinationRule.subsets": "Groups of the host's endpoints, chosen by labels, that virtual services " +
		"can route to. Names are unique within the object; a virtual service that routes to a subset that is not " +
		"here gets `503`.",
	istioAPI + "DestinationRule.export_to": "Namespaces whose proxies see this object: namespace names, `\".\"` for " +
		"its own, or `\"*\"`, alone, for all of them. Absent means all, unless the mesh configuration sets another " +
		"default. A caller's proxy uses the objects of only one namespace for a host: its own before the service's, " +
		"and that before the root namespace.",
	istioAPI + "DestinationRule.workload_selector": "Calling workloads, in the namespace of this object, whose " +
		"proxies follow it. Absent means every caller that sees the object.",

	"istio.type.v1beta1.WorkloadSelector.match_labels": "Labels that a workload has to carry, all of them, to be " +
		"selected; neither keys nor values may contain `*`, and values have at most `63` characters. Absent selects " +
		"every workload of the namespace.",

	istioAPI + "Subset.name": "Name by which virtual services refer to the subset, such as `\"v2\"`: at most `63` " +
		"letters, digits and `-`, so `\"v2.1\"` is refused.",
	istioAPI + "Subset.labels": "Labels that a pod of the host has to carry, all of them, to belong to the subset, " +
		"such as `{ version = \"v2\" }`. Absent means every pod; requests to a subset whose labels no pod carries " +
		"fail with `503`.",
	istioAPI + "Subset.traffic_policy": "How callers connect to this subset. What is left out here comes from the " +
		"object's `traffic_policy`, one whole attribute at a time; it takes effect once a virtual service routes to " +
		"the subset.",

	istioAPI + "TrafficPolicy.load_balancer": "How a proxy chooses among the endpoints. Absent means " +
		"`LEAST_REQUEST`: of two endpoints taken at random, the one with fewer requests under way.",
	istioAPI + "TrafficPolicy.connection_pool": "Limits on the connections and requests that each calling proxy has " +
		"under way, so that a slow service does not take its callers down. Absent means no limits and a connect " +
		"timeout of `10s`, unless the mesh configuration sets others.",
	istioAPI + "TrafficPolicy.outlier_detection": "Takes endpoints that keep failing out of load balancing for a " +
		"while; each calling proxy judges for itself. Absent means never, unless the mesh configuration sets a " +
		"default; `{}` switches it on with the defaults.",
	istioAPI + "TrafficPolicy.tls": "Whether and how connections to the host are encrypted. Absent leaves it to " +
		"Istio, which uses mutual TLS between workloads of the mesh by itself.",
	istioAPI + "TrafficPolicy.port_level_settings": "Policies for single ports of the host, at most `4096`. A port " +
		"that is listed takes no load balancing, connection pool, outlier detection or TLS settings from the policy " +
		"around it: what it leaves out has Istio's defaults.",
	istioAPI + "TrafficPolicy.tunnel": "Carries TCP or TLS connections to the host through an HTTP tunnel; it does " +
		"not act on HTTP rules. Not together with `proxy_protocol`; absent means no tunnel.",
	istioAPI + "TrafficPolicy.proxy_protocol": "Sends the address of the caller ahead of each connection, in the " +
		"PROXY protocol, for a service that reads it. Not together with `tunnel`; absent means that nothing is sent.",
	istioAPI + "TrafficPolicy.retry_budget": "Limit on retries under way at once, relative to the requests under " +
		"way, in place of `max_retries`. Istio reads it only where a `connection_pool` is set as well; absent means " +
		"that only `max_retries` limits retries.",

	istioAPI + "TrafficPolicy.PortTrafficPolicy.port": "Port of the host that the policy is for. Istio requires it, " +
		"without a check that the service has such a port.",
	istioAPI + "TrafficPolicy.PortTrafficPolicy.load_balancer": "How a proxy chooses among the endpoints on this " +
		"port. Absent means Istio's default, not the setting of the surrounding policy.",
	istioAPI + "TrafficPolicy.PortTrafficPolicy.connection_pool": "Limits on the connections and requests that each " +
		"calling proxy has under way on this port. Absent means Istio's default, not the setting of the surrounding " +
		"policy.",
	istioAPI + "TrafficPolicy.PortTrafficPolicy.outlier_detection": "Takes endpoints that keep failing on this port " +
		"out of load balancing for a while. Absent means Istio's default, not the setting of the surrounding policy.",
	istioAPI + "TrafficPolicy.PortTrafficPolicy.tls": "Whether and how connections to this port are encrypted. " +
		"Absent means Istio's default, not the setting of the surrounding policy.",

	istioAPI + "TrafficPolicy.TunnelSettings.protocol": "HTTP method that opens the tunnel, `\"CONNECT\"` or " +
		"`\"POST\"`. Absent means `\"CONNECT\"`.",
	istioAPI + "TrafficPolicy.TunnelSettings.target_host": "Host at the far end of the tunnel, as a fully qualified " +
		"DNS name or an IP address.",
	istioAPI + "TrafficPolicy.TunnelSettings.target_port": "Port at the far end of the tunnel, `1` to `65535`.",

	istioAPI + "TrafficPolicy.ProxyProtocol.version": "Version of the PROXY protocol: text (`V1`) or binary (`V2`). " +
		"Absent means `V1`.",

	istioAPI + "TrafficPolicy.RetryBudget.percent": "Retries that may be under way at once, in percent (`0` to " +
		"`100`) of the active and pending requests. Absent means `20`.",
	istioAPI + "TrafficPolicy.RetryBudget.min_retry_concurrency": "Retries that may be under way at once however few " +
		"requests there are. Absent and `0` mean `3`.",
	istioAPI + "TrafficPolicy.RetryBudget.budget_interval": "How long a request counts towards the budget, such as " +
		"`\"10s\"`. Absent and `\"0s\"` mean that only requests that are active or pending at the moment count. " +
		"Istio `1.30` and older do not know it.",

	istioAPI + "ClientTLSSettings.mode": "How connections are secured: not at all, with the server's certificate " +
		"only, with certificates of both sides, or with those that Istio issues. Absent means `DISABLE`, which also " +
		"switches Istio's automatic mutual TLS off for the host.",
	istioAPI + "ClientTLSSettings.client_certificate": "Path, in the calling proxy, of the file with its " +
		"certificate. Needed for `MUTUAL` without `credential_name`; must be absent with `credential_name` and for " +
		"`ISTIO_MUTUAL`.",
	istioAPI + "ClientTLSSettings.private_key": "Path, in the calling proxy, of the file with the key of " +
		"`client_certificate`. Needed for `MUTUAL` without `credential_name`; must be absent with `credential_name` " +
		"and for `ISTIO_MUTUAL`.",
	istioAPI + "ClientTLSSettings.ca_certificates": "Path, in the calling proxy, of the file with the authorities " +
		"that the server's certificate is verified against. Must be absent with `credential_name`; absent means the " +
		"authorities of the operating system.",
	istioAPI + "ClientTLSSettings.credential_name": "Name of the secret with certificate, key and authorities, in " +
		"the namespace of the calling proxy, in place of the paths. Gateways read it, and sidecars only where a " +
		"DestinationRule selects workloads.",
	istioAPI + "ClientTLSSettings.subject_alt_names": "Names of which the server's certificate has to carry one, " +
		"such as `[\"db.example.com\"]`. Absent means the identities that Istio knows for the host with " +
		"`ISTIO_MUTUAL`, and otherwise the host that the request named.",
	istioAPI + "ClientTLSSettings.sni": "Name to ask the server for in the TLS handshake, at most `255` bytes. " +
		"Absent means the host that the request named, or Istio's own name for the host with `ISTIO_MUTUAL`.",
	istioAPI + "ClientTLSSettings.insecure_skip_verify": "Whether the server's certificate is accepted unverified; " +
		"`ca_certificates` and `subject_alt_names` must then be absent, and for `SIMPLE` also `credential_name`. The " +
		"default is `false`.",
	istioAPI + "ClientTLSSettings.ca_crl": "Path, in the calling proxy, of the file with the certificates that were " +
		"revoked (CRL). Must be absent with `credential_name`, whose secret can hold the list; absent means that " +
		"revocation is not checked.",
}
