package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/siblings"
)

// run applies a configuration, two that follow, and none, as long as there is time.
func (q *siblingSequence) run(until time.Time) {
	q.t.Helper()
	q.until = until
	next, replaced := q.drawer.siblings(q.adopts), map[string]bool{}
	for i := range 4 {
		if i == 3 {
			next = nil
		}
		if q.settle(next, replaced); q.t.Failed() {
			q.t.Logf("what happened:\n%s", strings.Join(q.log, "\n"))
		}
		if q.ends() {
			return
		}
		replaced = map[string]bool{}
		if len(next) > 0 && q.oneIn(4) {
			replaced[next[q.IntN(len(next))].address()] = q.oneIn(2)
		}
		next = q.after(next, q.adopts, q.clashes)
	}
}

func (q *siblingSequence) ends() bool { return q.t.Failed() || time.Now().After(q.until) }

// settle applies a configuration until there is nothing to do, or an error stays.
func (q *siblingSequence) settle(next []sibling, replaced map[string]bool) {
	q.t.Helper()
	q.before, q.siblings = q.siblings, next
	for _, s := range slices.Concat(q.before, next) {
		for _, o := range s.objects() {
			q.free[o] = q.free[o] || s.adopt || s.deletion != ""
		}
	}
	var o *planOutcome
	for i, last := 0, ""; i < mostApplies; i++ {
		o = q.applyOnce(replaced)
		if len(o.steps)+len(o.failed) == 0 {
			break
		}
		if q.ends() {
			return
		}
		if q.forgets(o) {
			i, last = 0, ""
			continue
		}
		now := fmt.Sprint(q.objects(), len(o.failed))
		if len(o.failed) > 0 && now == last {
			// Nothing comes of another one.
			break
		}
		last, replaced = now, nil
	}
	switch {
	case len(o.failed) > 0:
		q.justify(o.failed)
	case len(o.steps) > 0:
		q.t.Errorf("after %d applies there is still to do %v", mostApplies, o.steps)
	default:
		q.judgeObjects()
	}
}

// applyOnce applies the configuration once.
func (q *siblingSequence) applyOnce(replaced map[string]bool) *planOutcome {
	q.t.Helper()
	q.note("apply of %v, with %v made anew", q.siblings, replaced)
	before, held, state, began := q.objects(), q.holders(), maps.Clone(q.state), time.Now()
	o := q.apply(q.siblings, replaced)
	for _, f := range o.failed {
		q.note("%s", f)
	}
	if took := time.Since(began); took > longestApply {
		q.t.Errorf("an apply took %s", took)
	}
	is := q.objects()
	for at, was := range q.foreign {
		if !q.free[at] && is[at] != was {
			q.t.Errorf("%s is of somebody else, and was %v and is %v", at, was, is[at])
		}
	}
	for _, address := range o.idle {
		for at, uid := range state[address].objects() {
			if before[at].uid == uid && is[at] != before[at] {
				q.t.Errorf("nothing happens with %s, whose %s was %v and is %v", address, at, before[at], is[at])
			}
		}
	}
	for at, all := range q.holders() {
		if len(all) < 2 || len(held[at]) > 1 || strings.Contains(strings.Join(all, " "), "deposed") {
			continue
		}
		// What failed, or was never begun, still has in its state what another one took up.
		if !slices.ContainsFunc(o.failed, func(f failed) bool { return slices.Contains(all, f.address) }) {
			q.t.Errorf("%s is in the states of %v", at, all)
		}
	}
	return o
}

// forgets does what a plan asks for that finds one object in two states: it takes out of the state what is to have
// another name.
func (q *siblingSequence) forgets(o *planOutcome) bool {
	for _, f := range o.failed {
		if f.summary != siblings.Shared || !strings.Contains(f.detail, "terraform state rm") {
			continue
		}
		for at, all := range q.holders() {
			for _, s := range q.siblings {
				if len(all) > 1 && slices.Contains(all, s.address()) && !slices.Contains(s.objects(), at) {
					q.forget(s.address())
					return true
				}
			}
		}
	}
	return false
}

// forget takes a resource out of the state, and deletes what no other one has.
func (q *siblingSequence) forget(address string) {
	q.t.Helper()
	q.note("terraform state rm %s", address)
	had := q.state[address].objects()
	q.set(q.state, address, nil)
	holders := q.holders()
	for at := range had {
		kind, name, _ := strings.Cut(at, "/")
		if len(holders[at]) > 0 || q.objects()[at].uid != had[at] {
			continue
		}
		objects := q.k.objects("networking.istio.io/v1", strings.ToLower(kind)+"s", q.namespace)
		if err := objects.Delete(q.t.Context(), name, metav1.DeleteOptions{}); err != nil {
			q.t.Error(err)
		}
	}
}

// judgeObjects judges the objects where there is nothing to do any more.
func (q *siblingSequence) judgeObjects() {
	q.t.Helper()
	is := q.objects()
	wanted := map[string]bool{}
	for _, s := range q.siblings {
		for _, at := range s.objects() {
			wanted[at] = true
			if got := is[at]; got.host != s.host || got.variant != int64(s.variant) {
				q.t.Errorf("%s of %s is %+v", at, s, got)
			}
		}
	}
	for at := range is {
		if _, foreign := q.foreign[at]; !foreign && !wanted[at] && !q.free[at] {
			q.t.Errorf("%s is left behind", at)
		}
	}
}

// justify looks for the reason of each error that stays.
func (q *siblingSequence) justify(all []failed) {
	q.t.Helper()
	wanting := map[string]int{}
	for _, s := range q.siblings {
		for _, at := range s.objects() {
			wanting[at]++
		}
	}
	for _, f := range all {
		i := slices.IndexFunc(q.siblings, func(s sibling) bool { return s.address() == f.address })
		ok := false
		switch {
		case strings.HasPrefix(f.summary, siblings.MadeAnew):
			// It is told of what adopts, at the one that is planned later.
			ok = q.adopts
		case strings.HasPrefix(f.summary, "Subset still in use"):
			ok = q.namesAbandoned(f)
		case i < 0:
		case f.summary == siblings.Shared:
			ok = slices.ContainsFunc(q.siblings[i].objects(), func(at string) bool { return wanting[at] > 1 })
		case f.summary == "Owned by another workspace":
			ok = q.siblings[i].adopt && f.phase == "plan"
		case strings.HasPrefix(f.summary, "Object exists already"):
			ok = q.isBlocked(q.siblings[i], f, all)
		}
		if !ok {
			q.t.Errorf("there is no reason for this error to stay: %s", f)
		}
	}
}

// namesAbandoned reports whether an error names an object that a resource has left behind as it was.
func (q *siblingSequence) namesAbandoned(f failed) bool {
	holders := q.holders()
	for at := range q.objects() {
		kind, name, _ := strings.Cut(at, "/")
		named := strings.Contains(f.detail, fmt.Sprintf("%s %q", kind, q.namespace+"/"+name))
		if named && q.free[at] && len(holders[at]) == 0 {
			return true
		}
	}
	return false
}

// isBlocked reports whether a resource wants an object that is somebody else's, or that of a resource which cannot
// give it up.
func (q *siblingSequence) isBlocked(s sibling, f failed, all []failed) bool {
	is, holders, own := q.objects(), q.holders(), q.state[s.address()].objects()
	return slices.ContainsFunc(s.objects(), func(at string) bool {
		_, foreign := q.foreign[at]
		switch {
		case is[at].uid == "" || own[at] != "":
			return false
		case len(holders[at]) == 0:
			return foreign || q.free[at]
		case f.phase == "plan":
			return true
		}
		return slices.ContainsFunc(all, func(other failed) bool {
			return other.address != f.address && slices.Contains(holders[at], other.address)
		})
	})
}
