package acceptance_test

import (
	"strings"
)

// invalidRoutes are wrong in ways that are the rules' or both resources'.
var invalidRoutes = map[string]invalid{
	"an empty service": {change{`"greeter"`, `""`}, "service", "must not be empty", nil},
	"a service with a space": {
		change{`"greeter"`, `"gree ter"`}, "service", "gree ter", []string{"service"},
	},
	"no subset at all": {
		change{"v1 = { labels = { app = \"v1\" } }\n  v2 = { labels = { app = \"v2\" } }", ""},
		"subsets",
		"at least one subset",
		nil,
	},
	"a subset without labels": {
		change{`v2 = { labels = { app = "v2" } }`, `v2 = {}`}, "subsets[v2].labels", "without labels", nil,
	},
	"a subset in upper case": {
		change{`v2 = { labels = { app = "v2" } }`, `V2 = { labels = { app = "v2" } }`}, "subsets[V2]", "lower case",
		[]string{"rules[1].subset"},
	},
	"a subset with an underscore": {
		change{`v1 = { labels`, `v_3 = { labels = { app = "v3" } }` + "\n v1 = { labels"}, "subsets[v_3]", "v_3", nil,
	},
	"a subset that is null": {
		change{`v2 = { labels = { app = "v2" } }`, `v2 = null`}, "subsets[v2]", "must not be null", nil,
	},
	"a label value that no pod can carry": {change{`app = "v2"`, `app = "` + strings.Repeat("x", 64) +
		`"`}, "subsets[v2].labels[app]", "63 characters", nil},
	"a label that is no label": {
		change{`{ app = "v2" }`, `{ "a b" = "v2" }`}, "subsets[v2].labels[a b]", "a b", nil,
	},
	"a rule for an unknown subset": {
		change{ruleOne, `exact = "200" } } }], subset = "v9" }`},
		"rules[1].subset",
		`there is no subset "v9"; subsets declares v1, v2`,
		nil,
	},
	"a default for an unknown subset": {
		change{`default = { subset = "v1" }`, `default = { subset = "v9" }`}, "default.subset", "v9", nil,
	},
	"a rule without subset": {
		change{ruleOne, `exact = "200" } } }] }`}, "rules[1]", "needs a subset", nil,
	},
	"a rule with subset and weights": {
		inRuleOne(`weights = { v1 = 100 }`), "rules[1].weights", "cannot be set together with subset", nil,
	},
	"a default without subset": {
		change{`default = { subset = "v1" }`, `default = {}`}, "default", "needs a subset", nil,
	},
	"a match that an earlier rule takes": {
		matchOne(`[{ headers = { version = { exact = "100" }, a = { present = true } } }]`),
		"rules[1]",
		"rules[0].match[0] takes all of its requests first",
		nil,
	},
	"a match that takes what default is for": {
		matchOne(`[{ uri = { prefix = "/" } }]`),
		"default",
		"rules[1].match[0] takes every request first; narrow that match, or leave it out",
		nil,
	},
	"a match that contradicts itself": {
		matchOne(`[{ headers = { a = { exact = "1" } }, without_headers = { a = { present = true } } }]`),
		"rules[1].match[0].without_headers[a]",
		"no request can have",
		nil,
	},
	"a path without a slash": {
		matchOne(`[{ uri = { exact = "a" } }]`), "rules[1].match[0].uri", "begins with a slash", nil,
	},
	"a fault that hits no request": {
		inRuleOne(`fault = { abort = { http_status = 503 } }`), "rules[1].fault.abort", "aborts nothing", nil,
	},
	"a rule without match": {matchOne(`[]`), "rules[1].match", "takes every request", nil},
	"two rules of one name": {
		change{`rules = [`, "rules = [\n{ name = \"a\", match = [{ port = 1 }], subset = \"v1\" }, { name = \"a\", " +
			"match = [{ port = 2 }], subset = \"v1\" },"}, "rules[1].name", "is the name of rule 0", nil,
	},
	"weights that sum to 110": {
		change{`{ subset = "v1" }`, `{ weights = { v1 = 30, v2 = 80 } }`},
		"default.weights",
		"must sum to 100 percent, got 110",
		nil,
	},
	"weights that sum to 90": {
		change{`{ subset = "v1" }`, `{ weights = { v1 = 30, v2 = 60 } }`},
		"default.weights",
		"must sum to 100 percent, got 90",
		nil,
	},
	"a weight over 100": {
		change{`{ subset = "v1" }`, `{ weights = { v1 = 101 } }`},
		"default.weights[v1]",
		"between 0 and 100 percent, got 101",
		nil,
	},
	"a negative weight": {
		change{`{ subset = "v1" }`, `{ weights = { v1 = -10, v2 = 110 } }`},
		"default.weights[v1]",
		"between 0 and 100 percent, got -10",
		[]string{"default.weights[v2]"},
	},
	"a weight of an unknown subset": {
		change{`{ subset = "v1" }`, `{ weights = { v1 = 50, v3 = 50 } }`}, "default.weights[v3]", `no subset "v3"`, nil,
	},
	"two weights left out": {
		change{`{ subset = "v1" }`, `{ weights = { v1 = null, v2 = null } }`},
		"default.weights",
		"only one weight may be left out",
		nil,
	},
	"nothing left for the weight left out": {
		change{`{ subset = "v1" }`, `{ weights = { v1 = null, v2 = 110 } }`},
		"default.weights[v2]",
		"between 0 and 100",
		nil,
	},
	"weights as fractions": {
		change{`{ subset = "v1" }`, `{ weights = { v1 = 0.9, v2 = 0.1 } }`}, "default.weights[v1]",
		"must be a whole number, got 0.9; in percent that is 90.", []string{"default.weights[v2]"},
	},
	"half a percent": {
		change{`{ subset = "v1" }`, `{ weights = { v1 = 0.5, v2 = 99.5 } }`}, "default.weights[v1]", "whole number",
		[]string{"default.weights[v2]"},
	},
	"a header with two kinds of match": {
		matchOne(`[{ headers = { version = { exact = "1", prefix = "2" } } }]`),
		"rules[1].match[0].headers[version].prefix",
		"exact",
		nil,
	},
	"a header matched twice": {
		matchOne(`[{ headers = { version = { exact = "1" }, Version = { exact = "1" } } }]`),
		"rules[1].match[0].headers[version]",
		"have no case",
		nil,
	},
	"a header with an empty value": {
		matchOne(`[{ headers = { version = { exact = "" } } }]`),
		"rules[1].match[0].headers[version].exact",
		"an empty value",
		nil,
	},
	"a header with an empty prefix": {
		matchOne(`[{ headers = { version = { prefix = "" } } }]`), "rules[1].match[0].headers[version].prefix",
		"prefix", nil,
	},
	"a header whose regex does not compile": {
		matchOne(`[{ headers = { version = { regex = "*" } } }]`), "rules[1].match[0].headers[version].regex",
		"regex", nil,
	},
	"a header name with a space": {
		matchOne(`[{ headers = { "a b" = { exact = "1" } } }]`), "rules[1].match[0].headers[a b]", "a b", nil,
	},
	"a match without conditions": {
		matchOne(`[{ method = { exact = "GET" } }, {}]`), "rules[1].match[1]", "has no condition, and takes every " +
			"request; is a name misspelt? Terraform drops those that it does not know", nil,
	},
	"a header's match of nothing": {
		matchOne(`[{ headers = { version = {} } }]`), "rules[1].match[0].headers[version]",
		"is empty; write present = true if any value will do, and else look for a misspelt name", nil,
	},
	"a missing header's match of nothing": {
		matchOne(`[{ without_headers = { version = {} } }]`), "rules[1].match[0].without_headers[version]",
		"is empty", nil,
	},
	"a query parameter's match of nothing": {
		matchOne(`[{ query_params = { version = {} } }]`), "rules[1].match[0].query_params[version]",
		"is empty", nil,
	},
	"a header of any value and one": {
		matchOne(`[{ headers = { version = { present = true, exact = "1" } } }]`),
		"rules[1].match[0].headers[version].present", `cannot be set together with "exact"`, nil,
	},
	"a header that is not there": {
		matchOne(`[{ headers = { version = { present = false } } }]`), "rules[1].match[0].headers[version].present",
		"must be true, or left out", nil,
	},
	"a rule of nothing": {
		change{
			`  { match = [{ headers = { version = { exact = "200" } } }]`,
			`  {}, { match = [{ uri = { prefix = "/" } }]`,
		},
		"rules[1]", "needs a subset, or weights for several of them; is a name misspelt?", []string{"rules[1].match"},
	},
	"a uri without kind of match": {
		matchOne(`[{ uri = {} }]`), "rules[1].match[0].uri", "needs one of exact, prefix and regex", nil,
	},
	"a uri whose regex does not compile": {
		matchOne(`[{ uri = { regex = "(" } }]`), "rules[1].match[0].uri.regex", "regex", nil,
	},
	"a port beyond 65535": {matchOne(`[{ port = 70000 }]`), "rules[1].match[0].port", "70000", nil},
	"half a port": {
		matchOne(`[{ port = 80.5 }]`), "rules[1].match[0].port", "must be a whole number, got 80.5", nil,
	},
	"a label value of the objects that is none": {top(`labels = { a = "b c" }`), "labels[a]", "no label value", nil},
	"the label that the provider sets": {
		top(`labels = { "app.kubernetes.io/managed-by" = "me" }`),
		"labels[app.kubernetes.io/managed-by]",
		"sets it itself",
		nil,
	},
	"an annotation key that is none": {
		top(`annotations = { "a/b/c" = "d" }`), "annotations[a/b/c]", "is no key", nil,
	},
	"a port of the service beyond 65535": {top(`port = 70000`), "port", "between 1 and 65535", nil},
	"a negative port":                    {matchOne(`[{ port = -1 }]`), "rules[1].match[0].port", "-1", nil},
	"a match that is null":               {matchOne(`[null]`), "rules[1].match[0]", "must not be null", nil},
	"a source namespace that is none": {
		matchOne(`[{ source_namespace = "A_B" }]`), "rules[1].match[0].source_namespace", "A_B", nil,
	},
	"source labels that are none": {
		matchOne(`[{ source_labels = { app = "a b" } }]`), "rules[1].match[0].source_labels[app]", "a b", nil,
	},
	"a gateway that is none": {
		matchOne(`[{ port = 80, gateways = ["a/b/c"] }]`), "rules[1].match[0].gateways[0]", "gateway name", nil,
	},
	"a timeout that is no duration":      {inRuleOne(`timeout = "5 seconds"`), "rules[1].timeout", "5 seconds", nil},
	"a timeout of nothing":               {inRuleOne(`timeout = "0s"`), "rules[1].timeout", "1ms", nil},
	"a timeout finer than a millisecond": {inRuleOne(`timeout = "1500us"`), "rules[1].timeout", "ms precision", nil},
	"a negative timeout":                 {inRuleOne(`timeout = "-5s"`), "rules[1].timeout", "1ms", nil},
	"negative attempts": {
		inRuleOne(`retries = { attempts = -1 }`), "rules[1].retries.attempts", "negative", nil,
	},
	"an unknown retry condition": {
		inRuleOne(`retries = { attempts = 1, retry_on = "6xx" }`), "rules[1].retries.retry_on", "6xx", nil,
	},
	"a try of nothing": {
		inRuleOne(`retries = { attempts = 1, per_try_timeout = "0s" }`), "rules[1].retries.per_try_timeout", "1ms", nil,
	},
	"no attempts and a retry condition": {
		inRuleOne(`retries = { attempts = 0, retry_on = "5xx" }`), "rules[1].retries.retry_on", "attempts", nil,
	},
	"a fault in more than all requests": {
		inRuleOne(`fault = { abort = { http_status = 503, percentage = { value = 101 } } }`),
		"rules[1].fault.abort.percentage.value",
		"101",
		nil,
	},
	"a fault with an unknown status": {
		inRuleOne(`fault = { abort = { grpc_status = "BROKEN" } }`), "rules[1].fault.abort.grpc_status", "BROKEN", nil,
	},
	"a fault with two statuses": {
		inRuleOne(`fault = { abort = { grpc_status = "ABORTED", http_status = 503 } }`),
		"rules[1].fault.abort.grpc_status",
		"http_status",
		nil,
	},
	"a fault with a status of 42": {
		inRuleOne(`fault = { abort = { http_status = 42 } }`), "rules[1].fault.abort.http_status", "42", nil,
	},
	"an empty fault": {inRuleOne(`fault = {}`), "rules[1].fault", "fault", nil},
	"a mirror to an unknown subset": {
		inRuleOne(`mirrors = [{ destination = { subset = "v9" } }]`), "rules[1].mirrors[0].destination.subset",
		`"v9"`, nil,
	},
	"a mirror of more than all requests": {
		inRuleOne(`mirrors = [{ destination = { subset = "v1" }, percentage = { value = 150 } }]`),
		"rules[1].mirrors[0].percentage.value",
		"150",
		nil,
	},
	"an empty rewrite": {inRuleOne(`rewrite = {}`), "rules[1].rewrite", "rewrite", nil},
	"a rewrite of two kinds": {
		inRuleOne(`rewrite = { uri = "/a", uri_regex_rewrite = { match = "a", rewrite = "b" } }`),
		"rules[1].rewrite.uri_regex_rewrite",
		"one of URI",
		nil,
	},
	"a rewrite to no path": {
		inRuleOne(`rewrite = { uri = "new" }`), "rules[1].rewrite.uri", "does not begin with a slash", nil,
	},
	"a rewrite to a group that is not there": {
		inRuleOne(`rewrite = { uri_regex_rewrite = { match = "a", rewrite = "\\1" } }`),
		"rules[1].rewrite.uri_regex_rewrite.rewrite",
		"the proxy leaves every path as it is",
		nil,
	},
	"a header operation on nothing": {
		inRuleOne(`headers = { request = { set = { "" = "x" } } }`), "rules[1].headers.request.set[]", "header", nil,
	},
	"removing the host header": {
		inRuleOne(`headers = { request = { remove = ["host"] } }`), "rules[1].headers.request.remove[0]", "host", nil,
	},
	"cors with an unknown method": {
		inRuleOne(`cors_policy = { allow_methods = ["FETCH"] }`), "rules[1].cors_policy.allow_methods[0]", "FETCH", nil,
	},
	"cors with an unknown preflight": {
		inRuleOne(`cors_policy = { unmatched_preflights = "DROP" }`), "rules[1].cors_policy.unmatched_preflights",
		"DROP", nil,
	},
	"an unknown balancer": {
		top(`traffic_policy = { load_balancer = { simple = "FASTEST" } }`), "traffic_policy.load_balancer.simple",
		"FASTEST", nil,
	},
	"two kinds of balancer": {
		top(`traffic_policy = { load_balancer = { simple = "RANDOM", consistent_hash = { use_source_ip = true } } }`),
		"traffic_policy.load_balancer.consistent_hash", "simple", nil,
	},
	"an empty connection pool": {
		inSubset(`traffic_policy = { connection_pool = {} }`),
		"subsets[v2].traffic_policy.connection_pool",
		"connection pool",
		nil,
	},
	"an empty traffic policy": {top(`traffic_policy = {}`), "traffic_policy", "policy", nil},
	"outlier detection that ejects 150 %": {
		inSubset(`traffic_policy = { outlier_detection = { max_ejection_percent = 150 } }`),
		"subsets[v2].traffic_policy.outlier_detection.max_ejection_percent",
		"percent",
		nil,
	},
	"a table that is not prime": {
		top(`traffic_policy = { load_balancer = { consistent_hash = { use_source_ip = true, maglev = { table_size = ` +
			`10 } } } }`), "traffic_policy.load_balancer.consistent_hash.maglev", "prime", nil,
	},
	"mutual TLS without key": {
		top(`traffic_policy = { tls = { mode = "MUTUAL", client_certificate = "/etc/cert.pem" } }`),
		"traffic_policy.tls.mode",
		"private key required",
		nil,
	},
	"tunnel and proxy protocol": {top(`traffic_policy = { tunnel = { target_host = "a.example", ` +
		`target_port = 80 }, proxy_protocol = { version = "V1" } }`), "traffic_policy.proxy_protocol", "tunnel", nil},
	"a pool with a number too large": {
		top(`traffic_policy = { connection_pool = { tcp = { max_connections = 3000000000 } } }`),
		"traffic_policy.connection_pool.tcp.max_connections",
		"3000000000",
		nil,
	},
	"a host that is none":                   {top(`hosts = ["a b"]`), "hosts[0]", "a b", nil},
	"every host in the mesh":                {top(`hosts = ["*"]`), "hosts[0]", "wildcard host *", nil},
	"gateways that are none":                {top(`gateways = ["a_b/c"]`), "gateways[0]", "a_b", nil},
	"a namespace to export to that is none": {top(`export_to = ["A_B"]`), "export_to[0]", "DNS 1123 label", nil},
	"a name that is none":                   {top(`name = "A_B"`), "name", "A_B", nil},
	"a namespace that is none":              {top(`namespace = "A_B"`), "namespace", "A_B", []string{"service"}},
	"a label of the objects that is none":   {top(`labels = { "a b" = "c" }`), "labels[a b]", "a b", nil},
	"labels where others declare": {
		top(`manage_destination_rule = false`),
		"subsets[v1].labels",
		"belong to the DestinationRule",
		[]string{"subsets[v2].labels"},
	},
}

// invalidSplits are wrong in ways that only a split can be.
var invalidSplits = map[string]invalid{
	"weights that sum to 80": {
		change{"weight = 90", "weight = 70"}, "subsets", "must sum to 100 percent, got 80", nil,
	},
	"a weight over 100": {
		change{"weight = 90", "weight = 190"}, "subsets[v2].weight", "between 0 and 100 percent, got 190", nil,
	},
	"two weights left out": {change{
		"weight = 10 }\n  v2 = { labels = { app = \"v2\" }, weight = 90", "}\n  v2 = { labels = { app = \"v2\" }",
	}, "subsets", "only one weight may be left out", nil},
	"a match of nothing": {
		change{`{ uri = { exact = "/a.B/C" } }`, `{}`}, "match[0]", "has no condition", nil,
	},
	"otherwise to an unknown subset": {change{`otherwise = "v1"`, `otherwise = "v9"`}, "otherwise", `"v9"`, nil},
	"otherwise without match": {
		change{`match   = [{ uri = { exact = "/a.B/C" } }]`, ""}, "otherwise", "without match there are none", nil,
	},
	"a timeout of nothing": {
		change{`otherwise = "v1"`, "otherwise = \"v1\"\ntimeout = \"0s\""}, "timeout", "1ms", nil,
	},
	"a match of two kinds": {
		change{`exact = "/a.B/C"`, `exact = "/a.B/C", prefix = "/"`}, "match[0].uri.prefix", "exact", nil,
	},
	"a retry condition that is none": {
		change{`otherwise = "v1"`, "otherwise = \"v1\"\nretries = { attempts = 1, retry_on = \"6xx\" }"},
		"retries.retry_on",
		"6xx",
		nil,
	},
	"requests that match go to nobody": {change{
		"weight = 10 }\n  v2 = { labels = { app = \"v2\" }, weight = 90",
		"weight = 0 }\n  v2 = { labels = { app = \"v2\" }, weight = 0",
	}, "subsets", "must sum to 100 percent, got 0", nil},
}
