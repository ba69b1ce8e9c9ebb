package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The most bytes that the detail of a diagnostic has, that a text in it has, and that its summary or the attribute in
// front of it has. A text has less than the detail, so that what to do about it is still read after a long one.
const (
	LongestDetail = 8192
	longestText   = 3072
	LongestPath   = 1024
)

// printable returns a text as it may be shown to a person: what could move the cursor, colour the terminal, turn the
// direction of writing or hide something is escaped, such as \u001b, and the middle of a long text is left out. Line
// feeds and tabs stay. The texts hold what somebody configured or a cluster answered, whatever that is.
func printable(text string) string { return Printable(text, longestText) }

// Printable is [printable] with a limit of its own, in bytes.
func Printable(text string, limit int) string {
	// The words in the middle take at most 70 bytes.
	most := limit - 70
	head, rest := escaped(text, most*3/4)
	end := len(rest)
	for length := 0; end > 0; {
		r, size := utf8.DecodeLastRuneInString(rest[:end])
		if length += len(escapedRune(r, rest[end-size:end])); length > most/4 {
			break
		}
		end -= size
	}
	tail, _ := escaped(rest[end:], math.MaxInt)
	if end == 0 {
		return head + tail
	}
	return head + fmt.Sprintf(" … (%d of %d bytes left out) … ", end, len(text)) + tail
}

// escaped escapes a text from its start, in at most limit bytes, and returns what did not fit.
func escaped(text string, limit int) (shown, rest string) {
	var b strings.Builder
	for rest = text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		piece := escapedRune(r, rest[:size])
		if b.Len()+len(piece) > limit {
			break
		}
		b.WriteString(piece)
		rest = rest[size:]
	}
	return b.String(), rest
}

// escapedRune returns how a rune is shown that is written as raw, which may be no UTF-8.
func escapedRune(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case r == '\n' || r == '\t' || unicode.IsPrint(r):
		return raw
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return strings.Trim(strconv.QuoteRuneToASCII(r), "'")
}
