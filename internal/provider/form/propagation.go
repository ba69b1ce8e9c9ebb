package form

import (
	"fmt"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// The bounds of propagation, and what holds where nothing is said of it.
const (
	defaultSettle = 2 * time.Second
	longestSettle = 60 * time.Second
	// defaultAck leaves room for the time that istiod may take to come back to an API server, and for slow proxies.
	defaultAck = 2 * time.Minute
	longestAck = 10 * time.Minute
	// longestBackoff is the most that settle_after_failure may be.
	longestBackoff = 5 * time.Minute
	// defaultIstiodNamespace is where istioctl and the charts put istiod.
	defaultIstiodNamespace = "istio-system"
)

// DefaultPropagation is how a change lets the proxies follow where nothing is said of it.
func DefaultPropagation() cluster.Propagation {
	return cluster.Propagation{
		Mode:               cluster.Auto,
		Settle:             defaultSettle,
		SettleAfterFailure: cluster.InformerBackoff,
		Timeout:            defaultAck,
		OnTimeout:          cluster.Continue,
		IstiodNamespace:    defaultIstiodNamespace,
	}
}

// What propagation takes for its texts.
var (
	PropagationMode = oneOf{
		string(cluster.Auto), string(cluster.Settle), string(cluster.Ack), string(cluster.None),
	}
	PropagationOnTimeout = oneOf{string(cluster.Continue), string(cluster.Stop)}
)

// DescribePropagation describes the attributes that the provider block and the resources share.
var DescribePropagation = map[string]string{
	"mode": "How the provider knows that the proxies have a change: `ack` asks every istiod until it holds what was " +
		"written and the proxies have acknowledged what it sent then, which needs the right to forward a port to " +
		"istiod's pods; `settle` waits for a fixed time; `auto` is `ack` where istiod can be asked and `settle` " +
		"where it cannot, which one warning says; `none` does not wait, and leaves gaps of some milliseconds. " +
		"Defaults to `auto`.",
	"settle": "Time that `settle` gives the proxies between declaring a subset and routing to it, and between " +
		"routing away from it and removing it, from `0s` to `60s`. A proxy asks istiod for the endpoints of a new " +
		"subset, and answers requests to it with 503 until it has them: the time has to be longer than it takes the " +
		"slowest proxy to ask istiod and to get an answer. In mode `ack` it is how long istiod is given to " +
		"begin to send. With `0s` the modes `auto` and `settle` wait for nothing. A change of weights, headers or " +
		"matches never waits. Defaults to `2s`.",
	"settle_after_failure": "Time in which istiod comes back to an API server that failed requests of the same apply " +
		"and answers again, from `0s` to `5m`. Until then a wait for the fixed time of `settle` does not end, with a " +
		"warning that says why. Defaults to `60s`, the longest pause that istiod makes between two tries; where " +
		"several API servers stand behind one address, `0s` is enough.",
	"timeout": "Longest time to wait for istiod and for acknowledgements in the modes `auto` and `ack`, from `1s` to " +
		"`10m`. In it the provider connects anew where its connection to istiod breaks. Defaults to `2m`.",
	"on_timeout": "What happens where istiod or a proxy does not follow within `timeout`: `continue` goes on with a " +
		"warning that names what is missing; `stop` ends the change with an error. Before the rules have changed it " +
		"goes back then, and after that it leaves what is to be removed for the next apply, which waits for the same " +
		"again. Defaults to `continue`.",
}

// ReadPropagation reads the attribute propagation of a provider block or a resource into p.
func ReadPropagation(r *attr.Reader, p *cluster.Propagation) []istio.Problem {
	propagation := r.Object("propagation")
	if propagation == nil {
		return nil
	}
	var problems []istio.Problem
	if mode := propagation.String("mode"); mode != "" {
		p.Mode = cluster.Mode(mode)
	}
	if what := propagation.String("on_timeout"); what != "" {
		p.OnTimeout = cluster.OnTimeout(what)
	}
	for _, d := range []struct {
		name           string
		into           *time.Duration
		least, longest time.Duration
	}{
		{"settle", &p.Settle, 0, longestSettle},
		{"settle_after_failure", &p.SettleAfterFailure, 0, longestBackoff},
		{"timeout", &p.Timeout, time.Second, longestAck},
	} {
		value, problem := readDuration(propagation, istio.Path{"propagation", d.name}, d.least, d.longest)
		if problem != nil {
			problems = append(problems, *problem)
		} else if value != nil {
			*d.into = *value
		}
	}
	if name := "istiod_namespace"; propagation.Known(name) {
		if p.IstiodNamespace = propagation.String(name); !istio.IsNamespaceName(p.IstiodNamespace) {
			problems = append(problems, istio.Errorf(istio.Path{"propagation", name},
				"must be the name of a namespace; it is %.80q", p.IstiodNamespace))
		}
	}
	addresses, undecided := propagation.Strings("istiod_addresses"), report.PathSetOf(r.Unknown())
	for i, address := range addresses {
		place := istio.Path{"propagation", "istiod_addresses", i}
		if !IsWebURL(address) && !undecided.Touch(report.Path(place)) {
			// What it is may hold a password.
			problems = append(problems, istio.Errorf(place, "must be a URL such as \"http://127.0.0.1:15014\""))
		}
		p.IstiodAddresses = append(p.IstiodAddresses, address)
	}
	return problems
}

// readDuration reads the duration at the end of a path, nil where there is none.
func readDuration(r *attr.Reader, at istio.Path, least, longest time.Duration) (*time.Duration, *istio.Problem) {
	name := at[len(at)-1].(string) //nolint:errcheck,forcetypeassert // it ends with a name
	text := r.String(name)
	if !r.Known(name) {
		return nil, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > longest {
		problem := istio.Errorf(at, "must be a duration from %s to %s, such as \"2s\"; it is %.40q", spell(least),
			spell(longest), text)
		return nil, &problem
	}
	return &d, nil
}

// spell writes a duration of whole seconds as people do: 60s, 10m, 1h.
func spell(d time.Duration) string {
	switch {
	case d <= time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	}
	return fmt.Sprintf("%.0fh", d.Hours())
}
