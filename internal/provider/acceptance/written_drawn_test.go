package acceptance_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// author draws objects as people and tools write them, some of which the API server refuses: many are a canary, to
// which a tutorial, a chart or a colleague has added something.
type author struct {
	t *testing.T
	*rand.Rand
	namespace string
	// plain says that little is added to the objects of the service that is drawn.
	plain bool
}

// draw returns the objects of a number of services.
func (a *author) draw(services int) (all []*unstructured.Unstructured) {
	a.t.Helper()
	for i := range services {
		service := fmt.Sprintf("svc-%d", i)
		a.plain = a.IntN(2) == 0
		name := func(j int) string {
			if j == 0 {
				return service
			}
			return service + a.one(".", "-") + strconv.Itoa(j)
		}
		// What others send to is often called by the same name.
		host := a.host(service)
		object := func(kind string, j int, spec string) {
			all = append(all, a.object(kind, name(j), strings.ReplaceAll(spec, "HOST", host)))
		}
		for j := range []int{1, 1, 1, 1, 2, 2, 3, 0}[a.IntN(8)] {
			object(acctest.VirtualService, j, a.virtualService(service))
		}
		for j := range []int{1, 1, 1, 1, 1, 2, 3, 0}[a.IntN(8)] {
			object(acctest.DestinationRule, j, a.destinationRule(service))
		}
	}
	return all
}

// object returns an object of a YAML of its spec, in which TEXT is any text.
func (a *author) object(kind, name, spec string) *unstructured.Unstructured {
	a.t.Helper()
	metadata := append(a.some([]int{0, 0, 50}[a.IntN(3)], metadataFields), "name: "+name, "namespace: NAMESPACE")
	text := flow(
		"apiVersion: networking.istio.io/"+a.one("v1", "v1beta1", "v1alpha3"), "kind: "+kind,
		"metadata: "+flow(metadata...), "spec: "+spec,
	)
	text = strings.ReplaceAll(text, "NAMESPACE", a.namespace)
	for strings.Contains(text, "TEXT") {
		text = strings.Replace(text, "TEXT", strconv.QuoteToASCII(a.one(oddTexts...)), 1)
	}
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		a.t.Fatalf("%v\n%s", err, text)
	}
	return o
}

func flow(parts ...string) string { return "{" + strings.Join(parts, ", ") + "}" }

func list(parts []string) string { return "[" + strings.Join(parts, ", ") + "]" }

func (a *author) one(of ...string) string { return of[a.IntN(len(of))] }

func (a *author) in(n int) bool { return a.IntN(n) == 0 }

// some returns fields, each of which is there in so many of a hundred times.
func (a *author) some(percent int, fields map[string][]string) (parts []string) {
	if a.plain {
		percent /= 4
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if a.IntN(100) < percent {
			parts = append(parts, name+": "+a.one(fields[name]...))
		}
	}
	return parts
}

// host returns one of the names by which people call a service, or that of another one.
func (a *author) host(service string) string {
	if a.plain || !a.in(8) {
		return a.one(service, service, service, service+".NAMESPACE.svc.cluster.local", service+".NAMESPACE",
			service+".NAMESPACE.svc")
	}
	return a.one(service+".other", service+".other.svc.cluster.local", service+".example.com",
		"'*."+service+".example'", strings.ToUpper(service[:1])+service[1:], service+".NAMESPACE.svc.Cluster.local")
}

func (a *author) virtualService(service string) string {
	host := a.host(service)
	parts := a.some([]int{0, 0, 0, 10, 30}[a.IntN(5)], serviceFields)
	if hosts := []string{host}; !a.in(25) {
		if a.in(8) {
			hosts = append(hosts, a.host(service))
		}
		parts = append(parts, "hosts: "+list(hosts))
	}
	to := func() string {
		if a.in(20) {
			return a.host(service)
		}
		return host
	}
	var rules []string
	for range a.IntN(4) {
		rules = append(rules, a.rule(to(), false))
	}
	if !a.in(20) {
		rules = append(rules, a.rule(to(), true))
	}
	if a.in(12) {
		a.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	}
	return flow(append(parts, "http: "+list(rules))...)
}

// rule returns a rule, of which the last one mostly has no conditions.
func (a *author) rule(host string, last bool) string {
	parts := a.some([]int{0, 0, 0, 2, 4, 8, 25}[a.IntN(7)], ruleFields)
	var matches []string
	for range a.IntN(3) {
		fields := a.some(12, matchFields)
		if len(fields) == 0 && !a.in(10) {
			fields = []string{"headers: {x-user: {exact: " + a.one("TEXT", "a", "b") + "}}"}
		}
		matches = append(matches, flow(fields...))
	}
	if !last && len(matches) == 0 && !a.in(10) {
		matches = []string{fmt.Sprintf("{uri: {prefix: /%d}}", a.IntN(100))}
	}
	if len(matches) > 0 && !last || a.in(20) {
		parts = append(parts, "match: "+list(matches))
	}
	switch a.IntN(100) {
	case 0:
		return flow(append(parts, "redirect: "+a.one(redirects...))...)
	case 1:
		return flow(append(parts, "directResponse: "+a.one(answers...))...)
	case 2:
		return flow(append(parts, "delegate: "+a.one("{name: part}", "{name: part, namespace: other}", "{}"))...)
	case 3:
		return flow(parts...)
	}
	return flow(append(parts, "route: "+a.route(host))...)
}

func (a *author) route(host string) string {
	subsets := []int{0, 1, 2}
	if a.in(4) {
		subsets = a.Perm(len(subsetsOfPeople))
	}
	var route []string
	for i, weight := range weightsOfPeople[a.IntN([]int{4, 4, len(weightsOfPeople)}[a.IntN(3)])] {
		to := []string{"host: " + host}
		if !a.in(25) {
			to = append(to, "subset: '"+subsetsOfPeople[subsets[i]]+"'")
		}
		if a.in(40) {
			to = append(to, "port: {number: "+a.one("80", "8080")+"}")
		}
		parts := []string{"destination: " + flow(to...)}
		if weight != "" {
			parts = append(parts, "weight: "+weight)
		}
		if a.in(25) {
			parts = append(parts, "headers: "+a.one(ruleFields["headers"]...))
		}
		route = append(route, flow(parts...))
	}
	return list(route)
}

func (a *author) destinationRule(service string) string {
	parts := []string{"host: " + a.host(service)}
	if a.in(4) {
		parts = append(parts, "trafficPolicy: "+a.policy())
	}
	if a.in(12) {
		parts = append(parts, "exportTo: "+a.one(serviceFields["exportTo"]...))
	}
	if a.in(25) {
		parts = append(parts, "workloadSelector: "+a.one("{matchLabels: {app: web}}", "{}"))
	}
	count := 3
	if a.in(5) {
		count = a.IntN(len(subsetsOfPeople) + 1)
	}
	subsets := []string{}
	for _, name := range subsetsOfPeople[:count] {
		subset := []string{"name: '" + name + "'"}
		if !a.in(20) {
			subset = append(subset, "labels: "+a.one("{version: '"+name+"'}", "{app: web, version: '"+name+"'}",
				"{canary: ''}", "{version: '"+name+"', x: ''}", "{example.com/un_usual.x: A_b.c}"))
		}
		if a.in(8) {
			subset = append(subset, "trafficPolicy: "+a.policy())
		}
		subsets = append(subsets, flow(subset...))
	}
	if count > 0 || a.in(2) {
		parts = append(parts, "subsets: "+list(subsets))
	}
	return flow(parts...)
}

// policy returns a policy, of which the API server takes no empty one.
func (a *author) policy() string {
	for {
		if parts := a.some(20, policyFields); len(parts) > 0 || a.in(20) {
			return flow(parts...)
		}
	}
}
