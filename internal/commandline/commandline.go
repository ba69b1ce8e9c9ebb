// Package commandline reads the arguments of the commands that the provider's binary has, the same for all of them,
// and says why a file that they name cannot be read.
package commandline

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
)

// New returns the flags of a command, of which Parse alone tells what is wrong.
func New(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// Parse reads flags wherever they stand, up to an argument --, and returns the other arguments. Help, for which
// somebody asks, is written to stdout and is flag.ErrHelp; what is wrong is said on stderr, where it stands alone.
func Parse(flags *flag.FlagSet, args []string, usage string, stdout, stderr io.Writer) (rest []string, err error) {
	flags.Usage = func() {}
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			_, _ = io.WriteString(stdout, usage)
			return nil, err
		}
		if err != nil {
			_, _ = fmt.Fprintf(stderr, "%v\nterraform-provider-mesh %s --help lists the flags.\n", err, flags.Name())
			return nil, err
		}
		left := flags.Args()
		if read := len(args) - len(left); len(left) == 0 || read > 0 && args[read-1] == "--" {
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// Reason says why a file cannot be read, without its name, which whoever tells it gives in a way of its own.
func Reason(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err.Error()
	}
	return err.Error()
}
