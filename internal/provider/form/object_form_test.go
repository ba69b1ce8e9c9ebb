package form

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// objectForms are the resources that reach all of Istio's API.
var objectForms = []Object{VirtualService, DestinationRule}

// TestObjectForm_everyField walks the descriptors of Istio's API: each field, in every place, is an attribute of its
// own name, with a description. A new version of the API cannot add one that is missed.
func TestObjectForm_everyField(t *testing.T) {
	t.Parallel()
	leaves := map[string]int{}
	for _, f := range objectForms {
		var missed []string
		objectType := SchemaOf(f).Type().TerraformType(t.Context()).(tftypes.Object)
		if missed, leaves[f.name] = missedFields(f.newSpec(), objectType, describe); len(missed) > 0 {
			t.Errorf("%s:\n%s", f.name, strings.Join(missed, "\n"))
		}
	}
	t.Logf("leaf fields, at every place where they are: %v", leaves)
	if leaves["virtual_service"] < 118 || leaves["destination_rule"] < 76*2 {
		t.Errorf("only %v leaf fields were looked at", leaves)
	}
}

// missedFields lists the fields below a message that are no attribute of their name or have no description, and
// counts the leaves.
func missedFields(
	message proto.Message, objectType tftypes.Object, describe func(protoreflect.FullName) string,
) (missed []string, leaves int) {
	istiotest.WalkFields(message.ProtoReflect().Descriptor(), "",
		func(at string, fd protoreflect.FieldDescriptor, leaf bool) {
			if !attributeAt(objectType, at) {
				missed = append(missed, fmt.Sprintf("there is no attribute %s for %s", at, fd.FullName()))
			}
			if describe(fd.FullName()) == "" {
				missed = append(missed, fmt.Sprintf("%s has no description", fd.FullName()))
			}
			if leaf {
				leaves++
			}
		})
	return missed, leaves
}

// TestObjectForm_everyFieldNotices: a field that is removed, has another name or no description is noticed wherever
// it is.
func TestObjectForm_everyFieldNotices(t *testing.T) {
	t.Parallel()
	const policy = "istio.networking.v1alpha3.OutlierDetection."
	rule := &networking.DestinationRule{}
	whole := attr.New(rule.ProtoReflect().Descriptor(), attr.Options{})
	without := attr.New(rule.ProtoReflect().Descriptor(),
		attr.Options{Omit: map[protoreflect.FullName]bool{policy + "interval": true}})
	misnamed := maps.Clone(whole.ValueType().AttributeTypes)
	misnamed["export"] = misnamed["export_to"]
	delete(misnamed, "export_to")
	places := func(form string) (all []string) {
		for _, at := range []string{
			"/traffic_policy", "/traffic_policy/port_level_settings", "/subsets/traffic_policy",
			"/subsets/traffic_policy/port_level_settings",
		} {
			all = append(all, strings.Replace(form, "AT", at, 1))
		}
		slices.Sort(all)
		return all
	}
	for name, test := range map[string]struct {
		objectType  tftypes.Object
		undescribed protoreflect.FullName
		want        []string
	}{
		"a field is removed": {
			without.ValueType(),
			"",
			places("there is no attribute AT/outlier_detection/interval for " + policy + "interval"),
		},
		"a field has another name": {
			tftypes.Object{AttributeTypes: misnamed},
			"",
			[]string{"there is no attribute /export_to for istio.networking.v1alpha3.DestinationRule.export_to"},
		},
		"a field has no description": {
			whole.ValueType(), policy + "interval", places(policy + "interval has no description"),
		},
		"every field is as it should": {whole.ValueType(), "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			missed, _ := missedFields(rule, test.objectType, func(name protoreflect.FullName) string {
				if name == test.undescribed {
					return ""
				}
				return describe(name)
			})
			slices.Sort(missed)
			if diff := cmp.Diff(test.want, missed); diff != "" {
				t.Errorf("missed (-want +got):\n%s", diff)
			}
		})
	}
}

// attributeAt reports whether a type has the attribute at a path, through lists and maps.
func attributeAt(t tftypes.Type, at string) bool {
	names := splitPath(at)
	for _, name := range names {
		for {
			if list, ok := t.(tftypes.List); ok {
				t = list.ElementType
			} else if m, ok := t.(tftypes.Map); ok {
				t = m.ElementType
			} else {
				break
			}
		}
		object, ok := t.(tftypes.Object)
		if !ok {
			return false
		}
		if t, ok = object.AttributeTypes[name]; !ok {
			return false
		}
	}
	return true
}

func splitPath(at string) []string {
	var names []string
	for start := 1; start < len(at); {
		end := start
		for end < len(at) && at[end] != '/' {
			end++
		}
		names = append(names, at[start:end])
		start = end + 1
	}
	return names
}

// messagesVariable says how many random messages are tried: a sample without it, make property tries 100,000.
const messagesVariable = "MESH_TEST_MESSAGES"

// TestPropertyObjectFormIsIdentity: a message that becomes a state and is read again is the same message, and so is
// one that becomes a manifest.
func TestPropertyObjectFormIsIdentity(t *testing.T) {
	t.Parallel()
	wanted := 0
	if text := os.Getenv(messagesVariable); text != "" {
		var err error
		if wanted, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	var tried, bytes atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d random messages, of %d bytes on average", tried.Load(), bytes.Load()/max(tried.Load(), 1))
	})
	for _, f := range objectForms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			objectType := SchemaOf(f).Type().TerraformType(context.Background())
			for began := tried.Load(); began == tried.Load() || int(tried.Load()) < wanted; {
				rapid.Check(t, func(t *rapid.T) {
					fill := istiotest.Fill[proto.Message]
					if rapid.IntRange(0, 9).Draw(t, "how much") == 9 {
						fill = func(t *rapid.T, m proto.Message, _ ...protoreflect.Name) proto.Message {
							return istiotest.FillMost(t, m)
						}
					}
					spec := fill(t, f.newSpec())
					tried.Add(1)
					bytes.Add(int64(proto.Size(spec)))
					o := f.Route(attr.Read(attr.FromTerraform(specState(f, spec).ToTerraform(objectType))),
						Defaults{Namespace: "shop"}).Render().All()[0]
					sameMessage(t, "state", spec, o.Spec)
					manifest, err := istio.Manifest(o)
					if err != nil {
						t.Fatal(err)
					}
					parsed, unknown, err := istio.ParseSpec(f.Kind, manifest["spec"].(map[string]any))
					if err != nil || len(unknown) > 0 {
						t.Fatalf("read manifest: %v, unknown %q", err, unknown)
					}
					sameMessage(t, "manifest", spec, parsed)
				})
			}
		})
	}
}

func sameMessage(t *rapid.T, through string, was, is proto.Message) {
	if !proto.Equal(was, is) {
		t.Fatalf("message through a %s (-was +is):\n%s", through, cmp.Diff(was, is, protocmp.Transform()))
	}
}

// specState returns the state that an object of that spec is read into.
func specState(f Object, spec proto.Message) attr.Value {
	_, attributes := f.Recognize(istio.ObjectsOf(&istio.Object{Namespace: "shop", Name: "reviews", Spec: spec}),
		&canary.Placement{}, Defaults{})
	return attr.Object(attributes)
}
