package acceptance_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// refusing makes an admission policy that refuses a VirtualService with the label refused, and lets a dry run pass: as
// policies do that came into being, or saw another cluster, between plan and apply. Only the label refused=always is
// refused in a dry run too.
func (k *kube) refusing(name, namespace, reason string) {
	k.t.Helper()
	k.create("validatingadmissionpolicies", fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: %s}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{apiGroups: [networking.istio.io], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: [virtualservices]}]
  matchConditions: [{name: own, expression: "object.metadata.namespace == '%s' && object.metadata.name == '%s'"}]
  validations: [{expression: "!has(object.metadata.labels) || !('refused' in object.metadata.labels) || has(request.dryRun) && request.dryRun && object.metadata.labels.refused != 'always'", message: the label refused is not wanted, reason: %s}]
`, name, namespace, name, reason))
	k.create("validatingadmissionpolicybindings", fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: %s}
spec: {policyName: %s, validationActions: [Deny]}
`, name, name))
	k.awaitAnswer("create a VirtualService that the policy refuses", k.rehearsal(namespace,
		strings.Replace(rehearsedVirtualService, "name: rehearsed", "name: "+name+", labels: {refused: always}", 1),
	), func(err error) bool { return err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy") })
}

// TestAccFailure_admission: what the cluster's admission refuses is said in its own words; where the VirtualService
// is refused, the DestinationRule that was made for it goes again, and the live pair stays as it is when an update is
// refused.
func TestAccFailure_admission(t *testing.T) {
	t.Parallel()
	for name, reason := range map[string]string{
		"invalid": "Invalid", "forbidden": "Forbidden", "large": "RequestEntityTooLarge",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			k := newKube(t, lab.Kubeconfig)
			k.refusing(lab.Service, lab.Namespace, reason)
			block := fmt.Sprintf("  config_path = %q\n  propagation = { settle = \"0s\" }\n", lab.Kubeconfig)
			refused := []string{
				fmt.Sprintf(`VirtualService "%s/%s"`, lab.Namespace, lab.Service), "ValidatingAdmissionPolicy",
				"the label refused is not wanted", "Change what the message is about",
			}
			terraform := newCLI(t)
			terraform.configure(block, routeTo(lab.Service, lab.Namespace, `labels = { refused = "yes" }`))
			terraform.fails("Refused by admission control", refused, "apply")
			nothingIn(t, lab)
			if terraform.inState(routeAddress) {
				t.Error("a resource that was not created is in the state")
			}
			terraform.configure(block, routeTo(lab.Service, lab.Namespace, ""))
			terraform.must("apply")
			before := lab.ManifestYAML(acctest.VirtualService, lab.Service)
			terraform.configure(block, routeTo(lab.Service, lab.Namespace, `labels = { refused = "yes" }`))
			terraform.fails("Refused by admission control", refused, "apply")
			if after := lab.ManifestYAML(acctest.VirtualService, lab.Service); after != before {
				t.Errorf("the refused update changed the object:\n%s\nto\n%s", before, after)
			}
			if !terraform.inState(routeAddress) {
				t.Error("a refused update took the resource out of the state")
			}
			// The next apply heals what the refused one left of itself in the other object.
			terraform.configure(block, routeTo(lab.Service, lab.Namespace, ""))
			terraform.must("apply")
			terraform.must("plan", "-detailed-exitcode")
		})
	}
}

// TestAccFailure_quota: what a ResourceQuota refuses is no missing right, and a plan says so.
func TestAccFailure_quota(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	const kind = "count/destinationrules.networking.istio.io"
	// A quota is for all that is in its namespace, where other tests would meet it.
	lab = lab.In(lab.Service + "-few")
	k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+lab.Namespace+"}\n")
	k.create("resourcequotas", "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: few, namespace: "+lab.Namespace+
		"}\nspec: {hard: {"+kind+": 0}}\n")
	// No controller counts in this cluster.
	_, err := k.objects("v1", "resourcequotas", lab.Namespace).Patch(t.Context(), "few", types.MergePatchType,
		[]byte(`{"status":{"hard":{"`+kind+`":"0"},"used":{"`+kind+`":"0"}}}`), metav1.PatchOptions{}, "status")
	if err != nil {
		t.Fatal(err)
	}
	k.awaitAnswer("create a DestinationRule", k.rehearsal(lab.Namespace, rehearsedDestinationRule),
		apierrors.IsForbidden)
	terraform := newCLI(t)
	terraform.configure(fmt.Sprintf("  config_path = %q\n  propagation = { settle = \"0s\" }\n", lab.Kubeconfig),
		routeTo(lab.Service, lab.Namespace, ""))
	for _, command := range []string{"plan", "apply"} {
		terraform.fails("Refused by admission control", []string{
			fmt.Sprintf(`DestinationRule "%s/%s"`, lab.Namespace, lab.Service), "exceeded quota: few", kind + "=1",
		}, command)
	}
	nothingIn(t, lab)
}

// TestAccFailure_rollback: where what was created cannot be removed again, it stays in the state, so that it is not
// forgotten.
func TestAccFailure_rollback(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	k.refusing(lab.Service, lab.Namespace, "Invalid")
	terraform := newCLI(t)
	block := func(token string) string {
		return fmt.Sprintf(
			"  host = %q\n  cluster_ca_certificate = %q\n  token = %q\n  propagation = { settle = \"0s\" }\n",
			k.config.Host, k.authority, token,
		)
	}
	terraform.configure(block(k.token(lab.Namespace, lab.Service, "get", "list", "create", "patch")),
		routeTo(lab.Service, lab.Namespace, `labels = { refused = "yes" }`))
	r := terraform.fails("Refused by admission control", []string{"the label refused is not wanted"}, "apply")
	r.want(t, "error", "Permission missing", `cannot delete resource "destinationrules"`)
	lab.MustGet(acctest.DestinationRule, lab.Service)
	if !terraform.inState(routeAddress) {
		t.Error("the DestinationRule is in the cluster and not in the state")
	}
	terraform.configure(block(k.token(lab.Namespace, lab.Service+"-all", everyVerb...)),
		routeTo(lab.Service, lab.Namespace, ""))
	terraform.must("apply")
	terraform.must("plan", "-detailed-exitcode")
	terraform.must("destroy")
	nothingIn(t, lab)
}

// TestAccFailure_rename: once the old VirtualService is gone there is no way back. A rename that cannot remove the
// old DestinationRule keeps the new pair, says what is left over, and goes on from there.
func TestAccFailure_rename(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	token := k.token(lab.Namespace, lab.Service, "get", "list", "create", "patch")
	allowDelete := func(resource string) {
		t.Helper()
		header := "metadata: {name: " + lab.Service + "-" + resource + ", namespace: " + lab.Namespace + "}\n"
		k.create("roles", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"+header+
			"rules: [{apiGroups: [networking.istio.io], resources: ["+resource+"], verbs: [delete]}]\n")
		k.create("rolebindings", "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"+header+
			"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: "+lab.Service+"-"+resource+"}\n"+
			"subjects: [{kind: ServiceAccount, name: "+lab.Service+", namespace: "+lab.Namespace+"}]\n")
	}
	allowDelete("virtualservices")
	terraform := newCLI(t)
	block := fmt.Sprintf(
		"  host = %q\n  cluster_ca_certificate = %q\n  token = %q\n  propagation = { settle = \"0s\" }\n",
		k.config.Host, k.authority, token,
	)
	terraform.configure(block, routeTo(lab.Service, lab.Namespace, ""))
	terraform.must("apply")

	renamed := routeTo(lab.Service, lab.Namespace, fmt.Sprintf("name = %q", lab.Service+"-new"))
	terraform.configure(block, renamed)
	r := terraform.fails("Permission missing", []string{`cannot delete resource "destinationrules"`, "done before"},
		"apply")
	r.want(t, "warning", "Objects left over", "The next apply removes what is left", lab.Service)
	lab.MustGet(acctest.VirtualService, lab.Service+"-new")
	lab.MustGet(acctest.DestinationRule, lab.Service+"-new")
	lab.Eventually(acctest.Request{}, acctest.Only("v1"))
	allowDelete("destinationrules")
	terraform.must("apply")
	if lab.Get(acctest.DestinationRule, lab.Service) != nil {
		t.Error("the DestinationRule of the old name is still there")
	}
	lab.Eventually(acctest.Request{}, acctest.Only("v1"))
	terraform.must("plan", "-detailed-exitcode")
}

// TestAccFailure_namespace: a namespace that is missing, or going away.
func TestAccFailure_namespace(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	block := fmt.Sprintf("  config_path = %q\n  propagation = { settle = \"0s\" }\n", lab.Kubeconfig)
	t.Run("missing", func(t *testing.T) {
		t.Parallel()
		terraform := newCLI(t)
		terraform.configure(block, routeTo("shop", lab.Service+"-missing", ""))
		terraform.fails("Namespace does not exist", []string{lab.Service + "-missing", "default_namespace"}, "apply")
		if terraform.inState(routeAddress) {
			t.Error("a resource that was not created is in the state")
		}
	})
	t.Run("terminating", func(t *testing.T) {
		t.Parallel()
		k := newKube(t, lab.Kubeconfig)
		k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+lab.Service+"-going}\n")
		k.create("configmaps",
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keep, namespace: "+lab.Service+"-going}\n")
		k.remove("v1", "namespaces", "", lab.Service+"-going")
		k.awaitAnswer("create a DestinationRule", k.rehearsal(lab.Service+"-going", rehearsedDestinationRule),
			apierrors.IsForbidden)
		terraform := newCLI(t)
		terraform.configure(block, routeTo("shop", lab.Service+"-going", ""))
		terraform.fails("Namespace is being deleted", []string{"being terminated", "Wait until it is gone"}, "apply")
		if terraform.inState(routeAddress) {
			t.Error("a resource that was not created is in the state")
		}
	})
}

// webhook registers an admission webhook that gives an answer for the objects of one name, and that listens in this
// test.
func (k *kube) webhook(name, namespace, response string) {
	k.t.Helper()
	var asked atomic.Bool
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(true)
		var review struct {
			Request struct {
				UID string `json:"uid"`
			} `json:"request"`
		}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":%q,%s}}`,
			review.Request.UID, response)
	}))
	k.t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	k.create("validatingwebhookconfigurations", fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: %s}
webhooks:
- name: shop.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig: {url: %q, caBundle: %s}
  rules: [{apiGroups: [networking.istio.io], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: [virtualservices]}]
  matchConditions: [{name: own, expression: "object.metadata.namespace == '%s' && object.metadata.name == '%s'"}]
`, name, server.URL, base64.StdEncoding.EncodeToString(authority), namespace, name))
	k.awaitAnswer("create a VirtualService that the webhook is asked about", k.rehearsal(namespace,
		strings.Replace(rehearsedVirtualService, "name: rehearsed", "name: "+name, 1),
	), func(error) bool { return asked.Load() })
}

// TestAccFailure_webhook: what an admission webhook says comes through word for word, whatever status it chooses; its
// warnings come through as warnings, and do not stop anything.
func TestAccFailure_webhook(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"as istiod does": `"allowed":false,"status":{"message":"the team label is missing","code":400}`,
		"as Gatekeeper does": `"allowed":false,"status":{"message":"the team label is ` +
			`missing","reason":"Forbidden","code":403}`,
		"without a code": `"allowed":false,"status":{"message":"the team label is missing"}`,
		"with a warning": `"allowed":true,"warnings":["the team label is missing"]`,
	}
	for name, response := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			acctest.NeedEmbedded(t)
			newKube(t, lab.Kubeconfig).webhook(lab.Service, lab.Namespace, response)
			terraform := newCLI(t)
			terraform.configure(
				fmt.Sprintf("  config_path = %q\n  propagation = { settle = \"0s\" }\n", lab.Kubeconfig),
				routeTo(lab.Service, lab.Namespace, ""),
			)
			if strings.Contains(response, "warnings") {
				terraform.must("apply").want(t, "warning", "Warning from the cluster", "The team label is missing")
				return
			}
			terraform.fails("Refused by admission control", []string{
				fmt.Sprintf(`VirtualService "%s/%s"`, lab.Namespace, lab.Service),
				`admission webhook "shop.example.com"`, "the team label is missing",
			}, "plan")
			nothingIn(t, lab)
			if terraform.inState(routeAddress) {
				t.Error("a resource that was not created is in the state")
			}
		})
	}
}

// TestAccFailure_credentials: a token that is not valid any more takes nothing out of the state, and a new one goes
// on where the old one stopped.
func TestAccFailure_credentials(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newConnection(t, lab)
	terraform := newCLI(t)
	configure := func(token, more string) {
		terraform.configure(fmt.Sprintf(
			"  host = %q\n  cluster_ca_certificate = %q\n  token = %q\n  propagation = { settle = \"0s\" }\n",
			c.host,
			c.authority,
			token,
		),
			routeTo(lab.Service, lab.Namespace, more))
	}
	configure(c.token, "")
	terraform.must("apply")
	before := lab.ManifestYAML(acctest.VirtualService, lab.Service)
	for _, command := range []string{"plan", "apply", "destroy"} {
		configure(c.token+"x", `labels = { team = "shop" }`)
		terraform.fails("Credentials not accepted",
			[]string{c.host, "Unauthorized", "a token may have expired", "exec"}, command)
		if !terraform.inState(routeAddress) {
			t.Fatalf("a refused %s took the resource out of the state", command)
		}
	}
	configure(c.token+"x", `labels = { team = "shop" }`)
	terraform.fails("Credentials not accepted", []string{"Unauthorized"}, "apply", "-refresh=false")
	if after := lab.ManifestYAML(acctest.VirtualService, lab.Service); after != before ||
		!terraform.inState(routeAddress) {
		t.Errorf("a refused update changed the object, or took it out of the state:\n%s\nto\n%s", before, after)
	}
	configure(c.token, "")
	terraform.must("plan", "-detailed-exitcode")
	terraform.must("destroy")
	nothingIn(t, lab)
}
