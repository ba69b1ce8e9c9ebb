package ask

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
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

// readTexts reads files, folders and stdin. Each that cannot be read is a problem.
func readTexts(names []string, stdin io.Reader) (texts []argument.Text, problems []string) {
	refuse := func(name string, err error) {
		problems = append(problems, commandline.Unreadable(name, err))
	}
	left := int64(largestText)
	take := func(name string, from io.Reader, found bool) {
		content, err := io.ReadAll(io.LimitReader(from, left+1))
		if left -= int64(len(content)); err == nil && left < 0 {
			err = commandline.Flaw(fmt.Sprintf("is too much: more than %d MiB are to be read", largestText>>20))
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
		f, err := os.Open(name) //nolint:gosec // the user names it
		if err != nil {
			refuse(name, err)
			return
		}
		defer f.Close()
		take(name, f, found)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if name == "-" {
			take("stdin", stdin, false)
			continue
		}
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			file(name, false) // which says what is wrong with it
			continue
		}
		found, err := filesIn(name)
		if err == nil && len(found) == 0 {
			err = commandline.Flaw("has no file that ends with " + istio.Enumerate(suffixes, "or"))
		}
		if err != nil {
			refuse(name, err)
		}
		for _, inside := range found {
			// Nothing ever comes from a pipe to which nobody writes.
			if info, err := os.Stat(inside); err != nil || !info.Mode().IsRegular() {
				refuse(inside, cmp.Or[error](err, commandline.NotRegular))
				continue
			}
			file(inside, true)
		}
	}
	return texts, problems[:min(len(problems), report.MostProblems)]
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
