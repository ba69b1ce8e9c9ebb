package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// cell is what became of something that was tried.
type cell struct {
	Failed bool
	// Skipped is why nothing was tried.
	Skipped string
	// Note is how much was tried.
	Note string
}

// String is the cell as the progress tells it.
func (c cell) String() string {
	switch {
	case c.Failed:
		return "FAILED " + c.Note
	case c.Skipped != "":
		return "skipped: " + c.Skipped
	}
	return "passed " + c.Note
}

func demoCell(err error) cell { return cell{Failed: err != nil} }

var (
	verdict  = regexp.MustCompile(`(?m)^ *--- (PASS|FAIL|SKIP): (\S+)`)
	logLine  = regexp.MustCompile(`(?m)^ +\w+\.go:\d+: (.*)$`)
	compared = regexp.MustCompile(`(\d+) tables, (\d+) requests compared`)
	sent     = regexp.MustCompile(`(?m)^ +requests +(\d+) in`)
	lost     = regexp.MustCompile(`(?m)^ +failed requests +(\d+)$`)
)

// testsCell reads what tests printed with -v. Where all of them were skipped the cell is; that no test ran is a
// failure.
func testsCell(output string, err error) cell {
	var passed, skipped, failed int
	all := verdict.FindAllStringSubmatch(output, -1)
	for _, v := range all {
		if slices.ContainsFunc(all, func(other []string) bool { return strings.HasPrefix(other[2], v[2]+"/") }) {
			continue // its parts count
		}
		switch v[1] {
		case "PASS":
			passed++
		case "SKIP":
			skipped++
		default:
			failed++
		}
	}
	c := cell{Note: plural(passed, "test")}
	if err != nil || failed > 0 || passed+skipped == 0 {
		return cell{Failed: true, Note: plural(failed, "test")}
	}
	if passed == 0 {
		before, _, _ := strings.Cut(output, "--- SKIP")
		for _, line := range logLine.FindAllStringSubmatch(before, -1) {
			c.Skipped = line[1]
		}
		return c
	}
	var tables, requests int
	for _, found := range compared.FindAllStringSubmatch(output, -1) {
		tables, requests = tables+number(found[1]), requests+number(found[2])
	}
	if tables > 0 {
		c.Note = fmt.Sprintf("%d tables, %d requests", tables, requests)
	}
	// The second time they are those of the run that has to lose some.
	if all, failing := sent.FindStringSubmatch(output), lost.FindStringSubmatch(output); all != nil && failing != nil {
		c.Note = fmt.Sprintf("%s requests, %s failed", all[1], failing[1])
	}
	return c
}

// number reads digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// markdown returns the table of a part, and below it why something was skipped.
func (p *part) markdown() string {
	var b strings.Builder
	b.WriteString("| |")
	for _, c := range p.columns {
		b.WriteString(" " + c.title + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(p.columns)) + "\n")
	var reasons []string
	for _, r := range p.rows {
		if r.result == nil {
			continue
		}
		b.WriteString("| " + r.result.Label + " |")
		for i, c := range r.result.Cells {
			text := c.Note
			switch {
			case c.Failed:
				text = "**failed**"
			case c.Skipped != "":
				text = "–"
				if why := p.columns[i].title + ": " + c.Skipped; !slices.Contains(reasons, why) {
					reasons = append(reasons, why)
				}
			case text == "":
				text = "passed"
			}
			b.WriteString(" " + text + " |")
		}
		b.WriteString("\n")
	}
	if len(reasons) > 0 {
		b.WriteString("\n– is not tried. " + strings.Join(reasons, "; ") + ".\n")
	}
	return b.String()
}

// failures counts the cells that failed.
func (p *part) failures() int {
	n := 0
	for _, r := range p.rows {
		n += r.result.failures()
	}
	return n
}

func (r *result) failures() int {
	n := 0
	if r != nil {
		for _, c := range r.Cells {
			if c.Failed {
				n++
			}
		}
	}
	return n
}

// whole reports whether every row has passed.
func (p *part) whole() bool {
	return p.failures() == 0 && !slices.ContainsFunc(p.rows, func(r row) bool { return r.result == nil })
}

// insert puts a table between the two comments that mark its place in a document.
func insert(document, name, table string) (string, error) {
	begin, end := "<!-- matrix "+name+" -->\n", "<!-- end of matrix "+name+" -->\n"
	before, rest, ok := strings.Cut(document, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("there is no place for the table %s", name)
	}
	return before + begin + "\n" + table + "\n" + end + after, nil
}
