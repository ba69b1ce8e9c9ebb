package provider

import (
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// paths is a set of attribute paths: whether something lies in one of them, or around one, costs the same for one path
// and for ten thousand.
type paths struct {
	members map[string]bool
	// around holds the members and all that they lie in.
	around map[string]bool
}

func pathsOf(list []path.Path) paths {
	var p paths
	for _, at := range list {
		p.add(at)
	}
	return p
}

func (p *paths) add(at path.Path) {
	if p.members == nil {
		p.members, p.around = map[string]bool{}, map[string]bool{}
	}
	outward := prefixes(at)
	for _, key := range outward {
		p.around[key] = true
	}
	p.members[outward[len(outward)-1]] = true
}

// touch reports whether a path is a member, lies in one, or has one inside.
func (p *paths) touch(at path.Path) bool {
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

// sendableSteps returns a path as far as it can be sent to Terraform: a key of a map that is no UTF-8 cannot.
func sendableSteps(at *tftypes.AttributePath) *tftypes.AttributePath {
	for i, step := range at.Steps() {
		if key, ok := step.(tftypes.ElementKeyString); ok && !utf8.ValidString(string(key)) {
			return tftypes.NewAttributePathWithSteps(at.Steps()[:i])
		}
	}
	return at
}
