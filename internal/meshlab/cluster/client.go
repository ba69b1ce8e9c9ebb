package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// fieldManager is the name under which the lab owns the fields that it writes.
const fieldManager = "meshlab"

// Client writes and reads objects as one user.
type Client struct {
	http    *http.Client
	dynamic dynamic.Interface
}

// NewClient returns a client for the user and the API server of config. It sends requests as fast as it is asked to.
func NewClient(config *rest.Config) (*Client, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	dynamicClient, err := dynamic.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return &Client{http: httpClient, dynamic: dynamicClient}, nil
}

// Apply makes the objects of a YAML stream what the stream says, in its order. What it says of their status is made
// so too.
func (c *Client) Apply(ctx context.Context, manifest []byte) error {
	objects, err := decode(manifest)
	if err != nil {
		return err
	}
	options := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
	for _, object := range objects {
		_, err := c.resource(object).Apply(ctx, object.GetName(), object, options)
		if err != nil {
			return fmt.Errorf("apply %s %q: %w", object.GetKind(), object.GetName(), err)
		}
		if object.Object["status"] == nil {
			continue
		}
		if _, err := c.resource(object).ApplyStatus(ctx, object.GetName(), object, options); err != nil {
			return fmt.Errorf("apply status of %s %q: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// Token returns one with which a service account proves to an audience who it is, for a week.
func (c *Client) Token(ctx context.Context, namespace, account, audience string) (string, error) {
	request := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
		"metadata": map[string]any{"name": account, "namespace": namespace},
		"spec":     map[string]any{"audiences": []any{audience}, "expirationSeconds": int64(7 * 24 * 60 * 60)},
	}}
	accounts := schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}
	answer, err := c.dynamic.Resource(accounts).Namespace(namespace).Create(
		ctx, request, metav1.CreateOptions{}, "token",
	)
	if err != nil {
		return "", fmt.Errorf("request a token of service account %q: %w", account, err)
	}
	token, _, err := unstructured.NestedString(answer.Object, "status", "token")
	if err != nil || token == "" {
		return "", fmt.Errorf("request a token of service account %q: the answer has none", account)
	}
	return token, nil
}

// resource guesses the plural from the kind, which is right for every kind that a lab deals with but one.
func (c *Client) resource(object *unstructured.Unstructured) dynamic.ResourceInterface {
	plural, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
	if object.GetKind() == "Gateway" {
		plural.Resource = "gateways"
	}
	return c.dynamic.Resource(plural).Namespace(object.GetNamespace())
}

func decode(manifest []byte) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decode manifest: %w", err)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

func namespaceYAML(name string) []byte {
	return fmt.Appendf(nil, "{apiVersion: v1, kind: Namespace, metadata: {name: %s}}\n", name)
}
