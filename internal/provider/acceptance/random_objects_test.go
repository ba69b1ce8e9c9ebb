package acceptance

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// mixer makes random objects that are valid: parts of those in testdata/objects, put together anew.
type mixer struct {
	*rand.Rand
	namespace string
	services  []*networking.VirtualService
	rules     []*networking.HTTPRoute
	hosts     []*networking.DestinationRule
	policies  []*networking.TrafficPolicy
}

func newMixer(t *testing.T, seed uint64, namespace string) *mixer {
	t.Helper()
	m := &mixer{Rand: rand.New(rand.NewPCG(seed, 0)), namespace: namespace}
	for _, o := range ReadObjects(t, namespace) {
		tree, _, err := unstructured.NestedMap(normalJSON(t, o.Object), "spec")
		if err != nil {
			t.Fatal(err)
		}
		spec, _, err := istio.ParseSpec(istio.Kind(o.GetKind()), tree)
		if err != nil {
			t.Fatal(err)
		}
		switch s := spec.(type) {
		case *networking.VirtualService:
			m.services = append(m.services, s)
			m.rules = append(m.rules, s.Http...)
		case *networking.DestinationRule:
			m.hosts = append(m.hosts, s)
			m.policies = append(m.policies, s.TrafficPolicy)
			for _, subset := range s.Subsets {
				m.policies = append(m.policies, subset.TrafficPolicy)
			}
		}
	}
	return m
}

// object returns a valid object of a kind, whose number is in its name and its host.
func (m *mixer) object(kind istio.Kind, number int) *istio.Object {
	for {
		var spec proto.Message
		if kind == istio.KindDestinationRule {
			spec = m.destinationRule(number)
		} else {
			spec = m.virtualService(number)
		}
		o := &istio.Object{Namespace: m.namespace, Name: fmt.Sprintf("random-%d", number), Spec: spec}
		if valid(o) {
			return o
		}
	}
}

func valid(o *istio.Object) bool {
	for _, p := range check.Validate(o) {
		if p.Severity == istio.Refused {
			return false
		}
	}
	return true
}

func (m *mixer) virtualService(number int) *networking.VirtualService {
	spec := proto.Clone(pick(m, m.services)).(*networking.VirtualService)
	if len(spec.Hosts) > 0 {
		spec.Hosts[0] = fmt.Sprintf("random-%d.example", number)
	}
	if len(spec.Http) > 0 && m.IntN(4) > 0 {
		spec.Http = nil
		for range 1 + m.IntN(4) {
			spec.Http = append(spec.Http, m.rule())
		}
	}
	m.vary(spec.ProtoReflect())
	return spec
}

// rule returns a rule with some of the fields of another one.
func (m *mixer) rule() *networking.HTTPRoute {
	rule := proto.Clone(pick(m, m.rules)).(*networking.HTTPRoute)
	other := proto.Clone(pick(m, m.rules)).ProtoReflect()
	fields := other.Descriptor().Fields()
	for i := range fields.Len() {
		if fd := fields.Get(i); other.Has(fd) && m.IntN(2) == 0 {
			rule.ProtoReflect().Set(fd, other.Get(fd))
		}
	}
	return rule
}

func (m *mixer) destinationRule(number int) *networking.DestinationRule {
	spec := &networking.DestinationRule{Host: fmt.Sprintf("random-%d.example", number), TrafficPolicy: m.policy()}
	for i := range m.IntN(4) {
		subset := &networking.Subset{
			Name:          fmt.Sprintf("v%d", i),
			Labels:        map[string]string{"version": fmt.Sprint(i)},
			TrafficPolicy: m.policy(),
		}
		spec.Subsets = append(spec.Subsets, subset)
	}
	other := proto.Clone(pick(m, m.hosts)).(*networking.DestinationRule)
	spec.ExportTo, spec.WorkloadSelector = other.ExportTo, other.WorkloadSelector
	m.vary(spec.ProtoReflect())
	return spec
}

// policy returns a policy with some of the fields of two.
func (m *mixer) policy() *networking.TrafficPolicy {
	if m.IntN(3) == 0 {
		return nil
	}
	policy := &networking.TrafficPolicy{}
	for range 2 {
		if other := pick(m, m.policies); other != nil {
			proto.Merge(policy, m.some(other))
		}
	}
	return policy
}

func (m *mixer) some(message proto.Message) proto.Message {
	part := proto.Clone(message)
	part.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if m.IntN(2) == 0 {
			part.ProtoReflect().Clear(fd)
		}
		return true
	})
	return part
}

// vary clears a few fields of a message and of everything inside it, and changes a few numbers and switches.
func (m *mixer) vary(message protoreflect.Message) {
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if !message.Has(fd) {
			continue
		}
		value := message.Get(fd)
		switch {
		case m.IntN(10) == 0:
			message.Clear(fd)
		case fd.IsMap():
		case fd.IsList():
			for j := range value.List().Len() {
				if fd.Message() != nil {
					m.vary(value.List().Get(j).Message())
				}
			}
		case fd.Message() != nil:
			m.vary(value.Message())
		case fd.Kind() == protoreflect.BoolKind && m.IntN(4) == 0:
			message.Set(fd, protoreflect.ValueOfBool(!value.Bool()))
		case fd.Kind() == protoreflect.Int32Kind && m.IntN(4) == 0:
			message.Set(fd, protoreflect.ValueOfInt32(int32(value.Int())+m.Int32N(5)))
		case fd.Kind() == protoreflect.Uint32Kind && m.IntN(4) == 0:
			message.Set(fd, protoreflect.ValueOfUint32(uint32(value.Uint())+m.Uint32N(5)))
		}
	}
}

func pick[T any](m *mixer, all []T) T { return all[m.IntN(len(all))] }

// RandomObjects draws valid objects of both kinds, whose numbers, in their names and hosts, begin with first.
func RandomObjects(t *testing.T, seed uint64, namespace string, first, count int) (objects []*istio.Object) {
	t.Helper()
	m := newMixer(t, seed, namespace)
	for i := range count {
		kind := []istio.Kind{istio.KindVirtualService, istio.KindDestinationRule}[i%2]
		objects = append(objects, m.object(kind, first+i))
	}
	return objects
}
