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

var (
	assigned = regexp.MustCompile("`([a-z][a-z0-9_]*) = [^`]*`")
	ourType  = regexp.MustCompile("`(mesh_[a-z_]+)[`.]")
	pathName = regexp.MustCompile("`([a-z_]+(?:\\.[a-z_]+)+)`")
)

// notOurs are the names of others, and wrong ones that are shown, which look as if they were ours.
var notOurs = []string{"time_out", "for_each", "command", "v2", "fault.delay.percent"}

// What a sentence says of an attribute, such as `max_weight_step = 20` or `walk.steps`, or of a type, is of one that
// there is.
func TestDocs_names(t *testing.T) {
	t.Parallel()
	s := theSchema(t)
	ofBlocks := map[string]*tfjson.SchemaBlock{"the provider": s.ConfigSchema.Block}
	for _, schemas := range []map[string]*tfjson.Schema{
		s.ResourceSchemas, s.DataSourceSchemas, s.ListResourceSchemas,
	} {
		for name, schema := range schemas {
			if schemas[name] != nil && (ofBlocks[name] == nil || len(schema.Block.Attributes) > 5) {
				ofBlocks[name] = schema.Block
			}
		}
	}
	for name, action := range s.ActionSchemas {
		ofBlocks[name] = action.Block
	}
	known := map[string]bool{}
	for _, of := range ofBlocks {
		maps.Copy(known, within(asObject(of)))
	}
	seen := 0
	for _, p := range docstest.Pages(t, root) {
		if !strings.HasPrefix(p.Name, "docs/") && p.Name != "README.md" {
			continue
		}
		text := withoutCode(p)
		for _, found := range assigned.FindAllStringSubmatch(text, -1) {
			seen++
			if !known[found[1]] && !slices.Contains(notOurs, found[1]) {
				t.Errorf("%s: %s: there is no attribute %s", p.Name, found[0], found[1])
			}
		}
		for _, found := range ourType.FindAllStringSubmatch(text, -1) {
			seen++
			if ofBlocks[found[1]] == nil {
				t.Errorf("%s: there is no %s", p.Name, found[1])
			}
		}
		for _, found := range pathName.FindAllStringSubmatch(text, -1) {
			path := strings.Split(found[1], ".")
			heads, leads := false, false
			for _, of := range ofBlocks {
				_, head := of.Attributes[path[0]]
				heads, leads = heads || head, leads || hasPath(asObject(of), path)
			}
			isOurs := !slices.Contains(notOurs, found[1])
			if heads && !leads && isOurs && !strings.HasPrefix(p.Name, "docs/functions/") {
				t.Errorf("%s: %s leads nowhere", p.Name, found[1])
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d names were looked at", seen)
	}
}

func asObject(of *tfjson.SchemaBlock) *tfjson.SchemaAttribute {
	return &tfjson.SchemaAttribute{
		AttributeNestedType: &tfjson.SchemaNestedAttributeType{Attributes: of.Attributes},
	}
}

// hasPath says whether a path leads to something in an object. Keys of maps are left out of it.
func hasPath(a *tfjson.SchemaAttribute, path []string) bool {
	if len(path) == 0 || a.AttributeNestedType == nil {
		return len(path) == 0
	}
	inner, ok := a.AttributeNestedType.Attributes[path[0]]
	return ok && hasPath(inner, path[1:])
}
