package view

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// resource is one that routes, as it is and as it will be.
type resource struct {
	address string
	// does is what the plan does with it, in words, and from the address that it had before, empty for the same.
	does, from string
	// site is what its provider block says of its cluster, nil where the plan does not say which block that is. home is
	// the one of several clusters that it is in, nil for the only one and where that is not told. domain is that of
	// the cluster.
	site, home *site
	domain     string
	// ours says that it is one of this provider.
	ours bool
	// unsure says that others have the same object, and that nothing tells which of them is in which cluster.
	unsure bool
	// stays says that nothing changes of its objects.
	stays bool
	// now and then are nil where there is none.
	now, then *side
	// leaves says that its objects stay without it, and deposed that it is what is left of another one.
	leaves, deposed bool
	// drifted says that somebody has changed it since the last apply.
	drifted bool
}

// side is a resource before or after a change.
type side struct {
	// routes are its objects of Istio's API, none where not everything is known on which it depends what becomes of
	// requests.
	routes *argument.Routes
	// pair are those of a resource of this provider.
	pair   istio.Objects
	route  argument.Route
	life   form.Lifecycle
	reader *attr.Reader
	// unknown and hidden are the places of what it cannot be drawn without: not known yet, or sensitive. sensitive are
	// those of all that is not shown.
	unknown, hidden, sensitive []path.Path
	// problem is why it cannot be drawn, empty where it can.
	problem string
	// summary are the words of the resource, none where they are not known or would show what is sensitive.
	summary []string
	// walkState says where the walk is, empty for nowhere.
	walkState string
}

// kubernetesManifests are the attributes that hold an object of Kubernetes' API, by the type of the resource: the
// first that is there counts. kubectl_manifest has the YAML with and without what is sensitive.
var kubernetesManifests = map[string][]string{
	"kubernetes_manifest": {"manifest"},
	"kubectl_manifest":    {"yaml_body_parsed", "yaml_body"},
	"k8sconnect_object":   {"yaml_body"},
}

// isOurs reports whether a type is one of this provider's resources.
func isOurs(typ string) bool {
	return slices.ContainsFunc(form.All, func(f form.Form) bool { return typ == "mesh_"+f.TypeName() })
}

// isRoute reports whether a resource can hold a route.
func isRoute(mode tfjson.ResourceMode, typ string) bool {
	return mode == tfjson.ManagedResourceMode && (isOurs(typ) || kubernetesManifests[typ] != nil)
}

// resources returns those of a plan that route. The domain is that of every cluster, empty where the plan says it.
func (in input) resources(domain string) []resource {
	if in.state != nil {
		return ofState(in.state, cmp.Or(domain, form.DefaultClusterDomain))
	}
	sites := sitesOf(in.plan.Config)
	drifted := map[string]bool{}
	for _, c := range in.plan.ResourceDrift {
		if c != nil && c.Change != nil && (c.Change.Actions.Update() || c.Change.Actions.Delete()) {
			drifted[c.Address] = true
		}
	}
	var all []resource
	for _, c := range in.plan.ResourceChanges {
		if c == nil || c.Change == nil || !isRoute(c.Mode, c.Type) {
			continue
		}
		change := c.Change
		r := resource{
			address: c.Address, drifted: drifted[c.Address], site: sites.of(c), ours: isOurs(c.Type),
			domain: cmp.Or(domain, form.DefaultClusterDomain),
		}
		if domain == "" && r.site != nil {
			r.domain = r.site.domain
		}
		if c.DeposedKey != "" {
			r.address, r.deposed = r.address+" (deposed)", true
		}
		// What has become sensitive since the last apply is not marked in the state.
		sensitive := bothMarked(change.BeforeSensitive, change.AfterSensitive)
		r.now = newSide(c.Type, r.domain, change.Before, nil, sensitive)
		r.then = newSide(c.Type, r.domain, change.After, change.AfterUnknown, sensitive)
		r.does = doing(c, &r)
		if r.now != nil || r.then != nil {
			all = append(all, r)
		}
	}
	return all
}

// doing says what a plan does with a resource, and puts right what becomes of its objects.
func doing(c *tfjson.ResourceChange, r *resource) string {
	if c.PreviousAddress != c.Address {
		r.from = c.PreviousAddress
	}
	switch actions := c.Change.Actions; {
	case actions.Create():
		return "is created"
	case actions.Replace():
		return "is replaced"
	case actions.Forget():
		r.then, r.leaves = r.now, true
		return "is forgotten, and its objects stay"
	case actions.Delete() && r.now != nil && r.now.life.Deletion == form.DeletionAbandon:
		r.then, r.leaves = r.now, true
		return "is destroyed, and its objects stay: deletion is abandon"
	case actions.Delete() && r.now != nil && r.now.life.Deletion == form.DeletionRestore:
		return "is destroyed: deletion is restore, which gives adopted objects back what they had"
	case actions.Delete():
		return "is destroyed"
	case actions.NoOp() && c.Change.Importing != nil:
		r.now = r.then
		return "is imported"
	case actions.NoOp():
		r.stays = true
		return "stays"
	case c.Change.Importing != nil:
		return "is imported and changed"
	}
	return "is changed"
}

// ofState returns the resources of a state, which are as they are.
func ofState(state *tfjson.State, domain string) []resource {
	var all []resource
	var visit func(*tfjson.StateModule)
	visit = func(m *tfjson.StateModule) {
		if m == nil {
			return
		}
		for _, r := range m.Resources {
			if r == nil || !isRoute(r.Mode, r.Type) {
				continue
			}
			var sensitive any
			// What cannot be read marks nothing.
			_ = json.Unmarshal(r.SensitiveValues, &sensitive)
			if is := newSide(r.Type, domain, r.AttributeValues, nil, sensitive); is != nil {
				all = append(all, resource{
					address: r.Address, domain: domain, does: "is in the state", now: is, then: is,
				})
			}
		}
		for _, child := range m.ChildModules {
			visit(child)
		}
	}
	if state.Values != nil {
		visit(state.Values.RootModule)
	}
	return all
}

// newSide reads a resource, nil where there is none.
func newSide(typ, domain string, is, unknown, sensitive any) *side {
	attributes, ok := is.(map[string]any)
	if !ok {
		return nil
	}
	if isOurs(typ) {
		s := readOurs(attributes, domain, unknown, sensitive, false)
		if s.problem != "" && len(s.sensitive) > 0 {
			s = readOurs(attributes, domain, unknown, sensitive, true)
		}
		return s
	}
	return readManifest(typ, attributes, unknown, sensitive)
}

// readOurs reads a resource of this provider.
func readOurs(attributes map[string]any, domain string, unknown, sensitive any, hide bool) *side {
	v := values{hide: hide}
	value := v.object(path.Empty(), attributes, unknown, sensitive)
	s := &side{route: argument.ReadRouteIn(domain, value), sensitive: v.sensitive}
	s.reader, s.problem = s.route.Reader, s.route.Problem
	for _, at := range s.route.Unknown {
		switch {
		case !form.Has(at, form.Deciding):
		case isMarked(unknown, at):
			s.unknown = append(s.unknown, at)
		default:
			s.hidden = append(s.hidden, at)
		}
	}
	if s.reader == nil {
		return s
	}
	s.life, _ = form.ReadLifecycle(s.reader, form.Defaults{Propagation: form.DefaultPropagation()})
	s.walkState = s.reader.String("walk_state")
	if len(s.sensitive) == 0 {
		s.summary = s.reader.Strings("summary")
	}
	if s.problem == "" && len(s.unknown)+len(s.hidden) == 0 {
		s.pair = s.route.Render()
		settle(s.pair.Declaring(), s.route.Unknown, unknown)
		s.routes = routesOf(s.pair)
	}
	return s
}

// readManifest reads a resource of another provider that holds an object of Kubernetes' API. What is not of Istio's
// is nil.
func readManifest(typ string, attributes map[string]any, unknown, sensitive any) *side {
	unknowns, _ := unknown.(map[string]any)
	secrets, _ := sensitive.(map[string]any)
	for _, name := range kubernetesManifests[typ] {
		if attributes[name] == nil || secrets[name] == true && name == "yaml_body" {
			continue
		}
		if !isIstio(attributes[name]) {
			return nil
		}
		v := values{}
		at := path.Root(name)
		value := v.value(at, attributes[name], unknowns[name], secrets[name])
		s := &side{sensitive: v.sensitive}
		routes := argument.ReadRoutes(value)
		switch s.problem = routes.Problem; {
		case s.problem != "":
		case !routes.Known && someTrue(unknowns[name]):
			s.unknown = []path.Path{at}
		case !routes.Known:
			s.hidden = v.sensitive
		default:
			s.routes = routes
		}
		return s
	}
	return nil
}

// isIstio reports whether a manifest, as an object or as YAML, is of the API that routes.
func isIstio(manifest any) bool {
	group, _, _ := strings.Cut(istio.APIVersion, "/")
	switch m := manifest.(type) {
	case string:
		return strings.Contains(m, group+"/")
	case map[string]any:
		version, _ := m["apiVersion"].(string)
		return strings.HasPrefix(version, group+"/")
	}
	return false
}

// objects are those that can be drawn.
func (s *side) objects() *argument.Routes {
	if s == nil || s.routes == nil {
		return &argument.Routes{}
	}
	return s.routes
}

// sides are those of a resource that there are, each once.
func (r resource) sides() []*side {
	if r.now == r.then {
		return []*side{r.now}
	}
	return slices.DeleteFunc([]*side{r.now, r.then}, func(s *side) bool { return s == nil })
}
