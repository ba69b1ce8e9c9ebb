package write

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// entry is one resource that is written, or an object that is not.
type entry struct {
	form form.Form
	// objects are those that the resource owns.
	objects []*cluster.Live
	// id is what is imported, name that of the object that comes first, and config the attributes that are written.
	id, name string
	config   attr.Value
	// leftOut says why nothing is written but a comment, wrong that this is not as it should be.
	leftOut string
	wrong   bool
	// notes are what there is to know.
	notes []string
}

// choose decides which resource owns what: pairs first, each object once.
func (s *Source) choose(ctx context.Context, found found, all bool) []entry {
	c := chooser{source: s, found: found, free: maps.Clone(found.objects), sharing: map[string]string{}}
	var entries []entry
	for at, o := range found.objects {
		if reason := inTerraform(o); reason != "" && !all {
			entries = append(entries, entry{
				form: form.OfKind(at.Kind), objects: []*cluster.Live{o}, name: at.Name, leftOut: reason,
			})
			delete(c.free, at)
		}
	}
	for _, f := range []form.Form{form.CanaryRoute{}, form.WeightedSplit{}} {
		entries = append(entries, c.pairs(ctx, f)...)
	}
	entries = append(entries, c.single(ctx)...)
	slices.SortFunc(entries, func(a, b entry) int {
		// A resource of a VirtualService stands before one of a DestinationRule of the same name.
		return cmp.Or(cmp.Compare(a.name, b.name), -cmp.Compare(a.objects[0].Kind(), b.objects[0].Kind()))
	})
	for i := range entries {
		entries[i].notes = append(entries[i].notes, notesOn(entries[i].objects)...)
	}
	for _, reason := range found.unread {
		entries = append(entries, entry{leftOut: reason, wrong: true})
	}
	return entries
}

// named leaves the entries of objects that have one of the names, and returns a name that none has. Without names it
// leaves all.
func named(entries []entry, names []string) (left []entry, missing string) {
	if len(names) == 0 {
		return entries, ""
	}
	has, wanted := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		for _, o := range e.objects {
			has[o.Name] = true
		}
	}
	for _, name := range names {
		if wanted[name] = true; !has[name] {
			return nil, name
		}
	}
	for _, e := range entries {
		if slices.ContainsFunc(e.objects, func(o *cluster.Live) bool { return wanted[o.Name] }) {
			left = append(left, e)
		}
	}
	return left, ""
}

// inTerraform says that an object is one that this provider has applied, which some state has. Empty is no.
func inTerraform(o *cluster.Live) string {
	owner := o.Annotations[istio.OwnerAnnotation]
	switch {
	case owner != "":
		return fmt.Sprintf("%s is left out: the workspace %q has it already. --all writes it.", o, owner)
	case o.Applied || o.Labels[istio.ManagedByLabel] == istio.ManagedBy:
		return fmt.Sprintf("%s is left out: this provider has applied it, so that a state has it already. --all "+
			"writes it.", o)
	}
	return ""
}

// notesOn says whose objects are, and what of them is not written.
func notesOn(objects []*cluster.Live) (notes []string) {
	for _, o := range objects {
		for _, tool := range o.Tools() {
			notes = append(notes, report.ToolWarning(report.Path(nil), &o.Object, tool).Text)
		}
		if len(o.Unknown) > 0 {
			notes = append(notes, fmt.Sprintf("%s holds what this version of the provider does not know: %s. It is "+
				"not written, and stays as it is.", o, strings.Join(o.Unknown, ", ")))
		}
	}
	return notes
}

// chooser gives each object to one resource.
type chooser struct {
	source *Source
	found
	// free are the objects that no resource has yet.
	free map[cluster.Address]*cluster.Live
	// sharing are the names of the VirtualServices whose pair has a DestinationRule, by its name.
	sharing map[string]string
}

// pairs returns the resources of a form that owns two objects. Of several VirtualServices for one DestinationRule a
// list finds one.
func (c *chooser) pairs(ctx context.Context, f form.Form) (entries []entry) {
	for _, state := range c.states[f.TypeName()] {
		at := placeIn(state)
		e := entry{form: f, name: at.service, id: c.namespace + "/" + at.service, config: c.configOf(f, state)}
		if at.managed && at.service != at.rule {
			e.id += "/" + at.rule
		}
		addresses := at.addresses(c.namespace)
		for _, address := range addresses {
			if o := c.free[address]; o != nil {
				e.objects = append(e.objects, o)
			}
		}
		if len(e.objects) < len(addresses) || changed("", e.config) != "" ||
			c.source.refused(ctx, f, e.config) != "" {
			continue
		}
		for _, address := range addresses {
			delete(c.free, address)
		}
		if at.managed {
			c.sharing[at.rule] = at.service
		}
		entries = append(entries, e)
	}
	return entries
}

// place is where a pair is.
type place struct {
	service, rule string
	// managed says that the DestinationRule is a part of it.
	managed bool
}

func placeIn(state attr.Value) place {
	r := attr.Read(state)
	return place{r.String("virtual_service_name"), r.String("destination_rule_name"), r.Bool("manage_destination_rule")}
}

func (p place) addresses(namespace string) []cluster.Address {
	all := []cluster.Address{{Kind: istio.KindVirtualService, Namespace: namespace, Name: p.service}}
	if p.managed {
		all = append(all, cluster.Address{Kind: istio.KindDestinationRule, Namespace: namespace, Name: p.rule})
	}
	return all
}

// single returns the resources of one object, for all objects that are left.
func (c *chooser) single(ctx context.Context) (entries []entry) {
	described := map[cluster.Address]attr.Value{}
	for _, kind := range []istio.Kind{istio.KindVirtualService, istio.KindDestinationRule} {
		for _, state := range c.states[form.OfKind(kind).TypeName()] {
			described[cluster.Address{
				Kind: kind, Namespace: c.namespace, Name: attr.Read(state).String("name"),
			}] = state
		}
	}
	for at, o := range c.free {
		f := form.OfKind(at.Kind)
		e := entry{form: f, objects: []*cluster.Live{o}, name: at.Name, id: at.Namespace + "/" + at.Name}
		state, ok := described[at]
		if !ok {
			e.leftOut, e.wrong = fmt.Sprintf("%s is left out: it is too large for a resource.", o), true
			entries = append(entries, e)
			continue
		}
		e.config = c.configOf(f, state)
		if reason := c.source.refused(ctx, f, e.config); reason != "" {
			e.leftOut, e.wrong = fmt.Sprintf("%s is left out: a plan refuses what it says. %s", o, reason), true
		} else if where := changed("", e.config); where != "" {
			e.leftOut, e.wrong = fmt.Sprintf("%s is left out: Terraform keeps a text in Unicode's normal form C, so "+
				"that the first change of the object would change %s, too.", o, where), true
		} else if at.Kind == istio.KindVirtualService && choosesSubsets(o.VirtualServiceSpec()) {
			e.notes = append(e.notes, c.notCanary(ctx, e)...)
		}
		entries = append(entries, e)
	}
	return entries
}

// choosesSubsets reports whether a VirtualService sends HTTP requests to subsets itself, not as a delegate.
func choosesSubsets(spec *networking.VirtualService) bool {
	return len(spec.GetHosts()) > 0 && slices.ContainsFunc(spec.GetHttp(), func(rule *networking.HTTPRoute) bool {
		return slices.ContainsFunc(rule.GetRoute(), func(d *networking.HTTPRouteDestination) bool {
			return d.GetDestination().GetSubset() != ""
		})
	})
}

// notCanary says why a VirtualService that chooses subsets is no part of a canary.
func (c *chooser) notCanary(ctx context.Context, e entry) []string {
	reason, at := c.source.whyNot(ctx, e.id)
	if other, taken := c.sharing[at.rule]; reason == "" && at.managed && taken {
		reason = fmt.Sprintf("its DestinationRule %q is that of %q.", at.rule, other)
	}
	if reason == "" {
		return nil
	}
	return []string{fmt.Sprintf("%s is not written as a mesh_canary_route: %s", e.objects[0], reason)}
}

// configOf returns what has to be written of a state: what is set, is not computed alone, and does not follow from
// the rest.
func (c *chooser) configOf(f form.Form, state attr.Value) attr.Value {
	attributes, following := state.Attributes(), []string(nil)
	for name, a := range form.SchemaOf(f).Attributes {
		switch {
		case attributes[name].IsNull(), a.IsComputed() && !a.IsOptional():
			delete(attributes, name)
		case a.IsComputed() && name != "namespace":
			following = append(following, name)
		}
	}
	slices.Sort(following)
	for _, name := range following {
		without := maps.Clone(attributes)
		delete(without, name)
		if c.follow(f, without, state, following) {
			attributes = without
		}
	}
	return attr.Object(attributes)
}

// follow reports whether what a configuration leaves out is planned as the state has it.
func (c *chooser) follow(f form.Form, config map[string]attr.Value, state attr.Value, names []string) bool {
	planned, r := maps.Clone(config), attr.Read(attr.Object(config))
	f.Complete(planned, state.Attributes(), r, c.source.Defaults, f.Route(r, c.source.Defaults))
	return !slices.ContainsFunc(names, func(name string) bool { return !planned[name].Equal(state.Get(name)) })
}
