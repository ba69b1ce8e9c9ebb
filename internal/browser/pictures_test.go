package browser

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

//go:embed page.js
var look string

type place struct{ X, Y, W, H float64 }

func (p place) within(o place) bool {
	const over = 1 // a pixel: a text is as high as its font says, whatever is in it
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

var browser = sync.OnceValues(func() (context.Context, error) {
	tab, _, err := start(context.Background())
	return tab, err
})

func TestMain(m *testing.M) {
	status := m.Run()
	if tab, err := browser(); err == nil {
		_ = chromedp.Cancel(tab)
	}
	os.Exit(status)
}

// open opens a file in a tab of its own, and returns what is to be seen of it. The page may ask nobody for anything.
func open(t *testing.T, file string, width int64, scheme string) view {
	t.Helper()
	first, err := browser()
	if err != nil {
		t.Fatal(err)
	}
	tab, cancel := chromedp.NewContext(first)
	defer cancel()
	tab, cancelTimeout := context.WithTimeout(tab, time.Minute)
	defer cancelTimeout()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	address := "file://" + path
	var lock sync.Mutex
	var asked []string
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(chromedp.Listen(tab, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok && sent.Request.URL != address {
			lock.Lock()
			defer lock.Unlock()
			asked = append(asked, sent.Request.URL)
		}
	}))
	_, err = chromedp.Call(tab, network.Enable, network.EnableParams{})
	must(err)
	_, err = chromedp.Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 1000, DeviceScaleFactor: 1,
	})
	must(err)
	_, err = chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	must(err)
	must(chromedp.Do(tab, chromedp.Navigate(address)))
	v, err := chromedp.Run(tab, chromedp.Evaluate[view](look))
	must(err)
	shot, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	must(err)
	lock.Lock()
	defer lock.Unlock()
	if len(asked) > 0 {
		t.Errorf("the page asks for %q", asked)
	}
	if dir := os.Getenv("MESH_TEST_SCREENSHOTS"); dir != "" {
		name := fmt.Sprintf("%s-%d-%s.png", strings.TrimSuffix(filepath.Base(file), ".html"), width, scheme)
		if err := os.WriteFile(filepath.Join(dir, name), shot, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

const pages = "../traffic/testdata/sheet/"

// Of every picture all texts and bars are to be seen, none over another or outside its row, in light and in dark, on
// narrow and on wide pages. Thirty rules are less than 1,000 pixels high.
func TestPictures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(pages + "*.html")
	if err != nil || len(files) < 5 {
		t.Fatalf("there are %d pages: %v", len(files), err)
	}
	for _, file := range files {
		for _, width := range []int64{900, 1400} {
			for _, scheme := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s/%d/%s", filepath.Base(file), width, scheme), func(t *testing.T) {
					t.Parallel()
					v := open(t, file, width, scheme)
					v.check(t)
					if isDark := v.Back.luminance() < 0.1; isDark != (scheme == "dark") {
						t.Errorf("the picture lies on %v", v.Back)
					}
				})
			}
		}
	}
}

func (v view) check(t *testing.T) {
	t.Helper()
	if v.Scrolls || v.SVG.H >= 1000 || v.SVG.W < 800 {
		t.Errorf("the picture is at %v, the page scrolls sideways: %v", v.SVG, v.Scrolls)
	}
	if len(v.Strange)+len(v.Handlers) > 0 {
		t.Errorf("the page has elements %q and attributes %q", v.Strange, v.Handlers)
	}
	if len(v.Rows) < 2 {
		t.Fatalf("there are %d rows", len(v.Rows))
	}
	below := 0.0
	for _, r := range v.Rows {
		words, bars := 0, 0
		for _, m := range r.Texts {
			if m.Text != "" && (strings.Contains(m.Class, "mp-words") || strings.Contains(m.Class, "mp-note") ||
				strings.Contains(m.Class, "mp-title")) {
				words++
			}
			if got := contrast(m.Fill, r.Band); got < 4.5 {
				t.Errorf("%q of %q has a contrast of %.1f", m.Text, r.Title, got)
			}
		}
		for _, m := range r.Bars {
			if !strings.Contains(m.Class, "swatch") {
				bars++
			}
		}
		rule := strings.HasPrefix(r.Class, "mp-row") && !strings.Contains(r.Class, "folded")
		if words == 0 || rule && bars == 0 {
			t.Errorf("%q has %d texts and %d bars", r.Title, words, bars)
		}
		r.check(t, v.SVG)
		if r.At != nil {
			if r.At.Y < below-0.5 {
				t.Errorf("%q begins at %v, the row before ends at %v", r.Title, r.At.Y, below)
			}
			below = r.At.Y + r.At.H
		}
	}
}

func (r row) check(t *testing.T, svg place) {
	t.Helper()
	in := svg
	if r.At != nil {
		in = *r.At
	}
	all := append(append([]mark(nil), r.Texts...), r.Bars...)
	for i, m := range all {
		if m.At.W < 0.01 || m.At.H < 5 || !m.Visible || !m.OnTop {
			t.Errorf("%s %q of %q cannot be seen: %+v", m.Class, m.Text, r.Title, m)
		}
		if !m.At.within(in) {
			t.Errorf("%s %q at %v is outside its row %q at %v", m.Class, m.Text, m.At, r.Title, in)
		}
		for _, o := range all[:i] {
			if m.At.overlaps(o.At) {
				t.Errorf("%s %q at %v is over %s %q at %v", m.Class, m.Text, m.At, o.Class, o.Text, o.At)
			}
		}
	}
}

// The picture of a change says of every rule what a summary says of it.
func TestPictures_texts(t *testing.T) {
	t.Parallel()
	v := open(t, pages+"thirty.html", 1400, "light")
	if len(v.Rows) != 31 {
		t.Errorf("there are %d rows", len(v.Rows))
	}
	for i, r := range v.Rows[1:] {
		if want := fmt.Sprintf("rule %d, ", i+1); !strings.HasPrefix(r.Title, want) {
			t.Errorf("row %d is %q", i+1, r.Title)
		}
	}
}
