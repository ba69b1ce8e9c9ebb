package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// versions are those of the scenario's pods.
var versions = []string{"v1", "v2", "v3"}

// loadRoute is a route as the load test declares it, in either of the two forms. Its texts hold the words of
// [loadService.text].
type loadRoute struct {
	// split makes it a mesh_weighted_split: the tester's requests are shared, all others go to one subset. In a
	// mesh_canary_route it is the other way round.
	split bool
	// host is one of loadHosts.
	host string
	// name is that of both objects; empty follows the host.
	name      string
	namespace string
	// hosts are those that requests ask for; none follows host.
	hosts []string
	// subsets are the versions of the subsets, by name.
	subsets map[string]string
	// tester is the header of the tester's requests, testers the subset of the rule that has no weights.
	tester, testers string
	weights         map[string]int
	timeout, policy string
	exportTo        []string
	// gateway binds it to the gateway besides the mesh. The gateway is in another namespace than the clients and the
	// services, and finds a DestinationRule only beside the service.
	gateway bool
	// released leaves the DestinationRule to somebody else.
	released bool
	adopt    bool
	// generation replaces the resource when it changes.
	generation int
}

// edge stands for the namespace of the gateway.
const edge = "EDGE"

// loadHosts are the Services that are routed, both of the same pods.
var loadHosts = []string{"HOST", "TWIN"}

func (r loadRoute) clone() loadRoute {
	r.subsets, r.weights = maps.Clone(r.subsets), maps.Clone(r.weights)
	r.hosts, r.exportTo = slices.Clone(r.hosts), slices.Clone(r.exportTo)
	return r
}

func (r loadRoute) resourceType() string {
	if r.split {
		return "mesh_weighted_split"
	}
	return "mesh_canary_route"
}

// config renders the resource.
func (r loadRoute) config() string {
	return fmt.Sprintf(
		"resource %q \"RESOURCE\" {\n%s  lifecycle {\n    replace_triggered_by  = [terraform_data.RESOURCE]\n"+
			"    create_before_destroy = true\n  }\n}\n", r.resourceType(), r.attributes(),
	)
}

// attributes are those of the resource. Requests are never tried again where a rule can say so: that would hide a
// failure.
func (r loadRoute) attributes() string {
	var b strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&b, "  "+format+"\n", values...) }
	line("service   = %q", r.host)
	line("namespace = %q", r.namespace)
	if r.name != "" {
		line("name = %q", r.name)
	}
	if len(r.hosts) > 0 {
		line("hosts = [%s]", quotedList(r.hosts))
	}
	if r.gateway {
		line("gateways = [\"mesh\", \"GATEWAY\"]")
	}
	if len(r.exportTo) > 0 {
		line("export_to = [%s]", quotedList(r.exportTo))
	}
	if r.policy != "" && !r.released {
		line("traffic_policy = { %s }", r.policy)
	}
	if r.adopt {
		line("adopt = true")
	}
	if r.released {
		line("manage_destination_rule = false")
	}
	var subsets []string
	for _, name := range slices.Sorted(maps.Keys(r.subsets)) {
		var of []string
		if !r.released {
			of = append(of, fmt.Sprintf("labels = { app = \"APP-%s\" }", r.subsets[name]))
		}
		if r.split {
			of = append(of, fmt.Sprintf("weight = %d", r.weights[name]))
		}
		subsets = append(subsets, fmt.Sprintf("%s = { %s }", name, strings.Join(of, ", ")))
	}
	line("subsets = { %s }", strings.Join(subsets, ", "))
	match := fmt.Sprintf("match = [{ headers = { version = { exact = %q } } }]", r.tester)
	rest := "retries = { attempts = 0 }"
	if r.timeout != "" {
		rest += fmt.Sprintf(", timeout = %q", r.timeout)
	}
	if r.split {
		line("%s", match)
		line("%s", strings.ReplaceAll(rest, ", ", "\n  "))
		line("otherwise = %q", r.testers)
	} else {
		line("rules   = [{ name = \"tester\", %s, subset = %q, %s }]", match, r.testers, rest)
		var weights []string
		for _, name := range slices.Sorted(maps.Keys(r.weights)) {
			weights = append(weights, fmt.Sprintf("%s = %d", name, r.weights[name]))
		}
		line("default = { weights = { %s }, %s }", strings.Join(weights, ", "), rest)
	}
	return b.String()
}

func quotedList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = fmt.Sprintf("%q", text)
	}
	return strings.Join(quoted, ", ")
}

// routed reports whether the route decides on requests to a host: on those that a gateway takes, or on those of the
// clients in the mesh.
func (r *loadRoute) routed(host string, atGateway bool) bool {
	if r == nil || atGateway && !r.gateway {
		return false
	}
	from := acctest.ClientNamespace
	if atGateway {
		from = edge
	}
	visible := len(r.exportTo) == 0 || slices.ContainsFunc(r.exportTo, func(to string) bool {
		return to == "*" || to == from || to == "." && r.namespace == from
	})
	hosts := r.hosts
	if len(hosts) == 0 {
		hosts = []string{r.host}
	}
	return visible && slices.Contains(hosts, host)
}

// targets are the subsets to which requests with a header go.
func (r *loadRoute) targets(header string) []string {
	if (header == r.tester) != r.split {
		return []string{r.testers}
	}
	return slices.Collect(maps.Keys(r.weights))
}

// allowed are the versions that may answer requests to a host with a header while one route gives way to another.
// Every version may where either routes nothing. A subset that both name may have the labels of either.
func allowed(before, after *loadRoute, host, header string, atGateway bool) map[string]bool {
	may := map[string]bool{}
	if !before.routed(host, atGateway) || !after.routed(host, atGateway) {
		for _, v := range versions {
			may[v] = true
		}
		return may
	}
	for _, rules := range []*loadRoute{before, after} {
		for _, subset := range rules.targets(header) {
			for _, labels := range []*loadRoute{before, after} {
				if v, ok := labels.subsets[subset]; ok {
					may[v] = true
				}
			}
		}
	}
	return may
}
