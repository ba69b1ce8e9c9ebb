// Package lint finds misspelt names in the files of a configuration. Terraform refuses an attribute that a resource
// does not have; in an object in an attribute it drops what the schema does not know, and no provider ever sees it.
package lint

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
)

// The exit codes.
const (
	clean = iota
	found
	unreadable
)

const usage = `usage: terraform-provider-mesh lint DIR...

Names every attribute in the Terraform files below DIR that the provider's schema does not have, as
FILE:LINE:COLUMN: TEXT.
Ends with 1 if there are such, and with 2 if something cannot be read.
`

// Run is the command. It returns the exit code.
func Run(args []string, s Schema, stdout, stderr io.Writer) int {
	dirs, err := commandline.Parse(commandline.New("lint"), args, usage, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return clean
	case err != nil:
		return unreadable
	case len(dirs) == 0:
		_, _ = io.WriteString(stderr, usage)
		return unreadable
	}
	code := clean
	for _, dir := range dirs {
		findings, unread := read(os.DirFS(dir), s)
		code = max(code, write(stdout, dir, findings, found), write(stderr, dir, unread, unreadable))
	}
	return code
}

// write writes the lines for files below a folder, and returns the exit code that they mean.
func write(to io.Writer, dir string, lines []line, code int) int {
	if len(lines) == 0 {
		return clean
	}
	var b strings.Builder
	for _, l := range lines {
		l.at.Filename = filepath.Join(dir, filepath.FromSlash(l.at.Filename))
		fmt.Fprintln(&b, l)
	}
	if _, err := io.WriteString(to, b.String()); err != nil {
		return unreadable
	}
	return code
}

// largestFile is how many bytes of a file are read. To parse one takes some hundred times as much memory.
const largestFile = 2 << 20

// suffixes are those of the files that are read: Terraform's and OpenTofu's.
var suffixes = []string{".tf", ".tf.json", ".tofu", ".tofu.json"}

// read looks at all modules of a file system.
func read(fsys fs.FS, s Schema) (findings, unread []line) {
	var folders []string
	files := map[string][]string{}
	refuse := func(name, text string) {
		unread = append(unread, line{hcl.Range{Filename: name}, text})
	}
	// The function returns no error but those that say what is left out.
	_ = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		isHidden := name != "." && strings.HasPrefix(path.Base(name), ".")
		switch {
		case err != nil:
			refuse(name, cause(err))
		case entry.IsDir() && isHidden:
			return fs.SkipDir
		case !entry.IsDir() && !isHidden && isConfiguration(name):
			folder := path.Dir(name)
			if files[folder] == nil {
				folders = append(folders, folder)
			}
			files[folder] = append(files[folder], name)
		}
		return nil
	})
	if len(folders) == 0 && len(unread) == 0 {
		refuse(".", "no Terraform files are here")
	}
	for _, folder := range folders {
		sources := map[string][]byte{}
		for _, name := range files[folder] {
			src, err := readFile(fsys, name)
			if err != nil {
				refuse(name, cause(err))
				continue
			}
			sources[name] = src
		}
		f, u := readModule(sources, s)
		findings, unread = append(findings, f...), append(unread, u...)
	}
	return findings, unread
}

func isConfiguration(name string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// readFile reads a regular file: nothing ever comes from a pipe that nobody writes to.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("is no regular file")
	case info.Size() > largestFile:
		return nil, fmt.Errorf("has %d bytes, more than %d", info.Size(), largestFile)
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, largestFile))
}

// cause returns why a file cannot be read, without its name.
func cause(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return "cannot be read: " + failed.Err.Error()
	}
	return err.Error()
}
