package cluster

import (
	"context"
	"sync"
	"time"
)

// versionsTime bounds the question for the proxies' versions: a plan can do without.
const versionsTime = 5 * time.Second

// tunnelsOnly is the type of the proxies of ambient mode that route no HTTP.
const tunnelsOnly = "ztunnel"

// askedVersions are the versions of the proxies, kept for as long as the connection: a run asks once.
type askedVersions struct {
	mutex sync.Mutex
	asked bool
	count map[string]int
}

// ProxyVersions counts the proxies that are connected to istiod by the version of Istio that they say they have,
// empty for those that do not say. It returns nil where istiod is not to be asked, or cannot be, and asks once.
// Source: istio.io/istio pilot/pkg/xds SyncStatus, served as /debug/syncz.
func (c *Cluster) ProxyVersions(ctx context.Context, p Propagation) map[string]int {
	if !p.asks() {
		return nil
	}
	c.versions.mutex.Lock()
	defer c.versions.mutex.Unlock()
	if c.versions.asked {
		return c.versions.count
	}
	ctx, cancel := context.WithTimeout(ctx, versionsTime)
	defer cancel()
	control, all, err := c.reach(ctx, p)
	c.versions.asked = true
	if err != nil {
		return nil
	}
	control.close()
	c.versions.count = map[string]int{}
	for _, of := range all {
		for _, one := range of {
			if one.Type != tunnelsOnly {
				c.versions.count[one.IstioVersion]++
			}
		}
	}
	return c.versions.count
}
