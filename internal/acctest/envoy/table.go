// Package envoy finds in the route tables that istiod sends to an Envoy what the Envoy answers by itself, for ports
// and callers that the lab's Envoys do not have. It is written from Envoy's documented semantics (config.route.v3)
// and shares no code with internal/traffic, whose answers tests compare with its own. It knows no more than these
// tests need: what it does not know is an error.
package envoy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// Table is an envoy.config.route.v3.RouteConfiguration.
type Table struct {
	Name                     string        `json:"name"`
	VirtualHosts             []virtualHost `json:"virtualHosts"`
	IgnorePortInHostMatching bool          `json:"ignorePortInHostMatching"`
}

type virtualHost struct {
	Domains []string `json:"domains"`
	Routes  []route  `json:"routes"`
	// RequireTLS is ALL where plain http is answered with a redirect.
	RequireTLS string `json:"requireTls"`
}

type route struct {
	// Match compares paths as they are written: those in tests have no capitals.
	Match struct {
		Prefix          *string         `json:"prefix"`
		Path            *string         `json:"path"`
		Headers         json.RawMessage `json:"headers"`
		QueryParameters json.RawMessage `json:"queryParameters"`
		DynamicMetadata json.RawMessage `json:"dynamicMetadata"`
	} `json:"match"`
	DirectResponse struct {
		Body struct {
			InlineString string `json:"inlineString"`
		} `json:"body"`
	} `json:"directResponse"`
}

// Request is an HTTP request as an Envoy received it.
type Request struct {
	// Authority has a port where the client sends one, and Path the query. An empty path is `/`.
	Authority, Path string
	// TLS says that it came in over it.
	TLS bool
}

// Answer is what an Envoy answers by itself; it is empty where it sends the request on, or knows no such host.
type Answer struct {
	// NoRoute says that there are routes for the host, and none of them takes the request.
	NoRoute bool
	// Redirect is the code and the location, and Body that of a direct response.
	Redirect, Body string
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
		tables[table.Name] = table
	}
}

// Evaluate says what becomes of a request.
func (t *Table) Evaluate(r Request) (Answer, error) {
	if r.Path, _, _ = strings.Cut(r.Path, "#"); r.Path == "" { // Istio's proxies strip the fragment
		r.Path = "/"
	}
	vh := t.virtualHost(r.Authority)
	if vh == nil {
		return Answer{}, nil
	}
	if vh.RequireTLS == "ALL" && !r.TLS {
		return Answer{Redirect: "301 https://" + r.Authority + r.Path}, nil
	}
	for _, route := range vh.Routes {
		takes, err := route.takes(r)
		if takes || err != nil {
			return Answer{Body: route.DirectResponse.Body.InlineString}, err
		}
	}
	return Answer{NoRoute: true}, nil
}

// takes reports whether the request has the path that the route is for.
func (r *route) takes(request Request) (bool, error) {
	m := r.Match
	path, _, _ := strings.Cut(request.Path, "?")
	if m.Prefix != nil && !strings.HasPrefix(path, *m.Prefix) || m.Path != nil && path != *m.Path {
		return false, nil
	}
	if m.Prefix == nil && m.Path == nil || m.Headers != nil || m.QueryParameters != nil || m.DynamicMetadata != nil {
		return false, errors.New("a match on more than a prefix or a path is none that is known here")
	}
	return true, nil
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
