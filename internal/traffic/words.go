package traffic

import (
	"strconv"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// words says a literal in words that fit behind "requests with".
func (l *literal) words() string {
	if l.on.kind == onClaim {
		if l.present == none {
			return "no claim " + claimWords(l.claim)
		}
		return "claim " + claimWords(l.claim)
	}
	name := l.on.words()
	switch {
	case l.present == none:
		return "no " + name
	case l.present == others && l.pattern.Shape == pattern.Anything:
		return "no " + name
	case l.present == others && l.pattern.Shape == pattern.Exactly:
		return name + " other than " + l.pattern.Words()
	case l.present == others:
		return name + " not " + l.pattern.Words()
	case l.pattern.Shape == pattern.Anything:
		return name
	case l.pattern.Shape == pattern.Exactly && l.on.named():
		return name + "=" + l.pattern.Words()
	}
	return name + " " + l.pattern.Words()
}

func claimWords(c *claim) string {
	name := strings.ReplaceAll(c.path, "][", ".")
	if c.pattern.Shape == pattern.Exactly {
		return name + "=" + c.pattern.Words()
	}
	return name + " " + c.pattern.Words()
}

// named reports whether the subject is one of many of a kind.
func (v variable) named() bool {
	switch v.kind {
	case onHeader, onQuery, onClaim, onLabel:
		return !v.always()
	case onPath, onPort, onGateway, onNamespace:
	}
	return false
}

func (v variable) words() string {
	switch v.kind {
	case onPath:
		return "path"
	case onHeader:
		if v.always() {
			return map[string]string{
				authorityHeader: "authority",
				methodHeader:    "method",
				schemeHeader:    "scheme",
				pathHeader:      "path and query",
			}[v.name]
		}
		return "header " + istio.Shown(v.name)
	case onQuery:
		return "query parameter " + istio.Shown(v.name)
	case onClaim:
		return "claim"
	case onPort:
		return "port"
	case onGateway:
		return "gateway"
	case onLabel:
		return "source label " + istio.Shown(v.name)
	case onNamespace:
		return "source namespace"
	}
	return ""
}

// words says the conditions of a match, empty when it has none.
func (c *conditions) words() string {
	var parts []string
	for _, list := range [][]literal{c.about, c.place} {
		for i := range list {
			if list[i].on.kind == onPath && list[i].pattern.Shape == pattern.StartsWith &&
				(list[i].pattern.Text == "/" || list[i].pattern.Text == "") {
				continue
			}
			parts = append(parts, list[i].words())
		}
	}
	return strings.Join(parts, " and ")
}

// PercentWords writes a percentage with as many digits as it needs, two at most: `12.5 %`.
func PercentWords(percent float64) string {
	if percent > 0 && percent < 0.005 {
		return "under 0.01 %"
	}
	return Points(percent) + " %"
}

// Points writes percent points with as many digits as they need, two at most: `12.5`.
func Points(percent float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(percent, 'f', 2, 64), "0"), ".")
}
