package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/meshroute/terraform-provider-mesh/internal/docs/docstest"
)

// elsewhere are names of attributes in descriptions of others that are not in sight of them: neither beside them or
// beside one that they are in, nor within them. Each is a field that the sentence says the place of, a value, or
// something else that has the name of an attribute.
var elsewhere = map[string]string{
	"deletion": "delete", "hosts": "delegate", "ignore_uri_case": "exact prefix regex", "match": "regex",
	"max_retries": "retries", "min_requests": "latency success_rate", "prefix": "uri", "prefix_rewrite": "prefix",
	"remove": "host", "retry_budget": "max_retries", "retry_ignore_previous_hosts": "consistent_hash",
	"scheme": "http", "sticky": "match", "success_rate": "version", "uri": "exact prefix regex",
	"warmup_duration_secs": "duration", "webhook": "percent",
}

var quotedName = regexp.MustCompile("`([a-z][a-z0-9_]*)`")

// within returns the names of everything in an attribute.
func within(a *tfjson.SchemaAttribute) map[string]bool {
	names := map[string]bool{}
	if a.AttributeNestedType != nil {
		for name, inner := range a.AttributeNestedType.Attributes {
			names[name] = true
			maps.Copy(names, within(inner))
		}
	}
	return names
}

// A description speaks of attributes that its resource has, in sight of it: the text of a field is the same in every
// resource, and must not send the readers of one to an attribute of another.
func TestDescriptions_names(t *testing.T) {
	t.Parallel()
	schemas := theSchema(t).ResourceSchemas
	known := map[string]bool{}
	for _, resource := range schemas {
		maps.Copy(known, within(&tfjson.SchemaAttribute{
			AttributeNestedType: &tfjson.SchemaNestedAttributeType{Attributes: resource.Block.Attributes},
		}))
	}
	for resource, schema := range schemas {
		var look func(path string, of attributes, inSight map[string]bool)
		look = func(path string, of attributes, inSight map[string]bool) {
			inSight = maps.Clone(inSight)
			for name := range of {
				inSight[name] = true
			}
			for name, a := range of {
				inner := within(a)
				for _, word := range quotedName.FindAllStringSubmatch(a.Description, -1) {
					if w := word[1]; known[w] && !inSight[w] && !inner[w] &&
						!slices.Contains(strings.Fields(elsewhere[name]), w) {
						t.Errorf("%s: %s%s speaks of %s, which is not there", resource, path, name, w)
					}
				}
				if a.AttributeNestedType != nil {
					look(path+name+".", a.AttributeNestedType.Attributes, inSight)
				}
			}
		}
		look("", schema.Block.Attributes, map[string]bool{})
	}
}

var inlineCode = regexp.MustCompile("`[^`]*`")

var (
	// denial is what says that something is not looked at.
	denial = regexp.MustCompile(
		`(?i)\b(not|never|nobody|nothing)\b[^.|]*\b(check(s|ed)?|look(s|ed)? (at|for)|notice[sd]?)\b`,
	)
	// told is a row of the guide that is made of the checks: its summary, and when it is told.
	told  = regexp.MustCompile(`(?m)^\| ([^|]+) \| (?:error|warning) \| ([^|]+) \|`)
	word  = regexp.MustCompile(`[a-z]{3,}`)
	ended = regexp.MustCompile(`[.:;](\s|$)|\n\n|\n- `)
)

// ordinary are words that say nothing of what a sentence is about.
var ordinary = strings.Fields("about all and any are before but does each for from gets has have here him how into " +
	"its more new nobody not nothing now object one only other plan requests resource same says that the their them " +
	"then there these they this those was what when where whether which while who whose with apply change cluster " +
	"error warning told looked checked checks namespace right rights route route. said")

// wordsOf returns what a sentence is about, in the singular.
func wordsOf(sentence string) map[string]bool {
	words := map[string]bool{}
	for _, w := range word.FindAllString(strings.ToLower(sentence), -1) {
		if !slices.Contains(ordinary, w) {
			words[strings.TrimSuffix(w, "s")] = true
		}
	}
	return words
}

// No page says that something is not checked which a plan checks: as soon as a check begins to tell of what a
// sentence denies, the guide that is made of the checks has the words of the sentence.
func TestDocs_denials(t *testing.T) {
	t.Parallel()
	rows := told.FindAllStringSubmatch(readPage(t, "guides/what-a-plan-tells.md"), -1)
	if len(rows) < 25 {
		t.Fatalf("the guide has only %d rows", len(rows))
	}
	const wrong = "Whether a subset has ready pods is not checked yet."
	found := false
	for _, p := range append(docstest.Pages(t, root), docstest.Page{Name: "a page that is wrong", Text: wrong}) {
		if strings.HasSuffix(p.Name, "what-a-plan-tells.md") || strings.HasPrefix(p.Name, "internal/") {
			continue
		}
		for _, sentence := range ended.Split(inlineCode.ReplaceAllString(withoutCode(p), ""), -1) {
			if !denial.MatchString(sentence) {
				continue
			}
			about := wordsOf(sentence)
			for _, row := range rows {
				shared := wordsOf(row[1] + " " + row[2])
				maps.DeleteFunc(shared, func(w string, _ bool) bool { return !about[w] })
				switch {
				case len(shared) < 3:
				case p.Text == wrong:
					found = true
				default:
					t.Errorf("%s: %q: a plan tells of it: %s (%v)", p.Name, strings.TrimSpace(sentence), row[1],
						slices.Sorted(maps.Keys(shared)))
				}
			}
		}
	}
	if !found {
		t.Error("what was wrong for long is not found")
	}
}
