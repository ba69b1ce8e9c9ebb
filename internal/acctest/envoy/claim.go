package envoy

import (
	"errors"
	"fmt"
	"slices"
)

// claimMatcher is an envoy.type.matcher.v3.MetadataMatcher as istiod writes it for a claim of a token: the claim,
// which may be a list, is or holds a value.
type claimMatcher struct {
	Filter string `json:"filter"`
	Path   []struct {
		Key string `json:"key"`
	} `json:"path"`
	Value struct {
		OrMatch struct {
			ValueMatchers []struct {
				ListMatch struct {
					OneOf struct {
						StringMatch *stringMatcher `json:"stringMatch"`
					} `json:"oneOf"`
				} `json:"listMatch"`
				StringMatch *stringMatcher `json:"stringMatch"`
			} `json:"valueMatchers"`
		} `json:"orMatch"`
	} `json:"value"`
	Invert bool `json:"invert"`

	name string
	// list is for the elements of a claim, and value for a claim that is no list.
	list, value *stringMatcher
}

// where istiod finds claims: its filter for JWT puts them under this key.
const (
	jwtFilter = "envoy.filters.http.jwt_authn"
	jwtKey    = "payload"
)

func (c *claimMatcher) prepare() error {
	if c.Filter != jwtFilter || len(c.Path) < 2 || c.Path[0].Key != jwtKey {
		return fmt.Errorf("metadata of %s at %v is no claim", c.Filter, c.Path)
	}
	c.name = "@request.auth.claims"
	for _, segment := range c.Path[1:] {
		c.name += "." + segment.Key
	}
	for _, either := range c.Value.OrMatch.ValueMatchers {
		if either.StringMatch != nil {
			c.value = either.StringMatch
		} else {
			c.list = either.ListMatch.OneOf.StringMatch
		}
	}
	if c.list == nil || c.value == nil {
		return fmt.Errorf("claim %s: want matches of a value and of a list", c.name)
	}
	return errors.Join(c.list.SafeRegex.prepare(), c.value.SafeRegex.prepare())
}

func (c *claimMatcher) matches(r *Request) bool {
	values := r.Headers[c.name]
	if len(values) == 1 {
		return c.value.matches(values[0]) != c.Invert
	}
	return slices.ContainsFunc(values, c.list.matches) != c.Invert
}
