package main

import (
	"io/fs"
	"path"
	"regexp"

	"github.com/hashicorp/go-version"
)

// checkTag finds what a tag has to have: a section of its own in the changelog, no fragment that was left out, and
// examples that can be followed with that version. A snapshot is of no version.
func (r *release) checkTag() {
	if r.tag != "" {
		r.checkChangelog()
		r.checkExamples()
	}
}

// section is the heading of a release in the changelog.
var section = regexp.MustCompile(`(?m)^## (\S+) \(\d{4}-\d{2}-\d{2}\)$`)

// newestIn returns the newest version of a changelog, empty where there is none.
func newestIn(changelog []byte) string {
	found := section.FindSubmatch(changelog)
	if len(found) < 2 {
		return ""
	}
	return string(found[1])
}

func (r *release) checkChangelog() {
	if r.tag != "v"+r.made.Version {
		r.wrong("the tag %s is not that of version %s", r.tag, r.made.Version)
	}
	changelog, err := fs.ReadFile(r.root, "CHANGELOG.md")
	if err != nil {
		r.wrong("read the changelog: %v", err)
		return
	}
	if newestIn(changelog) != r.made.Version {
		r.wrong("CHANGELOG.md begins with another version than %s; run make changelog VERSION=%s before the tag",
			r.made.Version, r.made.Version)
	}
	left, err := fs.Glob(r.root, ".changes/unreleased/*.md")
	if err != nil || len(left) > 0 {
		r.wrong("%d changes are in no version, such as %s; run make changelog VERSION=%s before the tag",
			len(left), path.Base(left[0]), r.made.Version)
	}
}

// constraint is which versions of the provider an example asks for.
var constraint = regexp.MustCompile(`source\s*=\s*"(?:[^"]*/)?meshroute/mesh"\s*,?\s*version\s*=\s*"([^"]*)"`)

// checkExamples finds examples that ask for a version of the provider that is not there: they are released with it,
// and the registries show the docs of the tag.
func (r *release) checkExamples() {
	released, err := version.NewVersion(r.made.Version)
	if err != nil {
		r.wrong("%s is no version: %v", r.made.Version, err)
		return
	}
	for _, folder := range []string{"docs", "examples", "README.md"} {
		err := fs.WalkDir(r.root, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			r.checkConstraints(name, textIn(r.root, name), released.Core())
			return nil
		})
		if err != nil {
			r.wrong("read %s: %v", folder, err)
		}
	}
}

func (r *release) checkConstraints(name, content string, released *version.Version) {
	for _, match := range constraint.FindAllStringSubmatch(content, -1) {
		asked, err := version.NewConstraint(match[1])
		if err != nil {
			r.wrong("%s: version %q is no constraint: %v", name, match[1], err)
		} else if !asked.Check(released) {
			r.wrong("%s: version %q does not take %s", name, match[1], released)
		}
	}
}
