package picture

import (
	"strings"
	"unicode"
)

// advances are the widths of the printable characters of ASCII, in thousandths of the size of the font, of DejaVu
// Sans: of the fonts that a picture asks for it is the widest, so that a text is never wider than it is taken for.
var advances = [...]float64{
	318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
	636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
	748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
	615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
	337, 636, 838,
}

const (
	otherAdvance = 1000 // of letters beyond ASCII
	wideAdvance  = 1300 // of ideographs and emoji
	boldness     = 1.27 // how much wider a bold text is at most, as a whole
)

// look is how a text is set.
type look struct {
	size float64
	bold bool
}

// width returns how wide a text is at most, in pixels.
func (l look) width(text string) float64 {
	sum := 0.0
	for _, r := range text {
		sum += advance(r)
	}
	if l.bold {
		sum *= boldness
	}
	return sum * l.size / 1000
}

func advance(r rune) float64 {
	switch {
	case ' ' <= r && r <= '~':
		return advances[r-' ']
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case 0x1100 <= r && r <= 0x115F, 0x2E80 <= r && r <= 0xA4CF, 0xAC00 <= r && r <= 0xD7A3,
		0xF900 <= r && r <= 0xFAFF, 0xFE30 <= r && r <= 0xFE6F, 0xFF00 <= r && r <= 0xFF60, r >= 0x12000:
		return wideAdvance
	}
	return otherAdvance
}

const ellipsis = "…"

// fit returns a text without its end where it is wider than the room that there is.
func (l look) fit(text string, room float64) string {
	if l.width(text) <= room {
		return text
	}
	room -= l.width(ellipsis)
	end := 0
	for i, r := range text {
		if room -= l.width(string(r)); room < 0 {
			break
		}
		end = i + len(string(r))
	}
	return strings.TrimRight(text[:end], " ") + ellipsis
}

// lines breaks a text between words into at most so many lines. The last may be too long.
func (l look) lines(text string, most int, first, room float64) (lines []string) {
	for len(lines) < most-1 {
		head, rest := l.split(text, first)
		if lines, first = append(lines, head), room; rest == "" {
			return lines
		}
		text = rest
	}
	return append(lines, text)
}

// split returns the words of a text for which there is room, and the others; all of a first word that is too long.
func (l look) split(text string, room float64) (head, rest string) {
	if l.width(text) <= room {
		return text, ""
	}
	end := 0
	for i, r := range text {
		if l.width(text[:i]) > room {
			break
		}
		if r == ' ' {
			end = i
		}
	}
	if end == 0 {
		return text, ""
	}
	return text[:end], text[end+1:]
}
