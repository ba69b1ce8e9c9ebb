package envoy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Request is an HTTP request as an Envoy received it.
type Request struct {
	Authority, Path, Method, Scheme string
	// Headers has the values of each header, names in any case; under `@request.auth.claims.` and its name those of a
	// claim.
	Headers map[string][]string
	// TLS says that the request came in over it, and Gateway that it came in at a gateway, which trusts nobody.
	TLS, Gateway bool
}

// set are headers that an Envoy sets where the caller has not: the scheme of the connection, and an identifier, of
// which this is one.
func (r *Request) set(name string) (string, bool) {
	switch {
	case name == "x-request-id":
		return "8c0f1b5e-2f6d-9a37-b1c4-5d6e7f809a1b", true
	case name == "x-forwarded-proto" && r.TLS:
		return "https", true
	case name == "x-forwarded-proto":
		return "http", true
	}
	return "", false
}

// header returns the lines of a header, none when it is absent. Routes compare each by itself since Envoy 1.39.
func (r *Request) header(name string) []string {
	name = strings.ToLower(name)
	if value, ok := r.set(name); ok && r.Gateway {
		return []string{value}
	}
	switch name {
	case ":authority", "host":
		return []string{r.Authority}
	case ":path":
		return []string{r.Path}
	case ":method":
		return []string{r.Method}
	case ":scheme":
		return []string{r.Scheme}
	}
	var lines []string
	for key, values := range r.Headers {
		if strings.EqualFold(key, name) {
			lines = append(lines, values...)
		}
	}
	switch value, ok := r.set(name); {
	case len(lines) > 0 && name == "cookie": // HTTP/2 splits cookies, and the codec puts them together again
		return []string{strings.Join(lines, "; ")}
	case len(lines) == 0 && ok:
		return []string{value}
	}
	return lines
}

// pathOnly returns the path without the query.
func (r *Request) pathOnly() string {
	path, _, _ := strings.Cut(r.Path, "?")
	return path
}

func (r *Request) query() string {
	_, query, _ := strings.Cut(r.Path, "?")
	return query
}

// parameter returns the first value of a query parameter, not decoded.
func (r *Request) parameter(name string) (string, bool) {
	for pair := range strings.SplitSeq(r.query(), "&") {
		if key, value, _ := strings.Cut(pair, "="); key == name && r.query() != "" {
			return value, true
		}
	}
	return "", false
}

// match is an envoy.config.route.v3.RouteMatch.
type match struct {
	Prefix          *string          `json:"prefix"`
	Path            *string          `json:"path"`
	SafeRegex       *regex           `json:"safeRegex"`
	CaseSensitive   *bool            `json:"caseSensitive"`
	Headers         []headerMatcher  `json:"headers"`
	QueryParameters []queryParameter `json:"queryParameters"`
	DynamicMetadata []claimMatcher   `json:"dynamicMetadata"`
}

type headerMatcher struct {
	Name                      string         `json:"name"`
	PresentMatch              *bool          `json:"presentMatch"`
	StringMatch               *stringMatcher `json:"stringMatch"`
	InvertMatch               bool           `json:"invertMatch"`
	TreatMissingHeaderAsEmpty bool           `json:"treatMissingHeaderAsEmpty"`
}

type queryParameter struct {
	Name         string         `json:"name"`
	PresentMatch *bool          `json:"presentMatch"`
	StringMatch  *stringMatcher `json:"stringMatch"`
}

// prepare compiles what is compiled once. Whatever this package does not know is an error, and not ignored.
func (m *match) prepare() error {
	err := m.SafeRegex.prepare()
	for i := range m.Headers {
		h := &m.Headers[i]
		if (h.PresentMatch == nil) == (h.StringMatch == nil) {
			err = errors.Join(err, fmt.Errorf("header %s: want one of present and string match", h.Name))
		}
		if h.StringMatch != nil {
			err = errors.Join(err, h.StringMatch.SafeRegex.prepare())
		}
	}
	for i := range m.QueryParameters {
		q := &m.QueryParameters[i]
		if (q.PresentMatch == nil) == (q.StringMatch == nil) {
			err = errors.Join(err, fmt.Errorf("query parameter %s: want one of present and string match", q.Name))
		}
		if q.StringMatch != nil {
			err = errors.Join(err, q.StringMatch.SafeRegex.prepare())
		}
	}
	if m.Prefix == nil && m.Path == nil && m.SafeRegex == nil {
		err = errors.Join(err, errors.New("no known path specifier"))
	}
	for i := range m.DynamicMetadata {
		err = errors.Join(err, m.DynamicMetadata[i].prepare())
	}
	return err
}

func (m *match) matches(r *Request) bool {
	if !m.path(r.pathOnly()) {
		return false
	}
	for i := range m.Headers {
		if !m.Headers[i].matches(r) {
			return false
		}
	}
	for i := range m.QueryParameters {
		q := &m.QueryParameters[i]
		value, present := r.parameter(q.Name)
		if q.PresentMatch != nil && present != *q.PresentMatch ||
			q.StringMatch != nil && (!present || !q.StringMatch.matches(value)) {
			return false
		}
	}
	for i := range m.DynamicMetadata {
		if !m.DynamicMetadata[i].matches(r) {
			return false
		}
	}
	return true
}

// path compares the path. Case counts in a regular expression, whatever case_sensitive says.
func (m *match) path(path string) bool {
	fold := func(text string) string {
		if m.CaseSensitive != nil && !*m.CaseSensitive {
			return strings.ToLower(text)
		}
		return text
	}
	switch {
	case m.Prefix != nil:
		return strings.HasPrefix(fold(path), fold(*m.Prefix))
	case m.Path != nil:
		return fold(path) == fold(*m.Path)
	}
	return m.SafeRegex.compiled.MatchString(path)
}

func (h *headerMatcher) matches(r *Request) bool {
	lines := r.header(h.Name)
	if h.PresentMatch != nil {
		return (len(lines) > 0 == *h.PresentMatch) != h.InvertMatch
	}
	if len(lines) == 0 {
		if !h.TreatMissingHeaderAsEmpty {
			return false
		}
		lines = []string{""}
	}
	return slices.ContainsFunc(lines, h.StringMatch.matches) != h.InvertMatch
}
