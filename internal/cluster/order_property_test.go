package cluster

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// world is what the API server holds, by kind and name.
type world map[Address]*istio.Object

func worldOf(pair istio.Objects) world {
	w := world{}
	for _, o := range pair.All() {
		w[AddressOf(o)] = o
	}
	return w
}

func (w world) do(s Step) error {
	if s.Action == Wait {
		return nil
	}
	at := AddressOf(s.Object)
	switch _, exists := w[at]; {
	case exists && s.Action == Create:
		return fmt.Errorf("%s is created and exists", at)
	case !exists && s.Action != Create:
		return fmt.Errorf("%s does not exist", at)
	}
	if s.Action == Delete {
		delete(w, at)
		return nil
	}
	w[at] = s.Object
	return nil
}

// dangling returns the destinations, as host/subset, that a VirtualService names and no DestinationRule of the host
// declares which a caller in the namespace sees: those in its own namespace, or else those in the service's.
func (w world) dangling(caller string) []string {
	known, missing := map[string]bool{}, []string{}
	of := func(namespace, host string) (found []*istio.Object) {
		for at, o := range w {
			if at.Kind == istio.KindDestinationRule && at.Namespace == namespace &&
				o.DestinationRuleSpec().GetHost() == host {
				found = append(found, o)
			}
		}
		return found
	}
	for _, host := range []string{reviews, ratings} {
		seen := of(caller, host)
		if len(seen) == 0 {
			seen = of("shop", host)
		}
		for _, o := range seen {
			for _, name := range declared(o) {
				known[host+"/"+name] = true
			}
		}
	}
	for at, o := range w {
		if at.Kind == istio.KindVirtualService {
			host := o.VirtualServiceSpec().GetHosts()[0]
			for _, name := range named(o) {
				if !known[host+"/"+name] {
					missing = append(missing, host+"/"+name)
				}
			}
		}
	}
	return missing
}

func drawShape(t *rapid.T, label string) shape {
	if rapid.IntRange(0, 5).Draw(t, label+" is absent") == 0 {
		return shape{}
	}
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"v1", "v2", "v3", "v4"}), 1, 4, rapid.ID[string]).Draw(t,
		label+" subsets")
	s := shape{
		host:            rapid.SampledFrom([]string{reviews, reviews, ratings}).Draw(t, label+" host"),
		virtualService:  rapid.SampledFrom([]string{"reviews", "reviews", "reviews", "new"}).Draw(t, label+" vs"),
		destinationRule: rapid.SampledFrom([]string{"reviews", "reviews", "reviews", "new"}).Draw(t, label+" dr"),
		namespace:       rapid.SampledFrom([]string{"shop", "shop", "ops"}).Draw(t, label+" namespace"),
		subsets:         map[string]string{}, weights: map[string]int32{},
		header:  rapid.SampledFrom([]string{"", "100"}).Draw(t, label+" header"),
		timeout: rapid.Bool().Draw(t, label+" timeout"),
		policy:  rapid.Bool().Draw(t, label+" policy"),
	}
	for _, name := range names {
		s.subsets[name] = rapid.SampledFrom([]string{"one", "two"}).Draw(t, label+" label")
	}
	used := names[:rapid.IntRange(1, len(names)).Draw(t, label+" used")]
	for i, name := range used {
		s.weights[name] = int32(100 / len(used))
		if i == 0 {
			s.weights[name] += int32(100 % len(used))
		}
	}
	return s
}

// TestPropertyStepsDropNoRequest: from any pair to any other, no rule ever names a subset that is not declared for
// its host as a caller sees it whom both pairs serve, the last step leaves exactly the wanted pair, no wait stands
// first, last or beside another, and at most three writes are made, one more where an object gets another name, one
// more where a DestinationRule gets another host and two more where it gets another namespace.
func TestPropertyStepsDropNoRequest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawShape(t, "from"), drawShape(t, "to")
		from, to := a.pair(), b.pair()
		steps, live := Steps(from, to), worldOf(from)
		if Unchanged(from, to) != (len(steps) == 0) {
			t.Fatalf("unchanged is %t, with the steps %q", Unchanged(from, to), inWords(steps))
		}
		callers := slices.DeleteFunc([]string{"shop", "ops"}, func(namespace string) bool {
			return len(worldOf(from).dangling(namespace)) > 0 || len(worldOf(to).dangling(namespace)) > 0
		})
		writes := 0
		for i, s := range steps {
			if err := live.do(s); err != nil {
				t.Fatalf("step %d of %q: %v", i+1, inWords(steps), err)
			}
			for _, caller := range callers {
				if missing := live.dangling(caller); len(missing) > 0 {
					t.Fatalf("after step %d of %q rules name %q, which is not declared for %s", i+1, inWords(steps),
						missing, caller)
				}
			}
			if s.Action != Wait {
				writes++
			} else if i == 0 || i == len(steps)-1 || steps[i-1].Action == Wait {
				t.Fatalf("a wait for nothing in %q", inWords(steps))
			}
		}
		most := 3
		if a.virtualService != b.virtualService || a.destinationRule != b.destinationRule ||
			a.namespace != b.namespace {
			most = 4
		}
		if a.namespace != b.namespace {
			most += 2
		}
		if a.host != b.host {
			most++
		}
		if writes > most {
			t.Fatalf("%d writes in %q, want at most %d", writes, inWords(steps), most)
		}
		if left := Steps(pairOf(live, to), to); len(left) > 0 || len(live) != len(to.All()) {
			t.Fatalf("%q leaves %q to do and %d objects, want %d", inWords(steps), inWords(left), len(live),
				len(to.All()))
		}
	})
}

// pairOf returns the objects of the world that stand at the addresses of a pair.
func pairOf(w world, like istio.Objects) istio.Objects {
	var pair istio.Objects
	for _, o := range like.All() {
		pair = pair.With(w[AddressOf(o)])
	}
	return pair
}
