package istio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// ManifestYAML returns the objects of a pair as a stream of YAML documents that `kubectl apply` takes, in the order
// in which they have to be created.
func ManifestYAML(pair Objects) (string, error) {
	var documents []string
	for _, o := range pair.All() {
		manifest, err := Manifest(o)
		if err != nil {
			return "", err
		}
		text, err := toYAML(manifest)
		if err != nil {
			return "", fmt.Errorf("render %s: %w", o, err)
		}
		documents = append(documents, text)
	}
	return strings.Join(documents, "---\n"), nil
}

// LiveYAML returns an object of a cluster as YAML, with what it takes to read it and to know which of two is the
// older one: nothing of what else people put on it, and no fields that are not known.
func LiveYAML(o *Object, created time.Time) (string, error) {
	manifest, err := Manifest(&Object{Namespace: o.Namespace, Name: o.Name, Spec: o.Spec})
	if err != nil {
		return "", err
	}
	if metadata, ok := manifest["metadata"].(map[string]any); ok && !created.IsZero() {
		metadata["creationTimestamp"] = created.UTC().Format(time.RFC3339)
	}
	text, err := toYAML(manifest)
	if err != nil {
		return "", fmt.Errorf("render %s: %w", o, err)
	}
	return text, nil
}

func toYAML(manifest map[string]any) (string, error) {
	raw, err := EncodeManifest(manifest)
	if err != nil {
		return "", err
	}
	text, err := yaml.JSONToYAML(raw)
	return string(text), err
}

// ParseManifestYAML reads the YAML of one object, as people write it for `kubectl apply`.
func ParseManifestYAML(text string) (*Object, error) {
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	return ParseManifest(raw)
}

// ReadYAML reads the documents of a text of YAML, as `kubectl apply` does: those in which nothing stands are left
// out. Numbers stay as they are written. A key that stands twice is an error, because one of the two would be lost.
// Lines in errors are those of the text.
func ReadYAML(text string) ([]any, error) {
	var all []any
	before := 0
	for i, document := range documents(text) {
		raw, err := yaml.YAMLToJSONStrict([]byte(document))
		if err != nil {
			if _, moved := yaml.YAMLToJSONStrict([]byte(strings.Repeat("\n", before) + document)); moved != nil {
				err = moved
			}
			return nil, fmt.Errorf("read document %d of YAML: %w", i+1, err)
		}
		var tree any
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		if err := decoder.Decode(&tree); err != nil {
			return nil, fmt.Errorf("read document %d of YAML: %w", i+1, err)
		}
		if tree != nil {
			all = append(all, tree)
		}
		before += strings.Count(document, "\n")
	}
	return all, nil
}

// documents divides a text of YAML where a document begins or ends. The parser would read the first one alone.
func documents(text string) []string {
	var all []string
	var document strings.Builder
	for line := range strings.Lines(text) {
		if rest, ok := boundary(line); ok {
			all = append(all, document.String())
			document.Reset()
			line = rest
		}
		document.WriteString(line)
	}
	return append(all, document.String())
}

// boundary reports whether a line begins or ends a document, and returns what stands behind its mark.
func boundary(line string) (rest string, ok bool) {
	for _, mark := range []string{"---", "..."} {
		rest, ok := strings.CutPrefix(line, mark)
		if ok && (rest == "" || strings.ContainsAny(rest[:1], " \t\r\n")) {
			return rest, true
		}
	}
	return "", false
}
