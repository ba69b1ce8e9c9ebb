package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// requestTimeout bounds every request to the API server.
const requestTimeout = 30 * time.Second

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

// Identity tells one object from another at the same address, and one state of it from the next.
type Identity struct {
	UID             string
	ResourceVersion string
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

// apiGroup and apiVersion are those of Istio's API.
const (
	apiGroup   = "networking.istio.io"
	apiVersion = "v1"
)

var resources = map[istio.Kind]schema.GroupVersionResource{
	istio.KindVirtualService:  {Group: apiGroup, Version: apiVersion, Resource: "virtualservices"},
	istio.KindDestinationRule: {Group: apiGroup, Version: apiVersion, Resource: "destinationrules"},
}

func (c *Cluster) resource(kind istio.Kind, namespace string) dynamic.ResourceInterface {
	return c.client.Resource(resources[kind]).Namespace(namespace)
}

// Address names an object of a cluster.
type Address struct {
	Kind      istio.Kind
	Namespace string
	Name      string
}

// String returns the address as `VirtualService "shop/reviews"`.
func (a Address) String() string { return fmt.Sprintf("%s %q", a.Kind, a.Namespace+"/"+a.Name) }

// MarshalText returns the address as `VirtualService/shop/reviews`, so that it can be a key in JSON.
func (a Address) MarshalText() ([]byte, error) {
	return []byte(string(a.Kind) + "/" + a.Namespace + "/" + a.Name), nil
}

// UnmarshalText reads what MarshalText wrote.
func (a *Address) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), "/")
	if len(parts) != 3 {
		return fmt.Errorf("read address %q: want KIND/NAMESPACE/NAME", text)
	}
	*a = Address{Kind: istio.Kind(parts[0]), Namespace: parts[1], Name: parts[2]}
	return nil
}

// AddressOf returns the address of an object.
func AddressOf(o *istio.Object) Address {
	return Address{Kind: o.Kind(), Namespace: o.Namespace, Name: o.Name}
}

// Get reads one object; nil without error says that there is none. A missing namespace is no error either: nothing
// exists in it.
func (c *Cluster) Get(ctx context.Context, at Address) (live *Live, err error) {
	err = c.persist(ctx, "read "+at.String(), func(ctx context.Context, _ bool) error {
		live, err = c.get(ctx, at)
		return err
	})
	return live, err
}

func (c *Cluster) get(ctx context.Context, at Address) (*Live, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	object, err := c.resource(at.Kind, at.Namespace).Get(ctx, at.Name, metav1.GetOptions{})
	if err = c.wrap("read", at.String(), err); IsReason(err, NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.live(at, object)
}

// create applies an object that must not exist yet. The resource version 1 is one that no object has: where the
// object exists the API server answers with a conflict, and where it does not, apply makes it. So the check and the
// write are one request, nothing of somebody else's is ever touched, and the fields are ours by Apply from the start.
func (c *Cluster) create(ctx context.Context, o *istio.Object) (*Live, error) {
	live, err := c.apply(ctx, o, c.force, func(metadata map[string]any) { metadata["resourceVersion"] = "1" })
	// Fields in conflict are those of an object that exists: the API server looks at them first.
	if IsReason(err, Stale) || IsReason(err, FieldConflict) {
		var e *Error
		errors.As(err, &e)
		e.Reason, e.Verb, e.Err = AlreadyExists, "create", errors.New("an object of this name exists")
		// Only for the message: who owns it decides what to do.
		e.Existing, _ = c.Get(ctx, AddressOf(o))
	}
	return live, err
}

// update applies an object that must still be the one that was read: the API server refuses another uid or resource
// version, and refuses to make the object where it is gone. Labels and annotations that was has, if it is not nil,
// and o has not are removed. With force it takes fields from other managers.
func (c *Cluster) update(ctx context.Context, o, was *istio.Object, is Identity, force bool) (*Live, error) {
	live, err := c.apply(ctx, o, force || c.force, func(metadata map[string]any) {
		metadata["uid"] = is.UID
		metadata["resourceVersion"] = is.ResourceVersion
	})
	if IsReason(err, Invalid) && c.replaced(ctx, AddressOf(o), is.UID) {
		var e *Error
		errors.As(err, &e)
		e.Reason = Stale
	}
	if err != nil {
		return nil, err
	}
	return c.removeLeftovers(ctx, live, was, o)
}

// replaced reports whether another object stands at the address now. It is asked only after a refused write.
func (c *Cluster) replaced(ctx context.Context, at Address, uid string) bool {
	live, err := c.Get(ctx, at)
	return err == nil && live != nil && live.UID != uid
}

func (c *Cluster) apply(
	ctx context.Context, o *istio.Object, force bool, guard func(metadata map[string]any),
) (*Live, error) {
	manifest, err := istio.Manifest(o)
	if err != nil {
		return nil, err
	}
	guard(manifest["metadata"].(map[string]any)) //nolint:errcheck,forcetypeassert // a manifest has metadata
	body, err := json.Marshal(manifest)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", o, err)
	}
	var live *Live
	err = c.persist(ctx, "apply "+o.String(), func(ctx context.Context, again bool) (err error) {
		live, err = c.patch(ctx, o, force, body)
		if !again || !IsReason(err, Stale) {
			return err
		}
		if earlier := c.written(ctx, o); earlier != nil {
			live, err = earlier, nil
		}
		return err
	})
	return live, err
}

func (c *Cluster) patch(ctx context.Context, o *istio.Object, force bool, body []byte) (*Live, error) {
	ctx, cancel := writeContext(ctx)
	defer cancel()
	object, err := c.resource(o.Kind(), o.Namespace).Patch(ctx, o.Name, types.ApplyPatchType, body, metav1.PatchOptions{
		FieldManager: c.manager, Force: &force, FieldValidation: metav1.FieldValidationStrict,
	})
	c.wrote(AddressOf(o), object, err)
	if err != nil {
		return nil, c.wrap("apply", o.String(), err)
	}
	return c.live(AddressOf(o), object)
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
	return sortedKeys(fields)
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
	return sortedKeys(fields)
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
	if _, ok := wanted.Annotations[istio.OriginalAnnotation]; !ok {
		delete(ours.Annotations, istio.OriginalAnnotation)
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
