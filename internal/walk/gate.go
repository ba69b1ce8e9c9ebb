package walk

import (
	"slices"
	"time"

	networking "istio.io/api/networking/v1"
)

// Gate is who is asked whether a step may be followed by the next.
type Gate struct {
	// Name is how it is called in what people read.
	Name string
	// Webhook is a URL that has to answer with success.
	Webhook string
	// SuccessRate and Latency are what Istio's metrics of the versions have to say that get more requests; nil where
	// another one is asked.
	SuccessRate *SuccessRate
	Latency     *Latency
	// Query is what any other metrics have to say.
	Query *Query
}

// AsksMetrics reports whether Prometheus is asked.
func (g Gate) AsksMetrics() bool { return g.SuccessRate != nil || g.Latency != nil || g.Query != nil }

// SuccessRate is how many of its requests a version has to answer well.
type SuccessRate struct {
	// Min is in percent. It does not count where WorseThan names a subset to compare with.
	Min       float64
	WorseThan string
	// By is how many percent points more may fail than of the other one.
	By float64
}

// Latency is how long a version may take for a part of its requests.
type Latency struct {
	// Quantile is that part, such as 0.99.
	Quantile float64
	Max      time.Duration
}

// Question is what a gate is asked about.
type Question struct {
	Namespace string `json:"namespace"`
	// Name is that of the VirtualService.
	Name string `json:"name"`
	// Step is the step that is judged, of Steps, with Percent of the way behind it.
	Step    int   `json:"step"`
	Steps   int   `json:"steps"`
	Percent int64 `json:"percent"`
	// Shares are whole percents by rule and destination.
	Shares map[string]map[string]int64 `json:"shares"`
	// Versions are those that get more requests than at the start, and Others all by their subsets.
	Versions []Version          `json:"-"`
	Others   map[string]Version `json:"-"`
	// Window is how long the step has lasted.
	Window time.Duration `json:"-"`
	// Confidence is that of one judgement, and Enough how many requests it needs.
	Confidence float64 `json:"-"`
	Enough     int64   `json:"-"`
}

// HasShare reports whether a subset gets requests at the step, from one of the rules whose shares move.
func (q Question) HasShare(subset string) bool {
	for _, shares := range q.Shares {
		if shares[subset] > 0 {
			return true
		}
	}
	return false
}

// Compares reports whether a comparison with a subset says anything of the step: it needs requests to the subset, and
// another version that gets more.
func (q Question) Compares(with string) bool {
	return q.HasShare(with) && slices.ContainsFunc(q.Versions, func(v Version) bool { return !q.Is(v, with) })
}

// Is reports whether a version is the one of a subset.
func (q Question) Is(v Version, subset string) bool {
	return v.Subset == subset && q.Others[subset].Host == v.Host
}

// Answer is what a gate said, and why in words without secrets.
type Answer struct {
	Gate    string
	Verdict Verdict
	Why     string
}

// String says the answer: `orders: fail: it answered 500`.
func (a Answer) String() string {
	text := a.Gate + ": " + a.Verdict.String()
	if a.Why != "" {
		text += ": " + a.Why
	}
	return text
}

// Question returns what the gates are asked about a stage.
func (p Plan) Question(stage int) Question {
	o := p.wanted.Routing()
	q := Question{
		Namespace: o.Namespace, Name: o.Name, Step: stage, Steps: p.Last(), Percent: p.stages[stage].Percent,
		Shares: map[string]map[string]int64{}, Others: map[string]Version{}, Confidence: Confidence(p.Last()),
	}
	for i, r := range p.rules {
		q.Shares[r.name] = byName(r.names, p.stages[stage].Shares[i])
	}
	q.Versions = p.Growing()
	for _, subset := range p.declared() {
		host := p.wanted.Declaring().DestinationRuleSpec().GetHost()
		q.Others[subset.Name] = Version{subset.Name, host, subset.Labels}
	}
	return q
}

// declared are the subsets that there are while the shares move.
func (p Plan) declared() []*networking.Subset {
	return slices.Concat(p.wanted.Declaring().DestinationRuleSpec().GetSubsets(), p.kept)
}

// Growing returns the versions that get more requests at the end than at the start, each once.
func (p Plan) Growing() []Version {
	var all []Version
	for _, r := range p.rules {
		for i, d := range r.destinations {
			v := Version{Subset: r.names[i], Host: d.GetDestination().GetHost()}
			if !r.grows(i) || slices.ContainsFunc(all, func(o Version) bool {
				return o.Subset == v.Subset && o.Host == v.Host
			}) {
				continue
			}
			for _, subset := range p.declared() {
				if subset.GetName() == d.GetDestination().GetSubset() {
					v.Labels = subset.GetLabels()
				}
			}
			all = append(all, v)
		}
	}
	return all
}

// Reason returns why a walk does not go on: the answers that are no pass, failures first.
func Reason(answers []Answer) []string {
	var failed, others []string
	for _, a := range answers {
		switch a.Verdict {
		case Pass:
		case Fail:
			failed = append(failed, a.String())
		case NotYet, Unreachable:
			others = append(others, a.String())
		}
	}
	if len(failed) > 0 {
		return failed
	}
	return others
}

// Verdicts returns those of answers.
func Verdicts(answers []Answer) []Verdict {
	var all []Verdict
	for _, a := range answers {
		all = append(all, a.Verdict)
	}
	return all
}
