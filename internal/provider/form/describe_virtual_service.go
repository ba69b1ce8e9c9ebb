package form

import "google.golang.org/protobuf/reflect/protoreflect"

// virtualServiceDescriptions describes virtual services: matches, destinations and the rules for TLS and TCP.
var virtualServiceDescriptions = map[protoreflect.FullName]string{
	istioAPI + "VirtualService.hosts": "Hosts whose traffic these rules decide, as callers name them: DNS names, at " +
		"most with a leading wildcard (`\"*.example.com\"`), or IP addresses behind a gateway. A short name such as " +
		"`\"greeter\"` is completed with the namespace of this object. Where two objects claim a host for sidecars, " +
		"only the oldest one counts; an empty list makes this object one that others name in `delegate`.",
	istioAPI + "VirtualService.gateways": "Where the rules hold: gateways as `\"name\"` (in the same namespace) or " +
		"`\"namespace/name\"`, and the word `\"mesh\"` for all sidecars. Absent means `[\"mesh\"]`; a list without " +
		"`\"mesh\"` has no effect on sidecars.",
	istioAPI + "VirtualService.http": "Rules for HTTP, HTTP/2 and gRPC requests, tried in order: the first rule that " +
		"matches decides, so one without `match` belongs at the end. A request that no rule matches is answered with " +
		"`404`; at least one of `http`, `tls` and `tcp` is needed.",
	istioAPI + "VirtualService.tls": "Rules for TLS connections that the proxy passes through unopened, tried in " +
		"order: the first rule that matches the name in the handshake (SNI) decides. Absent leaves such connections " +
		"to Istio's default, which forwards them like opaque TCP.",
	istioAPI + "VirtualService.tcp": "Rules for connections that carry neither HTTP nor TLS, tried in order: the " +
		"first rule that matches decides. Absent leaves such connections to Istio's default, which forwards them to " +
		"the service they were opened to.",
	istioAPI + "VirtualService.export_to": "Namespaces whose proxies see this object: namespace names, `\".\"` for " +
		"its own, or `\"*\"`, alone, for all of them. Absent means all, unless the mesh configuration sets another " +
		"default.",

	istioAPI + "HTTPMatchRequest.name": "Name of the match, which access logs show after the name of the rule, as " +
		"`rule.match`. It decides nothing; absent means that only the rule's name appears.",
	istioAPI + "HTTPMatchRequest.uri": "Path of the request, without the query string; case counts unless " +
		"`ignore_uri_case` is set. A `prefix` is plain text, so `\"/foo\"` also matches `/foobar`: write `\"/foo/\"` " +
		"or a `regex` to stop at the end of a path segment. Absent means any path.",
	istioAPI + "HTTPMatchRequest.scheme": "Scheme of the request, `http` or `https`; case counts. Absent means either.",
	istioAPI + "HTTPMatchRequest.method": "HTTP method of the request in upper case, such as `GET`; a gRPC call is " +
		"always a `POST`. Absent means any method.",
	istioAPI + "HTTPMatchRequest.authority": "Host that the request names in its `Host` or `:authority` header, with " +
		"the port where the caller sends one; case counts. Absent means any of the object's `hosts`.",
	istioAPI + "HTTPMatchRequest.headers": "Headers of the request by name, all of which have to match. Names have " +
		"no case while values do, and `{}` only asks for the header to be present: `{ version = { exact = \"v2\" }, " +
		"debug = {} }`. Of a header that comes several times one value has to match; proxies up to Istio 1.30, and " +
		"gRPC clients without a proxy, compare all of them joined by `,`, and so does every proxy with some headers " +
		"of HTTP's own, such as `user-agent`, `accept` and `authorization`. Absent means any headers.",
	istioAPI + "HTTPMatchRequest.port": "Port of the service or gateway that the request arrives at, `1` to `65535`. " +
		"Absent means every port.",
	istioAPI + "HTTPMatchRequest.source_labels": "Labels that the calling workload has to carry, all of them, such " +
		"as `{ app = \"shop\" }`. Ignored where the match sets `gateways`; absent means any caller.",
	istioAPI + "HTTPMatchRequest.gateways": "Where this match holds, among the `gateways` of the object and written " +
		"as there. Setting it makes Istio ignore the match's `source_labels` and `source_namespace`; absent means " +
		"all `gateways` of the object.",
	istioAPI + "HTTPMatchRequest.query_params": "Parameters of the query string by name, all of which have to match. " +
		"`{}` only asks for the parameter to be present, and a `regex` has to match its whole value; an empty name " +
		"passes Istio's validation and is then rejected by the proxies. Absent means any query.",
	istioAPI + "HTTPMatchRequest.ignore_uri_case": "Whether `uri` is compared without regard to case. It acts on " +
		"`exact` and `prefix` and not on `regex`; the default is `false`.",
	istioAPI + "HTTPMatchRequest.without_headers": "Headers of the request by name, none of which may match: the " +
		"inverse of `headers`. `{}` asks for the header to be absent; beside a value, a missing header counts as the " +
		"empty string, so `{ v = { regex = \".*\" } }` never matches anything. Absent means no such condition.",
	istioAPI + "HTTPMatchRequest.source_namespace": "Namespace of the calling workload. Ignored where the match sets " +
		"`gateways`; absent means any namespace.",
	istioAPI + "HTTPMatchRequest.stat_prefix": "Prefix under which proxies count the requests of this match in " +
		"statistics of their own, such as `\"checkout\"`. It decides nothing; absent means no such statistics.",

	istioAPI + "StringMatch.exact": "The value has to equal this string, case included.",
	istioAPI + "StringMatch.prefix": "The value has to begin with this string, case included. It is plain text " +
		"without segments or wildcards, so `\"/foo\"` also matches `/foobar`; only a `uri` may have it empty.",
	istioAPI + "StringMatch.regex": "The whole value has to match this RE2 expression of at most `1024` bytes: " +
		"`\"v2\"` does not match `v2.1`, but `\"v2.*\"` does. Begin it with `(?i)` to ignore case. `\"*\"` is no " +
		"expression: who asks only for presence needs none.",

	istioAPI + "HTTPRouteDestination.destination": "Where the requests go: a host, and optionally one of its subsets " +
		"and ports.",
	istioAPI + "HTTPRouteDestination.weight": "Share of the rule's requests that the destination receives, relative " +
		"to the sum of the rule's weights, which need not be `100`. `0`, the default, sends nothing; a single " +
		"destination receives everything whatever its weight, and of several at least one needs a weight above `0`.",
	istioAPI + "HTTPRouteDestination.headers": "Headers to set, add or remove on the requests to this destination " +
		"and on its responses, beside those of the rule. Absent means that only the rule's `headers` act.",

	istioAPI + "RouteDestination.destination": "Where the connections go: a host, and optionally one of its subsets " +
		"and ports.",
	istioAPI + "RouteDestination.weight": "Share of the rule's new connections that the destination receives, " +
		"relative to the sum of the rule's weights, which need not be `100`. `0`, the default, sends nothing; a " +
		"single destination receives everything whatever its weight, and of several at least one needs a weight " +
		"above `0`.",

	istioAPI + "Destination.host": "Service that receives the traffic, as the service registry names it, such as " +
		"`\"greeter.shop.svc.cluster.local\"`. A short name such as `\"greeter\"` is completed with the namespace of " +
		"the virtual service, not with that of the service; traffic to a name that the registry does not know fails.",
	istioAPI + "Destination.subset": "Subset of the host, by its name in a destination rule of that host: at most " +
		"`63` letters, digits and `-`. The subset must exist before traffic reaches it, otherwise requests fail with " +
		"`503`; absent means every endpoint of the host.",
	istioAPI + "Destination.port": "Port of the host. Absent means the service's only port or, where it has several, " +
		"the one that the traffic arrived at.",

	istioAPI + "PortSelector.number": "Number of a port of the service, not of its containers, `1` to `65535`.",

	istioAPI + "Headers.request": "What to change on requests before they are forwarded. Absent means nothing.",
	istioAPI + "Headers.response": "What to change on responses before the caller receives them, such as a " +
		"`Set-Cookie` that keeps a caller with the canary. Absent means nothing.",

	istioAPI + "Headers.HeaderOperations.set": "Headers by name that get this value in place of any they have; names " +
		"have no case. A literal `%` is written `%%`, because `%REQ(x-user)%` and its like are variables of the " +
		"proxy. Absent means none.",
	istioAPI + "Headers.HeaderOperations.add": "Headers by name that get this value in addition to those they have; " +
		"names have no case. A literal `%` is written `%%`; absent means none.",
	istioAPI + "Headers.HeaderOperations.remove": "Names of the headers to remove, without regard to case; `host` " +
		"and names that begin with `:` are refused. Absent means none.",

	istioAPI + "TLSRoute.match": "Conditions of the rule, at least one entry. A connection takes the rule as soon as " +
		"one entry matches, and an entry matches when all of its attributes do.",
	istioAPI + "TLSRoute.route": "Destinations among which the rule's connections are shared out by `weight`, at " +
		"least one.",

	istioAPI + "TLSMatchAttributes.sni_hosts": "Names that the caller may ask for in its TLS handshake (SNI), at " +
		"least one, such as `\"shop.example.com\"` or `\"*.example.com\"`. Each has to fall under one of the " +
		"object's `hosts`.",
	istioAPI + "TLSMatchAttributes.destination_subnets": "Addresses that the connection may be opened to, as IP " +
		"addresses or CIDR ranges such as `\"10.0.0.0/8\"`. Absent means any address.",
	istioAPI + "TLSMatchAttributes.port": "Port of the service or gateway that the connection arrives at, `1` to " +
		"`65535`. Absent means every port.",
	istioAPI + "TLSMatchAttributes.source_labels": "Labels that the calling workload has to carry, all of them; at a " +
		"gateway that is the gateway itself. Absent means any caller.",
	istioAPI + "TLSMatchAttributes.gateways": "Where this match holds, among the `gateways` of the object and " +
		"written as there. Absent means all of them.",
	istioAPI + "TLSMatchAttributes.source_namespace": "Namespace of the calling workload; at a gateway that is the " +
		"gateway itself. Absent means any namespace.",

	istioAPI + "TCPRoute.match": "Conditions of the rule: it takes a connection as soon as one entry matches, and an " +
		"entry matches when all of its attributes do. Absent means that the rule takes every connection, so no rule " +
		"after it is reached.",
	istioAPI + "TCPRoute.route": "Destinations among which the rule's connections are shared out by `weight`, at " +
		"least one.",

	istioAPI + "L4MatchAttributes.destination_subnets": "Addresses that the connection may be opened to, as IP " +
		"addresses or CIDR ranges such as `\"10.0.0.0/8\"`. Absent means any address.",
	istioAPI + "L4MatchAttributes.port": "Port of the service or gateway that the connection arrives at, `1` to " +
		"`65535`. Absent means every port.",
	istioAPI + "L4MatchAttributes.source_subnet": "Address range of the caller in CIDR notation. Istio accepts it " +
		"unchecked and ignores it, so it restricts nothing.",
	istioAPI + "L4MatchAttributes.source_labels": "Labels that the calling workload has to carry, all of them; at a " +
		"gateway that is the gateway itself. Absent means any caller.",
	istioAPI + "L4MatchAttributes.gateways": "Where this match holds, among the `gateways` of the object and written " +
		"as there. Absent means all of them.",
	istioAPI + "L4MatchAttributes.source_namespace": "Namespace of the calling workload; at a gateway that is the " +
		"gateway itself. Absent means any namespace.",
}
