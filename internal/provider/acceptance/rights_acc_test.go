package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// renamedRoute is a route whose one subset has another name than that of routeTo.
func renamedRoute(service, namespace string) string {
	return strings.NewReplacer("v1 =", "w1 =", `"v1" }`, `"w1" }`).Replace(routeTo(service, namespace, ""))
}

// lacking is what a user meets who lacks one right.
type lacking struct {
	*cli
	t     *testing.T
	lab   *acctest.Lab
	right right
	// block is the provider block of the user, permitted that of one who lacks nothing.
	block, permitted string
}

// says is what a message about the right has to say.
func (l *lacking) says() []string {
	group := "networking.istio.io"
	namespace := l.lab.Namespace
	if l.right.resource == "services" || strings.HasPrefix(l.right.resource, "pods") {
		group = ""
	}
	if l.right.role == inAck {
		namespace = "istio-system"
	}
	return []string{
		fmt.Sprintf("cannot %s resource %q in API group %q in the namespace %q", l.right.verb, l.right.resource,
			group, namespace), l.lab.Service + "-limited",
	}
}

// refused runs a command that has to fail for the right.
func (l *lacking) refused(arguments ...string) {
	l.t.Helper()
	l.fails(
		"Permission missing",
		append(l.says(), "needs a Role in that namespace with the verbs get, list, create, patch and delete"),
		arguments...,
	)
}

// created applies a route as a user who may.
func (l *lacking) created() {
	l.t.Helper()
	l.configure(l.permitted, routeTo(l.lab.Service, l.lab.Namespace, ""))
	l.must("apply")
}

// kept checks that the resource is in the state, and that its objects are.
func (l *lacking) kept(kinds ...string) {
	l.t.Helper()
	if !l.inState(routeAddress) {
		l.t.Error("the resource left the state, and its objects are there")
	}
	for _, kind := range kinds {
		l.lab.MustGet(kind, l.lab.Service)
	}
}

// notCreated is refused a route, of which nothing may be left.
func (l *lacking) notCreated() {
	l.t.Helper()
	l.configure(l.block, routeTo(l.lab.Service, l.lab.Namespace, ""))
	l.refused("apply")
	nothingIn(l.t, l.lab)
	if l.inState(routeAddress) {
		l.t.Error("a resource that was not created is in the state")
	}
}

// notUpdated is refused a change, which must leave both objects as they are.
func (l *lacking) notUpdated(kind string) {
	l.t.Helper()
	l.created()
	check := untouched(l.t, l.lab, kind, l.lab.Service)
	l.configure(l.block, renamedRoute(l.lab.Service, l.lab.Namespace))
	l.refused("apply")
	check()
	l.kept(acctest.VirtualService, acctest.DestinationRule)
}

// notDeleted is refused the removal of an object, which the state keeps then.
func (l *lacking) notDeleted(kinds ...string) {
	l.t.Helper()
	l.created()
	l.configure(l.block, routeTo(l.lab.Service, l.lab.Namespace, ""))
	l.refused("destroy")
	l.kept(kinds...)
}

// fallsBack is told once that istiod cannot be asked, and waits for the fixed time.
func (l *lacking) fallsBack() {
	l.t.Helper()
	l.created()
	l.configure(l.block, renamedRoute(l.lab.Service, l.lab.Namespace))
	r := l.must("apply")
	if all := r.warnings(); len(all) != 1 ||
		!containsAll(all[0], append(l.says(), "the provider waits 1s instead")...) {
		l.t.Errorf("warnings %q, want one that says all of %q", all, l.says())
	}
	l.must("plan", "-detailed-exitcode")
}

// goesOn plans a route, and is told what could not be looked at.
func (l *lacking) goesOn(config string) {
	l.t.Helper()
	l.configure(l.block, config)
	r := l.must("plan")
	r.want(l.t, "warning", unlooked, append(l.says(), "The verb list on "+l.right.resource+" lets it look")...)
	if all := r.warnings(); len(all) != 1 {
		l.t.Errorf("warnings %q, want one", all)
	}
}

// walksUnseen takes a walk to its end of which no Event is made, and is told nothing of that.
func (l *lacking) walksUnseen() {
	l.t.Helper()
	l.block = strings.Replace(l.block, `mode = "ack"`, `mode = "none"`, 1)
	l.configure(l.block, routeTo(l.lab.Service, l.lab.Namespace, ""))
	l.must("apply")
	l.configure(l.block, strings.NewReplacer(`default   = { subset = "v1" }`,
		"default = { subset = \"v2\" }\n  walk = { steps = [50], pause = \"0s\" }",
		"subsets   = {", "subsets = {\n    v2 = { labels = { app = \"k8s-combat-service-v2\" } },").
		Replace(routeTo(l.lab.Service, l.lab.Namespace, "")))
	for _, d := range l.must("apply").Diagnostics {
		if d.Severity == "error" || strings.Contains(d.Detail, "events.k8s.io") {
			l.t.Errorf("of a missing Event is told: %s: %s", d.Summary, d.Detail)
		}
	}
	if all := eventsOf(l.t, l.lab); len(all) > 0 {
		l.t.Errorf("who may not make Events made %q", all)
	}
	l.must("plan", "-detailed-exitcode")
}

// whatIsMissed says of each right of the shipped Roles what a user meets without it.
var whatIsMissed = map[right]func(*lacking){
	// What is as it was last seen is seen in a list.
	{"get", "virtualservices", inRoutes}:  func(l *lacking) { l.notUpdated(acctest.VirtualService) },
	{"get", "destinationrules", inRoutes}: func(l *lacking) { l.notUpdated(acctest.DestinationRule) },
	{"list", "virtualservices", inRoutes}: func(l *lacking) {
		l.configure(l.block, routeTo(l.lab.Service, l.lab.Namespace, ""))
		l.must("apply").want(l.t, "warning", unlooked,
			append(l.says(), "whether another VirtualService routes these hosts already")...)
	},
	{"list", "destinationrules", inRoutes}: func(l *lacking) {
		named := fmt.Sprintf("destination_rule_name = %q", l.lab.Service+"-rule")
		l.configure(l.permitted, routeTo(l.lab.Service, l.lab.Namespace, named))
		l.must("apply")
		importing := func(id string) string {
			return fmt.Sprintf("import {\n  to = mesh_canary_route.test\n  id = %q\n}\n", id) +
				routeTo(l.lab.Service, l.lab.Namespace, named)
		}
		id := l.lab.Namespace + "/" + l.lab.Service
		other := newCLI(l.t)
		other.configure(l.block, importing(id))
		other.fails("Permission missing", l.says(), "plan")
		other.configure(l.block, importing(id+"/"+l.lab.Service+"-rule"))
		other.must("plan")
	},
	{"list", "services", inRoutes}: func(l *lacking) { l.goesOn(routeTo(l.lab.Service, l.lab.Namespace, "")) },
	{"list", "pods", inRoutes}:     func(l *lacking) { l.goesOn(routeTo(l.lab.Service, l.lab.Namespace, "")) },
	{"list", "workloadentries", inRoutes}: func(l *lacking) {
		l.goesOn(strings.Replace(routeTo(l.lab.Service, l.lab.Namespace, ""), "k8s-combat-service-v1", "nobody", 1))
	},
	{"list", "serviceentries", inRoutes}: func(l *lacking) {
		l.goesOn(routeTo(l.lab.Service+"-gone", l.lab.Namespace, ""))
	},
	{"list", "gateways", inRoutes}: func(l *lacking) {
		l.goesOn(routeTo(l.lab.Service, l.lab.Namespace, fmt.Sprintf(
			"hosts = [\"shop.example\"]\n  gateways = [\"%s/edge\"]", l.lab.Namespace)))
	},
	{"create", "virtualservices", inRoutes}:  (*lacking).notCreated,
	{"create", "destinationrules", inRoutes}: (*lacking).notCreated,
	{"patch", "virtualservices", inRoutes}:   func(l *lacking) { l.notCreated(); l.notUpdated(acctest.VirtualService) },
	{"patch", "destinationrules", inRoutes}: func(l *lacking) {
		l.notCreated()
		l.notUpdated(acctest.DestinationRule)
	},
	{"delete", "virtualservices", inRoutes}: func(l *lacking) {
		l.notDeleted(acctest.VirtualService, acctest.DestinationRule)
	},
	{"delete", "destinationrules", inRoutes}: func(l *lacking) { l.notDeleted(acctest.DestinationRule) },
	{"create", "events", inRoutes}:           (*lacking).walksUnseen,
	{"list", "pods", inAck}:                  (*lacking).fallsBack,
	{"create", "pods/portforward", inAck}:    (*lacking).fallsBack,
}

// TestAccRights_lacking: with any one right of the shipped Roles less, the message names the verb, the resource, the
// namespace and the user; nothing is left half made, and nothing leaves the state that is still there.
func TestAccRights_lacking(t *testing.T) {
	t.Parallel()
	k := newKube(t, acctest.Start(t).Kubeconfig)
	byRight := func(a, b right) int { return strings.Compare(a.verb+a.resource+a.role, b.verb+b.resource+b.role) }
	shipped := slices.Concat(readRole(t, routesRole).rights(), readRole(t, ackRole).rights())
	slices.SortFunc(shipped, byRight)
	if diff := cmp.Diff(
		shipped, slices.SortedFunc(maps.Keys(whatIsMissed), byRight), cmp.AllowUnexported(right{}),
	); diff != "" {
		t.Fatalf("rights (-in the examples +tested):\n%s", diff)
	}
	for missing, meet := range whatIsMissed {
		t.Run(missing.verb+" "+missing.resource+" of "+missing.role, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			own := *k
			own.t = t
			meet(&lacking{
				cli: newCLI(t), t: t, lab: lab, right: missing,
				block: own.limited(lab, lab.Service+"-limited", missing,
					`mode = "ack", settle = "1s", timeout = "20s"`),
				permitted: fmt.Sprintf("  config_path = %q\n  propagation = { mode = \"none\" }\n", lab.Kubeconfig),
			})
		})
	}
	t.Run("all of them", func(t *testing.T) {
		t.Parallel()
		lab := acctest.Start(t)
		if lab.Nobody == "" {
			t.Skip("the environment names no user without rights")
		}
		terraform := newCLI(t)
		terraform.configure("  config_path = "+quote(lab.Nobody), routeTo(lab.Service, lab.Namespace, ""))
		terraform.fails("Permission missing", []string{`nobody" cannot get`}, "plan")
	})
}

// lives are configurations of both resources, by address, with a subset of a given name beside v1.
var lives = map[string]string{
	"mesh_canary_route.test": `
resource "mesh_canary_route" "test" {
  service   = %q
  namespace = %q
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    %s = { labels = { app = "k8s-combat-service-v2" } }
  }
  rules   = [{ match = [{ headers = { version = { exact = "200" } } }], subset = %q }]
  default = { subset = "v1" }
  %s
}
`,
	"mesh_weighted_split.test": `
resource "mesh_weighted_split" "test" {
  service   = %q
  namespace = %q
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    %s = { labels = { app = "k8s-combat-service-v2" }, weight = 10 }
  }
  # The weight of %s.
  %s
}
`,
}

// TestAccRights_exact: the shipped Roles are enough for the whole life of both resources, with acknowledgements:
// create, rename a subset, import, adopt, destroy.
func TestAccRights_exact(t *testing.T) {
	t.Parallel()
	for address, config := range lives {
		t.Run(strings.TrimSuffix(address, ".test"), func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			const propagation = `mode = "ack", settle = "1s", timeout = "1m"`
			block := fmt.Sprintf("  config_path = %q\n  propagation = { %s }\n", lab.Acker, propagation)
			if lab.Acker == "" {
				block = newKube(t, lab.Kubeconfig).limited(lab, lab.Service+"-exact", right{}, propagation)
			}
			terraform := newCLI(t)
			quiet := func(subset, more, before string, arguments ...string) {
				t.Helper()
				terraform.configure(block, before+fmt.Sprintf(config, lab.Service, lab.Namespace, subset, subset, more))
				if all := terraform.must(arguments...).warnings(); len(all) > 0 {
					t.Errorf("terraform %s warns: %q", strings.Join(arguments, " "), all)
				}
			}
			quiet("v2", "", "", "apply")
			quiet("w2", "", "", "apply")
			terraform.must("state", "rm", address)
			quiet("w2", "", fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, lab.Namespace+"/"+lab.Service),
				"apply")
			quiet("w2", "", "", "plan", "-detailed-exitcode")
			terraform.must("state", "rm", address)
			quiet("w3", "adopt = true", "", "apply")
			quiet("w3", "adopt = true", "", "plan", "-detailed-exitcode")
			quiet("w3", "adopt = true", "", "destroy")
			nothingIn(t, lab)
		})
	}
}
