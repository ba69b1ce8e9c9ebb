package acceptance_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// right is a verb on a resource, in a Role.
type right struct{ verb, resource, role string }

// shippedRole is a Role of the examples.
type shippedRole struct {
	Metadata struct{ Name, Namespace string }
	Rules    []struct{ APIGroups, Resources, Verbs []string }
}

// The Roles that the documentation shows.
const (
	routesRole = "role.yaml"
	ackRole    = "role-ack.yaml"
)

// The names of those Roles.
const (
	inRoutes = "mesh-routes"
	inAck    = "mesh-ack"
)

func readRole(t testing.TB, name string) shippedRole {
	t.Helper()
	var role shippedRole
	if err := yaml.Unmarshal(
		[]byte(readFile(t, filepath.Join("..", "..", "..", "examples", name))), &role,
	); err != nil {
		t.Fatal(err)
	}
	return role
}

// rights are those that the Role gives, one by one.
func (r shippedRole) rights() []right {
	var all []right
	for _, rule := range r.Rules {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				all = append(all, right{verb, resource, r.Metadata.Name})
			}
		}
	}
	return all
}

// grant lets a service account do in a namespace what the Role says, but for one right.
func (k *kube) grant(role shippedRole, namespace, account, accountNamespace string, missing right) {
	k.t.Helper()
	rules := []any{}
	for _, rule := range role.Rules {
		for _, resource := range rule.Resources {
			var verbs []string
			for _, verb := range rule.Verbs {
				if missing != (right{verb, resource, role.Metadata.Name}) {
					verbs = append(verbs, verb)
				}
			}
			if len(verbs) > 0 {
				rules = append(rules,
					map[string]any{"apiGroups": rule.APIGroups, "resources": []string{resource}, "verbs": verbs})
			}
		}
	}
	metadata := map[string]any{"name": account, "namespace": namespace}
	const group = "rbac.authorization.k8s.io"
	for _, object := range []map[string]any{
		{"apiVersion": group + "/v1", "kind": "Role", "metadata": metadata, "rules": rules},
		{
			"apiVersion": group + "/v1", "kind": "RoleBinding", "metadata": metadata,
			"roleRef":  map[string]any{"apiGroup": group, "kind": "Role", "name": account},
			"subjects": []any{map[string]any{"kind": "ServiceAccount", "name": account, "namespace": accountNamespace}},
		},
	} {
		k.createObject(&unstructured.Unstructured{Object: object})
	}
}

// limited returns the provider block of a user who has the rights of both shipped Roles, but for one.
func (k *kube) limited(lab *acctest.Lab, account string, missing right, propagation string) string {
	k.t.Helper()
	k.create("serviceaccounts", fmt.Sprintf(
		"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s, namespace: %s}\n", account, lab.Namespace,
	))
	k.grant(readRole(k.t, routesRole), lab.Namespace, account, lab.Namespace, missing)
	ack := readRole(k.t, ackRole)
	k.grant(ack, ack.Metadata.Namespace, account, lab.Namespace, missing)
	return fmt.Sprintf("  host = %q\n  cluster_ca_certificate = %q\n  token = %q\n  propagation = { %s }\n",
		k.config.Host, k.authority, k.login(lab.Namespace, account), propagation)
}
