package cluster

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// createCRDs creates Istio's CustomResourceDefinitions and waits until all are served.
func (c *Cluster) createCRDs(ctx context.Context) error {
	manifest, err := os.ReadFile(c.bin.CRDs())
	if err != nil {
		return fmt.Errorf("read CRDs: %w", err)
	}
	crds, err := decode(manifest)
	if err != nil {
		return err
	}
	var g errgroup.Group
	for _, crd := range crds {
		g.Go(func() error {
			if _, err := c.Admin.resource(crd).Create(ctx, crd, metav1.CreateOptions{
				FieldManager: fieldManager,
			}); err != nil {
				return fmt.Errorf("create CRD %q: %w", crd.GetName(), err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return c.wait(ctx, "Istio's CRDs", func(ctx context.Context) error {
		list, err := c.Admin.resource(crds[0]).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, crd := range list.Items {
			if !established(crd) {
				return fmt.Errorf("CRD %q is not established", crd.GetName())
			}
		}
		return nil
	})
}

func established(crd unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
	for _, condition := range conditions {
		if c, ok := condition.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
			return true
		}
	}
	return false
}

// webhookName is what a refusal by istiod names as its source.
const webhookName = "validation.istio.io"

const webhookYAML = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: istio-validator-istio-system
webhooks:
- name: ` + webhookName + `
  clientConfig:
    url: https://%s/validate
    caBundle: %s
  rules:
  - operations: [CREATE, UPDATE]
    apiGroups: [security.istio.io, networking.istio.io, telemetry.istio.io, extensions.istio.io]
    apiVersions: ["*"]
    resources: ["*"]
  failurePolicy: Fail
  sideEffects: None
  admissionReviewVersions: [v1]
`

// refused is a VirtualService that the CRD accepts and istiod does not: it has no destination.
const refused = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: meshlab-probe
  namespace: istio-system
spec:
  hosts: [meshlab-probe]
  http:
  - timeout: 1s
`

// registerWebhook points the API server at istiod's validating webhook, by URL because there is no pod behind a
// Service, and returns when it has been seen to refuse an object.
func (c *Cluster) registerWebhook(ctx context.Context, address string) error {
	configMaps := c.Admin.dynamic.Resource(schema.GroupVersionResource{
		Version:  "v1",
		Resource: "configmaps",
	}).Namespace(RootNamespace)
	err := c.wait(ctx, "istiod's certificate authority", func(ctx context.Context) error {
		object, err := configMaps.Get(ctx, "istio-ca-root-cert", metav1.GetOptions{})
		if err != nil {
			return err
		}
		c.IstiodRoot, _, _ = unstructured.NestedString(object.Object, "data", "root-cert.pem")
		if c.IstiodRoot == "" {
			return fmt.Errorf("ConfigMap %q has no root-cert.pem", object.GetName())
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.Admin.Apply(
		ctx, fmt.Appendf(nil, webhookYAML, address, base64.StdEncoding.EncodeToString([]byte(c.IstiodRoot))),
	); err != nil {
		return err
	}
	probe, err := decode([]byte(refused))
	if err != nil {
		return err
	}
	return c.wait(ctx, "istiod's validating webhook", func(ctx context.Context) error {
		_, err := c.Admin.resource(probe[0]).Create(ctx, probe[0],
			metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil {
			return fmt.Errorf("an invalid VirtualService was accepted")
		}
		// The API server could not call the webhook yet: that is an InternalError, not istiod's own answer.
		if apierrors.IsInternalError(err) || !strings.Contains(err.Error(), webhookName) {
			return err
		}
		return nil
	})
}
