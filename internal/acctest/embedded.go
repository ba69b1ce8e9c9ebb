package acctest

import (
	"os"
	"strings"
	"testing"
)

// onlyEmbedded are the tests that only an embedded lab can do, and why.
var onlyEmbedded = map[string]string{
	"TestAccAck":                     breaks,
	"TestAccAck_restartedAPIServer":  breaks,
	"TestAccAsk_proxied":             throughEnvoys,
	"TestAccCanaryRoute_proxied":     throughEnvoys,
	"TestAccChaos":                   breaks,
	"TestAccEffects_alike":           throughEnvoys,
	"TestAccEffects_bypass":          throughEnvoys,
	"TestAccEffects_delegates":       throughEnvoys,
	"TestAccEffects_first":           throughEnvoys,
	"TestAccEffects_hosts":           throughEnvoys,
	"TestAccEffects_port":            throughEnvoys,
	"TestAccEffects_redirect":        throughEnvoys,
	"TestAccEffects_twice":           throughEnvoys,
	"TestAccEvaluate_cors":           throughEnvoys,
	"TestAccEvaluate_envoy":          throughEnvoys,
	"TestAccEvaluate_gateways":       asEnvoy,
	"TestAccEvaluate_paths":          throughEnvoys,
	"TestAccEvaluate_proxyHeaders":   throughEnvoys,
	"TestAccEvaluate_retries":        throughEnvoys,
	"TestAccEvaluate_retriesOfGRPC":  throughEnvoys,
	"TestAccEvaluate_serviceEntries": asEnvoy,
	"TestAccEvaluate_takenAway":      throughEnvoys,
	"TestAccExamples_proxied":        throughEnvoys,
	"TestAccFailure_controlPlane":    breaks,
	"TestAccFailure_webhook":         "the API server has to reach a webhook in the test",
	"TestAccLoad":                    asEnvoy,
	"TestAccLoad_slowProxy":          throughEnvoys,
	"TestAccRestart":                 breaks,
	"TestAccSticky":                  throughEnvoys,
	"TestAccVersions":                "it connects an Envoy of its own to istiod",
	"TestAccWaits":                   breaks,
	"TestAccWaits_auto":              breaks,
	"TestAccGuide_gettingStarted":    throughEnvoys,
	"TestAccGuide_override":          throughEnvoys,
	"TestAccGuide_runACanary":        counted,
	"TestAccView_live":               counted,
	"TestAccWalk_metrics":            counted,
	"TestAccWalk_mirror":             counted,
	"TestAccWalk_noVerdict":          counted,
	"TestAccWalk_prometheusGone":     counted,
	"TestAccWalk_random":             counted,
	"TestAccWalk_refusedQuery":       counted,
	"TestAccWalk_service":            counted,
}

const (
	breaks        = "it stops and starts servers of the control plane"
	asEnvoy       = "it asks istiod as an Envoy does"
	throughEnvoys = "it sends HTTP through the lab's Envoys"
	counted       = "it asks the lab's Prometheus about the lab's servers"
)

// NeedEmbedded skips the test on another control plane than an embedded lab. The test has to be on the list of those.
func NeedEmbedded(t *testing.T) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	reason, ok := onlyEmbedded[name]
	if !ok {
		t.Fatalf("%s is not on the list of the tests that need an embedded lab", name)
	}
	if os.Getenv("MESH_TEST_LAB") == "" {
		t.Skip("only the embedded lab can do this: " + reason)
	}
}
