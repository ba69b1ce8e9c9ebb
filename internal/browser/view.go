package browser

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

type place struct{ X, Y, W, H float64 }

func (p place) within(o place) bool {
	const over = 1 // a pixel, by which browsers round
	return p.X >= o.X-over && p.Y >= o.Y-over && p.X+p.W <= o.X+o.W+over && p.Y+p.H <= o.Y+o.H+over
}

func (p place) overlaps(o place) bool {
	const touch = 0.75
	return p.X+touch < o.X+o.W && o.X+touch < p.X+p.W && p.Y+touch < o.Y+o.H && o.Y+touch < p.Y+p.H
}

type colour struct{ R, G, B, A float64 }

// luminance is that of WCAG 2.
func (c colour) luminance() float64 {
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

type mark struct {
	Class, Text    string
	At             place
	Fill           colour
	Font           string
	Visible, OnTop bool
}

type row struct {
	Class, Title string
	At           *place
	Band         colour
	Texts, Bars  []mark
}

type view struct {
	SVG               place
	Back              colour
	Scrolls           bool
	Strange, Handlers []string
	Rows              []row
}

// problems says what is wrong with a picture: what cannot be seen or read, and what is where it should not be.
func (v view) problems() (problems []string) {
	say := func(format string, values ...any) { problems = append(problems, fmt.Sprintf(format, values...)) }
	if v.Scrolls || v.SVG.H >= 1000 || v.SVG.W < 800 {
		say("the picture is at %v, the page scrolls sideways: %v", v.SVG, v.Scrolls)
	}
	if len(v.Strange)+len(v.Handlers) > 0 {
		say("the page has elements %q and attributes %q", v.Strange, v.Handlers)
	}
	if len(v.Rows) < 2 {
		say("there are %d rows", len(v.Rows))
	}
	below := 0.0
	for _, r := range v.Rows {
		problems = append(problems, r.problems(v.SVG)...)
		if r.At == nil {
			continue
		}
		if r.At.Y < below-0.5 {
			say("%q begins at %v, the row before ends at %v", r.Title, r.At.Y, below)
		}
		below = r.At.Y + r.At.H
	}
	return problems
}

func (r row) problems(svg place) (problems []string) {
	say := func(format string, values ...any) { problems = append(problems, fmt.Sprintf(format, values...)) }
	in, words, bars := svg, 0, 0
	if r.At != nil {
		in = *r.At
	}
	for _, m := range r.Texts {
		if slices.Contains([]string{"mp-words", "mp-note", "mp-title"}, strings.Fields(m.Class)[0]) {
			words++
		}
		if got := contrast(m.Fill, r.Band); got < 4.5 {
			say("%q of %q has a contrast of %.1f", m.Text, r.Title, got)
		}
	}
	for _, m := range r.Bars {
		if !strings.Contains(m.Class, "swatch") {
			bars++
		}
	}
	rule := strings.HasPrefix(r.Class, "mp-row") && !strings.Contains(r.Class, "folded")
	if words == 0 || rule && bars == 0 {
		say("%q has %d texts and %d bars", r.Title, words, bars)
	}
	all := append(append([]mark(nil), r.Texts...), r.Bars...)
	for i, m := range all {
		if m.At.W < 0.01 || m.At.H < 4 || !m.Visible || !m.OnTop {
			say("%s %q of %q cannot be seen: %+v", m.Class, m.Text, r.Title, m)
		}
		if !m.At.within(in) {
			say("%s %q at %v is outside its row %q at %v", m.Class, m.Text, m.At, r.Title, in)
		}
		for _, o := range all[:i] {
			if m.At.overlaps(o.At) {
				say("%s %q at %v is over %s %q at %v", m.Class, m.Text, m.At, o.Class, o.Text, o.At)
			}
		}
	}
	return problems
}
