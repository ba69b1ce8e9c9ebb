// Package envoy matches requests against the route tables that istiod sends to an Envoy. It is written from Envoy's
// documented semantics (config.route.v3) and shares no code with internal/traffic, whose answers tests compare with
// its own.
package envoy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
)

// Table is an envoy.config.route.v3.RouteConfiguration, as far as istiod fills it in for HTTP routes.
type Table struct {
	Name                     string        `json:"name"`
	VirtualHosts             []virtualHost `json:"virtualHosts"`
	IgnorePortInHostMatching bool          `json:"ignorePortInHostMatching"`
}

type virtualHost struct {
	Name    string   `json:"name"`
	Domains []string `json:"domains"`
	Routes  []*route `json:"routes"`
	// RequireTLS is ALL where plain http is answered with a redirect.
	RequireTLS string `json:"requireTls"`
}

type route struct {
	Name                    string                     `json:"name"`
	Match                   match                      `json:"match"`
	Route                   *action                    `json:"route"`
	Redirect                *redirect                  `json:"redirect"`
	DirectResponse          *directResponse            `json:"directResponse"`
	Metadata                metadata                   `json:"metadata"`
	TypedPerFilterConfig    map[string]json.RawMessage `json:"typedPerFilterConfig"`
	RequestHeadersToAdd     []headerToAdd              `json:"requestHeadersToAdd"`
	RequestHeadersToRemove  []string                   `json:"requestHeadersToRemove"`
	ResponseHeadersToAdd    []headerToAdd              `json:"responseHeadersToAdd"`
	ResponseHeadersToRemove []string                   `json:"responseHeadersToRemove"`
}

type metadata struct {
	FilterMetadata struct {
		Istio struct {
			// Config is the path of the object that the route comes from.
			Config string `json:"config"`
		} `json:"istio"`
	} `json:"filterMetadata"`
}

// virtualService returns namespace/name of the VirtualService that a route comes from, empty if it comes from none.
func (m metadata) virtualService() string {
	parts := strings.Split(m.FilterMetadata.Istio.Config, "/")
	if len(parts) < 4 || parts[len(parts)-2] != "virtual-service" {
		return ""
	}
	return parts[len(parts)-3] + "/" + parts[len(parts)-1]
}

// Parse reads route tables as `meshlab routes` prints them, by name.
func Parse(lines []byte) (map[string]*Table, error) {
	tables := map[string]*Table{}
	for decoder := json.NewDecoder(bytes.NewReader(lines)); ; {
		table := &Table{}
		err := decoder.Decode(table)
		if errors.Is(err, io.EOF) {
			return tables, nil
		}
		if err != nil {
			return nil, fmt.Errorf("parse route table: %w", err)
		}
		for _, vh := range table.VirtualHosts {
			for _, r := range vh.Routes {
				if err := r.Match.prepare(); err != nil {
					return nil, fmt.Errorf("parse route %q of %q: %w", r.Name, vh.Name, err)
				}
			}
		}
		tables[table.Name] = table
	}
}

// virtualHost returns the one whose domain fits best: a whole name, then the longest that begins with a wildcard,
// then the longest that ends with one, then `*`.
func (t *Table) virtualHost(authority string) *virtualHost {
	host := strings.ToLower(authority)
	if t.IgnorePortInHostMatching {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
	}
	var best *virtualHost
	bestRank := 0
	for i := range t.VirtualHosts {
		for _, domain := range t.VirtualHosts[i].Domains {
			if rank := rank(strings.ToLower(domain), host); rank > bestRank {
				best, bestRank = &t.VirtualHosts[i], rank
			}
		}
	}
	return best
}

// longestHost is more than the length of any host.
const longestHost = 1000

// rank is larger for a domain that fits better, 0 for one that does not fit.
func rank(domain, host string) int {
	switch {
	case domain == host:
		return 3 * longestHost
	case domain == "*":
		return 1
	case strings.HasPrefix(domain, "*") && len(host) >= len(domain) && strings.HasSuffix(host, domain[1:]):
		return 2*longestHost + len(domain)
	case strings.HasSuffix(domain, "*") && len(host) >= len(domain) && strings.HasPrefix(host, domain[:len(domain)-1]):
		return longestHost + len(domain)
	}
	return 0
}

// stringMatcher is an envoy.type.matcher.v3.StringMatcher.
type stringMatcher struct {
	Exact      *string `json:"exact"`
	Prefix     *string `json:"prefix"`
	Suffix     *string `json:"suffix"`
	Contains   *string `json:"contains"`
	SafeRegex  *regex  `json:"safeRegex"`
	IgnoreCase bool    `json:"ignoreCase"`
}

type regex struct {
	Regex string `json:"regex"`

	compiled *regexp.Regexp
}

func (r *regex) prepare() (err error) {
	if r != nil {
		r.compiled, err = regexp.Compile("^(?s:" + r.Regex + ")$")
	}
	return err
}

func (m *stringMatcher) matches(value string) bool {
	fold := func(text *string) string {
		if m.IgnoreCase {
			return strings.ToLower(*text)
		}
		return *text
	}
	whole := value
	value = fold(&value)
	switch {
	case m.Exact != nil:
		return value == fold(m.Exact)
	case m.Prefix != nil:
		return strings.HasPrefix(value, fold(m.Prefix))
	case m.Suffix != nil:
		return strings.HasSuffix(value, fold(m.Suffix))
	case m.Contains != nil:
		return strings.Contains(value, fold(m.Contains))
	case m.SafeRegex != nil:
		return m.SafeRegex.compiled.MatchString(whole)
	}
	return false
}
