package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repository returns all parts, as they are in this repository.
func repository(t *testing.T) []part {
	t.Helper()
	t.Chdir("../..")
	all, err := parts(options{tables: 60})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What is chosen by name exists, and each column has tests.
func TestParts(t *testing.T) { //nolint:paralleltest // it changes the working directory
	all := repository(t)
	files, err := filepath.Glob(acceptance + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests []string
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func (TestAcc\w*)\(`).FindAllStringSubmatch(string(source), -1) {
			tests = append(tests, found[1])
		}
	}
	for _, p := range all {
		for _, c := range p.columns {
			if c.tests != "" && !slices.ContainsFunc(tests, regexp.MustCompile(c.tests).MatchString) {
				t.Errorf("%s, %s: no test is called %s", p.name, c.title, c.tests)
			}
		}
		for _, r := range p.rows {
			if len(r.cli) == 0 {
				continue
			}
			if _, err := os.Stat(r.cli[0]); err != nil {
				t.Error(err)
			}
		}
	}
}

// README.md shows tables with the columns that there are, and nothing that failed.
func TestParts_shown(t *testing.T) { //nolint:paralleltest // it changes the working directory
	all := repository(t)
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		_, rest, _ := strings.Cut(string(content), "<!-- matrix "+p.name+" -->")
		shown, _, ok := strings.Cut(rest, "<!-- end of matrix "+p.name+" -->")
		if !ok {
			t.Errorf("README.md has no place for %s", p.name)
		}
		if strings.TrimSpace(shown) == "" {
			continue // it never ran whole
		}
		header, _, _ := strings.Cut(p.markdown(), "\n")
		if rows := strings.Count(shown, "\n| ") - 1; !strings.Contains(shown, header) || rows > len(p.rows) {
			t.Errorf("README.md shows %d rows of %s, want at most %d below %s", rows, p.name, len(p.rows), header)
		}
		if strings.Contains(shown, "failed**") {
			t.Errorf("README.md shows failures of %s", p.name)
		}
	}
}

func TestControlPlane(t *testing.T) {
	t.Parallel()
	const gomod = `module example.com/controlplane

require (
	istio.io/api v1.30.0-alpha.1.0.20260415171154-7fa57afdea51 // indirect
	istio.io/client-go v1.29.0 // indirect
	istio.io/istio v0.0.0-20260423205519-b01690e6db7d // indirect
	k8s.io/kubernetes v1.35.4 // indirect
)
`
	name, label, err := controlPlane(gomod)
	if err != nil {
		t.Fatal(err)
	}
	got, want := []string{name, label}, []string{
		"2026-04-23", "Istio's main of 2026-04-23 (API 1.30) with Kubernetes 1.35.4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("called (-want +got):\n%s", diff)
	}
	for _, lacking := range []string{"istio.io/api", "istio.io/istio", "k8s.io/kubernetes"} {
		if _, _, err := controlPlane(strings.Replace(gomod, "\t"+lacking+" ", "\tother ", 1)); err == nil {
			t.Errorf("without %s there is no error", lacking)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wanted []string
		want   string
		err    string
	}{
		"everything":             {nil, "cli 1.8.5 tofu envoy 1.36.4 1.40.0", ""},
		"a part":                 {[]string{"envoy"}, "envoy 1.36.4 1.40.0", ""},
		"a row":                  {[]string{"cli/tofu"}, "cli tofu", ""},
		"a row and a part":       {[]string{"envoy", "cli/tofu"}, "cli tofu envoy 1.36.4 1.40.0", ""},
		"each row of a part":     {[]string{"cli/tofu", "cli/1.8.5"}, "cli 1.8.5 tofu", ""},
		"no part":                {[]string{"istiod"}, "", `there is no row "istiod"`},
		"no row of a part":       {[]string{"cli/1.9"}, "", `there is no row "cli/1.9"`},
		"a row without its part": {[]string{"tofu"}, "", `there is no row "tofu"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chosen, err := choose([]part{
				{name: "cli", rows: []row{{name: "1.8.5"}, {name: "tofu"}}},
				{name: "envoy", rows: []row{{name: "1.36.4"}, {name: "1.40.0"}}},
			}, c.wanted)
			var got []string
			for _, p := range chosen {
				got = append(got, p.name)
				for _, r := range p.rows {
					if r.chosen {
						got = append(got, r.name)
					}
				}
			}
			said := ""
			if err != nil {
				said = err.Error()
			}
			if diff := cmp.Diff([]string{c.want, c.err}, []string{strings.Join(got, " "), said}); diff != "" {
				t.Errorf("chosen (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExported(t *testing.T) {
	t.Parallel()
	got := exported("export KUBECONFIG='/tmp/lab/kubeconfig'\nexport MESH_TEST_CALL='meshlab call --xds=a:1'\n\n")
	want := []string{"KUBECONFIG=/tmp/lab/kubeconfig", "MESH_TEST_CALL=meshlab call --xds=a:1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}
