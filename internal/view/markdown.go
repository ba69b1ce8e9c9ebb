package view

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// markdown writes everything as Markdown that is no longer than so many characters. It leaves out whole routes, and
// says which. All that somebody else wrote is code: nothing of it is read as Markdown or HTML, and nobody is notified
// of it.
func (o *overview) markdown(limit int) string {
	var head strings.Builder
	fmt.Fprintf(&head, "### %s\n\n", o.Title)
	for _, fact := range o.Facts {
		fmt.Fprintf(&head, "%s\n", fact)
	}
	if len(o.Alerts) > 0 {
		head.WriteString("\n" + block(o.Alerts))
	}
	text := head.String()
	left := limit - utf8.RuneCountInString(text)
	for i, e := range o.Entries {
		rest := ""
		if more := o.Entries[i+1:]; len(more) > 0 {
			rest = leftOut(more)
		}
		// What names the routes that follow has to fit, should they be left out.
		room := left - utf8.RuneCountInString(rest)
		part := e.markdown(true)
		if utf8.RuneCountInString(part) > room && i == 0 {
			part = e.markdown(false)
		}
		if utf8.RuneCountInString(part) > room {
			return text + leftOut(o.Entries[i:])
		}
		text, left = text+part, left-utf8.RuneCountInString(part)
	}
	return text
}

// mostNamed is how many routes are named of those that are left out.
const mostNamed = 20

// leftOut names the routes for which there is no room.
func leftOut(entries []*entry) string {
	lines := make([]string, 0, mostNamed+1)
	for i, e := range entries {
		if i == mostNamed {
			lines = append(lines, fmt.Sprintf("and %d more", len(entries)-i))
			break
		}
		lines = append(lines, e.Lines[0].Address+" "+e.Lines[0].Does)
	}
	return fmt.Sprintf("\n%s left out, because this text would be too long with %s:\n\n",
		counted(len(entries), "route is", "routes are"),
		map[bool]string{true: "it", false: "them"}[len(entries) == 1]) + block(lines)
}

// markdown writes an entry, with its picture or without.
func (e *entry) markdown(withPicture bool) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, l := range e.Lines {
		from := ""
		if l.From != "" {
			from = ", moved from " + inline(l.From)
		}
		fmt.Fprintf(&b, "#### %s %s%s\n\n", inline(l.Address), l.Does, from)
	}
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(&b, "%s\n\n%s\n", title, block(lines))
		}
	}
	section("Warnings:", e.Warnings)
	switch {
	case e.sheet == nil:
	case withPicture:
		b.WriteString(e.sheet().Markdown() + "\n")
	default:
		b.WriteString("The picture is left out, because this text would be too long with it.\n\n")
	}
	section("What moves:", e.Moves)
	for _, w := range e.Walks {
		section("How the shares of "+inline(w.Address)+" walk:", w.Lines)
	}
	var changed []string
	for _, s := range e.Subsets {
		if s.State != "" {
			changed = append(changed, s.line())
		}
	}
	section("Subsets:", changed)
	for _, s := range e.Seen {
		section("Live now, "+inline(s.Host)+":", s.lines())
	}
	section("Notes:", e.Notes)
	return b.String()
}

// line says what becomes of a subset.
func (s *subset) line() string {
	labels := s.Now
	switch {
	case s.Now == "":
		labels = s.Then
	case s.Then != "" && s.Then != s.Now:
		labels += " → " + s.Then
	}
	return fmt.Sprintf("%s of %s, %s: %s", s.Name, s.Host, s.State, labels)
}

// lines say what is live of a service.
func (s Seen) lines() []string {
	if s.Missing {
		return []string{"there is no such service"}
	}
	var lines []string
	for _, r := range s.Routes {
		line := r.Name
		if len(r.Tools) > 0 {
			line += ", of " + strings.Join(r.Tools, ", ")
		}
		if r.Overruled {
			line += ": another VirtualService goes first for all of its hosts"
		}
		lines = append(lines, line)
		for _, words := range r.Summary {
			lines = append(lines, "  "+words)
		}
	}
	switch {
	case s.Unlisted:
		lines = append(lines, "which VirtualServices route it is not known")
	case len(s.Routes) == 0:
		lines = append(lines, "no VirtualService routes it")
	}
	for _, subset := range s.Subsets {
		line := subset.Name + ": "
		if subset.Ready == nil {
			line += "ready pods not known"
		} else {
			line += fmt.Sprintf("%d ready", *subset.Ready)
		}
		if subset.Rate != nil {
			line += ", " + subset.Rate.String()
		} else if subset.Why != "" {
			line += ", " + subset.Why
		}
		lines = append(lines, line)
	}
	return lines
}

// fence returns more backticks in a row than a text has, and at least so many.
func fence(text string, least int) string {
	fence := strings.Repeat("`", least)
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence
}

// lineWidth is how many characters of a line are to be seen in a comment.
const lineWidth = 110

// wrapped breaks long lines between words.
func wrapped(lines []string) []string {
	var all []string
	for _, line := range lines {
		for utf8.RuneCountInString(line) > lineWidth {
			runes := []rune(line)
			end := strings.LastIndex(string(runes[:lineWidth]), " ")
			if end <= lineWidth/2 {
				break
			}
			all, line = append(all, line[:end]), "  "+line[end+1:]
		}
		all = append(all, line)
	}
	return all
}

// block writes lines as a block of code.
func block(lines []string) string {
	text := strings.Join(wrapped(lines), "\n")
	marks := fence(text, 3)
	return marks + "\n" + text + "\n" + marks + "\n"
}

// inline writes a text as code in a line.
func inline(text string) string {
	text = inLine(text)
	marks := fence(text, 1)
	return marks + " " + text + " " + marks
}
