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

const docsPicture = "../../examples/pictures/thirty.png"

// The picture of the docs can be drawn, with a sign of what it was drawn from.
func TestDocs_picture(t *testing.T) {
	t.Parallel()
	first, err := browser()
	must(t, err)
	tab, cancel := chromedp.NewContext(first)
	defer cancel()
	tab, cancelTimeout := context.WithTimeout(tab, time.Minute)
	defer cancelTimeout()
	file, err := filepath.Abs(pages + "thirty_change.svg")
	must(t, err)
	source, err := os.ReadFile(file)
	must(t, err)
	var size struct {
		Width  int64 `xml:"width,attr"`
		Height int64 `xml:"height,attr"`
	}
	must(t, xml.Unmarshal(source, &size))
	_, err = chromedp.Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: size.Width, Height: size.Height, DeviceScaleFactor: 1.5,
	})
	must(t, err)
	_, err = chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}},
	})
	must(t, err)
	must(t, chromedp.Do(tab, chromedp.Navigate("file://"+file)))
	drawn, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	must(t, err)
	drawn = signed(drawn, source)
	if len(drawn) < 10_000 || len(drawn) > 200_000 {
		t.Errorf("the picture has %d bytes", len(drawn))
	}
	if *updatePictures {
		must(t, os.WriteFile(docsPicture, drawn, 0o644))
	}
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
