package browser

import (
	"context"
	_ "embed"
	"fmt"
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

// must ends a test that cannot go on.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a file in a tab of its own, and returns what an expression says of it and what it asks for besides.
func open[T any](t *testing.T, file string, width int64, scheme, expression string) (result T, asked []string) {
	t.Helper()
	first, err := browser()
	must(t, err)
	tab, cancel := chromedp.NewContext(first)
	defer cancel()
	tab, cancelTimeout := context.WithTimeout(tab, time.Minute)
	defer cancelTimeout()
	path, err := filepath.Abs(file)
	must(t, err)
	address := "file://" + path
	var lock sync.Mutex
	must(t, chromedp.Listen(tab, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok && sent.Request.URL != address {
			lock.Lock()
			defer lock.Unlock()
			asked = append(asked, sent.Request.URL)
		}
	}))
	_, err = chromedp.Call(tab, network.Enable, network.EnableParams{})
	must(t, err)
	_, err = chromedp.Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 1000, DeviceScaleFactor: 1,
	})
	must(t, err)
	_, err = chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	must(t, err)
	must(t, chromedp.Do(tab, chromedp.Navigate(address)))
	result, err = chromedp.Run(tab, chromedp.Evaluate[T](expression))
	must(t, err)
	shot, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	must(t, err)
	if dir := os.Getenv("MESH_TEST_SCREENSHOTS"); dir != "" {
		name := fmt.Sprintf("%s-%d-%s.png", strings.ReplaceAll(filepath.Base(file), ".", "-"), width, scheme)
		must(t, os.WriteFile(filepath.Join(dir, name), shot, 0o600))
	}
	lock.Lock()
	defer lock.Unlock()
	return result, asked
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
					v, asked := open[view](t, file, width, scheme, look)
					for _, problem := range v.problems() {
						t.Error(problem)
					}
					if len(asked) > 0 {
						t.Errorf("the page asks for %q", asked)
					}
					if isDark := v.Back.luminance() < 0.1; isDark != (scheme == "dark") {
						t.Errorf("the picture lies on %v", v.Back)
					}
				})
			}
		}
	}
}

// Every rule has a row, in its order.
func TestPictures_rows(t *testing.T) {
	t.Parallel()
	v, _ := open[view](t, pages+"thirty.html", 1400, "light", look)
	if len(v.Rows) != 31 {
		t.Errorf("there are %d rows", len(v.Rows))
	}
	for i, r := range v.Rows[1:] {
		if want := fmt.Sprintf("rule %d, ", i+1); !strings.HasPrefix(r.Title, want) {
			t.Errorf("row %d is %q", i+1, r.Title)
		}
	}
}

// A picture that is a file of its own is drawn by an img, which runs and fetches nothing, in the size that it says.
func TestPictures_image(t *testing.T) {
	t.Parallel()
	picture, err := filepath.Abs(pages + "thirty_change.svg")
	must(t, err)
	file := filepath.Join(t.TempDir(), "image.html")
	must(t, os.WriteFile(file, []byte(`<!DOCTYPE html><img src="file://`+picture+`">`), 0o600))
	for _, scheme := range []string{"light", "dark"} {
		size, _ := open[place](t, file, 900, scheme,
			"(({naturalWidth: W, naturalHeight: H}) => ({W, H}))(document.images[0])")
		if size.W != 860 || size.H < 200 || size.H >= 1000 {
			t.Errorf("the image is %v by %v", size.W, size.H)
		}
	}
}

// What is wrong in a page is found.
func TestPictures_wrong(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(pages + "thirty_change.html")
	must(t, err)
	for name, test := range map[string]struct{ old, now, want string }{
		"letters that are too large": {`font-size="12"`, `font-size="20"`, " is over "},
		"bars over words":            {`"mp-bar mp-c0" x="`, `"mp-bar mp-c0" x="1`, " is outside "},
		"no bar":                     {`class="mp-bar`, `class="no-bar`, " and 0 bars"},
		"no words":                   {`class="mp-words"`, `class="no-words"`, " has 0 texts"},
		"a bar that is not drawn":    {".mp-hatch{", ".mp-bar{visibility:hidden}.mp-hatch{", " cannot be seen"},
		"a text that is too faint":   {".mp text{fill:#1f2328}", ".mp text{fill:#c0c0c0}", " has a contrast of "},
		"something in front":         {"</svg>", `<rect width="860" height="600"/></svg>`, " cannot be seen"},
		"a script":                   {"</svg>", "<script></script></svg>", `has elements ["script"`},
		"a handler":                  {"<title>", `<title onload="a()">`, `attributes ["onload"`},
		"too high":                   {`svg{display:block`, "svg{height:1001px;display:block", "the picture is at "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), strings.ReplaceAll(name, " ", "_")+".html")
			must(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(good), test.old, test.now)), 0o600))
			v, _ := open[view](t, file, 900, "light", look)
			if got := strings.Join(v.problems(), "\n"); !strings.Contains(got, test.want) {
				t.Errorf("found %q", got)
			}
		})
	}
}

// A page that asks for something is found.
func TestPictures_asks(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "asks.html")
	must(t, os.WriteFile(file, []byte(`<!DOCTYPE html><img src="file:///nowhere.png">`), 0o600))
	if _, asked := open[int](t, file, 900, "light", "1"); len(asked) != 1 || asked[0] != "file:///nowhere.png" {
		t.Errorf("it asks for %q", asked)
	}
}
