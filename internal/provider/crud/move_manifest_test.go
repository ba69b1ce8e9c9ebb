package crud

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWithoutNulls: of an object that has each field of its API stays what says something.
func TestWithoutNulls(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ object, manifest, want string }{
		"nulls":                   {`{"a":null,"b":1}`, `{"b":1}`, `{"b":1}`},
		"an object of nulls":      {`{"a":{"b":null,"c":{"d":null}}}`, `{}`, `{}`},
		"an object of some":       {`{"a":{"b":null,"c":{"d":0}}}`, `{}`, `{"a":{"c":{"d":0}}}`},
		"written empty":           {`{"a":{"b":null}}`, `{"a":{}}`, `{"a":{}}`},
		"written null":            {`{"a":{"b":null}}`, `{"a":null}`, `{}`},
		"written as it was read":  {`{"a":{"b":null}}`, `{"a":{"b":null}}`, `{}`},
		"written and read empty":  {`{"a":{}}`, `{"a":{}}`, `{"a":{}}`},
		"read empty":              {`{"a":{}}`, ``, `{}`},
		"an element of nulls":     {`{"a":[{"b":null},{"b":1}]}`, ``, `{"a":[{},{"b":1}]}`},
		"an element in the other": {`{"a":[{"b":{"c":null}}]}`, `{"a":[{"b":{}},{"b":{}}]}`, `{"a":[{"b":{}}]}`},
		"more elements than were written": {
			`{"a":[{"b":{"c":null}},{"b":{"c":null}}]}`, `{"a":[{"b":{}}]}`, `{"a":[{"b":{}},{}]}`,
		},
		"no list where one was written": {`{"a":{"b":{"c":null}}}`, `{"a":[1]}`, `{"a":{}}`},
		"a list where none was":         {`{"a":[{"b":{"c":null}}]}`, `{"a":1}`, `{"a":[{}]}`},
		"no JSON":                       {`{`, ``, `{`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := string(withoutNulls(json.RawMessage(test.object), json.RawMessage(test.manifest)))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
		})
	}
}
