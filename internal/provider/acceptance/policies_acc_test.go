package acceptance_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// canary is a request that the rule of a form takes, with further headers.
func canary(count int, pairs ...string) acctest.Request {
	r := headers(append(pairs, "version", "200")...)
	r.Count = count
	return r
}

// testPolicies lets everything act that a rule can do besides choosing a subset, and looks at the live object where a
// gRPC client does not act on it.
func testPolicies(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	step := func(hcl, yaml string, checks ...resource.TestCheckFunc) resource.TestStep {
		live := lab.Spec(acctest.VirtualService, lab.Service, f.virtualService(byVersionYAML, yaml))
		return resource.TestStep{
			Config: lab.Config(f.with(parts{rule: hcl})),
			Check:  resource.ComposeTestCheckFunc(append([]resource.TestCheckFunc{live}, checks...)...),
		}
	}
	run(t, lab,
		step("timeout = \"300ms\"\n retries = { attempts = 2, retry_on = \"unavailable,cancelled\" }",
			"timeout: 0.300s\nretries: {attempts: 2, retryOn: 'unavailable,cancelled'}",
			lab.Traffic(canary(20, "x-sleep", "2s"), acctest.Failing("DeadlineExceeded")),
			lab.Traffic(canary(100), acctest.Only("v2")),
			lab.Traffic(canary(20, "x-fail-first", "2"), attempts("3")),
			lab.Traffic(canary(20, "x-fail-first", "3"), acctest.Failing("Unavailable")),
		),
		// Zero attempts switch the two retries off that are the default.
		step(`retries = { attempts = 0 }`, `retries: {attempts: 0}`,
			lab.Traffic(canary(20, "x-fail-first", "1"), acctest.Failing("Unavailable")),
			lab.Traffic(canary(20, "x-sleep", "400ms"), acctest.Only("v2")),
		),
		step(`fault = { abort = { http_status = 503, percentage = { value = 40 } } }`,
			`fault: {abort: {httpStatus: 503, percentage: {value: 40}}}`,
			lab.Traffic(canary(2000), acctest.FailingShare("Unavailable", 40)),
		),
		step(`fault = {
			abort = { grpc_status = "RESOURCE_EXHAUSTED", percentage = { value = 100 } }
			delay = { fixed_delay = "250ms", percentage = { value = 100 } }
		}`,
			`fault: {abort: {grpcStatus: RESOURCE_EXHAUSTED, percentage: {value: 100}}, delay: {fixedDelay: 0.250s, `+
				`percentage: {value: 100}}}`,
			lab.Traffic(canary(40), slowerThan(250, acctest.Failing("ResourceExhausted"))),
			lab.Traffic(acctest.Request{}, acctest.Only("v1")),
		),
		step(`retries = {
			attempts                    = 5
			per_try_timeout             = "2s"
			retry_on                    = "5xx,reset,503"
			backoff                     = "40ms"
			retry_remote_localities     = true
			retry_ignore_previous_hosts = false
		}
		mirrors = [
			{ destination = { subset = "v1" }, percentage = { value = 12.5 } },
			{ destination = { host = "greeter", port = { number = 50051 } }, percentage = { value = 0 } },
		]
		headers = {
			request  = { set = { x-route = "canary" }, add = { x-hop = "1" }, remove = ["x-debug"] }
			response = { set = { x-served-by = "v2" }, add = { x-extra = "%RESPONSE_CODE%" }, remove = ["server"] }
		}
		rewrite = { uri = "/helloworld.Greeter/SayHelloAgain", authority = "greeter.example.com" }`,
			`
retries: {attempts: 5, perTryTimeout: 2s, retryOn: '5xx,reset,503', backoff: 0.040s, retryRemoteLocalities: true, retryIgnorePreviousHosts: false}
mirrors:
- {destination: {host: HOST, subset: v1}, percentage: {value: 12.5}}
- {destination: {host: greeter.NAMESPACE.svc.cluster.local, port: {number: 50051}}, percentage: {value: 0}}
headers:
  request: {set: {x-route: canary}, add: {x-hop: "1"}, remove: [x-debug]}
  response: {set: {x-served-by: v2}, add: {x-extra: '%RESPONSE_CODE%'}, remove: [server]}
rewrite: {uri: /helloworld.Greeter/SayHelloAgain, authority: greeter.example.com}`,
			lab.Traffic(canary(100), acctest.Only("v2")),
		),
		// A route with a CORS policy is one that gRPC clients refuse, so nothing is sent through it.
		step(`cors_policy = {
			allow_origins         = [{ exact = "https://shop.example" }, { regex = "https://.*\\.example" }, { prefix = "https://" }]
			allow_methods         = ["GET", "POST"]
			allow_headers         = ["x-version"]
			expose_headers        = ["x-served-by"]
			max_age               = "24h"
			allow_credentials     = false
			unmatched_preflights  = "IGNORE"
		}
		rewrite = { uri_regex_rewrite = { match = "^/old/(.*)$", rewrite = "/new/\\1" } }`,
			`
corsPolicy:
  allowOrigins: [{exact: https://shop.example}, {regex: 'https://.*\.example'}, {prefix: https://}]
  allowMethods: [GET, POST]
  allowHeaders: [x-version]
  exposeHeaders: [x-served-by]
  maxAge: 86400s
  allowCredentials: false
  unmatchedPreflights: IGNORE
rewrite: {uriRegexRewrite: {match: '^/old/(.*)$', rewrite: '/new/\1'}}`),
		resource.TestStep{Config: lab.Config(f.with(parts{})), Check: f.routed(lab)},
	)
}

// attempts wants every call to be answered by v2 at the given attempt.
func attempts(n string) acctest.Want {
	return func(a acctest.Answers) error {
		if a.Attempts[n] != a.Total {
			return fmt.Errorf("want every answer at attempt %s", n)
		}
		return acctest.Only("v2")(a)
	}
}

// slowerThan wants every call to take at least so many milliseconds.
func slowerThan(milliseconds float64, want acctest.Want) acctest.Want {
	return func(a acctest.Answers) error {
		if a.Latency["min"] < milliseconds {
			return fmt.Errorf("want every call to take %v ms", milliseconds)
		}
		return want(a)
	}
}
