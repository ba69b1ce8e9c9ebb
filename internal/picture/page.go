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
	var b strings.Builder
	title := "No route"
	if len(s.sections) > 0 {
		title = s.sections[0].title
	}
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">` +
		"\n<meta name=\"viewport\" content=\"width=device-width\">\n")
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n", escapeXML(title), pageStyle)
	fmt.Fprintf(&b, "<div class=\"narrow\">\n%s</div>\n<div class=\"wide\">\n%s</div>\n", s.svg(Width, "mp"),
		s.svg(wideWidth, "mpw"))
	b.WriteString("</body>\n</html>\n")
	return b.String()
}
