package traffic

import (
	"maps"
	"slices"
)

// witness looks for a request that reaches one match past all earlier ones. It guesses one, sees which earlier match
// takes it, and tries each way in which a request can miss that one.
type witness struct {
	*analysis
	at    int
	steps int // how many guesses are left
	by    map[int]bool
}

// find returns a request of the region that the match takes. No is certain.
func (w *witness) find(r region) (Request, answer) {
	if w.steps <= 0 {
		return Request{}, unknown
	}
	w.steps--
	request := r.request("")
	in := receive(request, w.table.firstHost())
	taken := slices.IndexFunc(w.entries[:w.at], func(e *entry) bool { return in.holdsAll(e.literals) })
	if taken < 0 {
		return w.check(request)
	}
	if w.by == nil {
		w.by = map[int]bool{}
	}
	w.by[taken] = true
	result := no
	for _, l := range w.entries[taken].literals {
		rest, is := w.confine(r, l.not(), w.authorities)
		if is == yes {
			var found Request
			if found, is = w.find(rest); is == yes {
				return found, yes
			}
		}
		if is == unknown {
			result = unknown
		}
	}
	return Request{}, result
}

// check asks the evaluator whether the match takes the request.
func (w *witness) check(request Request) (Request, answer) {
	out := w.table.follow(request)
	e := w.entries[w.at]
	if out.Rule != e.rule.ref || out.Match != e.match.ref || !realistic(out.Request) {
		return Request{}, unknown
	}
	return out.Request, yes
}

// culprits are the matches that took what was tried, in order.
func (w *witness) culprits() []Place {
	var places []Place
	for _, i := range slices.Sorted(maps.Keys(w.by)) {
		places = append(places, w.entries[i].place())
	}
	return places
}
