package crud

import (
	"context"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// tellVersions tells which of the mesh's proxies do what, where the configuration means one thing to some of them and
// another to others. Only then is istiod asked, and once in a run.
func (p *objectsResource) tellVersions(ctx context.Context, c *call, d draft) {
	if p.settings.Cluster == nil || d.applying || c.diagnostics.HasError() || cluster.Unchanged(d.before, d.after) {
		return
	}
	naming := p.naming(c.config)
	if differ := report.DifferByVersion(naming, d.problems); len(differ) > 0 {
		report.Versions(&c.diagnostics, naming, d.config, differ,
			p.settings.Cluster.ProxyVersions(ctx, d.life.Propagation))
	}
}
