package walk

// Gate is who is asked whether a step may be followed by the next.
type Gate struct {
	// Name is how it is called in what people read.
	Name string
	// Webhook is a URL that has to answer with success.
	Webhook string
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
		Shares: map[string]map[string]int64{},
	}
	for i, r := range p.rules {
		q.Shares[r.name] = byName(r.names, p.stages[stage].Shares[i])
	}
	return q
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
