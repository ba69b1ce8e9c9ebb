package cluster

import (
	"errors"
	"fmt"
	"strings"
	"time"
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
				if at, ok := o.written(conflict); ok && !strings.Contains(conflict.Owner, " at ") {
					e.Conflicts[i].Owner += " at " + at.UTC().Format(time.RFC3339)
				}
			}
		}
	}
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
