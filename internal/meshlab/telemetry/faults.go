package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxDelay is the longest one that can be asked for.
const maxDelay = time.Minute

// Failed is what a failure says that was asked for by a fault.
const Failed = "failed as the lab was told to"

// Fault is what is wrong with a version of a service, for those who ask for it under that name.
type Fault struct {
	Service string `json:"service"`
	Version string `json:"version"`
	// Fail is how many of a hundred requests fail.
	Fail float64 `json:"fail"`
	// Share is how many of a hundred requests are answered later, by Delay.
	Delay Duration `json:"delay"`
	Share float64  `json:"share"`
}

// Duration is one that JSON has as a text, such as "300ms".
type Duration time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

type target struct{ service, version string }

type faults struct {
	versions []string

	mu  sync.Mutex
	all map[target]Fault
}

// Fault waits as long as a fault of the workload says, and returns whether the request shall fail. It returns early
// when nobody waits for an answer any more.
func (q Request) Fault(ctx context.Context) (fails bool) {
	if q.reporter.mesh == nil {
		return false
	}
	f := q.reporter.mesh.faults.of(target{q.service, q.reporter.workload.Version})
	if happens(f.Share) {
		select {
		case <-time.After(time.Duration(f.Delay)):
		case <-ctx.Done():
		}
	}
	return happens(f.Fail)
}

// happens draws whether something does that happens so many times in a hundred.
func happens(percent float64) bool { return rand.Float64()*100 < percent }

func (f *faults) of(t target) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[t]
}

// list returns all, in the order of their services and versions.
func (f *faults) list() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.AppendSeq([]Fault{}, maps.Values(f.all))
	slices.SortFunc(all, func(a, b Fault) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Version, b.Version))
	})
	return all
}

// put makes a fault what a query says, in place of one that was there.
func (f *faults) put(query string) error {
	values, err := parse(query, "service", "version", "fail", "delay", "share")
	if err != nil {
		return err
	}
	var fault Fault
	t, err := f.target(values)
	if err != nil {
		return err
	}
	fault.Service, fault.Version = t.service, t.version
	if fault.Fail, err = percentage(values, "fail", 0); err != nil {
		return err
	}
	if fault.Share, err = percentage(values, "share", 100); err != nil {
		return err
	}
	switch text, delayed := values["delay"]; {
	case delayed:
		delay, err := time.ParseDuration(text)
		if err != nil || delay <= 0 || delay > maxDelay {
			return fmt.Errorf("delay: want a duration of at most %s, such as 300ms, got %q", maxDelay, text)
		}
		fault.Delay = Duration(delay)
	case values["share"] != "":
		return errors.New("share: it is of the requests that wait for a delay, which is missing")
	case values["fail"] == "":
		return errors.New("want fail or delay")
	default:
		fault.Share = 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all[t] = fault
	return nil
}

// remove takes the fault away that a query names; it need not be there.
func (f *faults) remove(query string) error {
	values, err := parse(query, "service", "version")
	if err != nil {
		return err
	}
	t, err := f.target(values)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, t)
	return nil
}

func (f *faults) target(values map[string]string) (target, error) {
	t := target{values["service"], values["version"]}
	if !isService(t.service) {
		return t, fmt.Errorf("service: want the full name of a Service, such as reviews.shop%s, got %q", clusterDomain,
			t.service)
	}
	if !slices.Contains(f.versions, t.version) {
		return t, fmt.Errorf("version: want one of %s, got %q", strings.Join(f.versions, ", "), t.version)
	}
	return t, nil
}

// parse reads a query that has each of the parameters at most once, and no other ones.
func parse(query string, parameters ...string) (map[string]string, error) {
	all, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	values := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !slices.Contains(parameters, name) {
			return nil, fmt.Errorf("%s: want one of %s", name, strings.Join(parameters, ", "))
		}
		if len(all[name]) > 1 {
			return nil, fmt.Errorf("%s: it is there %d times", name, len(all[name]))
		}
		values[name] = all.Get(name)
	}
	return values, nil
}

func percentage(values map[string]string, name string, otherwise float64) (float64, error) {
	text, ok := values[name]
	if !ok {
		return otherwise, nil
	}
	percent, err := strconv.ParseFloat(text, 64)
	if err != nil || !(percent >= 0 && percent <= 100) {
		return 0, fmt.Errorf("%s: want percent, 0 to 100, got %q", name, text)
	}
	return percent, nil
}
