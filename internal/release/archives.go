package main

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// mostZip is how many bytes an archive may have, which every `terraform init` downloads.
const mostZip = 20_000_000

// module is the provider's own.
const module = "github.com/meshroute/terraform-provider-mesh"

// checkArchive judges the archive of a platform, the binary in it, and the SBOM beside it.
func (r *release) checkArchive(p platform) {
	name := r.named(p.String() + ".zip")
	raw, err := fs.ReadFile(r.dist, name)
	if err != nil {
		// It is missing, which is said of the files.
		return
	}
	if len(raw) > mostZip {
		r.wrong("%s has %d bytes, at most %d", name, len(raw), mostZip)
	}
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		r.wrong("%s: %v", name, err)
		return
	}
	executable := project + "_v" + r.made.Version
	if p.os == "windows" {
		executable += ".exe"
	}
	var names []string
	for _, file := range archive.File {
		names = append(names, file.Name)
	}
	slices.Sort(names)
	if want := []string{"CHANGELOG.md", "LICENSE", executable}; !slices.Equal(names, want) {
		r.wrong("%s holds %q, want %q", name, names, want)
	}
	for _, file := range archive.File {
		if file.Name == executable {
			r.checkExecutable(p, name, file)
		}
	}
}

func (r *release) checkExecutable(p platform, name string, file *zip.File) {
	if file.Mode().Perm() != 0o755 {
		r.wrong("%s: the binary has the mode %o, want 755", name, file.Mode().Perm())
	}
	opened, err := file.Open()
	if err != nil {
		r.wrong("%s: %v", name, err)
		return
	}
	binary, err := io.ReadAll(opened)
	if err != nil {
		r.wrong("%s: %v", name, err)
		return
	}
	for _, path := range r.local {
		if bytes.Contains(binary, []byte(path)) {
			r.wrong("%s: the binary holds the path %s", name, path)
		}
	}
	built, err := r.inspect(bytes.NewReader(binary))
	if err != nil {
		r.wrong("%s: %v", name, err)
		return
	}
	r.checkBuild(p, name, built)
	r.checkSBOM(p, built)
	if p.os == runtime.GOOS && p.arch == runtime.GOARCH {
		r.checkServed(name, binary)
	}
}

// checkBuild judges how a binary was built.
func (r *release) checkBuild(p platform, name string, built *debug.BuildInfo) {
	if built.Path != module {
		r.wrong("%s: the binary is %s, want %s", name, built.Path, module)
	}
	settings := map[string]string{}
	for _, s := range built.Settings {
		settings[s.Key] = s.Value
	}
	want := [][2]string{
		{"GOOS", p.os}, {"GOARCH", p.arch}, {"CGO_ENABLED", "0"}, {"-trimpath", "true"},
		{"vcs.revision", r.made.Commit},
	}
	if r.tag != "" {
		want = append(want, [2]string{"vcs.modified", "false"})
	}
	for _, s := range want {
		if settings[s[0]] != s[1] {
			r.wrong("%s: the binary was built with %s=%s, want %s", name, s[0], settings[s[0]], s[1])
		}
	}
}

// checkServed starts the binary as Terraform does.
func (r *release) checkServed(name string, binary []byte) {
	version, served, err := r.start(binary)
	if err != nil {
		r.wrong("%s: start the binary: %v", name, err)
		return
	}
	if version != r.made.Version {
		r.wrong("%s: the binary says that it is version %s", name, version)
	}
	if major, _, _ := strings.Cut(protocol, "."); served != major {
		r.wrong("%s: the binary serves the protocol %s, and the manifest says %s", name, served, protocol)
	}
}
