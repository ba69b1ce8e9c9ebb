package cluster

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Live is an object as the API server holds it.
type Live struct {
	istio.Object
	Identity
	Created time.Time
	// Owned are the label and annotation keys that our field manager applied.
	Owned OwnedKeys
	// Applied says that our field manager applied the object at some time.
	Applied bool
	// Others are the other field managers that own a part of the spec.
	Others []Manager
	// labelled are the other field managers that own labels or annotations, with those as their fields.
	labelled []Manager
	// managedFields are the entries that all of this was read from.
	managedFields []metav1.ManagedFieldsEntry
	// OwnerKinds are the kinds of the objects that own this one in Kubernetes' sense.
	OwnerKinds []string
}

// Tools returns the tools that the object's marks and field managers tell of.
func (l *Live) Tools() []istio.Tool {
	managers := make([]string, len(l.Others))
	for i, m := range l.Others {
		managers[i] = m.Name
	}
	return istio.Tools(&l.Object, l.OwnerKinds, managers)
}

// OwnedKeys are keys of metadata maps.
type OwnedKeys struct {
	Labels      map[string]bool
	Annotations map[string]bool
}

// Manager is a field manager: who, how and when.
type Manager struct {
	Name      string
	Operation string
	Time      time.Time
	// Fields are the parts that it owns, such as `.spec.http`.
	Fields []string
}

func (c *Cluster) live(at Address, object *unstructured.Unstructured) (*Live, error) {
	spec, _, err := unstructured.NestedMap(object.Object, "spec")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", at, err)
	}
	message, unknown, err := istio.ParseSpec(at.Kind, spec)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", at, err)
	}
	live := &Live{
		Object: istio.Object{
			Namespace: object.GetNamespace(), Name: object.GetName(),
			Labels: object.GetLabels(), Annotations: object.GetAnnotations(), Spec: message, Unknown: unknown,
		},
		Identity:      Identity{UID: string(object.GetUID()), ResourceVersion: object.GetResourceVersion()},
		Created:       object.GetCreationTimestamp().Time,
		managedFields: object.GetManagedFields(),
	}
	if len(unknown) > 0 {
		live.RawSpec = spec
	}
	for _, owner := range object.GetOwnerReferences() {
		live.OwnerKinds = append(live.OwnerKinds, owner.Kind)
	}
	c.readManagers(live, live.managedFields)
	return live, nil
}

// readManagers sorts out who owns what. An entry that cannot be read owns nothing: the API server decides about
// conflicts, this is for people to read.
func (c *Cluster) readManagers(live *Live, entries []metav1.ManagedFieldsEntry) {
	live.Owned = OwnedKeys{Labels: map[string]bool{}, Annotations: map[string]bool{}}
	for _, entry := range entries {
		owned := &fieldpath.Set{}
		if entry.FieldsV1 == nil || entry.Subresource != "" ||
			owned.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())) != nil {
			continue
		}
		if entry.Manager == c.manager && entry.Operation == metav1.ManagedFieldsOperationApply {
			live.Applied = true
			addKeys(live.Owned.Labels, owned, "labels")
			addKeys(live.Owned.Annotations, owned, "annotations")
			continue
		}
		manager := Manager{Name: entry.Manager, Operation: string(entry.Operation), Fields: specFields(owned)}
		if entry.Time != nil {
			manager.Time = entry.Time.Time
		}
		if len(manager.Fields) > 0 {
			live.Others = append(live.Others, manager)
		}
		if manager.Fields = metadataFields(owned); len(manager.Fields) > 0 {
			live.labelled = append(live.labelled, manager)
		}
	}
}

func addKeys(keys map[string]bool, owned *fieldpath.Set, name string) {
	metadata := "metadata"
	owned.WithPrefix(fieldpath.PathElement{FieldName: &metadata}).
		WithPrefix(fieldpath.PathElement{FieldName: &name}).
		Iterate(func(p fieldpath.Path) {
			if len(p) == 1 && p[0].FieldName != nil {
				keys[*p[0].FieldName] = true
			}
		})
}

// metadataFields lists the labels and annotations in a set.
func metadataFields(owned *fieldpath.Set) []string {
	fields := map[string]bool{}
	for _, name := range []string{"labels", "annotations"} {
		keys := map[string]bool{}
		addKeys(keys, owned, name)
		for key := range keys {
			fields[".metadata."+name+"."+key] = true
		}
	}
	return slices.Sorted(maps.Keys(fields))
}

// specFields lists the top fields of the spec in a set.
func specFields(owned *fieldpath.Set) []string {
	spec := "spec"
	fields := map[string]bool{}
	owned.WithPrefix(fieldpath.PathElement{FieldName: &spec}).Iterate(func(p fieldpath.Path) {
		if len(p) > 0 && p[0].FieldName != nil {
			fields[".spec."+*p[0].FieldName] = true
		}
	})
	return slices.Sorted(maps.Keys(fields))
}

// As reports whether the live object is just as wanted, what others put on it apart.
func (l *Live) As(wanted *istio.Object) bool { return equal(l.Ours(wanted), wanted) }

// Ours returns the object with only those labels and annotations that wanted names or that our field manager applied,
// and the owner's mark: what others put there is theirs. A nil wanted names none.
func (l *Live) Ours(wanted *istio.Object) *istio.Object {
	if wanted == nil {
		wanted = &istio.Object{}
	}
	ours := l.Object
	ours.Labels = pick(l.Labels, wanted.Labels, l.Owned.Labels)
	ours.Annotations = pick(l.Annotations, wanted.Annotations, l.Owned.Annotations)
	if owner, ok := l.Annotations[istio.OwnerAnnotation]; ok {
		ours.Annotations[istio.OwnerAnnotation] = owner
	}
	for _, key := range []string{istio.OriginalAnnotation, istio.WalkAnnotation} {
		if _, ok := wanted.Annotations[key]; !ok {
			delete(ours.Annotations, key)
		}
	}
	return &ours
}

func pick(live, wanted map[string]string, owned map[string]bool) map[string]string {
	picked := map[string]string{}
	for key, value := range live {
		if _, ok := wanted[key]; ok || owned[key] {
			picked[key] = value
		}
	}
	return picked
}
