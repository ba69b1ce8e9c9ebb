package acceptance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// policy is what no single request shows of a route: shares, percentages, when to try again.
type policy struct {
	// Clusters and Mirrors have percentages.
	Clusters, Mirrors map[string]float64
	Timeout           time.Duration
	Attempts          int
	RetryOn           string
	PerTryTimeout     time.Duration
	Delay             time.Duration
	DelayPercent      float64
	AbortPercent      float64
}

// policyOf returns what internal/traffic says of it.
func policyOf(out traffic.Outcome) policy {
	p := policy{Timeout: out.Timeout, Clusters: map[string]float64{}, Mirrors: map[string]float64{}}
	for _, share := range out.Destinations {
		p.Clusters[clusterName(share.Destination, out.Request.Port)] += share.Percent
	}
	for _, m := range out.Mirrors {
		p.Mirrors[clusterName(m.Destination, out.Request.Port)] += m.Percent
	}
	if r := out.Retries; r != nil && r.Attempts > 0 {
		p.Attempts, p.RetryOn, p.PerTryTimeout = int(r.Attempts), r.On, r.PerTryTimeout
	}
	if f := out.Fault; f != nil {
		p.Delay, p.DelayPercent, p.AbortPercent = f.Delay, f.DelayPercent, f.AbortPercent
	}
	return p
}

// clusterName returns the name that istiod gives a destination.
func clusterName(d traffic.Destination, port uint32) string {
	if d.Port != 0 {
		port = d.Port
	}
	return fmt.Sprintf("outbound|%d|%s|%s", port, d.Subset, d.Host)
}

// route is an envoy.config.route.v3.Route, as an Envoy's administration pages write it.
type route struct {
	Name  string `json:"name"`
	Route struct {
		Cluster          string `json:"cluster"`
		WeightedClusters struct {
			Clusters []struct {
				Name   string  `json:"name"`
				Weight float64 `json:"weight"`
			} `json:"clusters"`
		} `json:"weighted_clusters"`
		Timeout     span `json:"timeout"`
		RetryPolicy struct {
			RetryOn       string `json:"retry_on"`
			NumRetries    int    `json:"num_retries"`
			PerTryTimeout span   `json:"per_try_timeout"`
		} `json:"retry_policy"`
		RequestMirrorPolicies []struct {
			Cluster         string `json:"cluster"`
			RuntimeFraction struct {
				DefaultValue fraction `json:"default_value"`
			} `json:"runtime_fraction"`
		} `json:"request_mirror_policies"`
	} `json:"route"`
	TypedPerFilterConfig struct {
		Fault struct {
			Delay struct {
				FixedDelay span     `json:"fixed_delay"`
				Percentage fraction `json:"percentage"`
			} `json:"delay"`
			Abort struct {
				Percentage fraction `json:"percentage"`
			} `json:"abort"`
		} `json:"envoy.filters.http.fault"`
	} `json:"typed_per_filter_config"`
}

func (r *route) policy() policy {
	of, fault := r.Route, r.TypedPerFilterConfig.Fault
	p := policy{
		Clusters: map[string]float64{}, Mirrors: map[string]float64{}, Timeout: time.Duration(of.Timeout),
		Attempts: of.RetryPolicy.NumRetries, RetryOn: of.RetryPolicy.RetryOn,
		PerTryTimeout: time.Duration(of.RetryPolicy.PerTryTimeout),
		Delay:         time.Duration(fault.Delay.FixedDelay), DelayPercent: fault.Delay.Percentage.percent(),
		AbortPercent: fault.Abort.Percentage.percent(),
	}
	if of.Cluster != "" {
		p.Clusters[of.Cluster] = 100
	}
	sum := 0.0
	for _, w := range of.WeightedClusters.Clusters {
		sum += w.Weight
	}
	for _, w := range of.WeightedClusters.Clusters {
		p.Clusters[w.Name] += w.Weight / sum * 100
	}
	for _, mirror := range of.RequestMirrorPolicies {
		p.Mirrors[mirror.Cluster] += mirror.RuntimeFraction.DefaultValue.percent()
	}
	return p
}

// fraction is an envoy.type.v3.FractionalPercent.
type fraction struct {
	Numerator   float64 `json:"numerator"`
	Denominator string  `json:"denominator"`
}

func (f fraction) percent() float64 {
	switch f.Denominator {
	case "TEN_THOUSAND":
		return f.Numerator / 100
	case "MILLION":
		return f.Numerator / 10_000
	}
	return f.Numerator
}

// span is a duration as protobuf writes it in JSON: 1.5s.
type span time.Duration

func (s *span) UnmarshalJSON(data []byte) error {
	parsed, err := time.ParseDuration(strings.Trim(string(data), `"`))
	*s = span(parsed)
	return err
}

// routeAt is a route of an Envoy: the port at which requests come in, and its name.
type routeAt struct{ port, name string }

// fetchPolicies returns the policies that an Envoy has. A sidecar's table has the port as its name, and a gateway's
// in it: http.80 or https.443.name.gateway.namespace, with the address behind the port where there is one.
func (a *envoyAgreement) fetchPolicies(proxy acctest.EnvoyPod) map[routeAt]policy {
	a.t.Helper()
	response, err := http.Get(proxy.Admin + "/config_dump?resource=dynamic_route_configs")
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	var dump struct {
		Configs []struct {
			RouteConfig struct {
				Name         string `json:"name"`
				VirtualHosts []struct {
					Routes []route `json:"routes"`
				} `json:"virtual_hosts"`
			} `json:"route_config"`
		} `json:"configs"`
	}
	if err := json.NewDecoder(response.Body).Decode(&dump); err != nil {
		a.t.Fatalf("read the routes of the Envoy at %s: %v", proxy.Host, err)
	}
	policies := map[routeAt]policy{}
	for _, config := range dump.Configs {
		_, port, atGateway := strings.Cut(config.RouteConfig.Name, ".")
		if port, _, _ = strings.Cut(port, "."); !atGateway {
			port = config.RouteConfig.Name
		}
		for _, host := range config.RouteConfig.VirtualHosts {
			for _, r := range host.Routes {
				policies[routeAt{port, r.Name}] = r.policy()
			}
		}
	}
	return policies
}
