package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster/tunnel"
	"github.com/meshroute/terraform-provider-mesh/internal/gate"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
	"github.com/meshroute/terraform-provider-mesh/internal/view"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// rateWindow is over how long rates are measured, and mostAsking how long it is asked for them in all: a Prometheus
// that does not answer takes its time for every subset.
const (
	rateWindow = 5 * time.Minute
	mostAsking = time.Minute
)

// Look returns how the command view looks at what is live.
func Look(version string) view.Look {
	return func(ctx context.Context, at view.Place, services []view.Service) (view.Live, error) {
		c, problem := Connector(version)(at.Kubeconfig, at.Context)
		if problem != "" {
			return view.Live{}, errors.New(problem)
		}
		l := looker{surroundings: cluster.NewSurroundings(c, at.ClusterDomain), domain: at.ClusterDomain}
		l.asker.UserAgent = "terraform-provider-mesh/" + version
		var err error
		if l.asker.Prometheus, err = prometheusAt(at.Prometheus, c); err != nil {
			return view.Live{}, err
		}
		live := view.Live{}
		for _, service := range services {
			live.Seen = append(live.Seen, l.look(ctx, service))
		}
		live.Unseen = l.unseen
		return live, context.Cause(ctx)
	}
}

// prometheusAt returns where metrics are asked for, nil for nowhere.
func prometheusAt(where string, c *cluster.Cluster) (*gate.Prometheus, error) {
	to, isService := tunnel.ParseService(where)
	switch {
	case where == "":
		return nil, nil //nolint:nilnil // nobody is asked
	case isService:
		return &gate.Prometheus{
			URL:     "http://" + to.Name,
			Forward: func(ctx context.Context) (*http.Client, error) { return c.ForwardService(ctx, to) },
		}, nil
	case form.IsWebURL(where):
		return &gate.Prometheus{URL: where}, nil
	}
	// What it is may hold a password.
	return nil, errors.New("--prometheus must be a URL such as https://prometheus.example, or NAMESPACE/NAME:PORT " +
		"of a Service")
}

// looker looks at one service after the other.
type looker struct {
	surroundings *cluster.Surroundings
	domain       string
	asker        gate.Asker
	// unseen says what could not be looked at, each once.
	unseen []string
	said   map[string]bool
	// asking is how long it was asked for rates.
	asking time.Duration
}

// look looks at a service.
func (l *looker) look(ctx context.Context, of view.Service) view.Seen {
	seen := view.Seen{Host: of.Host}
	from := l.surroundings.View(of.Namespace, traffic.Options{}, "")
	if home, _, inside := from.InCluster(of.Host); inside {
		from.Namespace = home
	}
	var told diag.Diagnostics
	service := lookAtService(report.WithWarnings(ctx, &told), from, of.Host, &told)
	seen.Missing = told.HasError()
	lines, _ := report.UnseenLines(from)
	for _, line := range append(lines, report.NarrowLines(from)...) {
		l.say(strings.TrimPrefix(line, "  - "))
	}
	seen.Unlisted = from.VirtualServices == nil
	if !seen.Unlisted {
		for _, n := range from.VirtualServicesOf(of.Host) {
			route := view.SeenRoute{
				Name: n.Namespace + "/" + n.Name, Overruled: !from.Effective(n.Object),
				Summary: from.Summary(n.Object, from.Options),
			}
			for _, tool := range from.Live(n.Object).Tools() {
				route.Tools = append(route.Tools, tool.Name)
			}
			seen.Routes = append(seen.Routes, route)
		}
	}
	for _, subset := range l.subsetsOf(of, from) {
		is := view.SeenSubset{Name: subset.Name}
		namespace, _, _ := from.InCluster(of.Host)
		if service != nil {
			if n, known := from.ReadyOf(namespace, *service, subset.Labels); known {
				is.Ready = &n
			}
		}
		l.measure(ctx, of.Host, subset, &is)
		seen.Subsets = append(seen.Subsets, is)
	}
	return seen
}

// subsetsOf returns the subsets of a plan, and those of the cluster that have other names.
func (l *looker) subsetsOf(of view.Service, from *cluster.View) []view.Labelled {
	all, named := of.Subsets, map[string]bool{}
	for _, subset := range all {
		named[subset.Name] = true
	}
	if from.DestinationRules == nil {
		return all
	}
	for _, n := range from.DestinationRulesOf(of.Host) {
		if !strings.EqualFold(istio.FullHost(n.DestinationRuleSpec().GetHost(), n.Namespace, l.domain), of.Host) {
			continue
		}
		for _, subset := range n.DestinationRuleSpec().GetSubsets() {
			if !named[subset.GetName()] {
				named[subset.GetName()] = true
				all = append(all, view.Labelled{Name: subset.GetName(), Labels: subset.GetLabels()})
			}
		}
	}
	return all
}

// measure asks how many requests a subset answers.
func (l *looker) measure(ctx context.Context, host string, subset view.Labelled, into *view.SeenSubset) {
	switch {
	case l.asker.Prometheus == nil:
		return
	case l.asking >= mostAsking:
		into.Why = fmt.Sprintf("not asked: Prometheus took more than %s for those before", mostAsking)
		return
	}
	began := time.Now()
	defer func() { l.asking += time.Since(began) }()
	count, err := l.asker.Count(ctx, walk.Version{Subset: subset.Name, Host: host, Labels: subset.Labels}, rateWindow)
	if err != nil {
		into.Why = err.Error()
		return
	}
	into.Rate = &view.Rate{PerSecond: count.Requests / rateWindow.Seconds(), FailedPercent: 100 * count.Rate()}
}

func (l *looker) say(line string) {
	if l.said[line] {
		return
	}
	if l.said == nil {
		l.said = map[string]bool{}
	}
	l.said[line] = true
	l.unseen = append(l.unseen, line)
}
