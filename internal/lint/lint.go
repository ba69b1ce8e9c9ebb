// Package lint finds misspelt names in the files of a configuration. Terraform refuses an attribute that a resource
// does not have; in an object in an attribute it drops what the schema does not know, and no provider ever sees it.
package lint

import (
	"errors"
	"flag"
	"io"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
)

// The exit codes.
const (
	clean = iota
	found
	unreadable
)

const usage = `usage: terraform-provider-mesh lint PATH...

Names every attribute in Terraform files that the provider's schema does not have, as FILE:LINE:COLUMN: TEXT. A path
is a folder, of which all files are read and those of all folders below it, or a file, beside which the others of its
folder are read for what it refers to.
Ends with 1 if there are such, and with 2 if something cannot be read.
`

// Run is the command. It returns the exit code.
func Run(args []string, s Schema, stdout, stderr io.Writer) int {
	flags := commandline.New("lint")
	paths, err := commandline.Parse(flags, args, usage, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return clean
	case err != nil:
		return unreadable
	case len(paths) == 0:
		_ = commandline.Refuse(flags, "Which files? Name a folder or files, such as\n  "+commandline.Program+
			" lint .", stderr)
		return unreadable
	case slices.Contains(paths, ""):
		_ = commandline.Refuse(flags, "A path is empty.", stderr)
		return unreadable
	}
	code, told := clean, map[string]bool{}
	for _, from := range sourcesOf(paths) {
		findings, unread := from.read(s)
		var text strings.Builder
		for _, l := range findings {
			// Folders that were named may lie in each other.
			if l := from.line(l); !told[l] {
				told[l], code = true, max(code, found)
				text.WriteString(l + "\n")
			}
		}
		if !commandline.Print(text.String(), stdout, stderr) {
			return unreadable
		}
		for _, l := range unread {
			if l := from.line(l); !told[l] {
				told[l], code = true, unreadable
				commandline.Error(stderr, l)
			}
		}
	}
	return code
}
