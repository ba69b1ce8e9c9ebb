package crud

import (
	"context"
	"maps"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// beforeAdoption returns live objects as they were before this workspace first wrote them: an adoption that was
// killed has left that in an annotation.
func beforeAdoption(live liveObjects) istio.Objects {
	var objects []*istio.Object
	for _, o := range live.All() {
		before := &o.Object
		if original, ok := o.Annotations[istio.OriginalAnnotation]; ok && o.Applied {
			if was, err := istio.ParseManifest([]byte(original)); err == nil {
				before = was
			}
		}
		objects = append(objects, before)
	}
	return istio.ObjectsOf(objects...)
}

// mostOriginal is how many bytes an original may take as an annotation. An object's annotations together may take 256
// KiB.
const mostOriginal = 128 << 10

// withBackup returns the objects with what each was before in an annotation. One that is too large for that is
// in the state alone.
func withBackup(wanted, before istio.Objects) istio.Objects {
	return wanted.Map(func(o *istio.Object) *istio.Object {
		was := before.Counterpart(o)
		if was == nil {
			return o
		}
		manifest, err := istio.Manifest(was)
		original := encodeJSON(manifest)
		if err != nil || len(original) > mostOriginal {
			return o
		}
		object := *o
		object.Annotations = map[string]string{}
		maps.Copy(object.Annotations, o.Annotations)
		object.Annotations[istio.OriginalAnnotation] = string(original)
		return &object
	})
}

// restoration returns the change that gives adopted objects back what they were. Labels and annotations that this
// resource never wrote stay as they are now.
func (p *objectsResource) restoration(
	ctx context.Context, c *call, route form.Route, life form.Lifecycle, before istio.Objects,
) (cluster.Change, error) {
	live, err := p.getObjects(ctx, route.Place(), &c.diagnostics)
	if err != nil {
		return cluster.Change{}, err
	}
	if live, err = c.private.observed().unchanged(live, route.Render(), life.HandedOver); err != nil {
		return cluster.Change{}, err
	}
	rendered := withBackup(route.Render(), before)
	from, to := live.Ours(rendered), before
	for _, o := range before.All() {
		is, wanted := live.At(cluster.AddressOf(o)), rendered.As(o.Role())
		if is == nil {
			continue
		}
		restored := *o
		restored.Labels = restoredKeys(restored.Labels, is.Labels, is.Owned.Labels, wanted.Labels)
		restored.Annotations = restoredKeys(restored.Annotations, is.Annotations, is.Owned.Annotations,
			wanted.Annotations)
		to = to.With(&restored)
	}
	return cluster.Change{
		From:       canary.SpellAs(from, before, p.settings.ClusterDomain),
		To:         to,
		Identities: live.Identities(),
		Force:      true,
	}, nil
}

// restoredKeys returns what was there before of the keys that this resource writes now, and of those that are gone.
func restoredKeys(before, live map[string]string, owned map[string]bool, wanted map[string]string) map[string]string {
	restored := map[string]string{}
	for key, value := range before {
		_, there := live[key]
		if _, ours := wanted[key]; ours || owned[key] || !there {
			restored[key] = value
		}
	}
	return restored
}
