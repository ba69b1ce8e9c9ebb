package picture

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Width is how wide a picture is that is to be shown beside text.
const Width = 860

const fontFamily = `system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif`

// theme is the colours of what is no share.
type theme struct{ back, text, muted, line, band, added, changed, removed, addedBand, changedBand, removedBand string }

var (
	light = theme{
		"#ffffff", "#1f2328", "#59636e", "#d1d9e0", "#f6f8fa", "#1a7f37", "#8a5a00", "#c4212c", "#edfaf0", "#fff9e0",
		"#fff1f0",
	}
	dark = theme{
		"#0d1117", "#e6edf3", "#9aa4af", "#2f363d", "#161b22", "#4ac26b", "#d9a520", "#ff7b72", "#0f2318", "#261f0c",
		"#2a1517",
	}
)

// styles writes the rules of a theme; all classes begin with mp-, so that a page may have others.
func (t theme) styles(fill func(colour) string) string {
	var b strings.Builder
	rule := func(selector, declarations string) { fmt.Fprintf(&b, "%s{%s}", selector, declarations) }
	rule(".mp-back", "fill:"+t.back+";stroke:"+t.line)
	rule(".mp text", "fill:"+t.text)
	rule(".mp .mp-note,.mp .mp-number", "fill:"+t.muted)
	rule(".mp-rule", "stroke:"+t.line)
	rule(".mp-folded>.mp-band", "fill:"+t.band)
	rule(".mp-elsewhere", "fill:none;stroke:"+t.muted)
	rule(".mp-hatch", "stroke:"+t.back)
	for _, s := range []struct {
		state      change
		line, band string
	}{{added, t.added, t.addedBand}, {changed, t.changed, t.changedBand}, {removed, t.removed, t.removedBand}} {
		name := s.state.badge()
		rule(".mp-"+name+">.mp-band", "fill:"+s.band)
		rule(".mp-badge.mp-"+name, "stroke:"+s.line)
		rule(".mp .mp-badge-text.mp-"+name, "fill:"+s.line)
	}
	for i, c := range colours {
		rule(".mp-c"+strconv.Itoa(i), "fill:"+fill(c))
	}
	return b.String()
}

// pictureStyle is the same for every picture, so that several may stand in one page.
var pictureStyle = strings.Join([]string{
	".mp{font-family:" + fontFamily + "}",
	".mp text,.mp tspan{direction:ltr;unicode-bidi:isolate;white-space:pre}",
	".mp-strong{font-weight:700}",
	".mp-badge{fill:none}",
	".mp .mp-gone .mp-words{text-decoration:line-through}",
	".mp-gone .mp-bar,.mp-gone .mp-swatch{opacity:.6}",
	".mp-hatch{stroke-opacity:.5;fill:none}",
	".mp-elsewhere{stroke-dasharray:3 2}",
	light.styles(func(c colour) string { return c.light }),
	"@media (prefers-color-scheme:dark){" + dark.styles(func(c colour) string { return c.dark }) + "}",
}, "")

// SVG draws the sheet in a width of so many pixels. The text is complete, and the same each time for the same sheet.
// No name in it is read as XML or HTML, none is outside its place, and a title has the whole of what is cut.
func (s *Sheet) SVG(width int) string { return s.svg(width, "mp", "<style>"+pictureStyle+"</style>\n") }

// svg gives everything that has an id one that begins with a prefix. Without a style of its own it takes that of the
// page.
func (s *Sheet) svg(width int, prefix, style string) string {
	groups, height := s.layout(float64(width))
	d := &svgDrawing{prefix: prefix, hatches: map[int]bool{}}
	for _, g := range groups {
		d.group(g)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="mp"%s%s viewBox="0 0 %d %s">`,
		attribute("width", float64(width)), attribute("height", height), width, number(height))
	b.WriteString("\n" + style + "<defs>")
	for i := range hatches {
		if d.hatches[i] {
			fmt.Fprintf(&b, `<pattern id="%s-h%d" width="6" height="6" patternUnits="userSpaceOnUse">`+
				`<path class="mp-hatch" d="%s"/></pattern>`, prefix, i, hatches[i])
		}
	}
	fmt.Fprintf(&b, "</defs>\n<rect class=\"mp-back\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%s\" rx=\"6\"/>\n",
		width-1, number(height-1))
	b.WriteString(d.String())
	b.WriteString("</svg>\n")
	return b.String()
}

type svgDrawing struct {
	strings.Builder
	prefix  string
	hatches map[int]bool
}

func (d *svgDrawing) group(g group) {
	fmt.Fprintf(d, `<g class="%s"><title>%s</title>`, classes(g.class), escapeXML(g.title))
	if strings.HasPrefix(g.class, "row") {
		fmt.Fprintf(d, `<rect class="mp-band"%s fill-opacity="%s"/><path class="mp-rule" d="M%s,%s h%s"/>`,
			rect{1, g.y, g.w - 2, g.h}.attributes(), map[bool]string{true: "0", false: "1"}[g.class == "row"],
			number(margin), number(g.y), number(g.w-2*margin))
	}
	for _, m := range g.marks {
		d.mark(m)
	}
	d.WriteString("</g>\n")
}

func (d *svgDrawing) mark(m mark) {
	switch {
	case m.look.size > 0:
		d.text(m)
	case m.place < 0:
		rx := ""
		if strings.HasPrefix(m.class, "badge") {
			rx = ` rx="8"`
		}
		fmt.Fprintf(d, `<rect class="%s"%s%s/>`, classes(m.class), m.attributes(), rx)
	default:
		fmt.Fprintf(d, `<rect class="%s mp-c%d"%s/>`, classes(m.class), colourOf(m.place), m.attributes())
		if h := hatchOf(m.place); hatches[h] != "" {
			d.hatches[h] = true
			fmt.Fprintf(d, `<rect fill="url(#%s-h%d)"%s/>`, d.prefix, h, m.attributes())
		}
	}
}

func (d *svgDrawing) text(m mark) {
	x, anchor, class := m.x, "", classes(m.class)
	switch {
	case strings.HasPrefix(m.class, "badge-text"):
		x, anchor = m.x+m.w/2, ` text-anchor="middle"`
	case m.end:
		x, anchor = m.x+m.w, ` text-anchor="end"`
	}
	if m.look.bold {
		class += " mp-strong"
	}
	// The ascent of DejaVu Sans is 0.93 of its size, the descent 0.24.
	base := m.y + m.h/2 + m.look.size*0.345
	before, after := "", ""
	if strings.ContainsFunc(m.lead+m.text, uncertain) {
		before, after = fmt.Sprintf(`<svg%s viewBox="%s %s %s %s" overflow="hidden">`, m.attributes(), number(m.x),
			number(m.y), number(m.w), number(m.h)), "</svg>"
	}
	content := escapeXML(m.text)
	if m.lead != "" {
		content = `<tspan class="mp-strong">` + escapeXML(m.lead) + "</tspan><tspan" + attribute("dx", leadGap) + ">" +
			content + "</tspan>"
	}
	fmt.Fprintf(d, `%s<text class="%s"%s%s%s%s>%s</text>%s`, before, class, attribute("x", x), attribute("y", base),
		attribute("font-size", m.look.size), anchor, content, after)
}

// uncertain reports whether a character may be wider or higher than it is taken for. What has one is clipped.
func uncertain(r rune) bool { return r > unicode.MaxLatin1 && !strings.ContainsRune("…–→·", r) }

func (r rect) attributes() string {
	return attribute("x", r.x) + attribute("y", r.y) + attribute("width", r.w) + attribute("height", r.h)
}

func attribute(name string, value float64) string { return " " + name + `="` + number(value) + `"` }

func classes(names string) string {
	parts := strings.Fields(names)
	for i, name := range parts {
		parts[i] = "mp-" + name
	}
	return strings.Join(parts, " ")
}

// number writes a length with two digits at most.
func number(f float64) string { return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64) }

// escapeXML makes a text one that XML and HTML show as it is; lines stay lines.
func escapeXML(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		_ = xml.EscapeText(&b, []byte(spell(line))) // a builder takes everything
	}
	return b.String()
}
