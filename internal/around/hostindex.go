package around

import (
	"maps"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// HostIndex finds values by the hosts that they are for, which may be wildcards. The zero value is empty.
type HostIndex[T any] struct {
	byHost map[string][]T
}

// Add files a value under a full host.
func (x *HostIndex[T]) Add(host string, value T) {
	if x.byHost == nil {
		x.byHost = map[string][]T{}
	}
	host = strings.ToLower(host)
	x.byHost[host] = append(x.byHost[host], value)
}

// longestHost is how long a name of the DNS can be; no wildcard covers a longer one.
const longestHost = 253

// Covering returns what is for a host: the values under its own name, then those under wildcards that cover it, the
// longest first. It costs the same however many hosts there are.
func (x *HostIndex[T]) Covering(host string) []T {
	host = strings.ToLower(host)
	found := x.byHost[host][:len(x.byHost[host]):len(x.byHost[host])]
	if len(host) > longestHost {
		return found
	}
	for i := 1; i <= len(host); i++ {
		if wildcard := "*" + host[i:]; wildcard != host {
			found = append(found, x.byHost[wildcard]...)
		}
	}
	return found
}

// Within returns the values under the hosts that a wildcard covers, but for its own.
func (x *HostIndex[T]) Within(wildcard string) []T {
	suffix, ok := strings.CutPrefix(strings.ToLower(wildcard), "*")
	if !ok {
		return nil
	}
	var found []T
	for _, host := range slices.Sorted(maps.Keys(x.byHost)) {
		if istio.Covers(suffix, host) && host != "*"+suffix {
			found = append(found, x.byHost[host]...)
		}
	}
	return found
}
