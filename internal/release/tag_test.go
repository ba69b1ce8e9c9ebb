package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// TestCheckTag: a tag is that of its version, which the changelog begins with, and which the examples take.
func TestCheckTag(t *testing.T) {
	t.Parallel()
	for fact, c := range map[string]struct {
		change func(*sample)
		want   []string
	}{
		"another tag": {func(s *sample) { s.tag = "v0.2.0" }, []string{"the tag v0.2.0 is not that of version 0.1.0"}},
		"a changelog without the version": {
			func(s *sample) {
				s.repository["CHANGELOG.md"] = "# Changelog\n\n## 0.0.9 (2026-12-01)\n\n## 0.1.0 (2026-11-01)\n"
			},
			[]string{"CHANGELOG.md begins with another version than 0.1.0; run make changelog VERSION=0.1.0 " +
				"before the tag"},
		},
		"no changelog": {
			func(s *sample) { delete(s.repository, "CHANGELOG.md") },
			[]string{"read the changelog: open CHANGELOG.md: file does not exist"},
		},
		"a change that is in no version": {
			func(s *sample) { s.repository[".changes/unreleased/added-more.md"] = "More." },
			[]string{"1 changes are in no version, such as added-more.md; run make changelog VERSION=0.1.0 " +
				"before the tag"},
		},
		"an example for a later version": {
			func(s *sample) {
				s.repository["examples/main.tf"] = "source  = \"example.com/meshroute/mesh\"\n  version = \">= 0.2\"\n"
			},
			[]string{`examples/main.tf: version ">= 0.2" does not take 0.1.0`},
		},
		"an example in the docs for an earlier version": {
			func(s *sample) { s.repository["README.md"] = `mesh = { source = "meshroute/mesh", version = "0.0.9" }` },
			[]string{`README.md: version "0.0.9" does not take 0.1.0`},
		},
		"an example for no version": {
			func(s *sample) {
				s.repository["README.md"] = `mesh = { source = "meshroute/mesh", version = "latest" }`
			},
			[]string{`README.md: version "latest" is no constraint: malformed constraint: latest`},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			s := newSample(t)
			c.change(s)
			if diff := cmp.Diff(c.want, s.problemsOf()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// root is the repository.
const root = "../.."

// TestPlatforms: goreleaser builds for the platforms that are expected, and for no others.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	var config struct {
		Builds []struct {
			Goos, Goarch []string
			Ignore       []struct{ Goos, Goarch string }
		}
		Release struct{ Draft bool }
	}
	read(t, ".goreleaser.yml", &config)
	var built []string
	for _, build := range config.Builds {
		for _, goos := range build.Goos {
			for _, goarch := range build.Goarch {
				left := slices.Contains(build.Ignore, struct{ Goos, Goarch string }{goos, goarch})
				// Go has no such platform, and goreleaser leaves it out by itself.
				if !left && (goos != "darwin" || goarch != "arm") {
					built = append(built, platform{goos, goarch}.String())
				}
			}
		}
	}
	var want []string
	for _, p := range platforms {
		want = append(want, p.String())
	}
	if diff := cmp.Diff(want, built); diff != "" {
		t.Errorf("platforms (-checked +built):\n%s", diff)
	}
	if !config.Release.Draft {
		t.Error("goreleaser publishes by itself what nothing has checked")
	}
}

// TestWorkflow: what is published was checked before, against the tag and with the public key of the signature.
func TestWorkflow(t *testing.T) {
	t.Parallel()
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses, Run string
				With      map[string]string
			}
		}
	}
	read(t, ".github/workflows/release.yml", &workflow)
	var order []string
	for _, step := range workflow.Jobs["release"].Steps {
		for text, does := range map[string]string{
			`go run ./internal/release -tag "$GITHUB_REF_NAME" -key "$RUNNER_TEMP/key.asc"`: "check",
			`gh release edit "$GITHUB_REF_NAME" --draft=false`:                              "publish",
		} {
			if strings.Contains(step.Run, text) {
				order = append(order, does)
			}
		}
		if strings.HasPrefix(step.Uses, "goreleaser/") {
			order = append(order, step.With["args"])
		}
	}
	if diff := cmp.Diff([]string{"release --clean", "check", "publish"}, order); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err == nil {
		err = yaml.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestExamples: no example asks for a version of the provider that was never released.
func TestExamples(t *testing.T) {
	t.Parallel()
	newest := newestIn([]byte(readText(t, filepath.Join(root, "CHANGELOG.md"))))
	if newest == "" {
		newest = "0.0.0"
	}
	r := &release{root: os.DirFS(root), made: metadata{Version: newest}}
	r.checkExamples()
	if diff := cmp.Diff([]string(nil), r.problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// changelog runs the script on a repository.
func changelog(t *testing.T, repository string, arguments ...string) (output string, failed bool) {
	t.Helper()
	arguments = append([]string{root + "/internal/tools/changelog.sh"}, arguments...)
	command := exec.CommandContext(t.Context(), "bash", arguments...)
	command.Env = append(os.Environ(), "CHANGELOG_ROOT="+repository)
	said, err := command.CombinedOutput()
	return string(said), err != nil
}

// newRepository makes one with a changelog and fragments.
func newRepository(t *testing.T, fragments map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	files := map[string]string{"CHANGELOG.md": readText(t, filepath.Join(root, "CHANGELOG.md"))}
	for name, content := range fragments {
		files[".changes/unreleased/"+name] = content
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func readText(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestChangelog: fragments become the section of a version, newest first, in which each is an item under its heading.
func TestChangelog(t *testing.T) {
	t.Parallel()
	before := readText(t, filepath.Join(root, "CHANGELOG.md"))
	began := time.Now()
	repository := newRepository(t, map[string]string{
		"fixed-a.md": "It works.\n", "added-b.md": "More\nof it.\n", "added-a.md": "Some.\n", "removed-a.md": "Less.\n",
	})
	if said, failed := changelog(t, repository, "9.1.0-rc.1"); failed {
		t.Fatal(said)
	}
	fragment := filepath.Join(repository, ".changes", "unreleased", "changed-c.md")
	if err := os.WriteFile(fragment, []byte("Other."), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, failed := changelog(t, repository, "9.1.0"); failed {
		t.Fatal(said)
	}
	const items = "### Added\n\n- Some.\n- More\n  of it.\n\n### Fixed\n\n- It works.\n\n### Removed\n\n- Less.\n"
	head, rest, _ := strings.Cut(before, "<!-- releases -->\n")
	want := head + "<!-- releases -->\n\n## 9.1.0 (today)\n\n### Changed\n\n- Other.\n\n## 9.1.0-rc.1 (today)\n\n" +
		items + rest
	// Both are today, also where that is another day in between.
	today := strings.NewReplacer(began.UTC().Format(time.DateOnly), "today", time.Now().UTC().Format(time.DateOnly),
		"today")
	got := today.Replace(readText(t, filepath.Join(repository, "CHANGELOG.md")))
	if diff := cmp.Diff(today.Replace(want), got); diff != "" {
		t.Errorf("changelog (-want +got):\n%s", diff)
	}
	if said, failed := changelog(t, repository, "--show", "9.1.0-rc.1"); failed || said != items {
		t.Errorf("notes (-want +got):\n%s", cmp.Diff(items, said))
	}
}

// TestChangelog_refused: what would make a changelog that lacks something is refused, and changes nothing.
func TestChangelog_refused(t *testing.T) {
	t.Parallel()
	one := map[string]string{"added-a.md": "Some.\n"}
	for fact, c := range map[string]struct {
		fragments map[string]string
		arguments []string
		want      string
	}{
		"no version":      {one, []string{"v0.1"}, "changelog.sh: v0.1 is no version\n"},
		"nothing to tell": {nil, []string{"9.1.0"}, "changelog.sh: there is no fragment in .changes/unreleased\n"},
		"another section": {
			map[string]string{"new-a.md": "Some.\n"}, []string{"9.1.0"},
			"changelog.sh: .changes/unreleased/new-a.md is in no section\n",
		},
		"notes of nothing": {one, []string{"--show", "9.1.0"}, "changelog.sh: CHANGELOG.md says nothing of 9.1.0\n"},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			repository := newRepository(t, c.fragments)
			said, failed := changelog(t, repository, c.arguments...)
			if diff := cmp.Diff(c.want, strings.TrimLeft(said, "\n")); !failed || diff != "" {
				t.Errorf("it says (-want +got):\n%s", diff)
			}
			before := readText(t, filepath.Join(root, "CHANGELOG.md"))
			if diff := cmp.Diff(before, readText(t, filepath.Join(repository, "CHANGELOG.md"))); diff != "" {
				t.Errorf("changelog (-before +after):\n%s", diff)
			}
		})
	}
	t.Run("a version that is there", func(t *testing.T) {
		t.Parallel()
		repository := newRepository(t, one)
		if said, failed := changelog(t, repository, "9.1.0"); failed {
			t.Fatal(said)
		}
		said, failed := changelog(t, repository, "9.1.0")
		if !failed || said != "changelog.sh: CHANGELOG.md has 9.1.0 already\n" {
			t.Errorf("it says %q", said)
		}
	})
}

// TestChangelog_next: what is not released yet can be: every fragment gets into the next version, and the tag is in
// order then.
func TestChangelog_next(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, ".changes", "unreleased", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("there is nothing that is not released")
	}
	fragments := map[string]string{}
	for _, file := range files {
		fragments[filepath.Base(file)] = readText(t, file)
	}
	repository := newRepository(t, fragments)
	if said, failed := changelog(t, repository, "9.1.0"); failed {
		t.Fatal(said)
	}
	notes, failed := changelog(t, repository, "--show", "9.1.0")
	if failed {
		t.Fatal(notes)
	}
	for name, fragment := range fragments {
		item := "- " + strings.ReplaceAll(strings.TrimSuffix(fragment, "\n"), "\n", "\n  ") + "\n"
		if !strings.Contains(notes, item) {
			t.Errorf("%s is missing", name)
		}
	}
	r := &release{root: os.DirFS(repository), tag: "v9.1.0", made: metadata{Version: "9.1.0"}}
	r.checkChangelog()
	if diff := cmp.Diff([]string(nil), r.problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
