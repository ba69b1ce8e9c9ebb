package lint

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
)

// Schema says which attributes there are.
type Schema struct {
	// Provider is the local name of the provider, and Block what its block holds.
	Provider string
	Block    tftypes.Type
	// Resources are what the blocks of resources hold, by type.
	Resources map[string]tftypes.Type
}

// line is something that is said of a place in a file, or why there is nothing to be said of the file.
type line struct {
	at   hcl.Range
	text string
	err  error
}

func (l line) String() string {
	if l.err != nil {
		return commandline.Unreadable(l.at.Filename, l.err)
	}
	return fmt.Sprintf("%s:%d:%d: %s", commandline.Plain(l.at.Filename), l.at.Start.Line, l.at.Start.Column, l.text)
}

// module is what is known of the files of one folder.
type module struct {
	resources map[string]*shape
	block     *shape
	provider  string

	// locals and defaults, those of variables, are by name. Where one has several, each is looked at.
	locals, defaults map[string][]hcl.Expression
	blocks           []block

	// forEach is that of the block that is being looked at.
	forEach hcl.Expression
	// waiting are expressions that others refer to, and seen all that were ever among them.
	waiting []reference
	seen    map[seen]bool
	// lost is the file in which there were too many of them, empty as long as there were not.
	lost string

	findings map[hcl.Range]line
	unread   []line
}

// block is a block of a file that is looked at.
type block struct {
	name       string
	shape      *shape
	attributes hcl.Attributes
	meta       []string
}

// reference is an expression that is meant at a place of another.
type reference struct {
	hcl.Expression
	place
}

// seen is a reference as far as it makes a difference.
type seen struct {
	at    hcl.Range
	steps string
	shape *shape
	flat  bool
}

// mostReferences is how many ways of reading its locals a module may have.
const mostReferences = 20_000

// What a configuration may say besides what the schema has. In JSON a block is an attribute.
var (
	resourceMeta = []string{"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"}
	providerMeta = []string{"alias", "version"}
)

var topLevel = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "resource", LabelNames: []string{"type", "name"}},
	{Type: "provider", LabelNames: []string{"name"}},
	{Type: "variable", LabelNames: []string{"name"}},
	{Type: "locals"},
}}

// readModule looks at the files of one folder. It returns what is wrong in them, and what could not be read.
func readModule(files map[string][]byte, s Schema) (findings, unread []line) {
	m := module{
		resources: map[string]*shape{}, block: shapeOf(s.Block), provider: s.Provider,
		locals: map[string][]hcl.Expression{}, defaults: map[string][]hcl.Expression{},
		seen: map[seen]bool{}, findings: map[hcl.Range]line{},
	}
	for name, t := range s.Resources {
		m.resources[name] = shapeOf(t)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		m.read(name, files[name])
	}
	for _, b := range m.blocks {
		m.look(b)
	}
	if m.lost != "" {
		m.refuse(m.lost, commandline.Flaw("has values that refer to each other in too many ways"))
	}
	return slices.SortedFunc(maps.Values(m.findings), byPlace), m.unread
}

func byPlace(a, b line) int {
	return cmp.Or(cmp.Compare(a.at.Filename, b.at.Filename), cmp.Compare(a.at.Start.Byte, b.at.Start.Byte))
}

// refuse notes that a file cannot be read.
func (m *module) refuse(name string, err error) {
	m.unread = append(m.unread, line{at: hcl.Range{Filename: name}, err: err})
}

// read takes from a file the blocks that matter.
func (m *module) read(name string, src []byte) {
	var file *hcl.File
	var diagnostics hcl.Diagnostics
	switch {
	case strings.HasSuffix(name, ".json"):
		if jsonNesting(src) > mostNesting {
			m.refuse(name, tooDeep)
			return
		}
		file, diagnostics = json.Parse(src, name)
	case nesting(src, hclsyntax.LexConfig) > mostNesting:
		m.refuse(name, tooDeep)
		return
	default:
		file, diagnostics = hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	}
	if !m.valid(name, diagnostics) {
		return
	}
	content, _, diagnostics := file.Body.PartialContent(topLevel)
	if !m.valid(name, diagnostics) {
		return
	}
	for _, b := range content.Blocks {
		m.take(b)
	}
}

var tooDeep = commandline.Flaw(fmt.Sprintf("is nested more than %d levels deep", mostNesting))

// valid reports whether a file is as HCL has to be, and notes what is not.
func (m *module) valid(name string, diagnostics hcl.Diagnostics) bool {
	for _, d := range diagnostics {
		if d.Severity != hcl.DiagError {
			continue
		}
		text := commandline.Plain(strings.Join(strings.Fields(d.Summary+": "+d.Detail), " "))
		if d.Subject == nil {
			m.refuse(name, errors.New(strings.TrimSuffix(text, ".")))
		} else {
			m.unread = append(m.unread, line{at: *d.Subject, text: text})
		}
		return false
	}
	return true
}

// take notes a block. What Terraform refuses in it, such as a block where there are only attributes, is left to it.
func (m *module) take(b *hcl.Block) {
	attributes, _ := b.Body.JustAttributes()
	switch b.Type {
	case "locals":
		for name, a := range attributes {
			m.locals[name] = append(m.locals[name], a.Expr)
		}
	case "variable":
		if a, ok := attributes["default"]; ok {
			m.defaults[b.Labels[0]] = append(m.defaults[b.Labels[0]], a.Expr)
		}
	case "provider":
		if b.Labels[0] == m.provider {
			m.blocks = append(m.blocks, block{"provider." + cut(m.provider), m.block, attributes, providerMeta})
		}
	case "resource":
		if s, ok := m.resources[b.Labels[0]]; ok {
			name := b.Labels[0] + "." + istio.Shown(cut(b.Labels[1]))
			m.blocks = append(m.blocks, block{name, s, attributes, resourceMeta})
		}
	}
}

// look looks at the attributes of a block, and then at what they refer to.
func (m *module) look(b block) {
	m.forEach = nil
	if each, ok := b.attributes["for_each"]; ok {
		m.forEach = each.Expr
	}
	root := place{block: b.name, shape: b.shape}
	for _, name := range slices.Sorted(maps.Keys(b.attributes)) {
		a := b.attributes[name]
		if inner, ok := root.attribute(name); ok {
			m.expression(a.Expr, inner)
		} else if !slices.Contains(b.meta, name) {
			m.find(a.NameRange, root, name)
		}
	}
	for len(m.waiting) > 0 {
		next := m.waiting[0]
		m.waiting = m.waiting[1:]
		m.expression(next.Expression, next.place)
	}
}

// refer looks at what a name stands for, later.
func (m *module) refer(traversal hcl.Traversal, p place) {
	steps, ok := stepsOf(traversal[1:])
	if !ok || len(steps) == 0 {
		return
	}
	switch traversal.RootName() {
	case "local":
		m.wait(m.locals[steps[0]], p.within(steps[1:]...))
	case "var":
		m.wait(m.defaults[steps[0]], p.within(steps[1:]...))
	case "each":
		if m.forEach != nil && steps[0] == "value" {
			steps[0] = anyStep
			m.wait([]hcl.Expression{m.forEach}, p.within(steps...))
		}
	}
}

// wait puts expressions among those that are to be looked at, each once for the same question.
func (m *module) wait(expressions []hcl.Expression, p place) {
	if len(p.steps) > mostSteps || p.shape == nil {
		return
	}
	p.at = nil
	for _, e := range expressions {
		key := seen{e.Range(), fmt.Sprintf("%q", p.steps), p.shape, p.flat}
		if m.seen[key] {
			continue
		}
		if len(m.seen) >= mostReferences {
			m.lost = cmp.Or(m.lost, e.Range().Filename)
			return
		}
		m.seen[key] = true
		m.waiting = append(m.waiting, reference{e, p})
	}
}

// find notes an attribute that the object at a place does not have. The same place in a file is told once.
func (m *module) find(at hcl.Range, p place, name string) {
	if p.at != nil {
		at = *p.at
	}
	if _, ok := m.findings[at]; ok {
		return
	}
	text := fmt.Sprintf("%s has no attribute %q", p, cut(name))
	names := p.shape.names()
	switch nearest := spelling.Nearest(name, names); {
	case nearest != "":
		text += fmt.Sprintf("; did you mean %q?", nearest)
	case len(names) <= mostListed:
		text += "; it has " + istio.Enumerate(names, "and")
	}
	m.findings[at] = line{at: at, text: text}
}

// mostListed is how many names are told where none is near.
const mostListed = 8
