package ask

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// largestText is how many bytes of a file or of stdin are read.
const largestText = 32 << 20

// suffixes are those of the files in a folder that are read.
var suffixes = []string{".yaml", ".yml", ".json"}

// noRoutes says how routes are given.
const noRoutes = "Which routes? Give files, a folder, or - for stdin, such as\n" +
	"  terraform-provider-mesh ask -f routes/ --host greeter.shop\n" +
	"or --live for those of the cluster. --help says more."

// readTexts reads files, folders and stdin. The problem has a line for each that cannot be read.
func readTexts(names []string, stdin io.Reader) (texts []argument.Text, problem string) {
	var problems []string
	refuse := func(name string, err error) {
		problems = append(problems, report.Printable(fmt.Sprintf("%s: %s.", name, commandline.Reason(err)),
			report.LongestPath))
	}
	left := int64(largestText)
	take := func(name string, from io.Reader, found bool) {
		content, err := io.ReadAll(io.LimitReader(from, left+1))
		if left -= int64(len(content)); err == nil && left < 0 {
			err = fmt.Errorf("there are more than %d bytes to read", largestText)
		}
		if err != nil {
			refuse(name, err)
			left = max(left, 0)
			return
		}
		texts = append(texts, argument.Text{
			Name: report.Printable(name, report.LongestPath), Content: string(content), Found: found,
		})
	}
	file := func(name string, found bool) {
		info, err := os.Stat(name)
		if err == nil && !info.Mode().IsRegular() && found {
			err = errors.New("is no regular file")
		}
		if err != nil {
			refuse(name, err)
			return
		}
		f, err := os.Open(name) //nolint:gosec // the user names it
		if err != nil {
			refuse(name, err)
			return
		}
		defer f.Close()
		take(name, f, found)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		info, err := os.Stat(name)
		switch {
		case name == "-":
			take("stdin", stdin, false)
		case err != nil:
			refuse(name, err)
		case info.IsDir():
			found, err := filesIn(name)
			if err == nil && len(found) == 0 {
				err = errors.New("no file here ends with " + strings.Join(suffixes, ", "))
			}
			if err != nil {
				refuse(name, err)
			}
			for _, inside := range found {
				file(inside, true)
			}
		default:
			file(name, false)
		}
	}
	return texts, strings.Join(problems[:min(len(problems), report.MostProblems)], "\n")
}

// filesIn returns the files below a folder in which objects may stand, but for what is hidden.
func filesIn(folder string) (names []string, err error) {
	err = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		hidden := name != folder && strings.HasPrefix(entry.Name(), ".")
		switch {
		case err != nil:
			return err
		case hidden && entry.IsDir():
			return fs.SkipDir
		case !hidden && !entry.IsDir() && slices.Contains(suffixes, strings.ToLower(filepath.Ext(name))):
			names = append(names, name)
		}
		return nil
	})
	return names, err
}
