package check

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// wholeURL is the beginning of a URL, where a path is asked for.
var wholeURL = regexp.MustCompile(`^[a-zA-Z][-+.a-zA-Z0-9]*://`)

// oldPrefix is what stood for the matched prefix in Istio before there was prefix_rewrite.
const oldPrefix = "%PREFIX()%"

func (c *checker) redirect(m *networking.HTTPRedirect) {
	if port, ok := m.RedirectPort.(*networking.HTTPRedirect_Port); ok && port.Port == 0 {
		c.void(istio.Path{"port"}, "must be between 1 and %d, got 0; leave it out to keep the port of the request",
			largestPort)
	}
	for _, f := range []struct{ name, path string }{{"uri", m.Uri}, {"prefix_rewrite", m.PrefixRewrite}} {
		at := istio.Path{f.name}
		switch {
		case wholeURL.MatchString(f.path):
			c.void(at, "%.80q is a whole URL, and is taken for a path: clients are sent to /%.80s at the host that "+
				"they asked; write scheme and authority, and the path alone here", f.path, f.path)
		case strings.Contains(f.path, oldPrefix):
			c.doubt(at, "%s is text: clients are sent to a path that has it; write prefix_rewrite, which keeps what "+
				"is behind the prefix", oldPrefix)
		case f.path != "" && !strings.HasPrefix(f.path, "/"):
			c.doubt(at, "%.80q does not begin with a slash, and the proxy puts one before it; write %.81q", f.path,
				"/"+f.path)
		}
	}
}

// rewrite looks for paths that are none. What is sent on begins with uri, whatever the rule matches; `*` is the path
// of OPTIONS.
func (c *checker) rewrite(m *networking.HTTPRewrite) {
	at := istio.Path{"uri"}
	switch {
	case m.Uri == "" || m.Uri == "*" || strings.HasPrefix(m.Uri, "/"):
	case wholeURL.MatchString(m.Uri):
		c.void(at, "%.80q is a whole URL, and is sent on as the path, which is answered with 400 or taken for another "+
			"host; write authority, and the path alone here", m.Uri)
	default:
		c.void(at, "%.80q does not begin with a slash, so that what is sent on is no path, and is answered with 400; "+
			"write %.81q", m.Uri, "/"+m.Uri)
	}
}

// groupOfOthers is a reference to a group as other languages write it.
var groupOfOthers = regexp.MustCompile(`\$([0-9]|\{)`)

// wrongEscape is a backslash that is not followed by a digit or a backslash.
var wrongEscape = regexp.MustCompile(`^(?:[^\\]|\\[0-9\\])*\\(?:[^0-9\\]|$)`)

// regexRewrite looks for rewrites that Envoy takes, and that do not rewrite: run with Envoy 1.40.
func (c *checker) regexRewrite(m *networking.RegexRewrite) {
	at := istio.Path{"rewrite"}
	missing, groups := missingGroup(m)
	switch {
	case strings.ContainsAny(m.Rewrite, "\x00\r\n"):
		c.refuse(at, "must not hold line breaks or NUL characters")
	case missing > 0:
		c.void(at, `names group \%d, and match has %d: the proxy leaves every path as it is; put what it stands for `+
			`into parentheses in match`, missing, groups)
	case wrongEscape.MatchString(m.Rewrite):
		c.void(at, `a backslash begins a group, as in \1, or is doubled; the proxy leaves out all that is behind `+
			`another one`)
	case groupOfOthers.MatchString(m.Rewrite):
		c.doubt(at, `%s is text here; write \1 for the first group`, groupOfOthers.FindString(m.Rewrite))
	}
}

// backReference is a group in an RE2 rewrite: `\1`; `\\` is a backslash.
var backReference = regexp.MustCompile(`\\(\\|[0-9])`)

// missingGroup returns a group that a rewrite names and the expression does not have, 0 if there is none, and how
// many it has.
func missingGroup(m *networking.RegexRewrite) (missing, groups int) {
	expression, err := syntax.Parse(m.Match, syntax.Perl)
	if err != nil {
		return 0, 0
	}
	groups = expression.MaxCap()
	for _, reference := range backReference.FindAllStringSubmatch(m.Rewrite, -1) {
		if group, err := strconv.Atoi(reference[1]); err == nil && group > groups {
			return group, groups
		}
	}
	return 0, groups
}
