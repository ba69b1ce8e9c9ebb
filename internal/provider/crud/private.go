package crud

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// The keys of the private state. Their names are those of the first version.
const (
	// observedKey is what was last seen of the objects.
	observedKey = "seen"
	// settledKey says that the state describes just what was last seen, and under which settings: see
	// [Settings.Stamp].
	settledKey = "settled"
	// leftOverKey are the identities of objects that are ours and not those of the state: an update that failed had
	// created them, or could not delete them.
	leftOverKey = "beside"
	// forceKey says that the next change takes fields from other managers, as one that was asked for and has not come
	// about yet: the rest of an adoption that was stopped, or the first change of a state that another provider had.
	forceKey = "take"
	// owedKey are the objects that a change wrote without seeing that the proxies have them: the next one waits for
	// that first.
	owedKey = "owed"
	// walkKey is the annotation of a walk that was stopped.
	walkKey = "walk"
	// steppedKey are the live objects of a walk that advances by apply, while the state says its end.
	steppedKey = "stepped"
	// ownerKey is the owner that this resource wrote last.
	ownerKey = "owner"
	// unknownFieldsKey are live objects with fields that this version does not know, as last seen.
	unknownFieldsKey = "origins"
	// backupKey are adopted objects as they were.
	backupKey = "originals"
)

// private is the private part of a state or a plan, by key. Values are JSON.
type private map[string][]byte

// importedKey is the framework's own: the state is that of an import, until it is read.
const importedKey = ".import_before_read"

// readPrivate reads a private state as the framework writes it. What another library wrote, or cannot be read, is
// none: false.
func readPrivate(raw []byte) (private, bool) {
	kept := private{}
	if len(raw) == 0 {
		return kept, true
	}
	if json.Unmarshal(raw, &kept) != nil {
		return private{}, false
	}
	for _, value := range kept {
		if !utf8.Valid(value) || !json.Valid(value) {
			return private{}, false
		}
	}
	if kept == nil {
		return private{}, true
	}
	return kept, true
}

// bytes returns the private state as the framework writes it.
func (p private) bytes() []byte {
	filled := maps.Clone(p)
	maps.DeleteFunc(filled, func(_ string, value []byte) bool { return len(value) == 0 })
	if len(filled) == 0 {
		return nil
	}
	return encodeJSON(filled)
}

func (p private) set(key string, value any) { p[key] = encodeJSON(value) }

// read reads a value into its place. What cannot be read was not written by this version, and counts as not there.
func (p private) read(key string, into any) { _ = json.Unmarshal(p[key], into) }

// observed returns what was last seen.
func (p private) observed() observed {
	o := observed{}
	p.read(observedKey, &o)
	return o
}

// leftOver returns which objects are ours besides those of the state.
func (p private) leftOver() cluster.Identities {
	var kept cluster.Identities
	p.read(leftOverKey, &kept)
	objects := cluster.Identities{}
	maps.Copy(objects, kept)
	return objects
}

// owed returns the objects that the proxies may not have yet.
func (p private) owed() map[cluster.Address]cluster.Written {
	var objects map[cluster.Address]cluster.Written
	p.read(owedKey, &objects)
	return objects
}

// owe keeps what an error says of objects that the proxies may not have yet.
func (p private) owe(err error) {
	if objects := cluster.OwedBy(err); len(objects) > 0 {
		p.set(owedKey, objects)
	}
}

// forces reports whether the next change takes fields from other managers.
func (p private) forces() bool { return string(p[forceKey]) == "true" }

// owner returns the owner that was written last, empty for none.
func (p private) owner() string {
	var owner string
	p.read(ownerKey, &owner)
	return owner
}

// unknownFields returns the objects that had fields of which this version knows nothing.
func (p private) unknownFields() istio.Objects { return readManifests(p[unknownFieldsKey]) }

// backup returns the adopted objects as they were.
func (p private) backup() istio.Objects { return readManifests(p[backupKey]) }

// leftOverTexts say of objects that they are left over.
func leftOverTexts(objects cluster.Identities) []string {
	texts := make([]string, 0, len(objects))
	for at := range objects {
		texts = append(texts, at.String()+" is left over")
	}
	slices.Sort(texts)
	return texts
}

// encodeJSON writes what always can be written: strings and maps of them.
func encodeJSON(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		return []byte("null")
	}
	return raw
}
