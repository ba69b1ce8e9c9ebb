package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var resourceLine = regexp.MustCompile(`(?m)^resource "(\w+)" "(\w+)"`)

// pictures is a configuration with the picture of each resource of another one. Terraform shows no sensitive output:
// the demo draws it.
func pictures(configuration string) string {
	var all strings.Builder
	for _, found := range resourceLine.FindAllStringSubmatch(configuration, -1) {
		fmt.Fprintf(&all, `output "picture_%[2]s" {
  sensitive = true
  value     = provider::mesh::diagram(%[1]s.%[2]s)
}
`, found[1], found[2])
	}
	return all.String()
}

// pictureLine is what Terraform says of these outputs.
var pictureLine = regexp.MustCompile(`^(Changes to Outputs:|Outputs:|\s*[-+~]?\s*picture_\w+\s+= )`)

// draw prints the picture of a resource, as the provider's function diagram draws it.
func (w *demoWorkspace) draw(ctx context.Context, address string) error {
	_, name, _ := strings.Cut(address, ".")
	command := w.Command(ctx, "output", "-raw", "picture_"+name)
	command.Args = slices.DeleteFunc(command.Args, func(arg string) bool { return arg == "-input=false" })
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		return fmt.Errorf("read the picture of %s: %w", address, err)
	}
	lines, err := inText(string(text))
	if err != nil {
		return fmt.Errorf("draw %s: %w", address, err)
	}
	fmt.Printf("\n  provider::mesh::diagram(%s), here as text:\n\n", address)
	for _, line := range lines {
		fmt.Println("    " + line)
	}
	return nil
}

var (
	mermaidNode = regexp.MustCompile(`^\s*(\w+)(?:\(\["|\["|\(")(.*?)(?:"\]\)|"\]|"\))$`)
	mermaidEdge = regexp.MustCompile(`^\s*(\w+) (-->|-\.->)(?:\|"(.*)"\|)? (\w+)$`)
)

var mermaidCode = regexp.MustCompile(`#(\d+);`)

// plain returns the text of a node without what is Mermaid's: breaks, and characters by their number.
func plain(label string) string {
	label = strings.ReplaceAll(label, "<br/>", " · ")
	return mermaidCode.ReplaceAllStringFunc(label, func(code string) string {
		number, err := strconv.ParseInt(code[1:len(code)-1], 10, 32)
		if err != nil {
			return code
		}
		return string(rune(number))
	})
}

// inText draws a flowchart of Mermaid with lines and arrows: who is asked, each rule, and where it leads.
func inText(mermaid string) ([]string, error) {
	nodes := map[string]string{}
	rules := map[string][]string{} // where a node leads
	var first string
	var order []string
	for line := range strings.Lines(mermaid) {
		line = strings.TrimRight(line, "\n")
		if node := mermaidNode.FindStringSubmatch(line); node != nil {
			nodes[node[1]] = plain(node[2])
			if first == "" {
				first = node[1]
			}
			continue
		}
		edge := mermaidEdge.FindStringSubmatch(line)
		switch {
		case edge == nil:
		case edge[1] == first:
			order = append(order, edge[4])
		case edge[2] == "-->":
			rules[edge[1]] = append(rules[edge[1]], fmt.Sprintf("── %s ──▶ %s", edge[3], nodes[edge[4]]))
		default:
			rules[edge[1]] = append(rules[edge[1]], fmt.Sprintf("╌╌ %s ╌▶ %s", edge[3], nodes[edge[4]]))
		}
	}
	if len(order) == 0 {
		return nil, errors.New("the picture has no rule")
	}
	width := 0
	for _, rule := range order {
		width = max(width, len([]rune(nodes[rule])))
	}
	lines := []string{nodes[first]}
	for i, rule := range order {
		branch, below := "├─ ", "│  "
		if i == len(order)-1 {
			branch, below = "└─ ", "   "
		}
		for j, leads := range append(rules[rule], "")[:max(1, len(rules[rule]))] {
			text := nodes[rule]
			if j > 0 {
				branch, text = below, ""
			}
			lines = append(lines, strings.TrimRight(fmt.Sprintf("%s%-*s %s", branch, width, text, leads), " "))
		}
	}
	return lines, nil
}
