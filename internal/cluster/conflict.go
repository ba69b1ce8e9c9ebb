package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// TellOwners adds to err the object with its marks, which says who changed it since the plan, and to its conflicts
// when the owners last wrote, which the API server does not say.
func (s LiveObjects) TellOwners(err error) {
	for _, cause := range Each(err) {
		var e *Error
		if !errors.As(cause, &e) || e.Reason != FieldConflict && e.Reason != Stale {
			continue
		}
		for _, o := range s.All() {
			if o.String() != e.Object {
				continue
			}
			e.Existing = o
			for i, conflict := range e.Conflicts {
				e.Conflicts[i].Now = o.valueOf(conflict.Field)
				if at, ok := o.written(conflict); ok && !strings.Contains(conflict.Owner, " at ") {
					e.Conflicts[i].Owner += " at " + at.UTC().Format(time.RFC3339)
				}
			}
		}
	}
}

// longestValue is how much of a field's value is told.
const longestValue = 300

// valueOf returns the value of a field as JSON, empty where there is none.
func (l *Live) valueOf(field string) string {
	manifest, err := istio.Manifest(&l.Object)
	if err != nil {
		return ""
	}
	var value any = manifest
	steps := strings.Split(strings.TrimPrefix(field, "."), ".")
	if len(steps) > 2 && steps[0] == "metadata" {
		steps = []string{steps[0], steps[1], strings.Join(steps[2:], ".")}
	}
	for _, step := range steps {
		fields, ok := value.(map[string]any)
		if !ok {
			return ""
		}
		value = fields[step]
	}
	raw, err := json.Marshal(value)
	switch {
	case err != nil || value == nil:
		return ""
	case len(raw) > longestValue:
		return strings.ToValidUTF8(string(raw[:longestValue]), "") + "…"
	}
	return string(raw)
}

// written returns when the owner of a field in conflict last wrote.
func (l *Live) written(conflict Conflict) (time.Time, bool) {
	for _, manager := range l.Others {
		if !strings.Contains(conflict.Owner, fmt.Sprintf("%q", manager.Name)) || manager.Time.IsZero() {
			continue
		}
		for _, field := range manager.Fields {
			if conflict.Field == field || strings.HasPrefix(conflict.Field, field+".") {
				return manager.Time, true
			}
		}
	}
	return time.Time{}, false
}
