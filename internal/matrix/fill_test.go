package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What passed before stands in the table and the document beside what is tried now; what failed does not.
func TestFill_before(t *testing.T) {
	t.Parallel()
	o := options{logs: t.TempDir()}
	document := filepath.Join(o.logs, "README.md")
	const place = "<!-- matrix envoy -->\n<!-- end of matrix envoy -->\n"
	for file, content := range map[string]string{
		"envoy-1.36.4.json": `{"Label": "Envoy 1.36.4", "Cells": [{"Note": "60 tables"}]}`,
		"envoy-1.37.0.json": `{"Label": "Envoy 1.37.0", "Cells": [{}, {"Note": "of a column that is gone"}]}`,
		"README.md":         place,
	} {
		if err := os.WriteFile(filepath.Join(o.logs, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := part{name: "envoy", columns: []column{{title: "agree"}}, rows: []row{
		{name: "1.36.4"}, {name: "1.37.0"}, {name: "1.38.3"},
	}}
	for i := range p.rows {
		if err := o.fill(t.Context(), &p, &p.rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	want := "| | agree |\n|---|---|\n| Envoy 1.36.4 | 60 tables |\n"
	if diff := cmp.Diff(want, p.markdown()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	written := func(want string) {
		t.Helper()
		if err := write(document, []part{p}); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("document (-want +got):\n%s", diff)
		}
	}
	written(place) // rows are missing
	p.rows[1].result = &result{"Envoy 1.37.0", []cell{{Failed: true}}}
	p.rows[2].result = &result{"Envoy 1.38.3", []cell{{Note: "6 tables"}}}
	written(place)
	p.rows[1].result.Cells[0].Failed = false
	written("<!-- matrix envoy -->\n\n| | agree |\n|---|---|\n| Envoy 1.36.4 | 60 tables |\n" +
		"| Envoy 1.37.0 | passed |\n| Envoy 1.38.3 | 6 tables |\n\n<!-- end of matrix envoy -->\n")
}
