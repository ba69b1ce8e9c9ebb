package acceptance_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const (
	// fewSequences are as many as run by default, and sampleTime is when what waits then ends before its end.
	fewSequences, sampleTime = 12, 10 * time.Second
	// mostSequences is how many run at the same time.
	mostSequences = 8
	// mostApplies is how often a configuration is applied until there has to be nothing to do, or the same error
	// again.
	mostApplies = 5
	// longestApply is more than all waits of as many resources as there may be, one after the other, take.
	longestApply = 2 * time.Minute
)

// TestAccSiblings applies random configurations one after the other, whose resources change names, keys and types
// among each other, in a drawn order, with requests that wait. Nothing of somebody else's is touched, and nothing of
// a resource with which nothing happens; no object is in two states; and in the end the cluster has what the
// configuration says and nothing else, or the error that stays has a reason and says what to do. MESH_TEST_SIBLINGS
// says how many sequences, and MESH_TEST_SEED draws the same ones again.
func TestAccSiblings(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	count, seed := numberIn(t, "MESH_TEST_SIBLINGS", fewSequences), loadSeed(t)
	t.Logf("to draw the same sequences again: MESH_TEST_SEED=%d MESH_TEST_SIBLINGS=%d", seed, count)
	until := time.Now().Add(time.Hour)
	if count == fewSequences {
		until = time.Now().Add(sampleTime)
	}
	// Most of a sequence is waiting, for which no test has to stand back.
	seeds := make(chan uint64)
	var wait sync.WaitGroup
	for range mostSequences {
		wait.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprint(seed), func(t *testing.T) { newSequence(t, lab, seed).run(until) })
			}
		})
	}
	for i := range count {
		seeds <- seed + i
	}
	close(seeds)
	wait.Wait()
}

// siblingSequence is some configurations, one after the other, in a namespace of their own.
type siblingSequence struct {
	*core
	k                *kube
	namespace        string
	adopts, clashes  bool
	before, siblings []sibling
	// foreign are objects of others. What is free is no concern of a sequence any more: a resource may have adopted
	// it, or have abandoned it.
	foreign map[string]looked
	free    map[string]bool
	// until is when it ends, before its end.
	until time.Time
}

// newSequence draws a sequence.
func newSequence(t *testing.T, lab *acctest.Lab, seed uint64) *siblingSequence {
	t.Helper()
	d := drawer{rand.New(rand.NewPCG(seed, 0))}
	longest := []time.Duration{0, 30 * time.Millisecond, 30 * time.Millisecond, 400 * time.Millisecond}[d.IntN(4)]
	q := startSequence(t, lab, fmt.Sprintf("%s-%d", lab.Service, seed), d.one("", "shop/siblings"),
		func(*http.Request) time.Duration {
			if longest == 0 || rand.IntN(4) > 0 {
				return 0
			}
			return rand.N(longest)
		})
	q.drawer = d
	q.parallelism, q.adopts, q.clashes = []int{1, 2, 3, 10, 10}[d.IntN(5)], d.oneIn(4), d.oneIn(8)
	if d.oneIn(3) {
		q.makeForeign()
	}
	q.note("adopts %t, clashes %t, delays of %s, %d at a time, %v are there\n%s", q.adopts, q.clashes, longest,
		q.parallelism, slices.Sorted(maps.Keys(q.foreign)), q.block)
	return q
}

// startSequence prepares a sequence in a namespace of a name, for an owner, empty for none.
func startSequence(
	t *testing.T, lab *acctest.Lab, namespace, owner string, delay func(*http.Request) time.Duration,
) *siblingSequence {
	t.Helper()
	proxy := lab.StartProxy(t)
	proxy.Delay = delay
	q := &siblingSequence{
		k: newKube(t, lab.Kubeconfig), namespace: namespace, foreign: map[string]looked{}, free: map[string]bool{},
		core: &core{
			server: newServer(t), t: t, parallelism: 10, state: map[string]*inState{}, deposed: map[string]*inState{},
			block: fmt.Sprintf("host = %q\ndefault_namespace = %q\nowner = %q\n"+
				"propagation = { mode = \"settle\", settle = \"0s\" }\n", proxy.URL, namespace, owner),
		},
	}
	if owner == "" {
		q.block = strings.Replace(q.block, `owner = ""`, "", 1)
	}
	q.k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+namespace+"}\n")
	t.Cleanup(q.clear)
	return q
}

// What another resource takes up while one is giving it up, that one leaves alone, also where it has begun to change
// it: here its DestinationRule is to be seen elsewhere until the new one is there.
func TestAccSiblings_takenMeanwhile(t *testing.T) {
	t.Parallel()
	var (
		q         *siblingSequence
		meanwhile func() []failed
		once      sync.Once
	)
	lab := acctest.Start(t)
	q = startSequence(t, lab, lab.Service+"-siblings", "shop/siblings", func(r *http.Request) time.Duration {
		if r.Method == http.MethodPatch && !r.URL.Query().Has("dryRun") && strings.HasSuffix(r.URL.Path, "rules/a") {
			once.Do(func() {
				if problems := meanwhile(); len(problems) > 0 {
					t.Errorf("the other one: %v", problems)
				}
			})
		}
		return 0
	})
	q.drawer, q.until = drawer{rand.New(rand.NewPCG(0, 0))}, time.Now().Add(time.Hour)
	one := sibling{kind: "canary_route", key: "one", name: "b", host: "alpha", variant: 1, more: `export_to = ["."]`}
	other := sibling{kind: "canary_route", key: "other", name: "c", host: "beta", variant: 2}
	q.settle([]sibling{one, other}, nil)
	one.name, one.more, other.name = "a", `export_to = ["*"]`, "b"
	steps := map[string]plannedStep{}
	o := q.plan([]sibling{one, other}, nil)
	for _, s := range o.steps {
		steps[s.address] = s
	}
	q.configure()
	meanwhile = func() []failed { return q.makes(steps[other.address()]) }
	if problems := slices.Concat(o.failed, q.makes(steps[one.address()])); len(problems) > 0 {
		t.Errorf("the one: %v", problems)
	}
	q.settle([]sibling{one, other}, nil)
	if t.Failed() {
		t.Logf("what happened:\n%s", strings.Join(q.log, "\n"))
	}
}

// Where a failed apply has left one object in two states, it is not deleted under the resource that keeps it: the plan
// says out of which state to take it.
func TestAccSiblings_inTwoStates(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	for i, owner := range []string{"", "shop/siblings"} {
		q := startSequence(t, lab, fmt.Sprintf("%s-two-%d", lab.Service, i), owner, nil)
		q.drawer, q.until = drawer{rand.New(rand.NewPCG(0, uint64(i)))}, time.Now().Add(time.Hour)
		one := sibling{kind: "canary_route", key: "one", name: "a", host: "alpha", variant: 1}
		other := sibling{kind: "canary_route", key: "other", name: "b", host: "alpha", variant: 2}
		q.settle([]sibling{one}, nil)
		q.set(q.state, other.address(), q.state[one.address()])
		q.settle([]sibling{one, other}, nil)
		log := strings.Join(q.log, "\n")
		if !strings.Contains(log, "terraform state rm "+other.address()) || t.Failed() {
			t.Errorf("owner %q: what happened:\n%s", owner, log)
		}
	}
}

// Where two resources have one DestinationRule in their states, one of them may leave it to the other one: nothing is
// deleted.
func TestAccSiblings_leftToTheOther(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	q := startSequence(t, lab, lab.Service+"-left", "shop/siblings", nil)
	q.drawer, q.until = drawer{rand.New(rand.NewPCG(0, 0))}, time.Now().Add(time.Hour)
	one := sibling{kind: "canary_route", key: "one", name: "a", host: "alpha", variant: 1}
	other := sibling{kind: "canary_route", key: "other", name: "b", rule: "a", host: "alpha", variant: 1, adopt: true}
	q.settle([]sibling{one}, nil)
	had := q.state[one.address()]
	q.set(q.state, one.address(), nil)
	q.free[acctest.VirtualService+"/a"] = true
	q.settle([]sibling{other}, nil)
	q.set(q.state, one.address(), had)
	one.leaves = true
	q.settle([]sibling{one, other}, nil)
	if all := q.holders()[acctest.DestinationRule+"/a"]; len(all) != 1 || t.Failed() {
		t.Errorf("the DestinationRule is in the states of %v; what happened:\n%s", all, strings.Join(q.log, "\n"))
	}
}

// makeForeign makes an object: by hand, as another workspace, or as one without a name.
func (q *siblingSequence) makeForeign() {
	kind := q.one(acctest.VirtualService, acctest.DestinationRule)
	spec := "{host: foreign.example, subsets: [{name: v1, labels: {version: v1}}]}"
	if kind == acctest.VirtualService {
		spec = "{hosts: [foreign.example], http: [{route: [{destination: {host: foreign.example}}]}]}"
	}
	text := fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: %s\n"+
		"metadata: {name: %s, namespace: %s%s}\nspec: %s\n", kind, q.one(siblingNames...), q.namespace,
		q.one("", "", ", annotations: {terraform-provider-mesh/owner: shop/others}"), spec)
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		q.t.Fatal(err)
	}
	if _, err := q.k.ofKind(o).Apply(q.t.Context(), o.GetName(), o, metav1.ApplyOptions{
		FieldManager: q.one("kubectl", "terraform-provider-mesh"),
	}); err != nil {
		q.t.Fatal(err)
	}
	q.foreign = q.objects()
}

// clear removes what is left in the namespace.
func (q *siblingSequence) clear() {
	for _, kind := range bothKinds {
		objects := q.k.objects("networking.istio.io/v1", strings.ToLower(kind)+"s", q.namespace)
		if err := objects.DeleteCollection(context.WithoutCancel(q.t.Context()), metav1.DeleteOptions{},
			metav1.ListOptions{}); err != nil {
			q.t.Error(err)
		}
	}
}

// looked is what is compared of an object.
type looked struct {
	uid, version, host string
	variant            int64
}

// objects are those of the namespace, by kind and name.
func (q *siblingSequence) objects() map[string]looked {
	all := map[string]looked{}
	for _, kind := range bothKinds {
		list, err := q.k.objects("networking.istio.io/v1", strings.ToLower(kind)+"s", q.namespace).List(
			q.t.Context(), metav1.ListOptions{})
		if err != nil {
			q.t.Fatal(err)
		}
		for i := range list.Items {
			all[kind+"/"+list.Items[i].GetName()] = look(&list.Items[i])
		}
	}
	return all
}

func look(o *unstructured.Unstructured) looked {
	l := looked{uid: string(o.GetUID()), version: o.GetResourceVersion()}
	spec := specOf(o)
	if o.GetKind() == acctest.VirtualService {
		l.host, _ = spec["hosts"].([]any)[0].(string)
		timeout, _ := firstRule(spec)["timeout"].(string)
		l.variant, _ = strconv.ParseInt(strings.TrimSuffix(timeout, "s"), 10, 64)
	} else {
		l.host, _ = spec["host"].(string)
		subsets, _ := spec["subsets"].([]any)
		last, _ := subsets[len(subsets)-1].(map[string]any)
		l.variant, _, _ = unstructured.NestedInt64(last, "trafficPolicy", "connectionPool", "tcp", "maxConnections")
	}
	l.host, _, _ = strings.Cut(l.host, ".")
	return l
}
