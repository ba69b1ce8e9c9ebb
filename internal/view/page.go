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

// page writes everything as a page that is complete. From the first picture on that
// would make it larger than it may be, all are left out.
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
		if drawn[i].LeftOut = e.sheet != nil && left <= 0; e.sheet == nil || left <= 0 {
			continue
		}
		figure := e.sheet().Figure(fmt.Sprintf("p%d", i+1))
		if left -= len(figure); left <= 0 {
			drawn[i].LeftOut = true
			continue
		}
		drawn[i].Picture = template.HTML(figure) //nolint:gosec // no name in a picture is read as HTML
	}
	if err := write(); err != nil {
		return "", err
	}
	return picture.Document(o.Title, pageStyle, body.String()), nil
}
