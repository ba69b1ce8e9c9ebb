package traffic_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// fired names what an outcome says fired, empty without a rule.
func fired(out traffic.Outcome) string {
	if out.Rule.Object == nil {
		return ""
	}
	return fmt.Sprintf("%d.%d", out.Rule.Index, out.Match.Index)
}

// checkVerdicts asks the evaluator about every verdict of one table, and counts them.
func checkVerdicts(o *istio.Object, p picker, tries int) (lives map[traffic.Life]int, err error) {
	table := traffic.NewTable([]*istio.Object{o}, nil, traffic.Options{})
	verdicts := traffic.FindDead([]*istio.Object{o}, traffic.Options{})
	lives = map[traffic.Life]int{}
	dead := map[string]traffic.Verdict{}
	for _, v := range verdicts {
		at := fmt.Sprintf("%d.%d", v.Rule.Index, v.Match.Index)
		lives[v.Life]++
		switch v.Life {
		case traffic.Alive:
			if out := table.Evaluate(*v.Witness); out.Rule != v.Rule || v.Match.Index >= 0 && out.Match != v.Match {
				return nil, fmt.Errorf("%s is alive by %+v, which %s takes", at, *v.Witness, fired(out))
			}
		case traffic.Dead:
			dead[at] = v
			if v.Reason == "" {
				return nil, fmt.Errorf("%s is dead without a reason", at)
			}
			if err := checkRepeated(table, v); err != nil {
				return nil, fmt.Errorf("%s: %w", at, err)
			}
		case traffic.Undecided:
		}
	}
	for _, rule := range virtualServiceSpec(o).Http {
		for _, m := range append(rule.Match, nil) {
			for range tries {
				request := p.aimed(m)
				out := table.Evaluate(request)
				for _, at := range []string{fired(out), fmt.Sprintf("%d.-1", out.Rule.Index)} {
					if v, ok := dead[at]; ok && out.Rule.Object != nil && (v.Repeated == nil || out.Older == nil) {
						return nil, fmt.Errorf("%s is dead (%s), but takes %+v", at, v.Reason, request)
					}
				}
			}
		}
	}
	return lives, nil
}

// checkRepeated asks the evaluator about the request that newer proxies alone give to what is dead.
func checkRepeated(table *traffic.Table, v traffic.Verdict) error {
	if v.Repeated == nil {
		return nil
	}
	out := table.Evaluate(*v.Repeated)
	if out.Rule != v.Rule || v.Match.Index >= 0 && out.Match != v.Match {
		return fmt.Errorf("newer proxies give %+v to %s", *v.Repeated, fired(out))
	}
	if out.Older == nil || out.Older.Rule == v.Rule && (v.Match.Index < 0 || out.Older.Match == v.Match) {
		return fmt.Errorf("older proxies give it %+v too", *v.Repeated)
	}
	return nil
}

// No request hits a dead rule, and every rule that is alive has a witness.
func TestPropertyVerdictsAgreeWithEvaluate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := picker(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
		o := p.table()
		if _, err := checkVerdicts(o, seeded(uint64(p(1000))), 20); err != nil {
			t.Fatalf("%v in\n%v", err, o.Spec)
		}
	})
}

// The same for as many tables as MESH_TEST_TABLES says, 200 without it, from the seed MESH_TEST_SEED.
func TestVerdictsOfRandomTables(t *testing.T) {
	t.Parallel()
	tables, seed := number(t, "MESH_TEST_TABLES", 200), number(t, "MESH_TEST_SEED", rand.Uint64()>>1)
	t.Logf("MESH_TEST_TABLES=%d MESH_TEST_SEED=%d", tables, seed)
	total := map[traffic.Life]int{}
	for i := range tables {
		p := seeded(seed + i)
		o := p.table()
		lives, err := checkVerdicts(o, p, 40)
		if err != nil {
			t.Fatalf("MESH_TEST_SEED=%d MESH_TEST_TABLES=1: %v in\n%v", seed+i, err, o.Spec)
		}
		for life, n := range lives {
			total[life] += n
		}
	}
	t.Logf("verdicts: %v", total)
}

func number(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// Verdicts depend on nothing but the object: neither on the order of maps nor on what was analysed before.
func TestPropertyVerdictsAreDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := picker(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }).table()
		first := traffic.FindDead([]*istio.Object{o}, traffic.Options{})
		again := *o
		again.Spec = proto.Clone(o.Spec)
		for i, v := range traffic.FindDead([]*istio.Object{&again}, traffic.Options{}) {
			if v.Life != first[i].Life || v.Reason != first[i].Reason || fmt.Sprint(v.By) != fmt.Sprint(first[i].By) {
				t.Fatalf("%s: first %s (%s), then %s (%s)", v.Place, first[i].Life, first[i].Reason, v.Life, v.Reason)
			}
		}
	})
}
