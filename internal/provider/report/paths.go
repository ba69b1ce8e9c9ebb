package report

import (
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// PathSet is a set of attribute paths: whether something lies in one of them, or around one, costs the same for one
// path and for ten thousand.
type PathSet struct {
	members map[string]bool
	// around holds the members and all that they lie in.
	around map[string]bool
}

// PathSetOf returns the set of some paths.
func PathSetOf(list []path.Path) PathSet {
	var p PathSet
	for _, at := range list {
		p.add(at)
	}
	return p
}

func (p *PathSet) add(at path.Path) {
	if p.members == nil {
		p.members, p.around = map[string]bool{}, map[string]bool{}
	}
	outward := prefixes(at)
	for _, key := range outward {
		p.around[key] = true
	}
	p.members[outward[len(outward)-1]] = true
}

// Touch reports whether a path is a member, lies in one, or has one inside.
func (p *PathSet) Touch(at path.Path) bool {
	if len(p.members) == 0 {
		return false
	}
	outward := prefixes(at)
	for _, key := range outward {
		if p.members[key] {
			return true
		}
	}
	return p.around[outward[len(outward)-1]]
}

// prefixes are a path's beginnings as texts, from the empty one to all of it.
func prefixes(at path.Path) []string {
	keys, text := []string{""}, ""
	for _, step := range at.Steps() {
		text += "\x00" + step.String()
		keys = append(keys, text)
	}
	return keys
}

// Path is where a part of a route is in the configuration.
func Path(at istio.Path) path.Path {
	p := path.Empty()
	for _, step := range at {
		switch s := step.(type) {
		case string:
			p = p.AtName(s)
		case int:
			p = p.AtListIndex(s)
		case istio.Key:
			p = p.AtMapKey(string(s))
		}
	}
	return p
}
