package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// result is what one step cost.
type result struct {
	step            string
	floor, provider sample
}

// medianOf returns the median of each number, those of the calls by what they ask.
func medianOf(samples []sample) sample {
	m := sample{
		terraform: median(samples, func(s sample) time.Duration { return s.terraform }),
		plugin:    median(samples, func(s sample) time.Duration { return s.plugin }),
		bytes:     median(samples, func(s sample) int64 { return s.bytes }),
		calls:     calls{},
	}
	for _, s := range samples {
		for c := range s.calls {
			m.calls[c] = median(samples, func(s sample) int { return s.calls[c] })
		}
	}
	return m
}

// median returns the middle number, the mean of both where there are two.
func median[T ~int | ~int64](samples []sample, of func(sample) T) T {
	numbers := make([]T, len(samples))
	for i, s := range samples {
		numbers[i] = of(s)
	}
	slices.Sort(numbers)
	middle := len(numbers) / 2
	if len(numbers)%2 == 0 {
		return (numbers[middle-1] + numbers[middle]) / 2
	}
	return numbers[middle]
}

func (s sample) cpu() time.Duration { return s.terraform + s.plugin }

// costs is the table of what each step costs, in CPU seconds, requests and memory.
func costs(results []result) string {
	rows := [][]string{{
		"CPU seconds", "floor: Terraform", "plugin", "both", "provider: Terraform", "plugin", "both",
		"provider / floor", "requests", "floor, peak MB", "provider, peak MB",
	}}
	for _, r := range results {
		row := []string{r.step}
		for _, s := range []sample{r.floor, r.provider} {
			row = append(row, seconds(s.terraform), seconds(s.plugin), seconds(s.cpu()))
		}
		rows = append(rows, append(row, fmt.Sprintf("%.2f", r.provider.cpu().Seconds()/r.floor.cpu().Seconds()),
			fmt.Sprint(r.provider.calls.total()), megabytes(r.floor.bytes), megabytes(r.provider.bytes)))
	}
	return markdown(rows)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

func megabytes(n int64) string { return fmt.Sprintf("%.0f", float64(n)/1e6) }

// requests is the table of what the provider asks of the API server in each step: what it reads by namespace too,
// where there are several.
func requests(results []result, namespaces int) string {
	header := []string{"requests of the provider"}
	asked := map[call]bool{}
	for _, r := range results {
		header = append(header, r.step)
		for c := range r.provider.calls {
			asked[c.scope()] = true
		}
	}
	rows := [][]string{header}
	for _, scope := range slices.SortedFunc(maps.Keys(asked), func(a, b call) int {
		return cmp.Compare(a.title(), b.title())
	}) {
		row := []string{scope.title()}
		for _, r := range results {
			row = append(row, r.provider.calls.within(scope, namespaces))
		}
		rows = append(rows, row)
	}
	return markdown(rows)
}

// everyNamespace stands for the namespaces that a call names, one at a time.
const everyNamespace = "*"

// scope is the call with the namespace left out, if it names one.
func (c call) scope() call {
	if c.namespace != "" {
		c.namespace = everyNamespace
	}
	return c
}

func (c call) title() string {
	if c.reads() && c.namespace == "" {
		return c.String() + " of the cluster"
	}
	return c.String()
}

// within is how many calls have a scope, and for reads the least and the most of one namespace.
func (c calls) within(scope call, namespaces int) string {
	var of []int
	sum := 0
	for each, n := range c {
		if each.scope() == scope {
			of = append(of, n)
			sum += n
		}
	}
	if !scope.reads() || scope.namespace == "" || namespaces == 1 || sum == 0 {
		return fmt.Sprint(sum)
	}
	if least, most := slices.Min(of), slices.Max(of); least != most {
		return fmt.Sprintf("%d (%d to %d in each of %d)", sum, least, most, len(of))
	}
	return fmt.Sprintf("%d (%d in each of %d)", sum, of[0], len(of))
}

// markdown is a table whose numbers stand below each other.
func markdown(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			if i == 0 {
				fmt.Fprintf(&b, "| %-*s ", widths[i], cell)
			} else {
				fmt.Fprintf(&b, "| %*s ", widths[i], cell)
			}
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i, width := range widths {
			if i == 0 {
				b.WriteString("|" + strings.Repeat("-", width+2))
			} else {
				b.WriteString("|" + strings.Repeat("-", width+1) + ":")
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}
