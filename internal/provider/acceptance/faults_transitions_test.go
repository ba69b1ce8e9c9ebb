package acceptance_test

import (
	"fmt"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// transition is a change of what is declared. In all its texts SERVICE, NAMESPACE, HOST and ELSEWHERE stand for the
// test's own names; ELSEWHERE is a second namespace.
type transition struct {
	// given makes what somebody else made before Terraform. It may be nil.
	given func(lab *acctest.Lab)
	// meanwhile is what somebody else changes between the first apply and the faulted one. It may be nil.
	meanwhile func(lab *acctest.Lab)
	// before is what is applied without faults, after what the faulted apply is about. The zero after is `terraform
	// destroy`.
	before, after declared
	// remade says that after has new objects, also where they have the old names.
	remade bool
	// gap says that the old objects go before the new ones come, as Terraform is told to.
	gap bool
	// back says that the apply walks, and fails because a gate takes it back to what was before.
	back bool
	// left are the objects that stay when Terraform has destroyed everything.
	left []address
	// restored says that in the end they are as they were given.
	restored bool
	// weights are those that must be live; nil where the state decides.
	weights map[string]float64
}

// declared is a configuration, and the objects that exist once it is applied.
type declared struct {
	config  string
	objects []address
}

// address names an object.
type address struct{ kind, namespace, name string }

func (a address) String() string { return fmt.Sprintf("%s %s/%s", a.kind, a.namespace, a.name) }

// pair returns the addresses of both objects of a route.
func pair(namespace, name string) []address {
	return []address{{acctest.DestinationRule, namespace, name}, {acctest.VirtualService, namespace, name}}
}

// routeParts are the parts of a route that transitions change. The zero value is the route that most start from.
type routeParts struct{ service, namespace, top, subsets, match, fallback, beside string }

const (
	twoSubsets = `v1 = { labels = { app = "k8s-combat-service-v1" } }, v2 = { labels = { app = ` +
		`"k8s-combat-service-v2" } }`
	threeSubsets = twoSubsets + `, v3 = { labels = { app = "k8s-combat-service-v3" } }`
)

func (p routeParts) String() string {
	or := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	return fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service   = %q
  namespace = %q
  subsets   = { %s }
  rules     = [{ name = "tester", match = [{ headers = { version = { exact = %q } } }], subset = "v1" }]
  default   = { weights = { %s } }
  %s
  %s
}
%s
`, or(p.service, "SERVICE"), or(p.namespace, "NAMESPACE"), or(p.subsets, twoSubsets), or(p.match, "200"),
		or(p.fallback, "v1 = 90, v2 = 10"),
		p.top, faultTimeouts, p.beside)
}

// named returns the route as it is declared with its objects under one name in the namespace of the test.
func (p routeParts) named(name string) declared {
	return declared{config: p.String(), objects: pair("NAMESPACE", name)}
}

// generation is a resource whose change replaces the route.
func generation(number int, lifecycle string) routeParts {
	return routeParts{
		top: fmt.Sprintf("lifecycle {\n    replace_triggered_by = [terraform_data.generation]\n    %s\n  }",
			lifecycle),
		beside: fmt.Sprintf("resource \"terraform_data\" \"generation\" {\n  input = %d\n}", number),
	}
}

var (
	plain     = routeParts{}.named("SERVICE")
	withThree = routeParts{subsets: threeSubsets, fallback: "v1 = 80, v2 = 10, v3 = 10"}.named("SERVICE")
	splitOf   = func(subsets string) declared {
		return declared{objects: pair("NAMESPACE", "SERVICE"), config: fmt.Sprintf(
			"resource \"mesh_weighted_split\" \"test\" {\n  service = \"SERVICE\"\n  namespace = \"NAMESPACE\"\n  "+
				"subsets = { %s }\n  %s\n}\n", subsets, faultTimeouts)}
	}
)

// transitions are all that can become of a route.
var transitions = map[string]transition{
	"create":            {after: plain},
	"weights":           {before: plain, after: routeParts{fallback: "v1 = 50, v2 = 50"}.named("SERVICE")},
	"match":             {before: plain, after: routeParts{match: "300"}.named("SERVICE")},
	"a subset is added": {before: plain, after: withThree},
	"a subset goes":     {before: withThree, after: plain},
	"a subset is called otherwise": {before: plain, after: routeParts{
		subsets: strings.Replace(twoSubsets, "v2 =", "canary =", 1), fallback: "v1 = 90, canary = 10",
	}.named("SERVICE")},
	"a subset is relabelled": {
		before: plain,
		after:  routeParts{subsets: strings.Replace(twoSubsets, "service-v2", "service-v3", 1)}.named("SERVICE"),
	},
	"traffic policy": {before: plain, after: routeParts{
		top: `traffic_policy = { load_balancer = { simple = "ROUND_ROBIN" } }`,
	}.named("SERVICE")},
	"other hosts":   {before: plain, after: routeParts{top: `hosts = ["HOST", "SERVICE.example"]`}.named("SERVICE")},
	"other service": {before: plain, after: routeParts{service: "SERVICE-b"}.named("SERVICE-b")},
	"other service under one name": {
		before: routeParts{top: `name = "SERVICE-x"`}.named("SERVICE-x"),
		after:  routeParts{service: "SERVICE-b", top: `name = "SERVICE-x"`}.named("SERVICE-x"),
	},
	"other object name": {before: plain, after: routeParts{top: `name = "SERVICE-x"`}.named("SERVICE-x")},
	"other namespace": {
		before: routeParts{service: "HOST"}.named("SERVICE"),
		after: declared{
			config:  routeParts{service: "HOST", namespace: "ELSEWHERE"}.String(),
			objects: pair("ELSEWHERE", "SERVICE"),
		},
	},
	"replaced, the new first": {
		before: generation(1, "create_before_destroy = true").named("SERVICE"),
		after: func() declared {
			p := generation(2, "create_before_destroy = true")
			p.top += "\n  name = \"SERVICE-x\""
			return p.named("SERVICE-x")
		}(),
		remade: true,
	},
	"replaced, the old first": {
		before: generation(1, "").named("SERVICE"),
		after:  generation(2, "").named("SERVICE"),
		remade: true,
		gap:    true,
	},
	"rule released": {
		before: plain,
		after:  routeParts{top: "manage_destination_rule = false", subsets: "v1 = {}, v2 = {}"}.named("SERVICE"),
		left:   pair("NAMESPACE", "SERVICE")[:1],
	},
	"split": {
		before: splitOf(`v1 = { labels = { app = "k8s-combat-service-v1" }, weight = 90 }, v2 = { labels = { app = ` +
			`"k8s-combat-service-v2" } }`),
		after: splitOf(`v1 = { labels = { app = "k8s-combat-service-v1" }, weight = 10 }, v3 = { labels = { app = ` +
			`"k8s-combat-service-v3" } }`),
	},
	"destroy": {before: plain},
	"adopted": {
		given: canaryForm.handMadePair, before: given, after: routeParts{top: "adopt = true"}.named("SERVICE"),
	},
	"adopted until destroyed": {
		given: canaryForm.handMadePair, before: given,
		after: routeParts{top: adoptAndRestore}.named("SERVICE"), left: given.objects, restored: true,
	},
	"restored": {
		given: canaryForm.handMadePair, before: routeParts{top: adoptAndRestore}.named("SERVICE"),
		after: given, left: given.objects, restored: true,
	},
	"abandoned": {
		before: routeParts{top: `deletion = "abandon"`}.named("SERVICE"), after: given, left: given.objects,
	},
	"weights handed over": {
		before:  plain,
		after:   routeParts{top: handedOver}.named("SERVICE"),
		weights: map[string]float64{"v1": 90, "v2": 10},
	},
	"walked": {
		before: routeParts{top: walking}.named("SERVICE"),
		after:  routeParts{top: walking, fallback: "v1 = 10, v2 = 90"}.named("SERVICE"),
	},
	"walked back": {
		before: routeParts{top: walkingBack}.named("SERVICE"),
		after:  routeParts{top: walkingBack, fallback: "v1 = 10, v2 = 90"}.named("SERVICE"),
		back:   true,
	},
	"match beside the weights of another": {
		before: routeParts{top: handedOver}.named("SERVICE"), meanwhile: shiftWeights,
		after:   routeParts{top: handedOver, match: "300"}.named("SERVICE"),
		weights: map[string]float64{"v1": 30, "v2": 70},
	},
}

const (
	adoptAndRestore = "adopt = true\n  deletion = \"restore\""
	handedOver      = `weights_managed_by = "other"`
	walking         = `walk = { steps = [50], pause = "100ms" }`
	// walkingBack is a walk whose gate is out of reach.
	walkingBack = `walk = { steps = [50], pause = "0s", patience = "0s", gates = [{ webhook = "http://127.0.0.1:1" }] }`
)

// given is what is there without Terraform.
var given = declared{objects: pair("NAMESPACE", "SERVICE")}

// shiftWeights does what a rollout controller does.
func shiftWeights(lab *acctest.Lab) {
	lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
		rules := spec["http"].([]any)
		for _, route := range rules[len(rules)-1].(map[string]any)["route"].([]any) {
			route := route.(map[string]any)
			route["weight"] = map[string]int64{
				"v1": 30,
				"v2": 70,
			}[route["destination"].(map[string]any)["subset"].(string)]
		}
	})
}
