package acceptance_test

// What people write into objects: in values TEXT stands for any text, HOST for the host of the service.

// oddTexts would end a text of HCL, begin a template or a comment in it, or look like something else, or are hard to
// see, or to send.
var oddTexts = []string{
	"${path.module}", "%{ if true }x%{ endif }", "$${x} %%{y}", `"quoted" \ back\\slash`, "a\nb\n\tc\n",
	"$", "%", "${", "%{", "<<EOT\nx\nEOT\n", "# no // comment */", "null", "true", "0x10", `\u0041`, "'", "`", "~",
	"@", " ", "  two  ", "\r\n", "🦊 \u200d\u2028\u2029", "\u0001\u001b[31m\u007f\u0085", "\ufeffx\ufffd",
	"a\u202eb", "a\u0085b", "\u0080\u009f",
	"\u00e9", "e\u0301",
}

var subsetsOfPeople = []string{"v1", "v2", "v3", "100", "for", "blue-green", "V4", "null"}

// weightsOfPeople are those of one rule. The first four are those of most rules.
var weightsOfPeople = [][]string{
	{""},
	{"50", "50"},
	{"100"},
	{"90", "10"},
	{"100", "0"},
	{"0", "100"},
	{"3", "1"},
	{"", "7"},
	{"33", "33", "34"},
	{"0"},
	{"1"},
	{"", "100"},
	{"0", "0"},
	{"1", "2147483646"},
}

var redirects = []string{
	"{uri: /new, redirectCode: 308}", "{authority: TEXT}", "{}", "{uri: x, port: 8443}",
	"{scheme: https, derivePort: FROM_PROTOCOL_DEFAULT}",
}

var answers = []string{
	"{status: 503, body: {string: TEXT}}", "{status: 200, body: {bytes: AP/+aGVsbG8=}}", "{status: 204}",
	"{status: 200, body: {}}",
}

var ruleFields = map[string][]string{
	"timeout": {
		"1h", "1500ms", "2ms", "0.5s", "1m30s", "3600s", "1h1m1s1ms", "1.5h", "500000us", "100000h", "10s", "0.002s",
	},
	"retries": {
		"{attempts: 0}", "{attempts: 3, perTryTimeout: 2s}", "{}", `{attempts: 2, retryOn: "5xx,reset"}`,
		`{attempts: 2, retryOn: "gateway-error, 503,connect-failure"}`, "{perTryTimeout: 1500ms}",
		"{attempts: 2147483647, perTryTimeout: 1ms, backoff: 25ms}", `{attempts: 2, retryOn: ""}`,
		"{attempts: 1, retryRemoteLocalities: true, retryIgnorePreviousHosts: false}",
	},
	"fault": {
		"{delay: {percent: 10, fixedDelay: 2s}}", "{delay: {percentage: {value: 0.1}, fixedDelay: 5s}}", "{}",
		"{abort: {httpStatus: 503, percentage: {value: 33.333333}}}", "{abort: {httpStatus: 418}}",
		"{abort: {grpcStatus: UNAVAILABLE, percentage: {}}}", "{delay: {fixedDelay: 1ms}}",
		"{delay: {percent: 10, percentage: {value: 20}, fixedDelay: 1s}}",
		"{delay: {percent: 100, fixedDelay: 1ms}, abort: {httpStatus: 500, percentage: {value: 0}}}",
	},
	"mirror": {
		"{host: HOST, subset: v2}", "{host: HOST}", "{host: shadow.other, port: {number: 80}}",
		"{host: svc-2.example.com}",
	},
	"mirrorPercentage": {
		"{value: 12.5}", "{value: 0.30000000000000004}", "{value: 1e-07}", "{value: 99.99999999999999}", "{value: 0}",
		"{}", "{value: 100}",
	},
	"mirrorPercent":  {"50", "0"},
	"mirror_percent": {"7"},
	"mirrors": {
		"[{destination: {host: HOST, subset: v2}, percentage: {value: 1}}, {destination: {host: svc-2}}]", "[]",
		"[{destination: {host: HOST}}]", "[{destination: {host: HOST}, percentage: {}}]",
	},
	"headers": {
		"{request: {set: {x-a: TEXT, x-b: '%START_TIME%'}, remove: [X-Upper]}}", "{request: {add: {x-empty: ''}}}",
		"{response: {add: {Set-Cookie: TEXT}}}", "{request: {}}", "{request: {set: {}}, response: {remove: []}}",
	},
	"rewrite": {
		"{uri: /b}", "{authority: b.example}", "{uri: '/', authority: TEXT}", "{uri: a}",
		`{uriRegexRewrite: {match: '/u/([0-9]+)/(.*)', rewrite: '/\1/\2'}}`,
	},
	"corsPolicy": {
		"{allowOrigins: [{exact: 'https://a.example'}, {regex: '.*'}], allowMethods: [GET, POST], maxAge: 24h}", "{}",
		"{allowOrigin: ['*'], allowCredentials: true}", "{allowHeaders: [x-a], exposeHeaders: ['*'], maxAge: 1h0m}",
		"{allowOrigins: [{prefix: TEXT}], allowCredentials: false, unmatchedPreflights: IGNORE}",
	},
	"name": {"TEXT", "first", "''", "rule.one"},
}

var matchFields = map[string][]string{
	"uri": {
		"{prefix: /api}", "{exact: /}", `{regex: '/a(b|c)[0-9]+\?.*'}`, "{prefix: /}", "{}", "{prefix: ''}",
		"{exact: TEXT}",
	},
	"headers": {
		"{x-user: {exact: TEXT}}", "{end-user: {regex: '.*'}}", "{X-Upper: {}}", "{x-a: {prefix: ''}}", "{}",
		"{cookie: {regex: '^(.*?;)?(user=jason)(;.*)?$'}, ':authority': {exact: a}}",
		"{a.b: {exact: ''}, x_c: {prefix: '0'}}",
	},
	"withoutHeaders":  {"{x-debug: {}}", "{x-user: {exact: TEXT}}", "{x-a: {regex: '[0-9]*'}}"},
	"method":          {"{exact: GET}", "{regex: 'GET|POST'}"},
	"scheme":          {"{exact: https}"},
	"authority":       {"{exact: web.example}", "{prefix: TEXT}"},
	"port":            {"80", "8443"},
	"sourceLabels":    {"{app: client}", "{app: client, version: v1}", "{}", "{example.com/un_usual.x: A.c, for: e}"},
	"sourceNamespace": {"other", "NAMESPACE"},
	"gateways":        {"[mesh]", "[NAMESPACE/web]", "[web, mesh]"},
	"queryParams":     {"{user: {exact: TEXT}}", "{debug: {regex: '[0-9]+'}}", "{'a b': {exact: ''}}"},
	"ignoreUriCase":   {"true", "false"},
	"statPrefix":      {"TEXT", "some"},
	"name":            {"TEXT", "m"},
}

var policyFields = map[string][]string{
	"loadBalancer": {
		"{simple: LEAST_CONN}", "{simple: ROUND_ROBIN}", "{consistentHash: {httpCookie: {name: u, ttl: 0s}}}", "{}",
		"{consistentHash: {useSourceIp: true, minimumRingSize: 1024}}", "{simple: UNSPECIFIED}",
		"{consistentHash: {httpHeaderName: x-user, maglev: {}}}", "{localityLbSetting: {enabled: false}}",
		"{warmupDurationSecs: 30s, simple: RANDOM}",
		"{localityLbSetting: {distribute: [{from: us/a/*, to: {us/a/*: 80, us/b/*: 20}}]}}",
	},
	"connectionPool": {
		"{tcp: {maxConnections: 1, connectTimeout: 30ms}}", "{http: {http1MaxPendingRequests: 0, maxRetries: 0}}", "{}",
		"{tcp: {}, http: {}}", "{http: {h2UpgradePolicy: UPGRADE, idleTimeout: 1h, useClientProtocol: false}}",
		"{tcp: {tcpKeepalive: {probes: 3, time: 7200s}, idleTimeout: 0s}}",
	},
	"outlierDetection": {
		"{}", "{consecutiveErrors: 5, interval: 1m30s}", "{minHealthPercent: 0, splitExternalLocalOriginErrors: true}",
		"{consecutive5xxErrors: 0, consecutiveGatewayErrors: 5, maxEjectionPercent: 100}",
	},
	"tls": {
		"{mode: DISABLE}", "{mode: ISTIO_MUTUAL}", "{}", "{mode: SIMPLE, sni: TEXT, subjectAltNames: [a]}",
		"{mode: MUTUAL, credentialName: web}", "{mode: SIMPLE, insecureSkipVerify: false}",
	},
	"portLevelSettings": {
		"[{port: {number: 80}, tls: {mode: DISABLE}}]", "[]",
		"[{port: {number: 80}, loadBalancer: {simple: RANDOM}}, {port: {number: 443}}]",
	},
	"tunnel":        {"{protocol: CONNECT, targetHost: t.example, targetPort: 443}"},
	"proxyProtocol": {"{version: V2}", "{}"},
	"retryBudget":   {"{}", "{percent: 25.5, minRetryConcurrency: 5}"},
}

var serviceFields = map[string][]string{
	"gateways": {"[mesh]", "[NAMESPACE/web]", "[web, mesh]", "[istio-system/ingress]", "[]"},
	"exportTo": {"['.']", "['*']", "['.', other]", "[other]", "[]"},
	"tcp": {
		"[{route: [{destination: {host: HOST, subset: v1}}]}]", "[]",
		"[{match: [{}], route: [{destination: {host: HOST}}]}]",
		"[{match: [{port: 27017, sourceLabels: {a: b}}], route: [{destination: {host: HOST}, weight: 20}, " +
			"{destination: {host: svc-2}, weight: 80}]}]",
	},
	"tls": {"[{match: [{sniHosts: [HOST]}], route: [{destination: {host: HOST}}]}]", "[]"},
}

var metadataFields = map[string][]string{
	"labels": {
		"{app: web, team: shop}", "{app.kubernetes.io/managed-by: Helm, helm.sh/chart: web-1.0, app: web}",
		"{for: each}", "{argocd.argoproj.io/instance: web}", "{istio.io/rev: ''}", "{'0': '1', A_b: c.d}", "{}",
		"{kustomize.toolkit.fluxcd.io/name: web, kustomize.toolkit.fluxcd.io/namespace: flux}",
		"{app.kubernetes.io/managed-by: flagger}",
	},
	"annotations": {
		"{example.com/note: TEXT}", "{for: TEXT, 'null': 'null'}", "{empty: ''}", "{helm.sh/hook: pre-install}",
		"{kubectl.kubernetes.io/last-applied-configuration: '{}', example.com/x: TEXT}",
		"{meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: NAMESPACE, note: TEXT}",
		"{argocd.argoproj.io/sync-wave: '1', argocd.argoproj.io/tracking-id: 'a:b/c:d/e'}",
		"{internal.istio.io/x: TEXT}", "{argo-rollouts.argoproj.io/managed-by-rollouts: web}",
		"{field.cattle.io/description: TEXT}",
	},
}
