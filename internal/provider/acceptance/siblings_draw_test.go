package acceptance_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// sibling is one resource of a drawn configuration.
type sibling struct {
	// kind is its type without the prefix, and key tells it from others of the type.
	kind, key string
	// name is that of its objects, and rule that of a DestinationRule with another one.
	name, rule, host string
	// variant tells one content from another.
	variant  int
	adopt    bool
	deletion string
	// leaves says that it leaves the DestinationRule to another one.
	leaves bool
	// more are further attributes.
	more string
}

func (s sibling) address() string { return "mesh_" + s.kind + "." + s.key }

// isPair reports whether it has an object of either kind.
func (s sibling) isPair() bool { return s.kind == "canary_route" || s.kind == "weighted_split" }

// objects are the kinds and names of what it has.
func (s sibling) objects() []string {
	rules, subsets := acctest.VirtualService+"/"+s.name, acctest.DestinationRule+"/"+cmp.Or(s.rule, s.name)
	switch {
	case s.kind == "virtual_service", s.leaves:
		return []string{rules}
	case s.kind == "destination_rule":
		return []string{subsets}
	}
	return []string{rules, subsets}
}

// String says what it is in one line.
func (s sibling) String() string {
	text := fmt.Sprintf("%s %q %s %s v%d", s.address(), s.name, s.rule, s.host, s.variant)
	if s.adopt {
		text += " adopt"
	}
	return strings.TrimSpace(text + " " + s.deletion)
}

// config is its configuration in HCL.
func (s sibling) config() string {
	text := fmt.Sprintf("name = %q\n%s\n", s.name, s.more)
	if s.adopt {
		text += "adopt = true\n"
	}
	if s.deletion != "" {
		text += fmt.Sprintf("deletion = %q\n", s.deletion)
	}
	if s.rule != "" {
		text += fmt.Sprintf("destination_rule_name = %q\n", s.rule)
	}
	form := siblingForms[s.kind]
	if s.leaves {
		form = leavingForm
	}
	return text + strings.NewReplacer("HOST", s.host, "VARIANT", fmt.Sprint(s.variant)).Replace(form)
}

const (
	siblingMatch  = `[{ headers = { version = { exact = "2" } } }]`
	siblingPolicy = `traffic_policy = { connection_pool = { tcp = { max_connections = VARIANT } } }`
)

// leavingForm is that of a canary_route which leaves the DestinationRule to another one.
const leavingForm = `
service                 = "HOST"
manage_destination_rule = false
subsets                 = { v1 = {}, v2 = {} }
rules                   = [{ match = ` + siblingMatch + `, subset = "v2", timeout = "VARIANTs" }]
default                 = { subset = "v1" }
`

// siblingForms are what the types have besides names. No subset has pods, and no host a Service.
var siblingForms = map[string]string{
	"virtual_service": `
hosts = ["HOST"]
http  = [{ timeout = "VARIANTs", route = [{ destination = { host = "HOST" } }] }]
`,
	"destination_rule": `
host    = "HOST"
subsets = [{ name = "v2", labels = { version = "v2" }, ` + siblingPolicy + ` }]
`,
	"canary_route": `
service             = "HOST"
allow_empty_subsets = true
subsets             = {
  v1 = { labels = { version = "v1" } }
  v2 = { labels = { version = "v2" }, ` + siblingPolicy + ` }
}
rules               = [{ match = ` + siblingMatch + `, subset = "v2", timeout = "VARIANTs" }]
default             = { subset = "v1" }
`,
	"weighted_split": `
service             = "HOST"
allow_empty_subsets = true
subsets             = {
  v1 = { labels = { version = "v1" }, weight = 0 }
  v2 = { labels = { version = "v2" }, weight = 100, ` + siblingPolicy + ` }
}
match     = ` + siblingMatch + `
otherwise = "v1"
timeout   = "VARIANTs"
`,
}

// mostSiblings is how many resources a configuration has at most.
const mostSiblings = 5

var siblingNames = []string{"a", "b", "c", "d", "e", "f"}

func (d drawer) siblingKind() string {
	return d.one("canary_route", "canary_route", "weighted_split", "virtual_service", "destination_rule")
}

func (d drawer) siblingHost() string { return d.one("alpha", "beta", "gamma") }

// sibling draws a resource.
func (d drawer) sibling(name string, adopts bool) sibling {
	s := sibling{
		kind: d.siblingKind(), key: fmt.Sprint("k", d.IntN(1000)), name: name, host: d.siblingHost(),
		variant: 1 + d.IntN(3), adopt: adopts && d.oneIn(3),
	}
	if d.oneIn(8) {
		s.deletion = d.one("abandon", "restore")
	}
	if s.isPair() && d.oneIn(8) {
		s.rule = name + "-rule"
	}
	return s
}

// siblings draws a first configuration, in which no two resources have an object in common.
func (d drawer) siblings(adopts bool) []sibling {
	var all []sibling
	names := d.Perm(len(siblingNames))
	for _, i := range names[:1+d.IntN(mostSiblings)] {
		all = append(all, d.sibling(siblingNames[i], adopts))
	}
	return consistent(all, false)
}

// after draws a configuration that follows another one: resources go and come, and get other names, keys, types and
// contents. With clashes two of them may want one object.
func (d drawer) after(before []sibling, adopts, clashes bool) []sibling {
	all := slices.Clone(before)
	for range 1 + d.IntN(4) {
		if len(all) == 0 || d.oneIn(12) {
			all = append(all, d.sibling(d.one(siblingNames...), adopts))
			continue
		}
		all = d.changed(all, d.IntN(len(all)), d.IntN(len(all)))
	}
	return consistent(all, clashes)
}

// changed changes one resource of a configuration, or two of them.
func (d drawer) changed(all []sibling, i, j int) []sibling {
	one, other := &all[i], &all[j]
	switch d.IntN(11) {
	case 0:
		return slices.Delete(all, i, i+1)
	case 1, 2:
		// As after a change of the keys of for_each.
		one.key = fmt.Sprint("k", d.IntN(1000))
	case 3:
		one.kind = d.siblingKind()
	case 4:
		one.variant = 1 + d.IntN(3)
	case 5:
		one.host = d.siblingHost()
	case 6, 7:
		one.name, other.name, one.rule, other.rule = other.name, one.name, "", ""
	case 8:
		// Each gets the name of the next one, and the last one another.
		for k := range len(all) - 1 {
			all[k].name, all[k].rule = all[k+1].name, ""
		}
		all[len(all)-1].name = d.one(siblingNames...)
	case 9:
		one.key, other.key = other.key, one.key
	default:
		one.name = d.one(siblingNames...)
	}
	return all
}

// consistent leaves out resources whose address another one has, or, unless they may clash, one of whose objects. Of
// two that say the same a plan takes one for the other, planned once more.
func consistent(all []sibling, clashes bool) []sibling {
	var kept []sibling
	taken := map[string]bool{}
	for _, s := range all {
		if !s.isPair() {
			s.rule = ""
		}
		isTaken := func(o string) bool { return taken[o] && !clashes }
		says := s.kind + s.config()
		if taken[s.address()] || taken[says] || slices.ContainsFunc(s.objects(), isTaken) || len(kept) == mostSiblings {
			continue
		}
		taken[s.address()], taken[says] = true, true
		for _, o := range s.objects() {
			taken[o] = true
		}
		kept = append(kept, s)
	}
	return kept
}
