package report

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// mostTold is how many objects a plan tells of one by one, and mostAlike of how many in the same words: nobody reads
// more.
const (
	mostTold  = 20
	mostAlike = 3
)

// moreObjects stands for the object in the summary of what is told of those that are not told of one by one.
const moreObjects = "more objects"

// Tally knows what one run of the provider has told. A nil one tells of everything by itself.
type Tally struct {
	mutex sync.Mutex
	moved int
	// told are the objects that were told of by themselves, by what was told of them and by the words of it.
	told map[string]map[string][]string
	said map[string]bool
}

// More reports whether the moves of one more route are told by themselves.
func (t *Tally) More() bool {
	if t == nil {
		return true
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.moved++
	return t.moved <= mostTold
}

// Once reports whether a text was not told before.
func (t *Tally) Once(text string) bool {
	if t == nil {
		return true
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.said[text] {
		return false
	}
	if t.said == nil {
		t.said = map[string]bool{}
	}
	if len(t.said) < mostTold {
		t.said[text] = true
	}
	return true
}

// alone reports whether a kind of warning is told of an object by itself: it is one of the first, and one of the
// first for which that has these words. What was told by itself once is so again, because Terraform may ask twice.
func (t *Tally) alone(kind, of, words string) bool {
	if t == nil {
		return true
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	alike, all := t.told[kind][words], 0
	for _, told := range t.told[kind] {
		all += len(told)
	}
	switch {
	case slices.Contains(alike, of):
		return true
	case len(alike) >= mostAlike || all >= mostTold:
		return false
	case t.told == nil:
		t.told = map[string]map[string][]string{}
	}
	if t.told[kind] == nil {
		t.told[kind] = map[string][]string{}
	}
	t.told[kind][words] = append(alike, of)
	return true
}

// without returns a text without the words of some names, so that what it says of two objects can be compared.
func without(text string, names []string) string {
	inside := func(r rune) bool { return r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	own := map[string]bool{}
	for _, name := range names {
		for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !inside(r) }) {
			own[word] = true
		}
	}
	var b strings.Builder
	for text != "" {
		end := strings.IndexFunc(text, func(r rune) bool { return !inside(r) })
		if end < 0 {
			end = len(text)
		}
		if !own[text[:end]] {
			b.WriteString(text[:end])
		}
		_, size := utf8.DecodeRuneInString(text[end:])
		b.WriteString(text[end : end+size])
		text = text[end+size:]
	}
	return b.String()
}
