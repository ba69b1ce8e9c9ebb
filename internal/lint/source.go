package lint

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// source is what is looked at: a folder with all below it, or files of a folder.
type source struct {
	dir string
	// named are the files, none for the folder.
	named []string
}

// sourcesOf returns what paths name. Files of a folder are looked at together, because they refer to each other.
func sourcesOf(paths []string) []source {
	var sources []source
	at := map[string]int{}
	for _, name := range paths {
		if info, err := os.Stat(name); err != nil || info.IsDir() {
			sources = append(sources, source{dir: name})
			continue
		}
		dir, file := filepath.Dir(name), filepath.Base(name)
		if _, known := at[dir]; !known {
			at[dir] = len(sources)
			sources = append(sources, source{dir: dir})
		}
		into := &sources[at[dir]]
		into.named = append(into.named, file)
	}
	return sources
}

func (from source) read(s Schema) (findings, unread []line) {
	return read(os.DirFS(from.dir), s, from.named...)
}

// line returns a line with the name of the file as it is known from where the command was started.
func (from source) line(l line) string {
	l.at.Filename = filepath.Join(from.dir, filepath.FromSlash(l.at.Filename))
	return l.String()
}

// modules are the files of a configuration, by their folders.
type modules struct {
	folders []string
	files   map[string][]string
	unread  []line
}

func (m *modules) add(name string) {
	folder := path.Dir(name)
	if m.files[folder] == nil {
		m.folders = append(m.folders, folder)
	}
	m.files[folder] = append(m.files[folder], name)
}

func (m *modules) refuse(name string, err error) {
	m.unread = append(m.unread, line{at: hcl.Range{Filename: name}, err: err})
}

// walk finds all modules of a file system.
func (m *modules) walk(fsys fs.FS) {
	// The function returns no error but those that say what is left out.
	_ = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		isHidden := name != "." && strings.HasPrefix(path.Base(name), ".")
		switch {
		case err != nil:
			m.refuse(name, err)
		case entry.IsDir() && isHidden:
			return fs.SkipDir
		case !entry.IsDir() && !isHidden && isConfiguration(name):
			m.add(name)
		}
		return nil
	})
	if len(m.folders) == 0 && len(m.unread) == 0 {
		m.refuse(".", commandline.Flaw("has no Terraform files"))
	}
}

// take finds the module that has some files.
func (m *modules) take(fsys fs.FS, named []string) {
	for _, name := range named {
		if isConfiguration(name) {
			m.add(name)
		} else {
			m.refuse(name, commandline.Flaw("is no Terraform file: the name of one ends with "+
				istio.Enumerate(suffixes, "or")))
		}
	}
	if len(m.folders) == 0 {
		return
	}
	// A folder that cannot be listed can have files that can be read.
	entries, _ := fs.ReadDir(fsys, ".")
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() && isConfiguration(name) && !strings.HasPrefix(name, ".") && !slices.Contains(named, name) {
			m.add(name)
		}
	}
}

// read looks at the modules of a file system, or at some files of its folder alone.
func read(fsys fs.FS, s Schema, named ...string) (findings, unread []line) {
	m := modules{files: map[string][]string{}}
	if len(named) == 0 {
		m.walk(fsys)
	} else {
		m.take(fsys, named)
	}
	for _, folder := range m.folders {
		sources := map[string][]byte{}
		for _, name := range m.files[folder] {
			src, err := readFile(fsys, name)
			if err != nil {
				m.refuse(name, err)
				continue
			}
			sources[name] = src
		}
		f, u := readModule(sources, s)
		findings, m.unread = append(findings, f...), append(m.unread, u...)
	}
	if len(named) > 0 {
		findings = slices.DeleteFunc(findings, func(l line) bool { return !slices.Contains(named, l.at.Filename) })
	}
	return findings, m.unread
}

// largestFile is how many bytes of a file are read. To parse one takes some hundred times as much memory.
const largestFile = 2 << 20

// suffixes are those of the files that are read: Terraform's and OpenTofu's.
var suffixes = []string{".tf", ".tf.json", ".tofu", ".tofu.json"}

func isConfiguration(name string) bool {
	return slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// readFile reads a regular file.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, commandline.NotRegular
	case info.Size() > largestFile:
		return nil, commandline.Flaw(fmt.Sprintf("has %d bytes, more than %d", info.Size(), largestFile))
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, largestFile))
}
