package form

import "google.golang.org/protobuf/reflect/protoreflect"

// connectionDescriptions describes the connection pools and the outlier detection of a destination rule.
var connectionDescriptions = map[protoreflect.FullName]string{
	istioAPI + "ConnectionPoolSettings.tcp": "Limits and timeouts of connections, for HTTP and TCP alike. At least " +
		"one of `tcp` and `http` is needed.",
	istioAPI + "ConnectionPoolSettings.http": "Limits and timeouts of HTTP/1.1, HTTP/2 and gRPC requests. At least " +
		"one of `tcp` and `http` is needed.",

	istioAPI + "ConnectionPoolSettings.TCPSettings.max_connections": "Most HTTP/1.1 and TCP connections that one " +
		"calling proxy has open to the host. Absent and `0` mean no limit.",
	istioAPI + "ConnectionPoolSettings.TCPSettings.connect_timeout": "Time within which a connection has to be " +
		"established: at least `1ms`, in whole milliseconds. Absent means the value of the mesh configuration, by " +
		"default `10s`.",
	istioAPI + "ConnectionPoolSettings.TCPSettings.tcp_keepalive": "Probes that find out whether an idle connection " +
		"is still alive. Absent means those of the mesh configuration, by default none.",
	istioAPI + "ConnectionPoolSettings.TCPSettings.max_connection_duration": "Longest life of a connection, after " +
		"which it is closed: at least `1ms`, in whole milliseconds. Absent means no limit.",
	istioAPI + "ConnectionPoolSettings.TCPSettings.idle_timeout": "Time without traffic after which a connection is " +
		"closed: at least `1ms`, or `\"0s\"` for never. Absent means `1h`; with several weighted destinations that " +
		"of the first one counts for all.",

	istioAPI + "ConnectionPoolSettings.TCPSettings.TcpKeepalive.probes": "Probes without answer after which the " +
		"connection counts as dead. Absent means the setting of the operating system, on Linux `9` by default.",
	istioAPI + "ConnectionPoolSettings.TCPSettings.TcpKeepalive.time": "Idle time before the first probe: at least " +
		"`1ms`. Absent means the setting of the operating system, on Linux `2h` by default.",
	istioAPI + "ConnectionPoolSettings.TCPSettings.TcpKeepalive.interval": "Time between two probes: at least `1ms`. " +
		"Absent means the setting of the operating system, on Linux `75s` by default.",

	istioAPI + "ConnectionPoolSettings.HTTPSettings.http1_max_pending_requests": "Most requests, of HTTP/2 too, that " +
		"wait in one calling proxy for a connection; any more fail with `503`. Absent and `0` mean no limit.",
	istioAPI + "ConnectionPoolSettings.HTTPSettings.http2_max_requests": "Most requests, of HTTP/1.1 too, that one " +
		"calling proxy has under way at the host; any more fail with `503`. Absent and `0` mean no limit.",
	istioAPI + "ConnectionPoolSettings.HTTPSettings.max_requests_per_connection": "Requests after which a connection " +
		"is closed; `1` means a new connection for each request. Absent and `0` mean no limit.",
	istioAPI + "ConnectionPoolSettings.HTTPSettings.max_retries": "Most retries that one calling proxy has under way " +
		"at the host at once, whatever the rule's `retries` allow. Absent and `0` mean no limit.",
	istioAPI + "ConnectionPoolSettings.HTTPSettings.idle_timeout": "Time without a request after which a connection " +
		"is closed: at least `1ms`, in whole milliseconds; `\"0s\"` is refused. Absent means the `idle_timeout` of " +
		"`tcp`, or else `1h`.",
	istioAPI + "ConnectionPoolSettings.HTTPSettings.h2_upgrade_policy": "Whether requests that arrive as HTTP/1.1 " +
		"are sent on as HTTP/2, which the service must then speak. Absent means the setting of the mesh " +
		"configuration; `UPGRADE` does not go together with `use_client_protocol`.",
	istioAPI + "ConnectionPoolSettings.HTTPSettings.use_client_protocol": "Whether requests are sent on in the " +
		"version of HTTP that they arrived in. It does not go together with `UPGRADE` as `h2_upgrade_policy`; the " +
		"default is `false`.",
	istioAPI + "ConnectionPoolSettings.HTTPSettings.max_concurrent_streams": "Most requests at once on one HTTP/2 " +
		"connection; more open another connection. Absent and `0` mean no limit of Istio's.",
	istioAPI + "ConnectionPoolSettings.HTTPSettings.http2_keep_alive": "HTTP/2 PING frames that find out whether a " +
		"connection is still alive, both attributes needed. Absent means none; Istio `1.30` and older do not know it.",

	istioAPI + "ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive.interval": "Time between two PING frames: at " +
		"least `1ms`, such as `\"30s\"`. Istio requires it wherever `http2_keep_alive` is set.",
	istioAPI + "ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive.timeout": "Time within which a PING frame " +
		"has to be answered before the connection is closed: at least `1ms`, such as `\"5s\"`. Istio requires it " +
		"wherever `http2_keep_alive` is set.",

	istioAPI + "OutlierDetection.consecutive_errors": "Deprecated number of errors in a row before an endpoint is " +
		"ejected, without effect in current versions of Istio. `consecutive_gateway_errors` and " +
		"`consecutive_5xx_errors` take its place.",
	istioAPI + "OutlierDetection.split_external_local_origin_errors": "Whether failures to reach the endpoint, such " +
		"as connect timeouts, are counted apart from the errors that it answers. The default is `false`: both count " +
		"together.",
	istioAPI + "OutlierDetection.consecutive_local_origin_failures": "Failures in a row to reach an endpoint before " +
		"it is ejected. Absent and `0` mean `5`; above `0` it needs `split_external_local_origin_errors = true`.",
	istioAPI + "OutlierDetection.consecutive_gateway_errors": "Responses `502`, `503` or `504` in a row, or failed " +
		"connections for TCP, before an endpoint is ejected. Absent and `0` switch this count off; it takes effect " +
		"only below `consecutive_5xx_errors`, or where that is `0`.",
	istioAPI + "OutlierDetection.consecutive_5xx_errors": "Responses `5xx` in a row, or failed connections for TCP, " +
		"before an endpoint is ejected. `0` switches this count off; absent means `5`.",
	istioAPI + "OutlierDetection.interval": "Time between two sweeps in which endpoints are ejected or return: at " +
		"least `1ms`, in whole milliseconds. Absent means `10s`.",
	istioAPI + "OutlierDetection.base_ejection_time": "Time for which an endpoint is ejected, multiplied by the " +
		"number of times that it has been: at least `1ms`, in whole milliseconds. Absent means `30s`.",
	istioAPI + "OutlierDetection.max_ejection_percent": "Largest part of the endpoints that may be ejected at once, " +
		"in percent (`0` to `100`). Absent and `0` mean `10`.",
	istioAPI + "OutlierDetection.min_health_percent": "Part of the endpoints, in percent (`0` to `100`), that has to " +
		"be healthy; below it, traffic goes to all endpoints, ejected ones included. Absent and `0` mean that " +
		"ejected endpoints never get traffic.",
	istioAPI + "OutlierDetection.outlier_detection_http_error_codes": "HTTP statuses that count as errors in place " +
		"of `5xx`, each from `100` to `599`; the thresholds stay those of the other attributes. Absent means `5xx`; " +
		"Istio `1.30` and older do not know it, and some later versions accept it without effect.",
}
