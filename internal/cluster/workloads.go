package cluster

import (
	"context"
	"maps"

	networking "istio.io/api/networking/v1"
	"istio.io/istio/pkg/config/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// entries are ServiceEntries, by their hosts and as they are.
type entries struct {
	*around.HostIndex[string]
	objects []*istio.Object
}

func (s *Surroundings) listEntries(ctx context.Context, query around.Query) (entries, error) {
	found := entries{HostIndex: &around.HostIndex[string]{}}
	err := s.each(ctx, query, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		hosts, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "hosts")
		for _, host := range hosts {
			found.Add(host, host)
		}
		if entry := readOnly(istio.KindServiceEntry, o); entry != nil {
			found.objects = append(found.objects, entry)
		}
	})
	return found, err
}

// readOnly reads an object that nobody here writes, nil for one that cannot be read: what the API server took has the
// shape of its kind.
func readOnly(kind istio.Kind, o *unstructured.Unstructured) *istio.Object {
	spec, _, _ := unstructured.NestedMap(o.Object, "spec")
	message, _, err := istio.ParseSpec(kind, spec)
	if err != nil {
		return nil
	}
	return &istio.Object{Namespace: o.GetNamespace(), Name: o.GetName(), Spec: message}
}

func (s *Surroundings) listGateways(ctx context.Context, query around.Query) (map[string]around.Gateway, error) {
	found := map[string]around.Gateway{}
	err := s.each(ctx, query, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		found[o.GetName()] = gatewayOf(o)
	})
	return found, err
}

func gatewayOf(o *unstructured.Unstructured) around.Gateway {
	read := readOnly(istio.KindGateway, o)
	if read == nil {
		return around.Gateway{}
	}
	gateway, _ := read.Spec.(*networking.Gateway)
	return around.Gateway{Servers: istio.ServersOf(gateway), Object: read}
}

func (s *Surroundings) listServices(ctx context.Context, query around.Query) (map[string]around.Service, error) {
	found := map[string]around.Service{}
	err := s.each(ctx, query, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		found[o.GetName()] = serviceOf(o)
	})
	return found, err
}

func serviceOf(o *unstructured.Unstructured) around.Service {
	var s around.Service
	ports, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
	for _, p := range ports {
		port, _ := p.(map[string]any)
		name, _ := port["name"].(string)
		number, _ := port["port"].(int64)
		//nolint:gosec // up to 65535
		s.Ports = append(s.Ports, around.ServicePort{Name: name, Number: uint32(number), Protocol: protocolOf(port)})
	}
	kind, _, _ := unstructured.NestedString(o.Object, "spec", "type")
	unready, _, _ := unstructured.NestedBool(o.Object, "spec", "publishNotReadyAddresses")
	if kind != "ExternalName" && !unready {
		s.Selector, _, _ = unstructured.NestedStringMap(o.Object, "spec", "selector")
	}
	return s
}

// protocolOf returns what Istio takes a port of a Service for, empty where it looks what comes.
func protocolOf(port map[string]any) string {
	name, _ := port["name"].(string)
	number, _ := port["port"].(int64)
	transport, _ := port["protocol"].(string)
	var declared *string
	if of, ok := port["appProtocol"].(string); ok {
		declared = &of
	}
	if transport == "UDP" {
		return transport
	}
	taken := kube.ConvertProtocol(int32(number), name, "TCP", declared) //nolint:gosec // up to 65535
	if taken.IsUnsupported() {
		return ""
	}
	return taken.String()
}

// listPods lists the pods that take requests: those that run, are ready, and are not about to end.
func (s *Surroundings) listPods(ctx context.Context, query around.Query) (*around.Endpoints, error) {
	found := &around.Endpoints{}
	err := s.each(ctx, query, metav1.ListOptions{FieldSelector: "status.phase=Running"},
		func(o *unstructured.Unstructured) {
			if isReady(o) {
				found.Add(o.GetLabels())
			}
		})
	return found, err
}

// isReady reports whether a pod is ready and is not about to end: an istiod that is not has no proxies yet, or none
// any more.
func isReady(pod *unstructured.Unstructured) bool {
	return pod.GetDeletionTimestamp() == nil && conditionOf(pod, "Ready") == string(metav1.ConditionTrue)
}

// listNamespaces lists the labels of namespaces.
func (s *Surroundings) listNamespaces(ctx context.Context, query around.Query) (map[string]map[string]string, error) {
	found := map[string]map[string]string{}
	err := s.each(ctx, query, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		found[o.GetName()] = o.GetLabels()
	})
	return found, err
}

// The marks of pods that have a sidecar or ask for one: the label, in older versions an annotation, and what istiod's
// webhook writes.
// Source: istio.io/api annotation and label, SidecarInject and SidecarStatus.
const (
	sidecarInject = "sidecar.istio.io/inject"
	sidecarStatus = "sidecar.istio.io/status"
)

// findSidecar looks for a workload of a namespace that has a sidecar or asks for one. What is no pod is a machine
// outside the cluster, which has a WorkloadEntry when a sidecar runs there.
func (s *Surroundings) findSidecar(ctx context.Context, query around.Query) (bool, error) {
	found := false
	pods, machines := query, query
	pods.Resource, machines.Resource = around.Pods, around.WorkloadEntries
	err := s.each(ctx, pods, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		_, injected := o.GetAnnotations()[sidecarStatus]
		asks := o.GetLabels()[sidecarInject] == "true" || o.GetAnnotations()[sidecarInject] == "true"
		found = found || injected || asks
	})
	if err == nil && !found {
		err = s.each(ctx, machines, metav1.ListOptions{}, func(*unstructured.Unstructured) { found = true })
	}
	return found, err
}

// listWorkloads lists the WorkloadEntries that take requests. One that nobody checks has no condition, and counts as
// healthy. Labels of the object go before those of its spec.
// Source: istio.io/istio pilot/pkg/serviceregistry/serviceentry convertWorkloadEntry.
func (s *Surroundings) listWorkloads(ctx context.Context, query around.Query) (*around.Endpoints, error) {
	found := &around.Endpoints{}
	err := s.each(ctx, query, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		if o.GetDeletionTimestamp() != nil || conditionOf(o, "Healthy") == string(metav1.ConditionFalse) {
			return
		}
		labels := map[string]string{}
		declared, _, _ := unstructured.NestedStringMap(o.Object, "spec", "labels")
		maps.Copy(labels, declared)
		maps.Copy(labels, o.GetLabels())
		found.Add(labels)
	})
	return found, err
}

// conditionOf returns the status of a condition, empty where there is none.
func conditionOf(o *unstructured.Unstructured, kind string) string {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		if condition, ok := c.(map[string]any); ok && condition["type"] == kind {
			status, _ := condition["status"].(string)
			return status
		}
	}
	return ""
}
