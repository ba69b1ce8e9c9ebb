package siblings

import (
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// Shared is the summary of what [TellShared] tells.
const Shared = "Two resources have one object"

// Claims are which resource of a plan is going to have which object. A nil one knows of none. It is safe for
// concurrent use.
type Claims struct {
	mutex sync.Mutex
	by    map[cluster.Address]claim
}

// claim is a resource, told from others by its configuration, that is going to have an object, anew or as before.
type claim struct {
	by   uint64
	anew bool
}

// Note notes what a resource of a plan is going to have, of which held is what its state says, and returns the first
// object that another one has too, false for none. Two that have had one object so far are left alone: nothing
// changes for them. So is a resource that Terraform plans twice, as one that it replaces.
func (c *Claims) Note(by uint64, all, held []cluster.Address) (cluster.Address, bool) {
	if c == nil {
		return cluster.Address{}, false
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.by == nil {
		c.by = map[cluster.Address]claim{}
	}
	had := map[cluster.Address]bool{}
	for _, at := range held {
		had[at] = true
	}
	for _, at := range all {
		is, known := c.by[at]
		switch {
		case !known:
			c.by[at] = claim{by, !had[at]}
		case is.by != by && (is.anew || !had[at]):
			return at, true
		}
	}
	return cluster.Address{}, false
}

// TellShared tells of an object that two resources of a plan are going to have.
func TellShared(object cluster.Address, at path.Path, diagnostics *diag.Diagnostics) {
	diagnostics.AddAttributeError(at, Shared, fmt.Sprintf("Two resources of this "+
		"configuration are %s, this one and another one. Each would write over the other one's content, and the "+
		"object would go with the first of them that is destroyed.\n\nGive one of them another name, or take it "+
		"out. What is in the state of another resource is not adopted: to bring it under another address, use a "+
		"moved block, or terraform state mv.", object))
}
