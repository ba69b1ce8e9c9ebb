package view

import (
	"context"
	"fmt"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// lookup is what is asked for in one cluster.
type lookup struct {
	at       Place
	services []Service
	// index is where a host is among them.
	index map[string]int
	// block is the provider block that names the cluster, nil where flags or the environment do.
	block *site
}

// look adds what is live to the entries.
func (o *overview) look(ctx context.Context, flags Place, look Look, owns Owns) error {
	for _, s := range o.sites {
		s.distrust(func(kubeconfig string) bool { return owns(flags, kubeconfig) })
	}
	lookups := o.lookups(flags)
	var failure error
	failed := 0
	for _, l := range lookups {
		live, err := look(ctx, l.at, l.services)
		if err != nil && l.block != nil && len(o.several) == 0 && ctx.Err() == nil {
			// Plans are viewed on other machines than they are made on.
			reason := err
			l.at.Context = ""
			if live, err = look(ctx, l.at, l.services); err == nil {
				o.alert("What is live is of the cluster that the environment names: that of the provider block %s is "+
					"not to be found here. %s", l.block.block, report.Sentence(reason.Error()))
			} else {
				err = reason
			}
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			failed++
			if failure == nil {
				failure = err
			}
			if l.block != nil {
				o.alert("What is live in the cluster of the provider block %s is not shown. %s", l.block.block,
					report.Sentence(err.Error()))
			}
			continue
		}
		o.take(l, live)
	}
	if failed == len(lookups) {
		return failure
	}
	return nil
}

func (o *overview) alert(format string, values ...any) {
	o.Alerts = append(o.Alerts, shown(inLine(fmt.Sprintf(format, values...))))
}

// take adds what is live in one cluster to the entries of which it was asked there.
func (o *overview) take(l *lookup, live Live) {
	of := ""
	if l.block != nil && len(o.several) > 0 {
		of = " in the cluster of the provider block " + l.block.block
	}
	for _, line := range live.Unseen {
		o.alert("Of what is live%s this is not known: %s", of, line)
	}
	for _, e := range o.Entries {
		if e.lookup != l {
			continue
		}
		for _, s := range e.services {
			if at, asked := l.index[s.Host]; asked && at < len(live.Seen) {
				e.Seen = append(e.Seen, live.Seen[at].shown())
			} else {
				e.Notes = append(e.Notes, "what is live of "+shown(s.Host)+" is left out: there are too many services")
			}
		}
	}
}

// mostServices is how many services it is asked of: nobody reads more.
const mostServices = 100

// lookups returns what is asked for, by clusters. An entry of which it is not known in which cluster it is says so
// instead.
func (o *overview) lookups(flags Place) (all []*lookup) {
	by, asked := map[Place]*lookup{}, 0
	choose := o.chooser(flags)
	for _, e := range o.Entries {
		block, why := choose(e)
		if why != "" {
			e.Notes = append(e.Notes, "what is live is not shown: "+why)
			continue
		}
		at := flags
		if at.ClusterDomain = e.domain; block != nil {
			// The kubeconfig is always the own one.
			at.Context = block.at.Context
		}
		l := by[at]
		if l == nil {
			l = &lookup{at: at, index: map[string]int{}, block: block}
			by[at] = l
			all = append(all, l)
		}
		e.lookup = l
		for _, s := range e.services {
			if _, known := l.index[s.Host]; !known && asked < mostServices {
				l.index[s.Host] = len(l.services)
				l.services = append(l.services, s)
				asked++
			}
		}
	}
	return all
}

// chooser returns what chooses the provider block by which the cluster of an entry is found, nil for flags or the
// environment, or says why it is not known.
func (o *overview) chooser(flags Place) func(*entry) (block *site, why string) {
	if flags.Kubeconfig != "" || flags.Context != "" {
		return o.flagged(flags)
	}
	only := onlySite(o.sites)
	if len(o.several) == 0 && only != nil && len(only.unknown) > 0 {
		o.alert("What is live is of the cluster that the environment names: %s.", only.untold())
	}
	return func(e *entry) (*site, string) {
		switch {
		case e.unsure:
			return nil, "which of the clusters this is in is not known"
		case len(o.several) == 0 && (only == nil || len(only.unknown) > 0 || only.at.Context == ""):
			return nil, ""
		case len(o.several) == 0:
			return only, ""
		case e.home == nil:
			return nil, "the plan does not say in which of its clusters this is"
		case len(e.home.unknown) > 0:
			return nil, e.home.untold()
		}
		return e.home, ""
	}
}

// flagged chooses where flags name one cluster. Of several in a plan it is the one whose provider block says the
// same.
func (o *overview) flagged(flags Place) func(*entry) (block *site, why string) {
	var meant []*site
	for _, s := range o.several {
		if len(s.unknown) == 0 && (flags.Kubeconfig == "" || s.at.Kubeconfig != "") &&
			(flags.Context == "" || flags.Context == s.at.Context) {
			meant = append(meant, s)
		}
	}
	if len(o.several) > 0 && len(meant) != 1 {
		o.alert("What is live is of the cluster that --kubeconfig and --context name. The routes are in several, and " +
			"which of them it is the plan does not say.")
	}
	return func(e *entry) (*site, string) {
		if len(meant) == 1 && e.home != meant[0] {
			return nil, fmt.Sprintf("--kubeconfig and --context name the cluster of the provider block %s",
				shown(meant[0].block))
		}
		return nil, ""
	}
}

// untold says why it is not known which cluster a provider block means.
func (s *site) untold() string {
	return fmt.Sprintf("which cluster the provider block %s means is not known, because its %s. --kubeconfig and "+
		"--context name one", shown(s.block), istio.Enumerate(s.unknown, "and"))
}
