package form

import "google.golang.org/protobuf/reflect/protoreflect"

// loadBalancerDescriptions describes the load balancing of a destination rule.
var loadBalancerDescriptions = map[protoreflect.FullName]string{
	istioAPI + "LoadBalancerSettings.simple": "Algorithm that chooses an endpoint for each request or connection. " +
		"Absent and `UNSPECIFIED` mean `LEAST_REQUEST`, whose deprecated name is `LEAST_CONN`; `PASSTHROUGH` " +
		"connects to the address that the caller asked for and balances nothing.",
	istioAPI + "LoadBalancerSettings.consistent_hash": "Sends traffic with equal keys to the same endpoint, as long " +
		"as the endpoints stay the same; it needs one key. The choice is made within one subset, so callers do not " +
		"stick to one side of a weighted split.",
	istioAPI + "LoadBalancerSettings.locality_lb_setting": "How traffic spreads over regions and zones, in place of " +
		"the mesh configuration's setting, of which nothing is kept. Not together with `zone_aware_lb_setting`; " +
		"absent means the mesh configuration's setting.",
	istioAPI + "LoadBalancerSettings.zone_aware_lb_setting": "Keeps traffic in the caller's zone as far as its " +
		"endpoints can take it, in place of the mesh configuration's setting. Not together with " +
		"`locality_lb_setting`; absent means the mesh configuration's setting. Istio `1.30` and older do not know it.",
	istioAPI + "LoadBalancerSettings.warmup_duration_secs": "Deprecated form of the `duration` of `warmup`: a " +
		"duration such as `\"60s\"`, of at least `1ms`, and not a number as its name suggests. Not together with " +
		"`warmup`.",
	istioAPI + "LoadBalancerSettings.warmup": "Raises the traffic of a new endpoint step by step instead of giving " +
		"it its full share at once. It acts with `ROUND_ROBIN` and `LEAST_REQUEST` only; absent means the full share " +
		"at once.",

	istioAPI + "LoadBalancerSettings.ConsistentHashLB.http_header_name": "Name of the request header whose value is " +
		"the key, without regard to case, such as `\"x-user\"`. It must not be empty; requests without the header go " +
		"to any endpoint, and weighted subsets are not sticky.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.http_cookie": "Cookie whose value is the key. With a `ttl` the " +
		"proxy creates the cookie for callers without one; weighted subsets are not sticky.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.use_source_ip": "Whether the caller's IP address is the key, " +
		"for HTTP requests as well as TCP connections. Weighted subsets are not sticky; the default is `false`.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.http_query_parameter_name": "Name of the query parameter whose " +
		"value is the key, such as `\"user\"`. It must not be empty; requests without the parameter go to any " +
		"endpoint, and weighted subsets are not sticky.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.ring_hash": "Chooses endpoints on a hash ring, the default " +
		"where neither algorithm is set.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.maglev": "Chooses endpoints in a table after the Maglev " +
		"algorithm: faster than a ring, but more keys move when endpoints come or go.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.minimum_ring_size": "Deprecated form of the " +
		"`minimum_ring_size` of `ring_hash`, up to `8388608`. Not together with `ring_hash` or `maglev`; absent " +
		"means `1024`.",

	istioAPI + "LoadBalancerSettings.ConsistentHashLB.HTTPCookie.name": "Name of the cookie, such as `\"session\"`; " +
		"it must not be empty.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.HTTPCookie.path": "Path that the cookie is limited to when the " +
		"proxy creates it, such as `\"/\"`. Absent leaves it out of the cookie.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.HTTPCookie.ttl": "Lifetime of the cookies that the proxy " +
		"creates, such as `\"1h\"`; `\"0s\"` makes them end with the browser's session. Absent means that the proxy " +
		"creates none.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.HTTPCookie.attributes": "Further attributes of the cookies " +
		"that the proxy creates, with unique names. Absent means none; Istio `1.27` and older do not know it.",

	istioAPI + "LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute.name": "Name of the attribute, such as " +
		"`\"SameSite\"`; it must not be empty.",
	istioAPI + "LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute.value": "Value of the attribute, such as " +
		"`\"Strict\"`. Absent means an attribute without a value, such as `Secure`.",

	istioAPI + "LoadBalancerSettings.ConsistentHashLB.RingHash.minimum_ring_size": "Least number of places on the " +
		"ring, up to `8388608`; more places spread traffic more evenly and cost memory. Absent means `1024`; a " +
		"larger number passes Istio's validation and is then rejected by the proxies.",

	istioAPI + "LoadBalancerSettings.ConsistentHashLB.MagLev.table_size": "Size of the table, a prime number below " +
		"`5000011`, such as `65537`; in a larger table fewer keys move when endpoints come or go. Istio requires it " +
		"wherever `maglev` is set.",

	istioAPI + "LocalityLoadBalancerSetting.distribute": "Shares of the traffic per locality of the caller and of " +
		"the endpoints. Not together with `failover`; absent means no fixed shares.",
	istioAPI + "LocalityLoadBalancerSetting.failover": "Regions that take over when the endpoints of another one are " +
		"unhealthy. It needs `outlier_detection` and goes together neither with `distribute` nor with a region, zone " +
		"or subzone label in `failover_priority`; absent means that any other region may take over.",
	istioAPI + "LocalityLoadBalancerSetting.failover_priority": "Labels by which endpoints are preferred, in order, " +
		"such as `[\"topology.kubernetes.io/region\", \"version=v1\"]`: a key alone compares the endpoint with the " +
		"caller, and a label counts only where all before it match. It needs `outlier_detection`; absent means the " +
		"order of region, zone and subzone.",
	istioAPI + "LocalityLoadBalancerSetting.enabled": "Whether this setting acts; `false` also switches the mesh " +
		"configuration's setting off for the host. The default is `true`.",

	istioAPI + "LocalityLoadBalancerSetting.Distribute.from": "Locality of the callers as `region/zone/subzone`, " +
		"which may end in `*`, such as `\"eu-west/zone1/*\"`. Localities of different entries must not overlap.",
	istioAPI + "LocalityLoadBalancerSetting.Distribute.to": "Shares by locality of the endpoints, each a whole " +
		"percent from `1` to `100`, which add up to exactly `100`: `{ \"eu-west/zone1/*\" = 80, \"eu-west/zone2/*\" " +
		"= 20 }`. A locality that is not listed receives nothing.",

	istioAPI + "LocalityLoadBalancerSetting.Failover.from": "Region whose endpoints may fail, without zone or " +
		"wildcard, such as `\"eu-west\"`.",
	istioAPI + "LocalityLoadBalancerSetting.Failover.to": "Region that takes over, without zone or wildcard, such as " +
		"`\"eu-north\"`; it has to differ from `from`.",

	istioAPI + "ZoneAwareLoadBalancerSetting.enabled": "Whether this setting acts; `false` also switches the mesh " +
		"configuration's setting off for the host. The default is `true`.",
	istioAPI + "ZoneAwareLoadBalancerSetting.failover": "Regions that take over when the endpoints of another one " +
		"are unhealthy. It needs `outlier_detection`; absent means that any other region may take over.",
	istioAPI + "ZoneAwareLoadBalancerSetting.failover_priority": "Labels by which endpoints are preferred, in order, " +
		"such as `[\"topology.istio.io/network\", \"version=v1\"]`; the topology labels of region, zone and subzone " +
		"are refused, because this setting looks at those by itself. It needs `outlier_detection`; absent means no " +
		"further preference.",
	istioAPI + "ZoneAwareLoadBalancerSetting.min_cluster_size": "Endpoints that the caller's region needs, at least " +
		"`1`, for zones to be preferred at all. Absent means `6`.",

	istioAPI + "ZoneAwareLoadBalancerSetting.Failover.from": "Region whose endpoints may fail, without zone or " +
		"wildcard, such as `\"eu-west\"`.",
	istioAPI + "ZoneAwareLoadBalancerSetting.Failover.to": "Region that takes over, without zone or wildcard, such " +
		"as `\"eu-north\"`; it has to differ from `from`.",

	istioAPI + "WarmupConfiguration.duration": "Time from the creation of an endpoint until it gets its full share: " +
		"at least `1ms`, in whole milliseconds, such as `\"60s\"`.",
	istioAPI + "WarmupConfiguration.minimum_percent": "Share that a new endpoint starts with, in percent (`0` to " +
		"`100`) of its full share. Absent means `10`.",
	istioAPI + "WarmupConfiguration.aggression": "How fast the share grows, above `0`: `1` is even growth, and a " +
		"larger number bends the curve. Absent means `1`; `0` is refused.",
}
