package crud

import (
	"encoding/json"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// manifests are objects as the API server has them, by kind.
type manifests map[istio.Kind]json.RawMessage

func manifestsOf(objects istio.Objects) manifests {
	kept := manifests{}
	for _, o := range objects.All() {
		if manifest, err := istio.Manifest(o); err == nil {
			kept[o.Kind()] = encodeJSON(manifest)
		}
	}
	return kept
}

// readManifests returns the objects of manifests, each object under its own name.
func readManifests(raw []byte) istio.Objects {
	kept := manifests{}
	var objects []*istio.Object
	// What cannot be read was never kept.
	_ = json.Unmarshal(raw, &kept)
	for _, manifest := range kept {
		if o, err := istio.ParseManifest(manifest); err == nil {
			objects = append(objects, o)
		}
	}
	return istio.ObjectsOf(objects...)
}
