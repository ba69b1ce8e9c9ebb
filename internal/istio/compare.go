package istio

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// SameSpec reports whether two specs mean the same to Istio. The order of subsets and of the destinations of a rule
// means nothing, and neither does the weight of an only destination, nor the gateway `mesh` alone, which is the
// default, nor which of an old field and the one that replaced it says something, nor a match without conditions, nor
// an empty prefix of paths, nor an empty text to answer with, nor headers that change nothing.
func SameSpec(a, b proto.Message) bool {
	return proto.Equal(Canonical(a), Canonical(b))
}

// Differences lists the places at which two specs differ in meaning, as `http[0].timeout`. Places are those of the
// specs' canonical form: subsets and destinations ordered by name.
func Differences(a, b proto.Message) []string {
	if SameSpec(a, b) {
		return nil
	}
	first, err := specJSON(Canonical(a))
	if err != nil {
		return []string{err.Error()}
	}
	second, err := specJSON(Canonical(b))
	if err != nil {
		return []string{err.Error()}
	}
	return jsonDifferences("", first, second)
}

func jsonDifferences(at string, a, b any) []string {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	switch first := a.(type) {
	case map[string]any:
		second, ok := b.(map[string]any)
		if !ok {
			break
		}
		var places []string
		keys := append(slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(second))...)
		slices.Sort(keys)
		for _, key := range slices.Compact(keys) {
			places = append(places, jsonDifferences(joinKey(at, key), first[key], second[key])...)
		}
		return places
	case []any:
		second, ok := b.([]any)
		if !ok {
			break
		}
		var places []string
		for i := range max(len(first), len(second)) {
			places = append(places, jsonDifferences(fmt.Sprintf("%s[%d]", at, i), element(first, i),
				element(second, i))...)
		}
		return places
	}
	return []string{at}
}

func joinKey(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// Canonical returns a spec with everything that has no order in order, and defaults left out.
func Canonical(spec proto.Message) proto.Message {
	switch s := spec.(type) {
	case *networking.DestinationRule:
		s = proto.CloneOf(s)
		slices.SortStableFunc(s.GetSubsets(), func(a, b *networking.Subset) int {
			return cmp.Compare(a.GetName(), b.GetName())
		})
		return s
	case *networking.VirtualService:
		s = proto.CloneOf(s)
		if slices.Equal(s.GetGateways(), []string{MeshGateway}) {
			s.Gateways = nil
		}
		delegate := len(s.GetHosts()) == 0
		for _, rule := range s.GetHttp() {
			if rule != nil {
				Modernize(rule)
				// A delegate's rule with headers, even none, does not inherit those of its root.
				if !delegate {
					rule.Headers = TrimHeaders(rule.Headers)
				}
			}
			for _, destination := range rule.GetRoute() {
				if destination != nil {
					destination.Headers = TrimHeaders(destination.Headers)
				}
			}
			trimEmpty(rule, delegate)
			if len(rule.GetRoute()) == 1 && rule.Route[0].GetWeight() > 0 {
				rule.Route[0].Weight = 0
			}
			slices.SortStableFunc(rule.GetRoute(), func(a, b *networking.HTTPRouteDestination) int {
				return cmp.Or(
					cmp.Compare(a.GetDestination().GetHost(), b.GetDestination().GetHost()),
					cmp.Compare(a.GetDestination().GetSubset(), b.GetDestination().GetSubset()),
				)
			})
		}
		return s
	}
	return spec
}

// WithoutEmpty returns matches of which any is enough: none where one has no condition, so that every request
// matches.
func WithoutEmpty(matches []*networking.HTTPMatchRequest) []*networking.HTTPMatchRequest {
	if slices.ContainsFunc(matches, func(m *networking.HTTPMatchRequest) bool { return proto.Size(m) == 0 }) {
		return nil
	}
	return matches
}

// trimEmpty leaves out the matches that say what none says, and the empty texts: each path begins with the
// empty prefix, and an answer with an empty body is one without. A prefix means more where it is rewritten, and where
// the matches of a delegate are merged with others.
func trimEmpty(rule *networking.HTTPRoute, delegate bool) {
	if !delegate && rule.GetDelegate() == nil && len(rule.GetMatch()) > 0 {
		rule.Match = WithoutEmpty(rule.Match)
	}
	if !delegate && rule.GetRewrite() == nil && rule.GetRedirect() == nil && rule.GetDelegate() == nil {
		for _, match := range rule.GetMatch() {
			if prefix, ok := match.GetUri().GetMatchType().(*networking.StringMatch_Prefix); ok && prefix.Prefix == "" {
				match.Uri.MatchType = nil
			}
		}
	}
	if body := rule.GetDirectResponse().GetBody(); body != nil && body.GetString_() == "" && len(body.GetBytes()) == 0 {
		rule.DirectResponse.Body = nil
	}
}

// TrimHeaders leaves out the blocks of headers that do nothing, all of them if need be: they would only make a reader
// wonder. It changes headers.
func TrimHeaders(headers *networking.Headers) *networking.Headers {
	if headers == nil {
		return nil
	}
	if proto.Size(headers.Request) == 0 {
		headers.Request = nil
	}
	if proto.Size(headers.Response) == 0 {
		headers.Response = nil
	}
	if proto.Size(headers) == 0 {
		return nil
	}
	return headers
}

// Fingerprint returns a short text that is equal for specs that mean the same.
func Fingerprint(spec proto.Message) string {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(Canonical(spec))
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
