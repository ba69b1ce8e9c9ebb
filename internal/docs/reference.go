package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"
)

// mostBeneath is how many lines an object that stands in one place of a resource may take beneath its attribute; what
// is longer, or stands in several places, has a section of its own.
const mostBeneath = 6

// object is what the attributes of one kind of nested object are. Those that say the same of the same names are one.
type object struct {
	attributes map[string]*tfjson.SchemaAttribute
	// at are the places where it stands, by their path from the resource or, inside of an object that stands in
	// several places, from the first of these; the shortest is first.
	at []string
	// within are the objects whose first place is in this one.
	within []*object
}

// reference is the nested objects of a resource.
type reference struct {
	objects map[string]*object
	top     object
}

// referenceOf returns the section of a page that describes every attribute of a resource.
func referenceOf(block *tfjson.SchemaBlock) (string, error) {
	if len(block.NestedBlocks) > 0 {
		return "", errors.New("a resource with blocks is more than this knows")
	}
	r := reference{objects: map[string]*object{}, top: object{attributes: block.Attributes, at: []string{""}}}
	r.find()
	var b strings.Builder
	b.WriteString("## Schema\n")
	groups := []struct {
		title string
		has   func(*tfjson.SchemaAttribute) bool
	}{
		{"Required", func(a *tfjson.SchemaAttribute) bool { return a.Required }},
		{"Optional", func(a *tfjson.SchemaAttribute) bool { return a.Optional }},
		{"Read-Only", func(a *tfjson.SchemaAttribute) bool { return !a.Required && !a.Optional }},
	}
	for _, group := range groups {
		fmt.Fprintf(&b, "\n### %s\n\n", group.title)
		for _, name := range r.top.names() {
			if group.has(block.Attributes[name]) {
				r.item(&b, name, block.Attributes[name], "", "")
			}
		}
	}
	r.sections(&b, &r.top)
	return b.String(), nil
}

// find looks at the whole resource, what is nested least first, so that the first place of an object has the shortest
// path.
func (r *reference) find() {
	for queue := []*object{&r.top}; len(queue) > 0; queue = queue[1:] {
		outer := queue[0]
		for _, name := range outer.names() {
			nested := outer.attributes[name].AttributeNestedType
			if nested == nil {
				continue
			}
			at := strings.TrimPrefix(outer.at[0]+"."+name, ".")
			if known := r.of(nested); known != nil {
				known.at = append(known.at, at)
				continue
			}
			inner := &object{attributes: nested.Attributes, at: []string{at}}
			r.objects[keyOf(nested)] = inner
			outer.within = append(outer.within, inner)
			queue = append(queue, inner)
		}
	}
}

func (r *reference) of(nested *tfjson.SchemaNestedAttributeType) *object {
	return r.objects[keyOf(nested)]
}

// keyOf returns all that is said of the attributes of an object.
func keyOf(nested *tfjson.SchemaNestedAttributeType) string {
	text, _ := json.Marshal(nested.Attributes) //nolint:errchkjson // it was read from its JSON
	return string(text)
}

// names returns the names of the attributes: what is required first.
func (o *object) names() []string {
	var names []string
	for name := range o.attributes {
		names = append(names, name)
	}
	rank := func(name string) int {
		switch a := o.attributes[name]; {
		case a.Required:
			return 0
		case a.Optional:
			return 1
		}
		return 2
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) })
	return names
}

// lines returns how many lines an object takes with all that is in it.
func (r *reference) lines(o *object) int {
	n := len(o.attributes)
	for _, a := range o.attributes {
		if a.AttributeNestedType != nil {
			n += r.lines(r.of(a.AttributeNestedType))
		}
	}
	return n
}

// isBeneath says whether an object is described where its attribute is.
func (r *reference) isBeneath(o *object) bool {
	lines := r.lines(o)
	return lines == 1 || lines <= mostBeneath && len(o.at) == 1
}

// item writes what an attribute is. Where no title above says whether it is required, mark does.
func (r *reference) item(b *strings.Builder, name string, a *tfjson.SchemaAttribute, indent, mark string) {
	words := typeWords(a) + mark
	if a.Sensitive {
		words += ", Sensitive"
	}
	text := strings.ReplaceAll(a.Description, "\n\n", "\n\n"+indent+"  ")
	fmt.Fprintf(b, "%s- `%s` (%s) %s", indent, name, words, text)
	if a.AttributeNestedType == nil {
		b.WriteString("\n")
		return
	}
	nested := r.of(a.AttributeNestedType)
	if !r.isBeneath(nested) {
		fmt.Fprintf(b, " See [`%s`](#%s).\n", nested.at[0], anchor(nested))
		return
	}
	b.WriteString("\n")
	r.items(b, nested, indent+"  ")
}

// items writes what the attributes of a nested object are.
func (r *reference) items(b *strings.Builder, o *object, indent string) {
	for _, name := range o.names() {
		a, mark := o.attributes[name], ""
		if a.Required {
			mark = ", Required"
		} else if !a.Optional {
			mark = ", Read-Only"
		}
		r.item(b, name, a, indent, mark)
	}
}

// sections writes a section for each object that has one, those that are nested in it after it.
func (r *reference) sections(b *strings.Builder, outer *object) {
	for _, o := range outer.within {
		if !r.isBeneath(o) {
			fmt.Fprintf(b, "\n<a id=\"%s\"></a>\n### Nested Schema for `%s`\n\n", anchor(o), o.at[0])
			if len(o.at) > 1 {
				fmt.Fprintf(b, "The same for `%s`.\n\n", strings.Join(o.at[1:], "`, `"))
			}
			r.items(b, o, "")
		}
		r.sections(b, o)
	}
}

func anchor(o *object) string { return "nestedatt--" + strings.ReplaceAll(o.at[0], ".", "--") }

// typeWords returns the type of an attribute in the words of tfplugindocs.
func typeWords(a *tfjson.SchemaAttribute) string {
	if a.AttributeNestedType == nil {
		return valueWords(a.AttributeType)
	}
	switch a.AttributeNestedType.NestingMode {
	case tfjson.SchemaNestingModeList:
		return "Attributes List"
	case tfjson.SchemaNestingModeMap:
		return "Attributes Map"
	case tfjson.SchemaNestingModeSet:
		return "Attributes Set"
	case tfjson.SchemaNestingModeSingle, tfjson.SchemaNestingModeGroup:
	}
	return "Attributes"
}

func valueWords(t cty.Type) string {
	switch {
	case t == cty.Bool:
		return "Boolean"
	case t.IsListType():
		return "List of " + valueWords(t.ElementType())
	case t.IsMapType():
		return "Map of " + valueWords(t.ElementType())
	case t.IsSetType():
		return "Set of " + valueWords(t.ElementType())
	}
	words := t.FriendlyName()
	return strings.ToUpper(words[:1]) + words[1:]
}

// madeByTfplugindocs begins what tfplugindocs writes about a schema.
const madeByTfplugindocs = "<!-- schema generated by tfplugindocs -->\n"

// withReference takes out of a page what tfplugindocs says of the schema, and puts the reference there.
func withReference(page, reference string) (string, error) {
	before, rest, ok := strings.Cut(page, madeByTfplugindocs)
	if !ok {
		return "", errors.New("tfplugindocs wrote no schema")
	}
	_, rest, _ = strings.Cut(rest, "## Schema\n")
	after := ""
	if i := strings.Index(rest, "\n## "); i >= 0 {
		after = rest[i:]
	}
	return before + reference + after, nil
}
