package view

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/picture"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// drawing is an entry with its picture, as the template takes it.
type drawing struct {
	*entry
	// Picture is HTML that the room of pictures has escaped. Without one LeftOut may say why.
	Picture template.HTML
	LeftOut bool
}

// page writes everything as a page that is complete. Pictures that would make it larger than it may be are left out.
func (o *overview) page(limit int) (string, error) {
	var body strings.Builder
	drawn := make([]drawing, len(o.Entries))
	for i, e := range o.Entries {
		drawn[i] = drawing{entry: e}
	}
	write := func() error {
		body.Reset()
		return pageTemplate.Execute(&body, struct {
			*overview
			Drawn []drawing
		}{o, drawn})
	}
	if err := write(); err != nil {
		return "", err
	}
	left := limit - body.Len()
	for i, e := range o.Entries {
		if e.sheet == nil {
			continue
		}
		figure := e.sheet.Figure("p" + fmt.Sprint(i+1))
		if left -= len(figure); left < 0 {
			drawn[i].LeftOut, left = true, left+len(figure)
			continue
		}
		drawn[i].Picture = template.HTML(figure) //nolint:gosec // no name in a picture is read as HTML
	}
	if err := write(); err != nil {
		return "", err
	}
	return picture.Document(o.Title, pageStyle, body.String()), nil
}
