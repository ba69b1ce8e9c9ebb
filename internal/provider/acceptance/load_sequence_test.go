package acceptance_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// loadStep is one `terraform apply`, and what it makes of the route.
type loadStep struct {
	kind string
	// byHand says that the route before was made with kubectl, just before the apply.
	byHand bool
	// after is nil where there is no route any more.
	before, after *loadRoute
}

// sequence draws steps, each from where the last one led to.
type sequence struct {
	*rand.Rand
	now   *loadRoute
	steps []loadStep
}

// loadKinds are the transitions of a route that exists, by what they are. Each makes at least one step.
var loadKinds = map[string]func(*sequence){
	"a subset is added": func(s *sequence) { s.change("a subset is added", (*sequence).addSubset) },
	"a subset goes": func(s *sequence) {
		s.withSubsets(2)
		s.change("a subset goes", (*sequence).removeSubset)
	},
	"a subset is renamed":   func(s *sequence) { s.change("a subset is renamed", (*sequence).renameSubset) },
	"a subset is relabeled": func(s *sequence) { s.change("a subset is relabeled", (*sequence).relabelSubset) },
	"traffic policy":        func(s *sequence) { s.change("traffic policy", (*sequence).otherPolicy) },
	"weights":               func(s *sequence) { s.withSubsets(2); s.change("weights", (*sequence).weigh) },
	"headers":               func(s *sequence) { s.change("headers", (*sequence).otherTester) },
	"timeouts":              func(s *sequence) { s.change("timeouts", (*sequence).otherTimeout) },
	"hosts":                 func(s *sequence) { s.change("hosts", (*sequence).otherHosts) },
	"service": func(s *sequence) {
		s.change("service, names follow", func(s *sequence, r *loadRoute) { r.name = ""; s.otherService(r) })
	},
	"service under one name": func(s *sequence) {
		if s.now.name == "" {
			s.change("name", (*sequence).otherName)
		}
		s.change("service under one name", (*sequence).otherService)
	},
	"name":      func(s *sequence) { s.change("name", (*sequence).otherName) },
	"namespace": func(s *sequence) { s.change("namespace", (*sequence).otherNamespace) },
	"name, the new first": func(s *sequence) {
		s.change("name, create_before_destroy", func(s *sequence, r *loadRoute) { s.otherName(r); r.generation++ })
	},
	"namespace, the new first": func(s *sequence) {
		s.change("namespace, create_before_destroy", func(s *sequence, r *loadRoute) {
			s.otherNamespace(r)
			r.generation++
		})
	},
	"form": func(s *sequence) {
		s.change("moved to the other form", func(s *sequence, r *loadRoute) { r.split = !r.split; s.weigh(r) })
	},
	"export": func(s *sequence) {
		for _, to := range [][]string{{"NAMESPACE", acctest.ClientNamespace, edge}, {"NAMESPACE"}} {
			s.change("export narrowed", func(_ *sequence, r *loadRoute) { r.exportTo = to })
		}
		s.change("export changed", func(_ *sequence, r *loadRoute) { r.exportTo = []string{acctest.ClientNamespace} })
		s.change("export widened", func(_ *sequence, r *loadRoute) { r.exportTo = nil })
	},
	"gateway": func(s *sequence) {
		if s.now.namespace != "NAMESPACE" {
			s.change("namespace", (*sequence).otherNamespace)
		}
		s.change("taken off the gateway", func(_ *sequence, r *loadRoute) { r.gateway = false })
		s.change("bound to the gateway", func(_ *sequence, r *loadRoute) { r.gateway = true })
	},
	"release": func(s *sequence) {
		s.change("rule released", func(_ *sequence, r *loadRoute) { r.released = true })
		s.change("weights, rule released", (*sequence).weigh)
		s.change("rule taken back", func(_ *sequence, r *loadRoute) { r.released = false })
	},
	"adopt":          func(s *sequence) { s.remove(); s.adopt() },
	"made anew":      func(s *sequence) { s.remove(); s.create() },
	"several":        (*sequence).several,
	"several more":   (*sequence).several,
	"several others": (*sequence).several,
}

// drawSequence draws a sequence in which every transition has its turn, from nothing to nothing.
func drawSequence(seed uint64, number int) []loadStep {
	s := &sequence{Rand: rand.New(rand.NewPCG(seed, uint64(number)))}
	kinds := slices.Sorted(maps.Keys(loadKinds))
	s.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	s.create()
	for _, kind := range kinds {
		loadKinds[kind](s)
	}
	s.remove()
	return s.steps
}

func (s *sequence) step(kind string, after *loadRoute) {
	s.steps = append(s.steps, loadStep{kind: kind, before: s.now, after: after})
	s.now = after
}

func (s *sequence) change(kind string, how func(*sequence, *loadRoute)) {
	next := s.now.clone()
	how(s, &next)
	s.step(kind, &next)
}

func (s *sequence) create() {
	r := s.draw()
	s.step("create", &r)
}

func (s *sequence) remove() { s.step("delete", nil) }

// adopt takes over what somebody made with kubectl.
func (s *sequence) adopt() {
	s.now = &loadRoute{
		host: "HOST", namespace: "NAMESPACE", subsets: map[string]string{"v1": "v1", "v2": "v2"},
		tester: "200", testers: "v2", weights: map[string]int{"v1": 100},
	}
	r := s.draw()
	r.host, r.namespace, r.name, r.adopt = s.now.host, s.now.namespace, "", true
	s.step("adopt", &r)
	s.steps[len(s.steps)-1].byHand = true
}

// draw returns a route of one to three subsets.
func (s *sequence) draw() loadRoute {
	r := loadRoute{
		host:      s.among(loadHosts),
		namespace: "NAMESPACE",
		gateway:   true,
		subsets:   map[string]string{},
		split:     s.IntN(2) == 0,
		tester:    s.among(testerHeaders),
	}
	for range 1 + s.IntN(3) {
		r.subsets[s.unusedName(&r)] = s.among(versions)
	}
	r.testers = s.subset(&r)
	s.weigh(&r)
	return r
}

// several changes two to four things in one apply.
func (s *sequence) several() {
	changes := []func(*sequence, *loadRoute){
		(*sequence).addSubset, (*sequence).removeSubset, (*sequence).renameSubset, (*sequence).renameSubset,
		(*sequence).relabelSubset,
		(*sequence).otherPolicy, (*sequence).otherTester, (*sequence).otherTimeout, (*sequence).otherHosts,
		(*sequence).otherService,
		(*sequence).otherName, (*sequence).otherNamespace,
	}
	s.change("several at once", func(s *sequence, r *loadRoute) {
		for _, i := range s.Perm(len(changes))[:2+s.IntN(3)] {
			changes[i](s, r)
		}
	})
}

// withSubsets adds subsets, one by apply, until there are so many.
func (s *sequence) withSubsets(least int) {
	for len(s.now.subsets) < least {
		s.change("a subset is added", (*sequence).addSubset)
	}
}

func (s *sequence) among(texts []string) string { return texts[s.IntN(len(texts))] }

// another returns one of the texts that is not is.
func (s *sequence) another(is string, texts ...string) string {
	return s.among(slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return text == is }))
}

// testerHeaders are what the header version of the tester's requests may be.
var testerHeaders = []string{"100", "200"}

func (s *sequence) unusedName(r *loadRoute) string {
	names := []string{"v1", "v2", "v3", "stable", "canary", "blue", "green"}
	return s.among(slices.DeleteFunc(names, func(name string) bool { return r.subsets[name] != "" }))
}

func (s *sequence) subset(r *loadRoute) string { return s.among(slices.Sorted(maps.Keys(r.subsets))) }

// weigh draws other shares: of all subsets in a split, of some in a route.
func (s *sequence) weigh(r *loadRoute) {
	names := slices.Sorted(maps.Keys(r.subsets))
	s.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	if !r.split {
		names = names[:1+s.IntN(len(names))]
	}
	r.weights = map[string]int{}
	left := 100
	for i, name := range names {
		share := left
		if rest := len(names) - 1 - i; rest > 0 {
			share = 1 + s.IntN(left-rest)
		}
		r.weights[name] = share
		left -= share
	}
}

func (s *sequence) addSubset(r *loadRoute) {
	if len(r.subsets) > 4 {
		return
	}
	name := s.unusedName(r)
	r.subsets[name] = s.among(versions)
	s.weigh(r)
	if s.IntN(2) == 0 {
		r.testers = name
	}
}

func (s *sequence) removeSubset(r *loadRoute) {
	if len(r.subsets) < 2 {
		return
	}
	delete(r.subsets, s.subset(r))
	if r.subsets[r.testers] == "" {
		r.testers = s.subset(r)
	}
	s.weigh(r)
}

func (s *sequence) renameSubset(r *loadRoute) {
	before, after := s.subset(r), s.unusedName(r)
	r.subsets[after] = r.subsets[before]
	if weight, ok := r.weights[before]; ok {
		r.weights[after] = weight
	}
	delete(r.subsets, before)
	delete(r.weights, before)
	if r.testers == before {
		r.testers = after
	}
}

func (s *sequence) relabelSubset(r *loadRoute) {
	name := s.subset(r)
	r.subsets[name] = s.another(r.subsets[name], versions...)
}

func (s *sequence) otherPolicy(r *loadRoute) {
	r.policy = s.another(r.policy, "", `load_balancer = { simple = "ROUND_ROBIN" }`,
		`connection_pool = { tcp = { connect_timeout = "5s" } }`)
}

func (s *sequence) otherTester(r *loadRoute) { r.tester = s.another(r.tester, testerHeaders...) }

func (s *sequence) otherTimeout(r *loadRoute) { r.timeout = s.another(r.timeout, "", "9s", "15s") }

func (s *sequence) otherHosts(r *loadRoute) {
	choices := map[string][]string{"its own": nil, "both": loadHosts, "one more": {r.host, "SERVICE.example"}}
	now := "its own"
	for name, hosts := range choices {
		if len(hosts) > 0 && slices.Equal(hosts, r.hosts) {
			now = name
		}
	}
	r.hosts = slices.Clone(choices[s.another(now, slices.Sorted(maps.Keys(choices))...)])
}

func (s *sequence) otherService(r *loadRoute) {
	r.host = s.another(r.host, loadHosts...)
	if len(r.hosts) > 0 && !slices.Equal(r.hosts, loadHosts) {
		r.hosts = nil
	}
}

func (s *sequence) otherName(r *loadRoute) {
	r.name = s.another(r.name, "SERVICE-x", "SERVICE-y", "SERVICE-z")
}

func (s *sequence) otherNamespace(r *loadRoute) {
	r.namespace = s.another(r.namespace, "NAMESPACE", acctest.ClientNamespace)
	r.gateway = r.namespace == "NAMESPACE"
}

// TestDrawSequence: whatever the seed, a sequence begins and ends with nothing, makes every transition, and declares
// only what is valid.
func TestDrawSequence(t *testing.T) {
	t.Parallel()
	provider := newServer(t)
	names := strings.NewReplacer("SERVICE", "a", "NAMESPACE", "shop", "HOST", "a.shop.svc.cluster.local", "TWIN",
		"a-b.shop.svc.cluster.local", "GATEWAY", "edge/web", edge, "edge", "APP", "a")
	for seed := range uint64(10) {
		steps := drawSequence(seed, 1)
		kinds := map[string]bool{}
		for i, step := range steps {
			kinds[step.kind] = true
			if step.after != nil {
				for _, d := range provider.validate(
					t, step.after.resourceType(), names.Replace(step.after.attributes()),
				) {
					if d.Severity == tfprotov6.DiagnosticSeverityError {
						t.Errorf("seed %d, step %d: %s: %s\n%s", seed, i, d.Summary, d.Detail, step.after.attributes())
					}
				}
			}
			if i > 0 && !step.byHand && step.before != steps[i-1].after {
				t.Errorf("seed %d: step %d does not begin where the last one ended", seed, i)
			}
		}
		if steps[0].before != nil || steps[len(steps)-1].after != nil || len(kinds) < 26 {
			t.Errorf("seed %d: kinds %s", seed, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		}
	}
}

// shortSequence has those transitions in which an order can be wrong.
func shortSequence() []loadStep {
	s := &sequence{Rand: rand.New(rand.NewPCG(1, 1))}
	first := loadRoute{
		host:      "HOST",
		namespace: "NAMESPACE",
		gateway:   true,
		subsets:   map[string]string{"v1": "v1", "v2": "v2"},
		tester:    "200",
		testers:   "v2",
		weights:   map[string]int{"v1": 50, "v2": 50},
	}
	s.step("create", &first)
	s.change("a subset is renamed", func(_ *sequence, r *loadRoute) {
		r.subsets = map[string]string{"v1": "v1", "canary": "v2"}
		r.testers, r.weights = "canary", map[string]int{"v1": 50, "canary": 50}
	})
	s.change("a subset goes", func(_ *sequence, r *loadRoute) {
		r.subsets, r.testers, r.weights = map[string]string{"canary": "v2"}, "canary", map[string]int{"canary": 100}
	})
	s.change("name, create_before_destroy", func(_ *sequence, r *loadRoute) { r.name = "SERVICE-x"; r.generation++ })
	s.change("service under one name", func(_ *sequence, r *loadRoute) { r.host = "TWIN" })
	s.change("several at once", func(s *sequence, r *loadRoute) {
		s.otherNamespace(r)
		r.subsets, r.testers, r.weights = map[string]string{"v3": "v3"}, "v3", map[string]int{"v3": 100}
	})
	s.remove()
	return s.steps
}

// controlSequence has those transitions in which what is done in the wrong order, or at once, is seen most.
func controlSequence() []loadStep {
	steps := shortSequence()
	last := steps[len(steps)-1]
	last.before = steps[1].after
	return append(steps[:2], last)
}
