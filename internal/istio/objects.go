package istio

import (
	"cmp"
	"slices"

	networking "istio.io/api/networking/v1"
)

// Role is what an object does for a route. Whoever orders, compares or reports the objects of a route asks for their
// roles; only what reads a spec has to know the kind.
type Role int

// The roles, in the order in which their objects are created: a subset is declared before a rule names it.
const (
	// DeclaresSubsets is the role of an object that says which pods a subset is.
	DeclaresSubsets Role = iota
	// Routes is the role of an object that decides where requests go.
	Routes
)

// Role returns what objects of the kind do for a route.
func (k Kind) Role() Role {
	if k == KindDestinationRule {
		return DeclaresSubsets
	}
	return Routes
}

// Role returns what the object does for a route.
func (o *Object) Role() Role { return o.Kind().Role() }

// Objects is what one route consists of: objects in the order in which they are created, at most one of each role. No
// method changes it; the zero value has none.
type Objects struct {
	all       []*Object
	elsewhere bool
}

// ObjectsOf returns the list of the given objects, in whatever order they are given. Of those with the same role the
// last one counts, and nil is none.
func ObjectsOf(objects ...*Object) Objects {
	var list Objects
	for _, o := range objects {
		list = list.With(o)
	}
	return list
}

// All returns the objects in the order in which they are created.
func (s Objects) All() []*Object { return slices.Clone(s.all) }

// As returns the object that has a role, nil for none.
func (s Objects) As(role Role) *Object {
	for _, o := range s.all {
		if o.Role() == role {
			return o
		}
	}
	return nil
}

// Routing returns the object that routes requests, nil for none.
func (s Objects) Routing() *Object { return s.As(Routes) }

// Declaring returns the object that declares subsets, nil for none.
func (s Objects) Declaring() *Object { return s.As(DeclaresSubsets) }

// With returns the list with an object in its role, instead of the one that had it. With nil the list stays as it is.
func (s Objects) With(o *Object) Objects {
	if o == nil {
		return s
	}
	s = s.Without(o.Role())
	s.all = append(s.all, o)
	slices.SortStableFunc(s.all, func(a, b *Object) int { return cmp.Compare(a.Role(), b.Role()) })
	return s
}

// Without returns the list without the object that has a role.
func (s Objects) Without(role Role) Objects {
	var kept []*Object
	for _, o := range s.all {
		if o.Role() != role {
			kept = append(kept, o)
		}
	}
	s.all = kept
	return s
}

// SubsetsElsewhere reports whether somebody else declares the subsets: no object of the list does, and one that did
// before stays where it is.
func (s Objects) SubsetsElsewhere() bool { return s.elsewhere }

// WithSubsetsElsewhere returns the list with another answer to whether somebody else declares the subsets.
func (s Objects) WithSubsetsElsewhere(elsewhere bool) Objects {
	s.elsewhere = elsewhere
	return s
}

// Map returns the list with what change makes of each of its objects, which may be nil.
func (s Objects) Map(change func(*Object) *Object) Objects {
	changed := Objects{elsewhere: s.elsewhere}
	for _, o := range s.all {
		changed = changed.With(change(o))
	}
	return changed
}

// Counterpart returns the object of the list that has the kind, the namespace and the name of another one, nil for
// none.
func (s Objects) Counterpart(other *Object) *Object {
	for _, o := range s.all {
		if o.Kind() == other.Kind() && o.Namespace == other.Namespace && o.Name == other.Name {
			return o
		}
	}
	return nil
}

// FindSubset returns the subset of a name, nil for none.
func FindSubset(destinationRule *networking.DestinationRule, name string) *networking.Subset {
	i := slices.IndexFunc(destinationRule.GetSubsets(), func(s *networking.Subset) bool { return s.GetName() == name })
	if i < 0 {
		return nil
	}
	return destinationRule.GetSubsets()[i]
}
