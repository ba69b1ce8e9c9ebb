package crud

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// pairing says which VirtualService and which DestinationRule are a pair.
type pairing struct {
	*objectsResource
	namespace string
	// rules are the DestinationRules by namespace, host and name, and the first of a host without its name, too.
	rules map[[3]string]*cluster.Live
	// owners are the names of the VirtualServices that have a DestinationRule which several could have, nil before
	// somebody asks.
	owners map[cluster.Address]string
}

// pairs goes through the VirtualServices of a query, each with the DestinationRule for its host. Of several with the
// same DestinationRule it leaves one, since no two resources can own it.
func (p *objectsResource) pairs(ctx context.Context, query cluster.Query) iter.Seq2[liveObjects, error] {
	return func(yield func(liveObjects, error) bool) {
		in := &pairing{objectsResource: p, namespace: query.Namespace, rules: map[[3]string]*cluster.Live{}}
		for o, err := range p.settings.Cluster.Each(ctx, cluster.Query{
			Kind:      istio.KindDestinationRule,
			Namespace: query.Namespace,
		}) {
			if err != nil {
				yield(liveObjects{}, err)
				return
			}
			host := p.hostOfRule(o)
			first := [3]string{o.Namespace, host}
			in.rules[first] = cmp.Or(in.rules[first], o)
			in.rules[[3]string{o.Namespace, host, o.Name}] = o
		}
		query.Kind = istio.KindVirtualService
		for live, err := range in.each(ctx, query) {
			leave := true
			if err == nil {
				leave, err = in.owns(ctx, live)
			}
			if leave && !yield(live, err) {
				return
			}
		}
	}
}

// each goes through the VirtualServices of a query, each with the DestinationRule for its host: the one of the same
// name, or else the first.
func (p *pairing) each(ctx context.Context, query cluster.Query) iter.Seq2[liveObjects, error] {
	return func(yield func(liveObjects, error) bool) {
		for o, err := range p.settings.Cluster.Each(ctx, query) {
			live := liveWith(o)
			if err == nil {
				host := p.hostOf(o)
				live.LiveObjects = live.With(cmp.Or(p.rules[[3]string{o.Namespace, host, o.Name}],
					p.rules[[3]string{o.Namespace, host}]))
			}
			if !yield(live, err) {
				return
			}
		}
	}
}

// owns reports whether a pair is the one that has its DestinationRule. Who has that of its own name is not asked.
func (p *pairing) owns(ctx context.Context, live liveObjects) (_ bool, err error) {
	rule := live.Declaring()
	if rule == nil || rule.Name == live.Routing().Name {
		return true, nil
	}
	if p.owners == nil {
		if p.owners, err = p.findOwners(ctx); err != nil {
			return true, err
		}
	}
	owner, shared := p.owners[cluster.AddressOf(&rule.Object)]
	return !shared || owner == live.Routing().Name, nil
}

// findOwners decides who has the DestinationRules that several VirtualServices could have: that of the same name, or
// else the first by name, of those that some form of two objects describes. Whether a query selects them by their
// labels does not matter.
func (p *pairing) findOwners(ctx context.Context) (map[cluster.Address]string, error) {
	sharing := map[cluster.Address][]liveObjects{}
	for live, err := range p.each(ctx, cluster.Query{Kind: istio.KindVirtualService, Namespace: p.namespace}) {
		var failure *cluster.Error
		if errors.As(err, &failure) {
			return nil, err
		}
		// What cannot be read is told where it is asked for.
		if err == nil && live.Declaring() != nil {
			at := cluster.AddressOf(&live.Declaring().Object)
			sharing[at] = append(sharing[at], live)
		}
	}
	owners := map[cluster.Address]string{}
	for at, pairs := range sharing {
		if len(pairs) < 2 {
			continue
		}
		slices.SortFunc(pairs, func(a, b liveObjects) int {
			return cmp.Or(cmp.Compare(differ(a, at), differ(b, at)), cmp.Compare(a.Routing().Name, b.Routing().Name))
		})
		owners[at] = ""
		if i := slices.IndexFunc(pairs, p.describable); i >= 0 {
			owners[at] = pairs[i].Routing().Name
		}
	}
	return owners, nil
}

// differ returns 1 where a pair's objects have different names, else 0.
func differ(pair liveObjects, rule cluster.Address) int {
	if pair.Routing().Name != rule.Name {
		return 1
	}
	return 0
}

// describable reports whether some form of two objects says all of a pair.
func (p *pairing) describable(live liveObjects) bool {
	for _, f := range form.All {
		if _, every := f.(form.Object); every {
			continue
		}
		other := newObjectsResource(f)
		other.settings = p.settings
		if _, fits := other.describe(live, true); fits {
			return true
		}
	}
	return false
}
