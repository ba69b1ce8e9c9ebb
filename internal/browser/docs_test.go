package browser

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"flag"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var updatePictures = flag.Bool("update-pictures", false, "draw the picture of rows of the docs")

// docsPictures are the pictures of the docs, by the file that each is a picture of. A page is as wide as that.
var docsPictures = map[string]struct {
	picture string
	width   int64
}{
	pages + "thirty_change.svg": {picture: "thirty.png"},
	plans + "demo_change.html":  {"plan.png", 900},
}

// The pictures of the docs can be drawn, with a sign of what each was drawn from.
func TestDocs_picture(t *testing.T) {
	t.Parallel()
	for name, to := range docsPictures {
		t.Run(to.picture, func(t *testing.T) {
			t.Parallel()
			drawn := draw(t, name, to.width)
			if len(drawn) < 10_000 || len(drawn) > 250_000 {
				t.Errorf("the picture has %d bytes", len(drawn))
			}
			if *updatePictures {
				must(t, os.WriteFile("../../examples/pictures/"+to.picture, drawn, 0o644))
			}
		})
	}
}

// draw returns the picture of a file: of an SVG in its size, and of a page in a width.
func draw(t *testing.T, name string, width int64) []byte {
	t.Helper()
	first, err := browser()
	must(t, err)
	tab, cancel := chromedp.NewContext(first)
	defer cancel()
	tab, cancelTimeout := context.WithTimeout(tab, time.Minute)
	defer cancelTimeout()
	file, err := filepath.Abs(name)
	must(t, err)
	source, err := os.ReadFile(file)
	must(t, err)
	var size struct {
		Width  int64 `xml:"width,attr"`
		Height int64 `xml:"height,attr"`
	}
	if width == 0 {
		must(t, xml.Unmarshal(source, &size))
	}
	scale := 1.5
	if width > 0 {
		scale = 1 // a page is large
	}
	show := func(width, height int64) {
		t.Helper()
		_, err = chromedp.Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: height, DeviceScaleFactor: scale,
		})
		must(t, err)
	}
	show(max(size.Width, width), max(size.Height, 1))
	_, err = chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}},
	})
	must(t, err)
	must(t, chromedp.Do(tab, chromedp.Navigate("file://"+file)))
	if width > 0 {
		height, err := chromedp.Run(tab, chromedp.Evaluate[float64]("document.documentElement.scrollHeight"))
		must(t, err)
		show(width, int64(height))
	}
	drawn, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	must(t, err)
	return signed(drawn, source)
}

// signed puts the checksum of what a PNG was drawn from behind its first chunk, as a text with the keyword Sheet.
func signed(png, source []byte) []byte {
	sum := sha256.Sum256(source)
	chunk := append([]byte("tEXtSheet\x00"), hex.EncodeToString(sum[:])...)
	whole := binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4))
	whole = binary.BigEndian.AppendUint32(append(whole, chunk...), crc32.ChecksumIEEE(chunk))
	const head = 8 + 25 // the signature and the header
	return bytes.Join([][]byte{png[:head], whole, png[head:]}, nil)
}
