package istio

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// MatchOrigin says of which matches one of a delegate's rule is made: the places in the lists of the rule that hands
// over and of the delegate's, -1 if it has no part of one.
type MatchOrigin struct {
	Root, Delegate int
}

// MergeRules gives a delegate's rule what it inherits of the one that hands over to it, and says of what its matches
// are made. False: the matches do not fit together, and nothing is changed.
// Source: istio.io/istio pilot/pkg/model mergeHTTPRoute.
func MergeRules(root, own *networking.HTTPRoute) (origins []MatchOrigin, ok bool) {
	match, origins, ok := mergeMatches(root.Match, own.Match)
	if !ok {
		return nil, false
	}
	own.Match, own.Name = match, joinNames(root.Name, own.Name)
	own.Rewrite = inherit(own.Rewrite, root.Rewrite)
	own.DirectResponse = inherit(own.DirectResponse, root.DirectResponse)
	own.Timeout = inherit(own.Timeout, root.Timeout)
	own.Retries = inherit(own.Retries, root.Retries)
	own.Fault = inherit(own.Fault, root.Fault)
	own.Mirror = inherit(own.Mirror, root.Mirror)
	own.MirrorPercent = inherit(own.MirrorPercent, root.MirrorPercent) //nolint:staticcheck // istiod reads it still
	own.MirrorPercentage = inherit(own.MirrorPercentage, root.MirrorPercentage)
	own.CorsPolicy = inherit(own.CorsPolicy, root.CorsPolicy)
	own.Headers = inherit(own.Headers, root.Headers)
	if own.Mirrors == nil {
		own.Mirrors = root.Mirrors
	}
	return origins, true
}

func inherit[T any](own, root *T) *T {
	if own == nil {
		return root
	}
	return own
}

func joinNames(root, own string) string {
	if root == "" || own == "" {
		return root + own
	}
	return root + "-" + own
}

func mergeMatches(
	root, own []*networking.HTTPMatchRequest,
) (out []*networking.HTTPMatchRequest, origins []MatchOrigin, ok bool) {
	add := func(m *networking.HTTPMatchRequest, i, j int) {
		origins = append(origins, MatchOrigin{Root: i, Delegate: j})
		out = append(out, m)
	}
	if len(root) == 0 || len(own) == 0 {
		for i, m := range root {
			add(m, i, -1)
		}
		for j, m := range own {
			add(m, -1, j)
		}
		return out, origins, true
	}
	for j, narrow := range own {
		found := false
		for i, wide := range root {
			if !conflict(wide, narrow) {
				found = true
				add(mergeMatch(wide, narrow), i, j)
			}
		}
		if !found {
			return nil, nil, false
		}
	}
	return out, origins, true
}

func mergeMatch(root, own *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
	out := &networking.HTTPMatchRequest{}
	if own != nil {
		out = proto.CloneOf(own)
	}
	out.Name = joinNames(root.GetName(), own.GetName())
	out.Uri = inherit(out.Uri, root.GetUri())
	out.Scheme = inherit(out.Scheme, root.GetScheme())
	out.Method = inherit(out.Method, root.GetMethod())
	out.Authority = inherit(out.Authority, root.GetAuthority())
	out.Headers = mergeMaps(root.GetHeaders(), out.Headers)
	out.WithoutHeaders = mergeMaps(root.GetWithoutHeaders(), out.WithoutHeaders)
	out.QueryParams = mergeMaps(root.GetQueryParams(), out.QueryParams)
	out.SourceLabels = mergeMaps(root.GetSourceLabels(), out.SourceLabels)
	out.Port = cmp.Or(out.Port, root.GetPort())
	out.SourceNamespace = cmp.Or(out.SourceNamespace, root.GetSourceNamespace())
	out.StatPrefix = cmp.Or(out.StatPrefix, root.GetStatPrefix())
	if len(out.Gateways) == 0 {
		out.Gateways = root.GetGateways()
	}
	return out
}

func mergeMaps[V any](root, own map[string]V) map[string]V {
	all := make(map[string]V, len(root)+len(own))
	maps.Copy(all, root)
	maps.Copy(all, own)
	return all
}

// conflict reports whether istiod finds that a delegate's match is not narrower than the root's.
// Source: istio.io/istio pilot/pkg/model hasConflict.
func conflict(root, own *networking.HTTPMatchRequest) bool {
	return stringConflict(root.GetUri(), own.GetUri()) ||
		stringConflict(root.GetScheme(), own.GetScheme()) ||
		stringConflict(root.GetMethod(), own.GetMethod()) ||
		stringConflict(root.GetAuthority(), own.GetAuthority()) ||
		mapConflict(root.GetHeaders(), own.GetHeaders()) ||
		mapConflict(root.GetWithoutHeaders(), own.GetWithoutHeaders()) ||
		mapConflict(root.GetQueryParams(), own.GetQueryParams()) ||
		root.GetIgnoreUriCase() != own.GetIgnoreUriCase() ||
		root.GetPort() > 0 && own.GetPort() > 0 && root.GetPort() != own.GetPort() ||
		root.GetSourceNamespace() != "" && own.GetSourceNamespace() != root.GetSourceNamespace() ||
		labelConflict(root.GetSourceLabels(), own.GetSourceLabels()) ||
		gatewayConflict(root.GetGateways(), own.GetGateways())
}

func mapConflict(root, own map[string]*networking.StringMatch) bool {
	for name, m := range own {
		if stringConflict(root[name], m) {
			return true
		}
	}
	return false
}

func labelConflict(root, own map[string]string) bool {
	for name, value := range own {
		if other, ok := root[name]; ok && other != value {
			return true
		}
	}
	return false
}

func gatewayConflict(root, own []string) bool {
	if len(root) == 0 || len(own) == 0 {
		return false
	}
	return len(root) < len(own) ||
		slices.ContainsFunc(own, func(name string) bool { return !slices.Contains(root, name) })
}

// stringConflict is istiod's comparison, quirks included: two empty matches and two equal expressions conflict.
func stringConflict(root, own *networking.StringMatch) bool {
	if root == nil || own == nil {
		return false
	}
	rootSet := root.GetRegex() != "" || root.GetPrefix() != "" || root.GetExact() != ""
	ownSet := own.GetRegex() != "" || own.GetPrefix() != "" || own.GetExact() != ""
	switch {
	case root.GetRegex() != "" && ownSet, own.GetRegex() != "" && rootSet:
		return true
	case root.GetExact() != "":
		return own.GetPrefix() != "" || own.GetExact() != root.GetExact()
	case root.GetPrefix() != "" && own.GetPrefix() != "":
		return !strings.HasPrefix(own.GetPrefix(), root.GetPrefix())
	case root.GetPrefix() != "" && own.GetExact() != "":
		return !strings.HasPrefix(own.GetExact(), root.GetPrefix())
	}
	return true
}
