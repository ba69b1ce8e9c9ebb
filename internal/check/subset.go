package check

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Limits of Kubernetes.
const (
	longestLabelValue = 63
	mostLabels        = 4096
	mostSettings      = 4096
)

func (c *checker) subset(m *networking.Subset) {
	if m.Name != strings.ToLower(m.Name) {
		c.doubt(istio.Path{"name"}, "%.63q is part of a host name, which has no case where it is sent to other "+
			"networks; write it in lower case", m.Name)
	}
	if len(m.Labels) == 0 {
		c.doubt(istio.Path{"labels"},
			"a subset without labels is every pod of the service; give the labels that tell its pods from the others")
	}
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		if len(m.Labels[key]) > longestLabelValue {
			c.void(
				istio.Path{"labels", istio.Key(key)},
				"no pod can carry a label value of more than %d characters, got %d",
				longestLabelValue,
				len(m.Labels[key]),
			)
		}
	}
}

// selector checks what the API server checks.
func (c *checker) selector(m *networking.DestinationRule) {
	labels := m.WorkloadSelector.GetMatchLabels()
	at := istio.Path{"workload_selector", "match_labels"}
	if len(labels) > mostLabels {
		c.refuse(at, "must not have more than %d entries, got %d", mostLabels, len(labels))
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if len(labels[key]) > longestLabelValue {
			c.refuse(at.At(istio.Key(key)), "no pod can carry a label value of more than %d characters, got %d",
				longestLabelValue, len(labels[key]))
		}
	}
}

// lostWarnings repeats what Istio's validation finds in subsets and in settings of ports, and then loses: it keeps
// errors only. Each policy is judged by itself, as the one of the whole rule, with what it inherits.
func (c *checker) lostWarnings(m *networking.DestinationRule) {
	c.lostInPorts(istio.Path{"traffic_policy"}, m.TrafficPolicy)
	for i, subset := range m.Subsets {
		policy := subset.GetTrafficPolicy()
		at := istio.Path{"subsets", i, "traffic_policy"}
		c.lostInPorts(at, policy)
		if policy.GetLoadBalancer() == nil && policy.GetOutlierDetection() == nil {
			continue
		}
		effective := &networking.TrafficPolicy{
			LoadBalancer:     policy.LoadBalancer,
			OutlierDetection: policy.OutlierDetection,
		}
		if effective.OutlierDetection == nil {
			effective.OutlierDetection = withoutWarnings(m.TrafficPolicy.GetOutlierDetection())
		}
		c.judgePolicy(at, effective)
	}
}

// withoutWarnings returns settings that are warned of where they are written.
func withoutWarnings(m *networking.OutlierDetection) *networking.OutlierDetection {
	if m == nil {
		return nil
	}
	return &networking.OutlierDetection{}
}

func (c *checker) lostInPorts(at istio.Path, policy *networking.TrafficPolicy) {
	for i, settings := range policy.GetPortLevelSettings() {
		if settings.GetLoadBalancer() != nil || settings.GetOutlierDetection() != nil {
			c.judgePolicy(at.At("port_level_settings", i), &networking.TrafficPolicy{
				LoadBalancer: settings.LoadBalancer, OutlierDetection: settings.OutlierDetection,
			})
		}
	}
	if len(policy.GetPortLevelSettings()) > mostSettings {
		c.refuse(at.At("port_level_settings"), "must not have more than %d entries, got %d", mostSettings,
			len(policy.PortLevelSettings))
	}
}

// judgePolicy adds the warnings about a policy. What of it lies deeper is found as for any verdict.
func (c *checker) judgePolicy(at istio.Path, policy *networking.TrafficPolicy) {
	alone := &istio.Object{
		Namespace: c.object.Namespace,
		Name:      c.object.Name,
		Spec:      &networking.DestinationRule{Host: "a", TrafficPolicy: policy},
	}
	if !givesWarnings(judge(alone, alone.Spec)) {
		return
	}
	for _, p := range refusedByIstiod(alone) {
		if p.Severity == istio.Doubtful {
			p.At = c.at.At(append(at.At(), p.At[min(1, len(p.At)):]...)...)
			c.problems = append(c.problems, p)
		}
	}
}

func givesWarnings(verdicts []verdict) bool {
	for _, v := range verdicts {
		if v.severity == istio.Doubtful {
			return true
		}
	}
	return false
}
