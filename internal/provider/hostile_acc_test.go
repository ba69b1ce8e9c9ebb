package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccHostile_megabyte validates a configuration of 1 MB with the real command: it is refused at the attribute, and soon.
func TestAccHostile_megabyte(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	terraform := newCLI(t)
	// One long text: of a megabyte of rules Terraform itself makes nothing in a minute, before it asks any provider.
	terraform.configure("", routeTo(lab.Service, lab.Namespace, fmt.Sprintf("hosts = [%q]", strings.Repeat("a", megabyte))))
	began := time.Now()
	result := terraform.run("validate", "-no-color")
	t.Logf("terraform validate took %s", time.Since(began).Round(time.Millisecond))
	// Terraform wraps lines where it likes.
	said := strings.Join(strings.Fields(strings.ReplaceAll(result.text, "│", "")), " ")
	if result.ok || !strings.Contains(said, "Configuration too large") || !strings.Contains(said, "hosts[0]: must not hold a text of more than 262144 bytes") {
		t.Errorf("terraform validate says %.2000s", said)
	}
}
