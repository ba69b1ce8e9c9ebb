package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Event is something that happened to an object, for those who look at it with kubectl.
type Event struct {
	// Reason is one word, and Note says the rest.
	Reason, Note string
	Warning      bool
}

const (
	// longestNote is how many bytes a note may have. Source: the API server's validation of events.
	longestNote = 1024
	// eventTimeout bounds what nobody waits for.
	eventTimeout = 2 * time.Second
	// eventController is who reports.
	eventController = "terraform-provider-mesh"
)

// Tell makes an Event of an object. It tries once, and not for long: nothing depends on it.
func (c *Cluster) Tell(ctx context.Context, about *Live, e Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), eventTimeout)
	defer cancel()
	now := time.Now()
	event := eventsv1.Event{
		TypeMeta: metav1.TypeMeta{APIVersion: eventsv1.SchemeGroupVersion.String(), Kind: "Event"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: about.Namespace, Name: fmt.Sprintf("%.200s.%x", about.Name, now.UnixNano()),
		},
		EventTime: metav1.NewMicroTime(now), ReportingController: eventController, ReportingInstance: c.manager,
		Action: "Walk", Reason: e.Reason, Note: istio.Cut(e.Note, longestNote),
		Type: map[bool]string{false: corev1.EventTypeNormal, true: corev1.EventTypeWarning}[e.Warning],
		Regarding: corev1.ObjectReference{
			APIVersion: apiGroup + "/" + apiVersion, Kind: string(about.Kind()), Namespace: about.Namespace,
			Name: about.Name, UID: types.UID(about.UID), ResourceVersion: about.ResourceVersion,
		},
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&event)
	if err != nil {
		return fmt.Errorf("render an event: %w", err)
	}
	_, err = c.client.Resource(eventsv1.SchemeGroupVersion.WithResource("events")).Namespace(about.Namespace).
		Create(ctx, &unstructured.Unstructured{Object: object}, metav1.CreateOptions{FieldManager: c.manager})
	return c.wrap("create an event of", about.String(), err)
}
