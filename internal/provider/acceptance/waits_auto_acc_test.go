package acceptance_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccWaits_auto: where nothing is said, istiod is asked; a user who may not ask it is told once, and waits for
// the fixed time.
func TestAccWaits_auto(t *testing.T) {
	t.Parallel()
	lab := newBreakable(t)
	lab.services(newKube(t, lab.kubeconfig()), "asked", "unasked-a", "unasked-b", "unasked-c")
	apply := func(user, more string, services ...string) result {
		t.Helper()
		terraform := newCLI(t, "TF_LOG=INFO")
		block := fmt.Sprintf("  config_path = %q\n%s", filepath.Join(lab.dir, user), more)
		terraform.configure(block, routesTo("v1", "", services...))
		r := terraform.must("apply")
		terraform.must("destroy")
		return r
	}
	if r := apply("kubeconfig-acker", "", "asked"); len(r.warnings()) > 0 ||
		strings.Contains(r.text, "waiting 2s for the proxies") {
		t.Errorf("warnings %q of a user who may ask istiod, and the log:\n%s", r.warnings(), r.text)
	}
	r := apply("kubeconfig-developer", "", "unasked-a", "unasked-b", "unasked-c")
	says := []string{
		"the provider waits 2s instead", `cannot list resource "pods"`, "examples/role-ack.yaml", `mode = "settle"`,
	}
	if all := r.warnings(); len(all) != 1 || !containsAll(all[0], says...) {
		t.Errorf("warnings %q, want one that says all of %q", all, says)
	}
	if n := strings.Count(r.text, "waiting 2s for the proxies"); n != 3 {
		t.Errorf("%d waits for the fixed time, want 3", n)
	}
	if r := apply("kubeconfig-developer", "  propagation = { settle = \"0s\" }\n", "asked"); len(r.warnings()) > 0 {
		t.Errorf("warnings %q where nothing is waited for", r.warnings())
	}
}

// TestAccWaits_afterFailure: after a request failed, a wait for the fixed time is as long as istiod may take to come
// back.
func TestAccWaits_afterFailure(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	proxy := lab.StartProxy(t)
	terraform := newCLI(t, "TF_LOG=INFO")
	configure := func(subset string) {
		terraform.configure(fmt.Sprintf(
			"  host = %q\n  propagation = { mode = \"settle\", settle = \"100ms\", settle_after_failure = \"6s\" }\n",
			proxy.URL,
		),
			routesTo(subset, "", lab.Service))
	}
	configure("v1")
	began := time.Now()
	if r := terraform.must("apply"); len(r.besidesMoves()) > 0 {
		t.Errorf("warnings without a failure: %q", r.warnings())
	}
	usual := time.Since(began)

	configure("w1")
	proxy.Break(acctest.Fail)
	began = time.Now()
	r := terraform.must("apply")
	took := time.Since(began)
	if took < 6*time.Second {
		t.Errorf("the apply took %s after a failure, and %s without one", took, usual)
	}
	r.want(t, "warning", "Warning from the cluster", "istiod may take up to 6s longer", "settle_after_failure")
	terraform.must("destroy")
}
