package siblings

import (
	"fmt"
	"slices"
	"sync"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// Shared is the summary of what is told of a [Sharing].
const Shared = "Two resources have one object"

// Claims are which resource of a plan is going to have which object, and which one gives one up. A nil one knows of
// none. It is safe for concurrent use.
type Claims struct {
	mutex sync.Mutex
	by    map[cluster.Address]claim
	left  map[cluster.Address]uint64
}

// claim is a resource, told from others by its configuration, that is going to have an object, anew or as before.
type claim struct {
	by   uint64
	anew bool
}

// Sharing is an object that is going to be in the hands of two resources of a plan.
type Sharing struct {
	Object cluster.Address
	// GivenUp says that both have had it, and one of them deletes it when it takes another name.
	GivenUp bool
}

// Note notes what a resource of a plan is going to have, of which held is what its state says, and returns what
// another one has too, if anything. Two that have had one object so far, and keep it, are left alone: nothing changes
// for them. So is a resource that Terraform plans twice, as one that it replaces.
func (c *Claims) Note(by uint64, all, held []cluster.Address) (Sharing, bool) {
	if c == nil {
		return Sharing{}, false
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.by == nil {
		c.by, c.left = map[cluster.Address]claim{}, map[cluster.Address]uint64{}
	}
	for _, at := range all {
		anew := !slices.Contains(held, at)
		is, known := c.by[at]
		left, leaves := c.left[at]
		switch {
		case known && is.by != by && (is.anew || anew):
			return Sharing{Object: at}, true
		case leaves && left != by && !anew:
			return Sharing{at, true}, true
		case !known:
			c.by[at] = claim{by, anew}
		}
	}
	for _, at := range held {
		if slices.Contains(all, at) {
			continue
		}
		c.left[at] = by
		if is, known := c.by[at]; known && is.by != by && !is.anew {
			return Sharing{at, true}, true
		}
	}
	return Sharing{}, false
}

// Text says what two resources of a plan share, and what to do about it.
func (s Sharing) Text() string {
	if s.GivenUp {
		return fmt.Sprintf("%s is in the states of two resources of this configuration, this one and another one, as "+
			"where an apply failed in which they changed names. One of them keeps it, and the other one would delete "+
			"it when it takes the name that it is to have.\n\nTake the one that is to have another name out of the "+
			"state, which leaves the objects alone, and apply again, which makes it anew:\n\n"+
			"  terraform state rm ADDRESS\n\nIf it had an object of the other kind, under the old name, which no "+
			"resource has now, delete that with kubectl afterwards.", s.Object)
	}
	return fmt.Sprintf("Two resources of this configuration are %s, this one and another one. Each would write over "+
		"the other one's content, and the object would go with the first of them that is destroyed.\n\nGive one of "+
		"them another name, or take it out. What is in the state of another resource is not adopted: to bring it "+
		"under another address, use a moved block, or terraform state mv.", s.Object)
}
