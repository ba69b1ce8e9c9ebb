package view

import (
	"fmt"
	"slices"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
)

// Service is a host that routes are for, of which it is asked what is live.
type Service struct {
	// Host is the full name, and Namespace that of the route.
	Host, Namespace string
	// Subsets are those that the plan declares, before or after.
	Subsets []Labelled
}

// Labelled is a subset by its labels.
type Labelled struct {
	Name   string
	Labels map[string]string
}

// Live is what is live, in the order in which it was asked for.
type Live struct {
	Seen []Seen
	// Unseen says what could not be looked at.
	Unseen []string
}

// Seen is what is live of a service.
type Seen struct {
	Host string
	// Missing says that there is no such service.
	Missing bool
	// Unlisted says that its VirtualServices could not be listed: there may be some.
	Unlisted bool
	Routes   []SeenRoute
	Subsets  []SeenSubset
}

// SeenRoute is a VirtualService that claims a host or sends requests to it.
type SeenRoute struct {
	Name string
	// Tools are whose marks it carries.
	Tools []string
	// Overruled says that another VirtualService goes first for all of its hosts.
	Overruled bool
	// Summary are its rules in words.
	Summary []string
}

// SeenSubset is who answers in a subset.
type SeenSubset struct {
	Name string
	// Ready is how many pods take requests, nil where that is not known.
	Ready *int
	// Rate is nil where nobody was asked, or Why is the reason.
	Rate *Rate
	Why  string
}

// Rate is how many requests a subset answers.
type Rate struct{ PerSecond, FailedPercent float64 }

// String says a rate: `12.50 requests a second, 0.40 % fail`.
func (r Rate) String() string {
	if r.PerSecond == 0 {
		return "no requests"
	}
	return fmt.Sprintf("%.2f requests a second, %.2f %% fail", r.PerSecond, r.FailedPercent)
}

// servicesOf returns the hosts that VirtualServices and DestinationRules are for.
func servicesOf(before, after *argument.Routes, domain string) []Service {
	var all []Service
	find := func(host string, o *istio.Object) *Service {
		host = fullHost(host, o, domain)
		for i := range all {
			if all[i].Host == host {
				return &all[i]
			}
		}
		all = append(all, Service{Host: host, Namespace: o.Namespace})
		return &all[len(all)-1]
	}
	for _, routes := range []*argument.Routes{after, before} {
		for _, o := range routes.DestinationRules {
			to := find(o.DestinationRuleSpec().GetHost(), o)
			for _, s := range o.DestinationRuleSpec().GetSubsets() {
				if !isSettled(s.GetLabels()) {
					continue // the cluster may know the subset by labels that it has now
				}
				if !slices.ContainsFunc(to.Subsets, func(l Labelled) bool { return l.Name == s.GetName() }) {
					to.Subsets = append(to.Subsets, Labelled{s.GetName(), s.GetLabels()})
				}
			}
		}
		for _, o := range routes.VirtualServices {
			for _, d := range destinationsOf(o.VirtualServiceSpec()) {
				find(d.GetHost(), o)
			}
		}
	}
	return all
}

// shown returns it as it may be shown: the cluster wrote it.
func (s Seen) shown() Seen {
	s.Host = shown(s.Host)
	s.Routes, s.Subsets = slices.Clone(s.Routes), slices.Clone(s.Subsets)
	for i := range s.Routes {
		r := &s.Routes[i]
		r.Name, r.Tools, r.Summary = shown(r.Name), allShown(r.Tools), atMost(mostLines, allShown(r.Summary))
	}
	for i := range s.Subsets {
		s.Subsets[i].Name, s.Subsets[i].Why = shown(s.Subsets[i].Name), shown(s.Subsets[i].Why)
	}
	return s
}
