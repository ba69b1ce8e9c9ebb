package view

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// site is where the objects of resources are, as far as the configuration in a plan says it: the cluster that a
// provider block means.
type site struct {
	// block is the provider block, such as mesh.west.
	block string
	// connection is the same for blocks that choose a cluster in the same words.
	connection string
	// provider is the full name of the provider.
	provider string
	domain   string
	// at is the cluster, as --kubeconfig and --context name it. unknown says why it is not known.
	at      Place
	unknown []string
	// vague says that the plan does not say which domain the cluster has, and that domain is the default.
	vague bool
}

// choosing are the attributes of a provider block that choose a cluster: in this provider, and in those whose
// resources hold manifests. The two of [Place] are first.
var choosing = []string{
	"config_path", "config_context", "config_context_cluster", "config_paths", "host",
}

// siteOf returns what a provider block says of its cluster.
func siteOf(key string, block *tfjson.ProviderConfig) *site {
	s := &site{block: key, provider: block.FullName, domain: form.DefaultClusterDomain}
	for i, name := range choosing {
		e, set := block.Expressions[name]
		if !set {
			continue
		}
		text, isText := constant(e)
		switch {
		case name == choosing[0] && isText:
			s.at.Kubeconfig = text
		case name == choosing[1] && isText:
			s.at.Context = text
		case isText:
			s.unknown = append(s.unknown, name+" is no kubeconfig and no context")
		default:
			s.unknown = append(s.unknown, name+" is not written out")
		}
		s.connection += fmt.Sprintf("%d %q;", i, saying(e))
	}
	if e, set := block.Expressions["cluster_domain"]; set {
		if domain, isText := constant(e); isText && istio.IsObjectName(domain) {
			s.domain = domain
		} else {
			s.vague = true
		}
	}
	return s
}

// constant returns a text that is written out.
func constant(e *tfjson.Expression) (text string, ok bool) {
	if e == nil || e.ExpressionData == nil || len(e.References) > 0 {
		return "", false
	}
	text, ok = e.ConstantValue.(string)
	return text, ok
}

// saying is what an expression says: its value, or what it refers to.
func saying(e *tfjson.Expression) string {
	switch {
	case e == nil || e.ExpressionData == nil:
		return ""
	case len(e.References) > 0:
		return "of " + strings.Join(e.References, " ")
	}
	return fmt.Sprint("is ", e.ConstantValue)
}

// sites finds the provider blocks of resources.
type sites struct {
	blocks map[string]*site
	// keys are those of the blocks of resources, by their addresses without the keys of instances.
	keys map[string]string
}

// sitesOf reads the configuration of a plan, which may have none.
func sitesOf(config *tfjson.Config) sites {
	all := sites{map[string]*site{}, map[string]string{}}
	if config == nil {
		return all
	}
	for key, block := range config.ProviderConfigs {
		if block != nil {
			all.blocks[key] = siteOf(key, block)
		}
	}
	all.visit("", config.RootModule)
	return all
}

func (all sites) visit(prefix string, m *tfjson.ConfigModule) {
	if m == nil {
		return
	}
	for _, r := range m.Resources {
		if r != nil && r.Mode == tfjson.ManagedResourceMode {
			all.keys[prefix+r.Type+"."+r.Name] = r.ProviderConfigKey
		}
	}
	for name, call := range m.ModuleCalls {
		if call != nil {
			all.visit(prefix+"module."+name+".", call.Module)
		}
	}
}

// instanceKey is the key of an instance in an address, such as ["a.b"] or [0].
var instanceKey = regexp.MustCompile(`\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]`)

// of returns where a resource is, nil where that is not told: it is no longer in the configuration.
func (all sites) of(c *tfjson.ResourceChange) *site {
	address := c.Type + "." + c.Name
	if c.ModuleAddress != "" {
		address = instanceKey.ReplaceAllString(c.ModuleAddress, "") + "." + address
	}
	return all.blocks[all.keys[address]]
}

// findHomes tells resources which of several clusters they are in, and returns these. Where all resources of each
// provider are in one cluster there is no more than this one: those of two providers are taken to be in the same,
// in whichever words they name it.
func findHomes(all []resource) (several []*site) {
	by := map[string]map[string]bool{}
	for _, r := range all {
		if r.site != nil {
			if by[r.site.provider] == nil {
				by[r.site.provider] = map[string]bool{}
			}
			by[r.site.provider][r.site.connection] = true
		}
	}
	telling := map[string]bool{}
	for _, connections := range by {
		if len(connections) > 1 {
			maps.Copy(telling, connections)
		}
	}
	first := map[string]*site{}
	for i, r := range all {
		if r.site == nil || !telling[r.site.connection] {
			continue
		}
		if first[r.site.connection] == nil {
			first[r.site.connection] = r.site
			several = append(several, r.site)
		}
		all[i].home = first[r.site.connection]
	}
	return several
}

// shareDomains gives resources of whose cluster the plan does not say the domain, such as manifests of other
// providers, that which resources of this provider have there, or, where nothing tells where they are, everywhere.
func shareDomains(all []resource) {
	domains, everywhere := map[*site]string{}, map[string]bool{}
	for _, r := range all {
		if r.says() {
			domains[r.home] = cmp.Or(domains[r.home], r.domain)
			everywhere[r.domain] = true
		}
	}
	for i, r := range all {
		switch domain := domains[r.home]; {
		case r.says():
		case domain != "":
			all[i].domain = domain
		case len(everywhere) == 1:
			all[i].domain = slices.Collect(maps.Keys(everywhere))[0]
		}
	}
}

// says reports whether a provider block says the domain of a resource's cluster, or that it is the default.
func (r resource) says() bool { return r.site != nil && r.ours }

// findLinked puts a resource of which nothing tells in which of several clusters it is, such as one that is no longer
// in the configuration, into the only one in which something routes with it.
func findLinked(all []resource) {
	linked, claimed := map[string]map[*site]bool{}, map[string]map[*site]bool{}
	note := func(in map[string]map[*site]bool, keys []string, home *site) {
		for _, key := range keys {
			if in[key] == nil {
				in[key] = map[*site]bool{}
			}
			in[key][home] = true
		}
	}
	for _, r := range all {
		if r.home != nil {
			note(linked, slices.Concat(r.owns(), r.needs()), r.home)
			note(claimed, r.claims(), r.home)
		}
	}
	for i, r := range all {
		if r.home != nil {
			continue
		}
		homes := map[*site]bool{}
		for _, key := range slices.Concat(r.owns(), r.needs()) {
			maps.Copy(homes, linked[key])
		}
		for _, claim := range r.claims() {
			for home := range claimed[claim] {
				delete(homes, home)
			}
		}
		if len(homes) == 1 {
			all[i].home = slices.Collect(maps.Keys(homes))[0]
		}
	}
}

// onlySite returns the site of resources that are all in one cluster: the first that says which one, or else the
// first, nil where there is none.
func onlySite(all []*site) *site {
	for _, s := range all {
		if len(s.unknown) == 0 {
			return s
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// distrust forgets the cluster of a kubeconfig that is not the own one of whoever views the plan. It may be anybody's
// who could write the plan: it could run commands, and send credentials of the environment to a server of theirs.
func (s *site) distrust(isOwn func(kubeconfig string) bool) {
	if s.at.Kubeconfig != "" && !isOwn(s.at.Kubeconfig) {
		s.at = Place{}
		s.unknown = append(s.unknown, choosing[0]+" is not the kubeconfig of this command")
	}
}

// vagueDomains says of which clusters the plan does not say the domain.
func vagueDomains(all []resource) (alerts []string) {
	for _, r := range all {
		if !r.says() || !r.site.vague {
			continue
		}
		alert := fmt.Sprintf("The plan does not say which cluster_domain the provider block %s has: %s is taken; "+
			"--cluster-domain names another.", shown(r.site.block), r.domain)
		if !slices.Contains(alerts, alert) {
			alerts = append(alerts, alert)
		}
	}
	return alerts
}
