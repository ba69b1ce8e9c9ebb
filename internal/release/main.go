// Command release checks what goreleaser has put into dist/ before anybody can get it: what the registries ask for,
// that everything is signed and accounted for, and that nothing of the machine that built it is inside. It runs in
// the repository's root, prints a line for each thing that is wrong, and exits with 1 if there is any.
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

const project = "terraform-provider-mesh"

// platforms are those for which HashiCorp's template for providers builds. OpenTofu's registry takes these and those
// of OpenBSD and Solaris, for which the libraries of the provider are not made.
var platforms = []platform{
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"freebsd", "386"}, {"freebsd", "amd64"}, {"freebsd", "arm"}, {"freebsd", "arm64"},
	{"linux", "386"}, {"linux", "amd64"}, {"linux", "arm"}, {"linux", "arm64"},
	{"windows", "386"}, {"windows", "amd64"}, {"windows", "arm64"},
}

type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "_" + p.arch }

// release is what is checked, and what was found.
type release struct {
	// root is the repository, dist the folder that goreleaser wrote.
	root, dist fs.FS
	platforms  []platform
	// tag is the tag that is released, empty for a snapshot.
	tag string
	// key is the public key of the signature, armored.
	key []byte
	// local are paths of the machine that built it.
	local []string
	// inspect reads what the Go command wrote into a binary.
	inspect func(io.ReaderAt) (*debug.BuildInfo, error)
	// start runs the binary of this machine's platform, and returns which version it says that it is, and which
	// protocol it serves. It is nil where there is no such binary.
	start func(binary []byte) (version, protocol string, err error)

	made     metadata
	problems []string
}

// metadata is what goreleaser says of its run.
type metadata struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

func main() {
	tag := flag.String("tag", "", "the tag that is released; a snapshot has none")
	key := flag.String("key", "", "file with the armored public key of the signature")
	native := flag.Bool("single-target", false, "only this machine's platform was built")
	flag.Parse()
	r := &release{
		root: os.DirFS("."), dist: os.DirFS("dist"), platforms: platforms, tag: *tag, inspect: buildinfo.Read,
		start: startBinary,
	}
	if *native {
		r.platforms = []platform{{runtime.GOOS, runtime.GOARCH}}
	}
	var err error
	if r.key, err = os.ReadFile(*key); err != nil {
		fail(err)
	}
	if r.local, err = localPaths(); err != nil {
		fail(err)
	}
	r.check()
	for _, problem := range r.problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	if len(r.problems) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%s %s is as it has to be, for %d platforms\n", project, r.made.Version, len(r.platforms))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "release:", err)
	os.Exit(1)
}

// localPaths are where this machine keeps what goes into a binary.
func localPaths() ([]string, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return []string{root, filepath.Join(home, "go", "pkg"), cache}, nil
}

// check finds what is wrong.
func (r *release) check() {
	r.readMetadata()
	if r.made.Version == "" {
		return
	}
	r.checkFiles()
	r.checkManifest()
	r.checkSums()
	r.checkSignature(r.named("SHA256SUMS"))
	for _, p := range r.platforms {
		r.checkSignature(r.named(p.String() + ".cdx.json"))
		r.checkArchive(p)
	}
	r.checkTag()
}

func (r *release) wrong(format string, arguments ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, arguments...))
}

func (r *release) readMetadata() {
	raw, err := fs.ReadFile(r.dist, "metadata.json")
	if err == nil {
		err = json.Unmarshal(raw, &r.made)
	}
	if err != nil {
		r.wrong("read what goreleaser made: %v", err)
	} else if r.made.Version == "" {
		r.wrong("metadata.json names no version")
	}
}

// named is a file of the release.
func (r *release) named(rest string) string { return project + "_" + r.made.Version + "_" + rest }

// checkFiles finds what is missing in dist, and archives that nobody expects.
func (r *release) checkFiles() {
	want := []string{r.named("SHA256SUMS"), r.named("SHA256SUMS.sig")}
	for _, p := range r.platforms {
		list := r.named(p.String() + ".cdx.json")
		want = append(want, r.named(p.String()+".zip"), list, list+".sig")
	}
	entries, err := fs.ReadDir(r.dist, ".")
	if err != nil {
		r.wrong("read dist: %v", err)
	}
	var have []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), project) && !entry.IsDir() {
			have = append(have, entry.Name())
		}
	}
	for _, name := range want {
		if !slices.Contains(have, name) {
			r.wrong("%s is missing", name)
		}
	}
	for _, name := range have {
		if !slices.Contains(want, name) {
			r.wrong("%s is nothing that the registries know", name)
		}
	}
}
