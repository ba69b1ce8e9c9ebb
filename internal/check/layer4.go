package check

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func (c *checker) tlsMatch(m *networking.TLSMatchAttributes) {
	for i, name := range m.SniHosts {
		if strings.Contains(name, "*") && name != "*" && !strings.HasPrefix(name, "*.") {
			c.refuse(istio.Path{"sni_hosts", i},
				"%.80q: Envoy takes a wildcard for a whole label only, and refuses the whole listener; write *.%.80s",
				name, afterDot(name))
		}
	}
	c.twice("sni_hosts", m.SniHosts)
	c.callers(m.SourceNamespace, m.Gateways)
	c.twice("destination_subnets", m.DestinationSubnets)
}

func afterDot(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}

func (c *checker) tcpMatch(m *networking.L4MatchAttributes) {
	if m.SourceSubnet != "" {
		c.doubt(istio.Path{"source_subnet"},
			"has no effect: Istio does not read it; match callers with source_labels or source_namespace")
	}
	c.callers(m.SourceNamespace, m.Gateways)
	c.twice("destination_subnets", m.DestinationSubnets)
}

// callers looks at a namespace that Istio's validation checks for HTTP only.
func (c *checker) callers(namespace string, gateways []string) {
	if namespace != "" && !istio.IsNamespaceName(namespace) {
		c.void(istio.Path{"source_namespace"}, "%.80q is no name of a namespace, so that this match never holds",
			namespace)
	}
	c.matchGateways(gateways)
}

// twice looks for an entry that is in a list twice, by which Envoy tells filter chains apart.
func (c *checker) twice(field string, entries []string) {
	for i, entry := range entries {
		if j := slices.Index(entries[:i], entry); j >= 0 {
			c.doubt(istio.Path{field, i}, "%.80q is %s[%d] again, and Envoy is known to refuse a listener for it, "+
				"which was not tried here; leave it out",
				entry, field, j)
		}
	}
}

// serverNames looks for a name that two rules match under the same conditions, in lists that differ: Istio drops the
// second of two equal lists, and makes of two others filter chains that overlap.
// Source: istio.io/istio pilot/pkg/networking/core buildSidecarOutboundTLSFilterChainOpts.
func (c *checker) serverNames(m *networking.VirtualService) {
	type place struct {
		rule, match int
		names       string
	}
	first := map[string]place{}
	for i, rule := range m.Tls {
		for j, match := range rule.GetMatch() {
			names := strings.Join(match.GetSniHosts(), ",")
			conditions := conditionsOf(match)
			for k, name := range match.GetSniHosts() {
				before, taken := first[conditions+name]
				if !taken {
					first[conditions+name] = place{i, j, names}
				} else if before.names != names && (before.rule != i || before.match != j) {
					c.doubt(
						istio.Path{"tls", i, "match", j, "sni_hosts", k},
						"%.80q is matched by tls[%d].match[%d] already, and Envoy is known to refuse a listener for "+
							"it, which was not tried here; leave it out",
						name,
						before.rule,
						before.match,
					)
				}
			}
		}
	}
}

// conditionsOf returns a text that is the same for matches that differ in their server names only.
func conditionsOf(match *networking.TLSMatchAttributes) string {
	rest := proto.CloneOf(match)
	if rest == nil {
		return ""
	}
	rest.SniHosts = nil
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(rest)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(raw) + "\x00"
}
