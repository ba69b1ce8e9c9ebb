package picture

import (
	"fmt"
	"strings"
)

// wideWidth is the width of the picture in a page that has room for more words, and roomFor what it needs around it.
const (
	wideWidth = 1320
	roomFor   = 36
)

// pageStyle leaves the picture as wide as it is: smaller, its texts could not be read.
var pageStyle = fmt.Sprintf("html{color-scheme:light dark}body{margin:12px;background:%s;font-family:%s}"+
	"svg{display:block;margin:0 auto;flex:none}.wide{display:none}"+
	"@media (min-width:%dpx){.wide{display:block}.narrow{display:none}}"+
	"@media (prefers-color-scheme:dark){body{background:#010409}}",
	light.band, fontFamily, wideWidth+roomFor)

// Page returns the sheet as a page that is complete: it has no script, and asks nobody for anything. It follows the
// reader's choice of light or dark, and has the picture in two widths, of which the one is shown for which there is
// room.
func (s *Sheet) Page() string {
	title := "No route"
	if len(s.sections) > 0 {
		title = s.sections[0].title
	}
	return Document(title, "", s.Figure("mp"))
}

// Document returns a page that is complete, with figures in its body: it loads nothing, and runs no script, whatever
// the body is. The style comes after that of the figures. Style and body are HTML that somebody else has escaped.
func Document(title, style, body string) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">` +
		"\n<meta name=\"viewport\" content=\"width=device-width\">\n")
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s%s%s</style>\n</head>\n<body>\n%s</body>\n</html>\n",
		escapeXML(title), pictureStyle, pageStyle, style, body)
	return b.String()
}

// Figure returns the sheet as a part of a [Document], in two widths. All its ids begin with the given one, which is
// that of no other figure of the page.
func (s *Sheet) Figure(id string) string {
	return fmt.Sprintf("<div class=\"narrow\">\n%s</div>\n<div class=\"wide\">\n%s</div>\n",
		s.svg(Width, id, ""), s.svg(wideWidth, id+"w", ""))
}
