package acctest

import "net/http"

// Fault is what happens to one request.
type Fault int

// The faults.
const (
	// Pass is none: the request is answered.
	Pass Fault = iota
	// Refuse closes the connection before the API server hears of the request.
	Refuse
	// LoseAnswer closes the connection after the API server did what was asked.
	LoseAnswer
	// Throttle answers 429 in the API server's place, and does not say when to come back.
	Throttle
	// ThrottleForASecond answers 429 with a Retry-After of one second.
	ThrottleForASecond
	// Fail answers 500 in the API server's place.
	Fail
	// Hang answers nothing until the client gives up. The API server does not hear of the request.
	Hang
	// Disown answers 404 in the API server's form, as a proxy that does not know the cluster does. The API server does
	// not hear of the request.
	Disown
	// Contend answers that a ResourceQuota was changed meanwhile, as where two API servers count at once. The API
	// server does not hear of the request.
	Contend
)

// Trap is what a proxy does at one call.
type Trap struct {
	// Call is the call's number since [Proxy.Arm], from 1. At 0 nothing happens.
	Call  int
	Fault Fault
	// Lasting lets the fault happen at every later call too.
	Lasting bool
	// Meanwhile runs when the call has arrived, before the API server hears of it. It may be nil.
	Meanwhile func()
}

// trap is a trap and what came by since it was set.
type trap struct {
	Trap
	armed bool
	seen  []string
}

// Break gives the next requests that change something these faults, one each.
func (p *Proxy) Break(faults ...Fault) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.faults = append(p.faults, faults...)
}

// Arm counts calls from now on, those that only read too, and sets a trap.
func (p *Proxy) Arm(t Trap) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.trap = trap{Trap: t, armed: true}
}

// Disarm waits until no call is under way, also none whose client was killed, and returns the calls since Arm in
// their order.
func (p *Proxy) Disarm() []string {
	p.calls.Wait()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	seen := p.trap.seen
	p.trap = trap{}
	return seen
}

// next notes a request and returns what happens to it, and what runs before.
func (p *Proxy) next(r *http.Request) (Fault, func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.requests = append(p.requests, request(r))
	if p.trap.armed {
		p.trap.seen = append(p.trap.seen, request(r))
		switch number := len(p.trap.seen); {
		case number == p.trap.Call:
			return p.trap.Fault, p.trap.Meanwhile
		case number > p.trap.Call && p.trap.Call > 0 && p.trap.Lasting:
			return p.trap.Fault, nil
		}
		return Pass, nil
	}
	if r.Method == http.MethodGet || rehearsal(r) || len(p.faults) == 0 {
		return Pass, nil
	}
	fault := p.faults[0]
	p.faults = p.faults[1:]
	return fault, nil
}
