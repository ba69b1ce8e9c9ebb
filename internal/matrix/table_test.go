package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTestsCell(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		output string
		err    error
		want   cell
	}{
		"all passed": {
			output: "=== RUN   TestAccA\n--- PASS: TestAccA (1.00s)\n--- PASS: TestAccB (0.00s)\nPASS\n",
			want:   cell{Note: "2 tests"},
		},
		"the parts of a test count": {
			output: "--- PASS: TestAccA (1.00s)\n    --- PASS: TestAccA/one (0.00s)\n" +
				"    --- PASS: TestAccA/two (0.00s)\n" +
				"        --- PASS: TestAccA/two/three (0.00s)\n--- PASS: TestAccAB (0.00s)\n",
			want: cell{Note: "3 tests"},
		},
		"one failed": {
			output: "--- PASS: TestAccA (1.00s)\n--- FAIL: TestAccB (0.00s)\n", err: errors.New("exit status 1"),
			want: cell{Failed: true, Note: "1 test"},
		},
		"it ended in the middle": {
			output: "--- PASS: TestAccA (1.00s)\npanic: test timed out\n", err: errors.New("exit status 2"),
			want: cell{Failed: true, Note: "0 tests"},
		},
		"nothing ran": {
			output: "testing: warning: no tests to run\nPASS\n",
			want:   cell{Failed: true, Note: "0 tests"},
		},
		"some were skipped": {
			output: "    a_test.go:1: not here\n--- SKIP: TestAccA (0.00s)\n--- PASS: TestAccB (0.00s)\n",
			want:   cell{Note: "1 test"},
		},
		"all parts were skipped": {
			output: "=== CONT  TestAccA/one\n    a_test.go:34: this CLI has no command query\n" +
				"--- PASS: TestAccA (0.00s)\n" +
				"    --- SKIP: TestAccA/one (1.39s)\n",
			want: cell{Note: "0 tests", Skipped: "this CLI has no command query"},
		},
		"skipped with a reason": {
			output: "    a_test.go:34: this CLI has no command query\n--- SKIP: TestAccA (1.39s)\n",
			want:   cell{Note: "0 tests", Skipped: "this CLI has no command query"},
		},
		"tables": {
			output: "    evaluate_acc_test.go:154: 60 tables, 2400 requests compared in all: map[forward:1879]\n" +
				"--- PASS: TestAccEvaluate (86.38s)\n" +
				"    evaluate_envoy_acc_test.go:46: 60 tables, 2801 requests compared in all: map[forward:1657]\n" +
				"--- PASS: TestAccEvaluate_envoy (85.37s)\n",
			want: cell{Note: "120 tables, 5201 requests"},
		},
		"tables that disagree": {
			output: "    evaluate_acc_test.go:154: 60 tables, 2400 requests compared in all: map[forward:1879]\n" +
				"--- FAIL: TestAccEvaluate (86.38s)\n",
			err:  errors.New("exit status 1"),
			want: cell{Failed: true, Note: "1 test"},
		},
		"a load": {
			output: "load through every transition, seed 1\n  requests         12480 in 21 s, 600 a second\n" +
				"  failed requests  0\nthe first sequence with the order switched off\n" +
				"  requests         9001 in 15 s\n" +
				"  failed requests  44\n--- PASS: TestAccLoad (50.00s)\n",
			want: cell{Note: "12480 requests, 0 failed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, testsCell(c.output, c.err)); diff != "" {
				t.Errorf("cell (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	p := part{columns: []column{{title: "the demo"}, {title: "functions"}, {title: "query"}}, rows: []row{
		{result: &result{
			"Terraform 1.8.5",
			[]cell{{}, {Note: "3 tests"}, {Skipped: "this CLI has no command query", Note: "0 tests"}},
		}},
		{name: "1.9.8"},
		{result: &result{
			"OpenTofu 1.12.6",
			[]cell{{Failed: true}, {Failed: true, Note: "1 test"}, {Skipped: "this CLI has no command query"}},
		}},
	}}
	want := `| | the demo | functions | query |
|---|---|---|---|
| Terraform 1.8.5 | passed | 3 tests | – |
| OpenTofu 1.12.6 | **failed** | **failed** | – |

– is not tried. query: this CLI has no command query.
`
	if diff := cmp.Diff(want, p.markdown()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if got := p.failures(); got != 2 {
		t.Errorf("%d failures, want 2", got)
	}
}

func TestInsert(t *testing.T) {
	t.Parallel()
	const before, after = "# Title\n\n<!-- matrix cli -->\n", "<!-- end of matrix cli -->\n\nMore.\n"
	for name, document := range map[string]string{
		"the first time": before + after,
		"again":          before + "\n| old |\n\n" + after,
	} {
		got, err := insert(document, "cli", "| new |\n")
		if diff := cmp.Diff(before+"\n| new |\n\n"+after, got); diff != "" || err != nil {
			t.Errorf("%s: error %v, document (-want +got):\n%s", name, err, diff)
		}
	}
	for name, document := range map[string]string{"no place": "# Title\n", "no end": before, "no begin": after} {
		if _, err := insert(document, "cli", ""); err == nil || err.Error() != "there is no place for the table cli" {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
