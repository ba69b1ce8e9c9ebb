package istio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsPlain reports whether a text is printable ASCII without some characters.
func IsPlain(text, without string) bool {
	for _, r := range text {
		if r < ' ' || r > '~' || strings.ContainsRune(without, r) {
			return false
		}
	}
	return true
}

// Shown returns a text as it is when that is clear, and quoted when it is not. A mark at its start would change the
// character in front of it.
func Shown(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	if text == "" || unicode.IsMark(first) || strings.ContainsAny(text, "\"', ") ||
		!IsPlain(text, "") && strconv.Quote(text) != `"`+text+`"` {
		return strconv.Quote(text)
	}
	return text
}

// Cut returns the beginning of a text that has at most so many bytes, in whole characters.
func Cut(text string, most int) string {
	for len(text) > most {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// Enumerate joins with commas and a last word: `a, b and c`.
func Enumerate(parts []string, last string) string {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	return fmt.Sprintf("%s %s %s", strings.Join(parts[:len(parts)-1], ", "), last, parts[len(parts)-1])
}

// Unique sorts texts in place, and returns each once.
func Unique(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
