package provider_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const (
	validRoute = `
service = "greeter"
subsets = {
  v1 = { labels = { app = "v1" } }
  v2 = { labels = { app = "v2" } }
}
rules = [
  { match = [{ headers = { version = { exact = "100" } } }], subset = "v1" },
  { match = [{ headers = { version = { exact = "200" } } }], subset = "v2" },
]
default = { subset = "v1" }
`
	validSplit = `
service = "greeter"
match   = [{ uri = { exact = "/a.B/C" } }]
subsets = {
  v1 = { labels = { app = "v1" }, weight = 10 }
  v2 = { labels = { app = "v2" }, weight = 90 }
}
otherwise = "v1"
`
)

// change replaces a piece of a valid configuration.
type change struct{ old, new string }

// invalid is a wrong configuration: a valid one with one change. The provider says what is wrong with it, at the
// attribute at, in words that contain says.
type invalid struct {
	change change
	at     string
	says   string
}

var (
	ruleOne = `exact = "200" } } }], subset = "v2" }`
	// inRuleOne adds to the second rule of validRoute.
	inRuleOne = func(more string) change {
		return change{ruleOne, `exact = "200" } } }], subset = "v2", ` + more + ` }`}
	}
	// matchOne replaces the match of the second rule of validRoute.
	matchOne = func(match string) change { return change{`[{ headers = { version = { exact = "200" } } }]`, match} }
	// inSubset adds to the subset v2 of validRoute.
	inSubset = func(more string) change {
		return change{`v2 = { labels = { app = "v2" }`, `v2 = { labels = { app = "v2" }, ` + more}
	}
	top = func(more string) change { return change{`service = "greeter"`, "service = \"greeter\"\n" + more} }
)

// invalidRoutes are wrong in ways that are the rules' or both resources'.
var invalidRoutes = map[string]invalid{
	"an empty service":                      {change{`"greeter"`, `""`}, "service", "must not be empty"},
	"a service with a space":                {change{`"greeter"`, `"gree ter"`}, "service", "gree ter"},
	"no subset at all":                      {change{"v1 = { labels = { app = \"v1\" } }\n  v2 = { labels = { app = \"v2\" } }", ""}, "subsets", "at least one subset"},
	"a subset without labels":               {change{`v2 = { labels = { app = "v2" } }`, `v2 = {}`}, "subsets[v2].labels", "without labels"},
	"a subset in upper case":                {change{`v2 = { labels = { app = "v2" } }`, `V2 = { labels = { app = "v2" } }`}, "subsets[V2]", "lower case"},
	"a subset with an underscore":           {change{`v1 = { labels`, `v_3 = { labels = { app = "v3" } }` + "\n v1 = { labels"}, "subsets[v_3]", "v_3"},
	"a subset that is null":                 {change{`v2 = { labels = { app = "v2" } }`, `v2 = null`}, "subsets[v2]", "must not be null"},
	"a label value that no pod can carry":   {change{`app = "v2"`, `app = "` + strings.Repeat("x", 64) + `"`}, "subsets[v2].labels[app]", "63 characters"},
	"a label that is no label":              {change{`{ app = "v2" }`, `{ "a b" = "v2" }`}, "subsets[v2].labels", "a b"},
	"a rule for an unknown subset":          {change{ruleOne, `exact = "200" } } }], subset = "v9" }`}, "rules[1].subset", `there is no subset "v9"; subsets declares v1, v2`},
	"a default for an unknown subset":       {change{`default = { subset = "v1" }`, `default = { subset = "v9" }`}, "default.subset", "v9"},
	"a rule without subset":                 {change{ruleOne, `exact = "200" } } }] }`}, "rules[1]", "needs a subset"},
	"a rule with subset and weights":        {inRuleOne(`weights = { v1 = 100 }`), "rules[1].weights", "cannot be set together with subset"},
	"a default without subset":              {change{`default = { subset = "v1" }`, `default = {}`}, "default", "needs a subset"},
	"a rule without match":                  {matchOne(`[]`), "rules[1].match", "takes every request"},
	"two rules of one name":                 {change{`rules = [`, "rules = [\n{ name = \"a\", match = [{ port = 1 }], subset = \"v1\" }, { name = \"a\", match = [{ port = 2 }], subset = \"v1\" },"}, "rules[1].name", "is the name of rule 0"},
	"weights that sum to 110":               {change{`{ subset = "v1" }`, `{ weights = { v1 = 30, v2 = 80 } }`}, "default.weights", "must sum to 100 percent, got 110"},
	"weights that sum to 90":                {change{`{ subset = "v1" }`, `{ weights = { v1 = 30, v2 = 60 } }`}, "default.weights", "must sum to 100 percent, got 90"},
	"a weight over 100":                     {change{`{ subset = "v1" }`, `{ weights = { v1 = 101 } }`}, "default.weights[v1]", "between 0 and 100 percent, got 101"},
	"a negative weight":                     {change{`{ subset = "v1" }`, `{ weights = { v1 = -10, v2 = 110 } }`}, "default.weights[v1]", "between 0 and 100 percent, got -10"},
	"a weight of an unknown subset":         {change{`{ subset = "v1" }`, `{ weights = { v1 = 50, v3 = 50 } }`}, "default.weights[v3]", `no subset "v3"`},
	"two weights left out":                  {change{`{ subset = "v1" }`, `{ weights = { v1 = null, v2 = null } }`}, "default.weights", "only one weight may be left out"},
	"nothing left for the weight left out":  {change{`{ subset = "v1" }`, `{ weights = { v1 = null, v2 = 110 } }`}, "default.weights[v2]", "between 0 and 100"},
	"half a percent":                        {change{`{ subset = "v1" }`, `{ weights = { v1 = 0.5, v2 = 99.5 } }`}, "default.weights[v1]", "whole number"},
	"a header with two kinds of match":      {matchOne(`[{ headers = { version = { exact = "1", prefix = "2" } } }]`), "rules[1].match[0].headers[version].prefix", "exact"},
	"a header matched twice":                {matchOne(`[{ headers = { version = { exact = "1" }, Version = { exact = "1" } } }]`), "rules[1].match[0].headers[version]", "have no case"},
	"a header with an empty value":          {matchOne(`[{ headers = { version = { exact = "" } } }]`), "rules[1].match[0].headers[version].exact", "an empty value"},
	"a header with an empty prefix":         {matchOne(`[{ headers = { version = { prefix = "" } } }]`), "rules[1].match[0].headers[version].prefix", "prefix"},
	"a header whose regex does not compile": {matchOne(`[{ headers = { version = { regex = "*" } } }]`), "rules[1].match[0].headers[version].regex", "regex"},
	"a header name with a space":            {matchOne(`[{ headers = { "a b" = { exact = "1" } } }]`), "rules[1].match[0].headers[a b]", "a b"},
	"a uri without kind of match":           {matchOne(`[{ uri = {} }]`), "rules[1].match[0].uri", "needs one of exact, prefix and regex"},
	"a uri whose regex does not compile":    {matchOne(`[{ uri = { regex = "(" } }]`), "rules[1].match[0].uri.regex", "regex"},
	"a port beyond 65535":                   {matchOne(`[{ port = 70000 }]`), "rules[1].match[0].port", "70000"},
	"a negative port":                       {matchOne(`[{ port = -1 }]`), "rules[1].match[0].port", "-1"},
	"a match that is null":                  {matchOne(`[null]`), "rules[1].match[0]", "must not be null"},
	"a source namespace that is none":       {matchOne(`[{ source_namespace = "A_B" }]`), "rules[1].match[0].source_namespace", "A_B"},
	"source labels that are none":           {matchOne(`[{ source_labels = { app = "a b" } }]`), "rules[1].match[0].source_labels", "a b"},
	"a gateway that is none":                {matchOne(`[{ port = 80, gateways = ["a/b/c"] }]`), "rules[1].match[0].gateways[0]", "a/b/c"},
	"a timeout that is no duration":         {inRuleOne(`timeout = "5 seconds"`), "rules[1].timeout", "5 seconds"},
	"a timeout of nothing":                  {inRuleOne(`timeout = "0s"`), "rules[1].timeout", "1ms"},
	"a timeout finer than a millisecond":    {inRuleOne(`timeout = "1500us"`), "rules[1].timeout", "millisecond"},
	"a negative timeout":                    {inRuleOne(`timeout = "-5s"`), "rules[1].timeout", "1ms"},
	"negative attempts":                     {inRuleOne(`retries = { attempts = -1 }`), "rules[1].retries.attempts", "negative"},
	"an unknown retry condition":            {inRuleOne(`retries = { attempts = 1, retry_on = "6xx" }`), "rules[1].retries.retry_on", "6xx"},
	"a try of nothing":                      {inRuleOne(`retries = { attempts = 1, per_try_timeout = "0s" }`), "rules[1].retries.per_try_timeout", "1ms"},
	"no attempts and a retry condition":     {inRuleOne(`retries = { attempts = 0, retry_on = "5xx" }`), "rules[1].retries", "attempts"},
	"a fault in more than all requests":     {inRuleOne(`fault = { abort = { http_status = 503, percentage = { value = 101 } } }`), "rules[1].fault.abort.percentage.value", "101"},
	"a fault with an unknown status":        {inRuleOne(`fault = { abort = { grpc_status = "BROKEN" } }`), "rules[1].fault.abort.grpc_status", "BROKEN"},
	"a fault with two statuses":             {inRuleOne(`fault = { abort = { grpc_status = "ABORTED", http_status = 503 } }`), "rules[1].fault.abort.http_status", "grpc_status"},
	"a fault with a status of 42":           {inRuleOne(`fault = { abort = { http_status = 42 } }`), "rules[1].fault.abort.http_status", "42"},
	"an empty fault":                        {inRuleOne(`fault = {}`), "rules[1].fault", "fault"},
	"a mirror to an unknown subset":         {inRuleOne(`mirrors = [{ destination = { subset = "v9" } }]`), "rules[1].mirrors[0].destination.subset", `"v9"`},
	"a mirror of more than all requests":    {inRuleOne(`mirrors = [{ destination = { subset = "v1" }, percentage = { value = 150 } }]`), "rules[1].mirrors[0].percentage.value", "150"},
	"an empty rewrite":                      {inRuleOne(`rewrite = {}`), "rules[1].rewrite", "rewrite"},
	"a rewrite of two kinds":                {inRuleOne(`rewrite = { uri = "/a", uri_regex_rewrite = { match = "a", rewrite = "b" } }`), "rules[1].rewrite", "uri"},
	"a header operation on nothing":         {inRuleOne(`headers = { request = { set = { "" = "x" } } }`), "rules[1].headers.request.set[]", "header"},
	"removing the host header":              {inRuleOne(`headers = { request = { remove = ["host"] } }`), "rules[1].headers.request.remove[0]", "host"},
	"cors with an unknown method":           {inRuleOne(`cors_policy = { allow_methods = ["FETCH"] }`), "rules[1].cors_policy.allow_methods[0]", "FETCH"},
	"cors with an unknown preflight":        {inRuleOne(`cors_policy = { unmatched_preflights = "DROP" }`), "rules[1].cors_policy.unmatched_preflights", "DROP"},
	"an unknown balancer":                   {top(`traffic_policy = { load_balancer = { simple = "FASTEST" } }`), "traffic_policy.load_balancer.simple", "FASTEST"},
	"two kinds of balancer":                 {top(`traffic_policy = { load_balancer = { simple = "RANDOM", consistent_hash = { use_source_ip = true } } }`), "traffic_policy.load_balancer.consistent_hash", "simple"},
	"an empty connection pool":              {inSubset(`traffic_policy = { connection_pool = {} }`), "subsets[v2].traffic_policy.connection_pool", "connection pool"},
	"an empty traffic policy":               {top(`traffic_policy = {}`), "traffic_policy", "policy"},
	"outlier detection that ejects 150 %":   {inSubset(`traffic_policy = { outlier_detection = { max_ejection_percent = 150 } }`), "subsets[v2].traffic_policy.outlier_detection.max_ejection_percent", "percent"},
	"a table that is not prime":             {top(`traffic_policy = { load_balancer = { consistent_hash = { use_source_ip = true, maglev = { table_size = 10 } } } }`), "traffic_policy.load_balancer.consistent_hash.maglev.table_size", "prime"},
	"mutual TLS without key":                {top(`traffic_policy = { tls = { mode = "MUTUAL" } }`), "traffic_policy.tls", "client certificate"},
	"tunnel and proxy protocol":             {top(`traffic_policy = { tunnel = { target_host = "a.example", target_port = 80 }, proxy_protocol = { version = "V1" } }`), "traffic_policy", "tunnel"},
	"a pool with a number too large":        {top(`traffic_policy = { connection_pool = { tcp = { max_connections = 3000000000 } } }`), "traffic_policy.connection_pool.tcp.max_connections", "3000000000"},
	"a host that is none":                   {top(`hosts = ["a b"]`), "hosts[0]", "a b"},
	"every host in the mesh":                {top(`hosts = ["*"]`), "hosts", "*"},
	"gateways that are none":                {top(`gateways = ["a_b/c"]`), "gateways[0]", "a_b"},
	"a namespace to export to that is none": {top(`export_to = ["A_B"]`), "export_to[0]", "A_B"},
	"a name that is none":                   {top(`name = "A_B"`), "name", "A_B"},
	"a namespace that is none":              {top(`namespace = "A_B"`), "namespace", "A_B"},
	"a label of the objects that is none":   {top(`labels = { "a b" = "c" }`), "labels[a b]", "a b"},
	"labels where others declare":           {top(`manage_destination_rule = false`), "subsets[v1].labels", "belong to the DestinationRule"},
}

// invalidSplits are wrong in ways that only a split can be.
var invalidSplits = map[string]invalid{
	"weights that sum to 80":           {change{"weight = 90", "weight = 70"}, "subsets", "must sum to 100 percent, got 80"},
	"a weight over 100":                {change{"weight = 90", "weight = 190"}, "subsets[v2].weight", "between 0 and 100 percent, got 190"},
	"two weights left out":             {change{"weight = 10 }\n  v2 = { labels = { app = \"v2\" }, weight = 90", "}\n  v2 = { labels = { app = \"v2\" }"}, "subsets", "only one weight may be left out"},
	"otherwise to an unknown subset":   {change{`otherwise = "v1"`, `otherwise = "v9"`}, "otherwise", `"v9"`},
	"otherwise without match":          {change{`match   = [{ uri = { exact = "/a.B/C" } }]`, ""}, "otherwise", "without match there are none"},
	"a timeout of nothing":             {change{`otherwise = "v1"`, "otherwise = \"v1\"\ntimeout = \"0s\""}, "timeout", "1ms"},
	"a match of two kinds":             {change{`exact = "/a.B/C"`, `exact = "/a.B/C", prefix = "/"`}, "match[0].uri.prefix", "exact"},
	"a retry condition that is none":   {change{`otherwise = "v1"`, "otherwise = \"v1\"\nretries = { attempts = 1, retry_on = \"6xx\" }"}, "retries.retry_on", "6xx"},
	"requests that match go to nobody": {change{"weight = 10 }\n  v2 = { labels = { app = \"v2\" }, weight = 90", "weight = 0 }\n  v2 = { labels = { app = \"v2\" }, weight = 0"}, "subsets", "must sum to 100 percent, got 0"},
}

func TestValidate_refused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	test := func(resourceType, valid string, cases map[string]invalid) {
		for name, c := range cases {
			t.Run(resourceType+"/"+name, func(t *testing.T) {
				t.Parallel()
				changed := strings.Replace(valid, c.change.old, c.change.new, 1)
				if changed == valid {
					t.Fatalf("the change does not apply: %q", c.change.old)
				}
				refused(t, s.validate(t, resourceType, changed), c)
			})
		}
	}
	test("mesh_canary_route", validRoute, invalidRoutes)
	test("mesh_weighted_split", validSplit, invalidSplits)
}

// refused checks that there is one error, where it should be.
func refused(t *testing.T, diagnostics []*tfprotov6.Diagnostic, want invalid) {
	t.Helper()
	var all []string
	for _, d := range diagnostics {
		if d.Severity != tfprotov6.DiagnosticSeverityError {
			continue
		}
		all = append(all, "at "+pathText(d.Attribute)+": "+d.Detail)
	}
	if len(all) != 1 || !strings.HasPrefix(all[0], "at "+want.at+": ") || !strings.Contains(all[0], want.says) {
		t.Errorf("errors:\n%s\nwant one at %s that contains %q", strings.Join(all, "\n"), want.at, want.says)
	}
}

// pathText writes an attribute's path without quotes.
func pathText(p *tftypes.AttributePath) string {
	var b strings.Builder
	for _, step := range p.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			if b.Len() > 0 {
				b.WriteString(".")
			}
			b.WriteString(string(s))
		case tftypes.ElementKeyString:
			b.WriteString("[" + string(s) + "]")
		case tftypes.ElementKeyInt:
			b.WriteString("[" + string(rune('0'+int(s))) + "]")
		}
	}
	return b.String()
}

func TestValidate_accepted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, c := range map[string]struct {
		resourceType, config string
		warnings             []string
	}{
		"a route":                         {resourceType: "mesh_canary_route", config: validRoute},
		"a split":                         {resourceType: "mesh_weighted_split", config: validSplit},
		"an unknown service":              {resourceType: "mesh_canary_route", config: strings.Replace(validRoute, `"greeter"`, "unknown", 1)},
		"unknown subsets":                 {resourceType: "mesh_canary_route", config: "service = \"a\"\nsubsets = unknown\ndefault = { subset = \"v1\" }"},
		"an unknown weight":               {resourceType: "mesh_weighted_split", config: strings.Replace(validSplit, "weight = 90", "weight = unknown", 1)},
		"an unknown match":                {resourceType: "mesh_weighted_split", config: strings.Replace(validSplit, `[{ uri = { exact = "/a.B/C" } }]`, "unknown", 1)},
		"an unknown header value":         {resourceType: "mesh_canary_route", config: strings.Replace(validRoute, `"200"`, "unknown", 1)},
		"unknown rules":                   {resourceType: "mesh_canary_route", config: "service = \"a\"\nsubsets = { v1 = { labels = { a = \"b\" } } }\nrules = unknown\ndefault = { subset = \"v1\" }"},
		"an unknown default":              {resourceType: "mesh_canary_route", config: "service = \"a\"\nsubsets = { v1 = { labels = { a = \"b\" } } }\ndefault = unknown"},
		"everything unknown":              {resourceType: "mesh_canary_route", config: "service = unknown\nsubsets = unknown\nrules = unknown\ndefault = unknown\nnamespace = unknown\nhosts = unknown"},
		"a subset with unknown labels":    {resourceType: "mesh_canary_route", config: strings.Replace(validRoute, `{ app = "v2" }`, "unknown", 1)},
		"an unknown rule among others":    {resourceType: "mesh_canary_route", config: strings.Replace(validRoute, "rules = [", "rules = [ unknown, ", 1)},
		"a split without otherwise warns": {resourceType: "mesh_weighted_split", config: strings.Replace(validSplit, `otherwise = "v1"`, "", 1), warnings: []string{"match"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var warnings []string
			for _, d := range s.validate(t, c.resourceType, c.config) {
				if d.Severity == tfprotov6.DiagnosticSeverityError {
					t.Errorf("at %s: %s", pathText(d.Attribute), d.Detail)
				} else {
					warnings = append(warnings, pathText(d.Attribute))
				}
			}
			if diff := cmp.Diff(c.warnings, warnings); diff != "" {
				t.Errorf("warnings at (-want +got):\n%s", diff)
			}
		})
	}
}

// Terraform itself says where in the file an error is, and shows the line.
func TestAccInvalid(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	inLine := func(words, line string) *regexp.Regexp {
		return regexp.MustCompile(`(?s)on terraform_plugin_test\.tf line \d+, in resource.*` + regexp.QuoteMeta(line) + `.*` + words)
	}
	run(t, lab,
		resource.TestStep{Config: lab.Config(routeByShare("{ v1 = 30, v2 = 80 }")), ExpectError: inLine(`Must sum to 100 percent, got\s+110`, "weights = {")},
		resource.TestStep{Config: lab.Config(splitByShare("30", "170")), ExpectError: inLine(`between 0 and 100 percent, got\s+170`, "170")},
		resource.TestStep{Config: lab.Config(canaryForm.with(parts{rule: `timeout = "0s"`})), ExpectError: inLine("1ms", "timeout = \"0s\"")},
		resource.TestStep{Config: lab.Config(canaryForm.with(parts{match: `[{ headers = { version = { regex = "*" } } }]`})), ExpectError: inLine("regex", "*")},
		resource.TestStep{Config: lab.Config(splitForm.with(parts{subset: `traffic_policy = { load_balancer = { simple = "FASTEST" } }`})), ExpectError: inLine("FASTEST", "simple")},
		resource.TestStep{Config: lab.Config(splitForm.with(parts{rule: `colour = "blue"`})), ExpectError: inLine("Unsupported argument|not expected here", "colour")},
	)
}
