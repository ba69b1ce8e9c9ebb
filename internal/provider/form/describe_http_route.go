package form

import "google.golang.org/protobuf/reflect/protoreflect"

// httpRouteDescriptions describes the rules of a virtual service for HTTP and what they do with a request.
var httpRouteDescriptions = map[protoreflect.FullName]string{
	istioAPI + "HTTPRoute.name": "Name of the rule in access logs and in what this provider reports. It decides " +
		"nothing, and Istio does not ask for unique names; absent means no name.",
	istioAPI + "HTTPRoute.match": "Conditions of the rule: it takes a request as soon as one entry matches, and an " +
		"entry matches when all of its attributes do. Absent means that the rule takes every request, so no rule " +
		"after it is reached.",
	istioAPI + "HTTPRoute.route": "Destinations among which the rule's requests are shared out by `weight`. Needed " +
		"unless the rule has `redirect`, `direct_response` or `delegate`, none of which goes together with it.",
	istioAPI + "HTTPRoute.redirect": "Answers requests with an HTTP redirect instead of forwarding them. It needs at " +
		"least one attribute besides `redirect_code`, and goes together with none of `route`, `direct_response`, " +
		"`delegate`, `rewrite` and `fault`.",
	istioAPI + "HTTPRoute.direct_response": "Answers requests with a fixed response of the proxy instead of " +
		"forwarding them. It goes together with none of `route`, `redirect`, `rewrite` and `fault`.",
	istioAPI + "HTTPRoute.delegate": "Leaves requests to the rules of another virtual service, one level deep; a " +
		"rule that delegates has neither `route` nor `redirect`. Istio silently drops rules that it cannot merge: " +
		"the other object is missing, is not exported to this namespace, or matches more than this rule does.",
	istioAPI + "HTTPRoute.rewrite": "Changes the path or the host of requests before they are forwarded. Absent " +
		"means that both are forwarded as they came.",
	istioAPI + "HTTPRoute.timeout": "Time within which a response has to be complete, retries included; then the " +
		"request fails with `504`. A duration of at least `1ms`, in whole milliseconds, such as `\"5s\"`; absent " +
		"means no limit, and `\"0s\"` is refused, so only leaving it out switches it off.",
	istioAPI + "HTTPRoute.retries": "When and how often a failed request is sent again. Absent means Istio's default " +
		"of `2` retries, unless the mesh configuration sets another: of what did not reach a server, and of gRPC " +
		"answers `UNAVAILABLE` and `CANCELLED`, not of a server's `503`. Only `{ attempts = 0 }` switches retries off.",
	istioAPI + "HTTPRoute.fault": "Faults to inject on purpose, to see how callers cope: `delay`, `abort` or both, " +
		"at least one of them. The rule's `timeout` and `retries` do not act on injected faults; absent means none.",
	istioAPI + "HTTPRoute.mirror": "Destination that receives a copy of the requests besides `route`; nobody waits " +
		"for its responses, and its failures do not reach the caller. Not together with `mirrors`; absent means no " +
		"copy.",
	istioAPI + "HTTPRoute.mirrors": "Destinations that each receive a copy of the requests, besides those that " +
		"answer them; nobody waits for their responses, and their failures do not reach the caller. Absent means " +
		"no copies.",
	istioAPI + "HTTPRoute.mirror_percent": "Deprecated whole-number form of `mirror_percentage`, in percent (`0` to " +
		"`100`). Ignored where `mirror_percentage` is set; absent means `100`.",
	istioAPI + "HTTPRoute.mirror_percentage": "Share of the requests that `mirror` receives a copy of. Absent means " +
		"`100` percent and `0` means no copy; without `mirror` it has no effect.",
	istioAPI + "HTTPRoute.cors_policy": "What proxies answer to browsers' cross-origin (CORS) requests on behalf of " +
		"the service. Absent means that such requests reach the service like any other.",
	istioAPI + "HTTPRoute.headers": "Headers to set, add or remove on all requests and responses of the rule, " +
		"whatever their destination. Absent means that headers pass unchanged.",

	istioAPI + "HTTPRedirect.uri": "Path to redirect to, in place of the whole path of the request, such as " +
		"`\"/v2/orders\"`. Not together with `prefix_rewrite`; absent means that the path stays.",
	istioAPI + "HTTPRedirect.authority": "Host to redirect to, such as `\"shop.example.com\"`. Absent means the host " +
		"that the request named.",
	istioAPI + "HTTPRedirect.port": "Port to redirect to, `1` to `65535`. The scheme's own port (`80` for `http`, " +
		"`443` for `https`) is left out of the URL.",
	istioAPI + "HTTPRedirect.derive_port": "Whether to redirect to the default port of the scheme or to the port " +
		"that the request arrived at. Absent means the former.",
	istioAPI + "HTTPRedirect.scheme": "Scheme to redirect to, `\"http\"` or `\"https\"`. Absent means the scheme of " +
		"the request.",
	istioAPI + "HTTPRedirect.redirect_code": "HTTP status of the redirect: `301`, `302`, `303`, `307` or `308`. " +
		"Absent means `301`; any other `3xx` passes Istio's validation, and then proxies reject the routes of the " +
		"whole port.",
	istioAPI + "HTTPRedirect.prefix_rewrite": "Replaces the part of the path that a `prefix` of the match took and " +
		"keeps the rest: after a match on `\"/foo/\"`, `\"/bar/\"` turns `/foo/x` into `/bar/x`. Not together with " +
		"`uri`, and every match with a `uri` has to use `prefix`; absent means that the path stays. Istio `1.30` and " +
		"older do not know it.",

	istioAPI + "HTTPDirectResponse.status": "HTTP status of the response, `200` to `599`.",
	istioAPI + "HTTPDirectResponse.body":   "Body of the response. Absent means an empty one.",

	istioAPI + "HTTPBody.string": "Body as text, such as `\"closed for maintenance\"`. Istio warns above 100 KB and " +
		"refuses more than 1 MB; its content type is set by the rule's `headers`.",
	istioAPI + "HTTPBody.bytes": "Body as bytes in base64, for responses that are not text. Istio warns above 100 KB " +
		"and refuses more than 1 MB.",

	istioAPI + "Delegate.name": "Name of the virtual service whose rules decide. It must have no `hosts`, " +
		"`gateways`, `tls` and `tcp`, and its rules must not delegate again.",
	istioAPI + "Delegate.namespace": "Namespace of that virtual service. Absent means the namespace of this object.",

	istioAPI + "HTTPRewrite.uri": "New path of the request. It replaces the matched prefix after a match on " +
		"`prefix`, the whole path after one on `exact` or `regex`, and only the leading `/` after a match without " +
		"`uri`. Not together with `uri_regex_rewrite`; absent means that the path stays.",
	istioAPI + "HTTPRewrite.authority": "New value of the `Host` or `:authority` header, such as " +
		"`\"greeter.example.com\"`. The rule's request `headers` must not set it as well; absent means that it stays.",
	istioAPI + "HTTPRewrite.uri_regex_rewrite": "Changes the path by a regular expression, where `uri` does not " +
		"suffice. Not together with `uri`; absent means that the path stays.",

	istioAPI + "RegexRewrite.match": "RE2 expression of at most `1024` bytes for the parts of the path to replace, " +
		"such as `\"^/service/([^/]+)\"`. Unlike the `regex` of a match it need not cover the whole path; every " +
		"occurrence is replaced.",
	istioAPI + "RegexRewrite.rewrite": "Text to put in place of what `match` found. `\\1` stands for its first " +
		"group, which HCL writes `\"\\\\1\"`; proxies reject the number of a group that does not exist.",

	istioAPI + "HTTPRetry.attempts": "How often a failed request is sent again, after the first attempt. `0` " +
		"switches retries off, and then `per_try_timeout`, `retry_on` and `retry_remote_localities` must be absent; " +
		"absent counts as `0`, while without `retries` as a whole Istio's default of `2` retries holds.",
	istioAPI + "HTTPRetry.per_try_timeout": "Time limit of each attempt, the first one included: at least `1ms`, in " +
		"whole milliseconds. Absent means the rule's `timeout`, and a value above that has no effect. A request " +
		"whose attempt took longer is sent again only with `reset`, `5xx` or `gateway-error` in `retry_on`.",
	istioAPI + "HTTPRetry.retry_on": "Failures after which a request is sent again, joined by commas without spaces, " +
		"such as `\"5xx,reset\"`: names of Envoy's retry conditions for HTTP and gRPC, and HTTP statuses that the " +
		"service itself answered. Absent means " +
		"`\"connect-failure,refused-stream,unavailable,cancelled\"`: no status of HTTP, and `unavailable` is one " +
		"of gRPC.",
	istioAPI + "HTTPRetry.retry_remote_localities": "Whether retries may go on to endpoints in other localities than " +
		"those tried before. The default is `false`.",
	istioAPI + "HTTPRetry.retry_ignore_previous_hosts": "Whether retries avoid the endpoints that the request was " +
		"already sent to. The default is `true`, except for a single destination with `consistent_hash`; Istio " +
		"`1.25` and older do not know it.",
	istioAPI + "HTTPRetry.backoff": "Base of the exponentially growing pause between attempts: at least `1ms`, in " +
		"whole milliseconds. Absent means `25ms`; Istio `1.25` and older do not know it.",

	istioAPI + "HTTPFaultInjection.delay": "Holds requests back before they are forwarded, as if the network or the " +
		"service were slow. Absent means no delay.",
	istioAPI + "HTTPFaultInjection.abort": "Answers requests with an error instead of forwarding them, as if the " +
		"service failed. Absent means no abort.",

	istioAPI + "HTTPFaultInjection.Delay.percent": "Deprecated whole-number form of `percentage`, in percent (`0` to " +
		"`100`). Ignored where `percentage` is set; absent means `0`.",
	istioAPI + "HTTPFaultInjection.Delay.fixed_delay": "How long a request is held back: at least `1ms`, in whole " +
		"milliseconds, such as `\"2s\"`. Without it Istio silently drops the whole delay.",
	istioAPI + "HTTPFaultInjection.Delay.exponential_delay": "Not implemented by Istio, which refuses it; " +
		"`fixed_delay` takes its place.",
	istioAPI + "HTTPFaultInjection.Delay.percentage": "Share of the requests that are delayed. Absent means `0` " +
		"percent, so nothing is delayed; `{ value = 100 }` delays every request.",

	istioAPI + "Percent.value": "Percent from `0` to `100`, with fractions such as `0.5`; as the share of a fault at " +
		"least `0.0001`, or `0`. Absent, as in `{}`, means `0`.",

	istioAPI + "HTTPFaultInjection.Abort.http_status": "HTTP status that the caller receives, `200` to `599`, such " +
		"as `503`. An abort without any status is silently dropped by Istio.",
	istioAPI + "HTTPFaultInjection.Abort.grpc_status": "Status that a gRPC caller receives, by its name in capitals " +
		"and never by number, such as `\"UNAVAILABLE\"`. A caller that does not speak gRPC receives `200`. An abort " +
		"without any status is silently dropped by Istio.",
	istioAPI + "HTTPFaultInjection.Abort.http2_error": "Not implemented by Istio, which refuses it; `http_status` or " +
		"`grpc_status` takes its place.",
	istioAPI + "HTTPFaultInjection.Abort.percentage": "Share of the requests that are aborted. Absent means `0` " +
		"percent, so nothing is aborted; `{ value = 100 }` aborts every request.",

	istioAPI + "HTTPMirrorPolicy.destination": "Where the copies go: a host, and optionally one of its subsets and " +
		"ports.",
	istioAPI + "HTTPMirrorPolicy.percentage": "Share of the requests that this destination receives a copy of. " +
		"Absent means `100` percent, and `0` means no copy.",

	istioAPI + "CorsPolicy.allow_origin": "Deprecated list of the exact origins that may send cross-origin requests; " +
		"`allow_origins` takes its place. Ignored where that is set.",
	istioAPI + "CorsPolicy.allow_origins": "Origins that may send cross-origin requests, one of which has to match, " +
		"such as `[{ exact = \"https://shop.example.com\" }]`. Absent means no origin, so browsers withhold the " +
		"responses from their pages.",
	istioAPI + "CorsPolicy.allow_methods": "HTTP methods that cross-origin requests may use, such as `[\"GET\", " +
		"\"POST\"]`, or `[\"*\"]`. Sent as `Access-Control-Allow-Methods`; absent leaves that header out.",
	istioAPI + "CorsPolicy.allow_headers": "Headers that cross-origin requests may carry, or `[\"*\"]`. Sent as " +
		"`Access-Control-Allow-Headers`; absent leaves that header out.",
	istioAPI + "CorsPolicy.expose_headers": "Headers of the response that browsers show to their pages, or " +
		"`[\"*\"]`. Sent as `Access-Control-Expose-Headers`; absent leaves that header out.",
	istioAPI + "CorsPolicy.max_age": "How long browsers may keep the answer to a preflight request: at least `1s`, " +
		"in whole seconds, such as `\"24h\"`. Sent as `Access-Control-Max-Age`; absent leaves that header out.",
	istioAPI + "CorsPolicy.allow_credentials": "Whether browsers may send credentials such as cookies with the " +
		"request that follows the preflight. The default is `false`.",
	istioAPI + "CorsPolicy.unmatched_preflights": "Whether a preflight request from an origin that is not allowed is " +
		"still forwarded to the service. Absent means that it is.",
}
