package provider

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// rivalsAge is how long what was listed is good for a warning: Terraform plans many resources of one namespace at once, and a list
// for each of them would take a time that grows with their square.
const rivalsAge = 10 * time.Second

// rivals are the VirtualServices of each namespace, by the hosts that they route in the mesh. One provider block has one of them.
type rivals struct {
	mutex        sync.Mutex
	byNamespaces map[string]*rivalsOf
}

// rivalsOf are those of one namespace, or why they could not be listed.
type rivalsOf struct {
	mutex  sync.Mutex
	listed time.Time
	byHost map[string][]*cluster.Live
	err    error
}

func (r *rivals) of(namespace string) *rivalsOf {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.byNamespaces == nil {
		r.byNamespaces = map[string]*rivalsOf{}
	}
	if r.byNamespaces[namespace] == nil {
		r.byNamespaces[namespace] = &rivalsOf{}
	}
	return r.byNamespaces[namespace]
}

// list returns the VirtualServices by host. Whoever asks while they are being listed waits for that.
func (r *rivalsOf) list(ctx context.Context, s settings, namespace string) (map[string][]*cluster.Live, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if time.Since(r.listed) < rivalsAge {
		return r.byHost, r.err
	}
	services, err := s.cluster.List(ctx, routing.KindVirtualService, namespace)
	r.listed, r.err, r.byHost = time.Now(), err, map[string][]*cluster.Live{}
	for _, o := range services {
		spec := canary.Resolve(routing.Pair{VirtualService: &o.Object}, s.clusterDomain).VirtualServiceSpec()
		if !routing.InMesh(spec) {
			continue
		}
		for _, host := range spec.Hosts {
			r.byHost[host] = append(r.byHost[host], o)
		}
	}
	return r.byHost, err
}

// warnOfRivals warns of other VirtualServices in the namespace that route the same host in the mesh: sidecars take the oldest and
// ignore the others without a word.
func (p *pairResource) warnOfRivals(ctx context.Context, route described, diagnostics *diag.Diagnostics) {
	ours, place := p.resolve(route.Render(), p.settings.clusterDomain).VirtualServiceSpec(), route.Place()
	if ours == nil || !routing.InMesh(ours) {
		return
	}
	byHost, err := p.settings.rivals.of(place.Namespace).list(withWarnings(ctx, diagnostics), p.settings, place.Namespace)
	if err != nil {
		advice := ""
		if cluster.IsReason(err, cluster.Forbidden) {
			advice = "\n\nThe verb list on virtualservices lets the plan look."
		}
		diagnostics.AddWarning("Other routes not looked for", "Whether another VirtualService routes these hosts already is not known: "+sentence(err.Error())+advice)
	}
	for _, host := range ours.Hosts {
		for _, o := range byHost[host] {
			owner := o.Annotations[routing.OwnerAnnotation]
			sameWorkspace := o.Applied && owner == p.settings.owner && owner != ""
			if sameWorkspace || o.Name == place.VirtualServiceName {
				continue
			}
			diagnostics.AddAttributeWarning(path.Root("hosts"), "Host is routed already", fmt.Sprintf(
				"%s routes %s in the mesh already.%s Istio takes the oldest VirtualService for a host and ignores all others, so these rules have no "+
					"effect until that one is gone.", o.String(), host, ownersText(o)))
		}
	}
}
