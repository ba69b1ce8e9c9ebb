package write

import (
	"fmt"
	"strings"
)

// names gives each resource a name that no other one of its type has.
type names map[string]bool

// of returns the address of a resource for an object. A name that is taken gets the namespace in front, and then a
// number.
func (n names) of(typeName, namespace, name string) string {
	base := identifier(name)
	candidate := base
	for i := 1; n[typeName+"."+candidate]; i++ {
		if candidate = identifier(namespace + "_" + name); i > 1 {
			candidate += fmt.Sprintf("_%d", i)
		}
	}
	n[typeName+"."+candidate] = true
	return candidate
}

// identifier makes an object's name the name of a resource, which begins with a letter or an underscore.
func identifier(name string) string {
	safe := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, name)
	if safe == "" || '0' <= safe[0] && safe[0] <= '9' {
		return "_" + safe
	}
	return safe
}
