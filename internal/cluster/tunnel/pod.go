package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// Pod returns a client all of whose connections lead to a port of a pod. The context bounds the dialing.
func Pod(
	ctx context.Context, client rest.Interface, config *rest.Config, namespace, pod string, port int,
) (*http.Client, error) {
	dialer, err := podDialer(client, config, namespace, pod)
	if err != nil {
		return nil, err
	}
	return Client(ctx, dialer, port)
}

// podDialer speaks WebSocket, and SPDY to servers and proxies that do not know that.
func podDialer(client rest.Interface, config *rest.Config, namespace, pod string) (httpstream.Dialer, error) {
	at := client.Post().AbsPath("/api/v1/namespaces", namespace, "pods", pod, "portforward").URL()
	socket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(at, config)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	stream := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, at)
	return portforward.NewFallbackDialerForStreaming(socket, stream, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}

// Service is a port of a Service in the cluster.
type Service struct {
	Namespace, Name string
	// Port is the number or the name of the Service's port.
	Port intstr.IntOrString
}

// serviceAt is a Service as `NAMESPACE/NAME:PORT`.
var serviceAt = regexp.MustCompile(`^([a-z0-9-]{1,63})/([a-z0-9-]{1,63}):([a-z0-9-]{1,15})$`)

// ParseService reads a Service that is written as `NAMESPACE/NAME:PORT`.
func ParseService(text string) (Service, bool) {
	parts := serviceAt.FindStringSubmatch(text)
	if parts == nil {
		return Service{}, false
	}
	return Service{parts[1], parts[2], intstr.Parse(parts[3])}, true
}

// String implements fmt.Stringer.
func (s Service) String() string {
	return fmt.Sprintf("Service %s/%s, port %s", s.Namespace, s.Name, s.Port.String())
}

// Client returns a client all of whose connections lead to a ready pod of the Service. It needs the rights to get the
// Service, to list pods in its namespace, and to create pods/portforward there.
func (s Service) Client(
	ctx context.Context, objects dynamic.Interface, client rest.Interface, config *rest.Config,
) (*http.Client, error) {
	found, err := objects.Resource(corev1.SchemeGroupVersion.WithResource("services")).Namespace(s.Namespace).
		Get(ctx, s.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	var service corev1.Service
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found.Object, &service); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(service.Spec.Ports, func(p corev1.ServicePort) bool {
		return s.Port == intstr.FromInt32(p.Port) || s.Port == intstr.FromString(p.Name)
	})
	if at < 0 || len(service.Spec.Selector) == 0 {
		return nil, fmt.Errorf("%s: there is no such port, or no selector that leads to pods", s)
	}
	pods, err := objects.Resource(corev1.SchemeGroupVersion.WithResource("pods")).Namespace(s.Namespace).
		List(ctx, metav1.ListOptions{
			LabelSelector: labels.SelectorFromSet(service.Spec.Selector).String(),
			FieldSelector: "status.phase=Running",
		})
	if err != nil {
		return nil, err
	}
	for i := range pods.Items {
		var pod corev1.Pod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(pods.Items[i].Object, &pod); err != nil {
			return nil, err
		}
		if port := podPort(&pod, service.Spec.Ports[at]); port != 0 && isReady(&pod) {
			return Pod(ctx, client, config, s.Namespace, pod.Name, port)
		}
	}
	return nil, errors.New(s.String() + ": no pod of it is ready")
}

func isReady(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// podPort returns the pod's port that a Service's port leads to, 0 for one that the pod has not.
func podPort(pod *corev1.Pod, of corev1.ServicePort) int {
	switch target := of.TargetPort; {
	case target.Type == intstr.String:
		for _, container := range pod.Spec.Containers {
			for _, port := range container.Ports {
				if port.Name == target.StrVal {
					return int(port.ContainerPort)
				}
			}
		}
		return 0
	case target.IntVal != 0:
		return int(target.IntVal)
	}
	return int(of.Port)
}
