// Package commandline is what the commands have in common that the provider's binary has: how their arguments are
// read, and how they say what is wrong.
//
// What a command was asked for goes to the standard output, and everything else to the standard error. There each
// message begins as one of Terraform's does with -no-color, of which people and logs know what it means: "Error: "
// where a command does not do all that it was asked for, and "Warning: " where it does, and there is something to
// know. The message follows in the same line, and what to do about it may stand in the next ones. There are no
// colours, so that nothing depends on NO_COLOR or on a terminal, and no frames. Which exit code that means is said by
// each command.
package commandline

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode"

	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
)

// Program is how a command line begins.
const Program = "terraform-provider-mesh"

// Error says why a command does not do all that it was asked for.
func Error(to io.Writer, text string) { tell(to, "Error: ", text) }

// Warning says what there is to know about what a command does.
func Warning(to io.Writer, text string) { tell(to, "Warning: ", text) }

// tell writes a message. One of several paragraphs ends with an empty line, as between those of Terraform.
func tell(to io.Writer, begin, text string) {
	text = escaped(strings.TrimRight(text, "\n"), "\n\t") + "\n"
	if strings.Contains(text, "\n\n") {
		text += "\n"
	}
	_, _ = io.WriteString(to, begin+text) // nothing else can be told
}

// Print writes what a command was asked for, and reports whether that was possible. If not, it says why.
func Print(text string, stdout, stderr io.Writer) bool {
	_, err := io.WriteString(stdout, text)
	if err != nil {
		Error(stderr, "The output cannot be written: "+reason(err)+".")
	}
	return err == nil
}

// Plain returns a text as it may be shown in one line of a terminal.
func Plain(text string) string { return escaped(text, "") }

// escaped escapes what could move the cursor, colour a terminal or hide something, but for some characters.
func escaped(text, but string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) || strings.ContainsRune(but, r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		}
	}
	return b.String()
}

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
	if problem := unknown(flags, args); problem != "" {
		return nil, Refuse(flags, problem, stderr)
	}
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			if !Print(usage, stdout, stderr) {
				return nil, errors.New("nothing can be written")
			}
			return nil, err
		}
		if err != nil {
			text := err.Error()
			return nil, Refuse(flags, strings.ToUpper(text[:1])+text[1:]+".", stderr)
		}
		left := flags.Args()
		if read := len(args) - len(left); len(left) == 0 || read > 0 && args[read-1] == "--" {
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// Refuse says what is wrong with the arguments of a command, and where to read what they are. It returns an error.
func Refuse(flags *flag.FlagSet, text string, stderr io.Writer) error {
	Error(stderr, text+"\n"+strings.Join(strings.Fields(Program+" "+flags.Name()+" --help"), " ")+" says more.")
	return errors.New(text)
}

// unknown looks for flags that there are not, and for values that are left out. It says what is wrong, empty for
// nothing.
func unknown(flags *flag.FlagSet, args []string) (problem string) {
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		if len(args[i]) < 2 || args[i][0] != '-' {
			continue
		}
		written, _, valued := strings.Cut(args[i], "=")
		name := strings.TrimPrefix(strings.TrimPrefix(written, "-"), "-")
		f := flags.Lookup(name)
		switch {
		case name == "h" || name == "help":
			return ""
		case f == nil:
			return "There is no flag " + Plain(written) + meant(flags, args[i], name)
		case valued || isSwitch(f):
		case i+1 == len(args):
			return Plain(written) + " needs a value."
		default:
			i++
		}
	}
	return ""
}

// isSwitch reports whether a flag stands without a value.
func isSwitch(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// meant ends a sentence about a flag that there is not by what may be meant.
func meant(flags *flag.FlagSet, arg, name string) string {
	var names []string
	flags.VisitAll(func(f *flag.Flag) {
		if len(f.Name) > 1 {
			names = append(names, f.Name)
		}
	})
	nearest, short := spelling.Nearest(name, names), arg[1:2]
	switch f := flags.Lookup(short); {
	case f != nil && !isSwitch(f) && !strings.HasPrefix(nearest, short):
		return fmt.Sprintf("; a value stands apart: -%s %s", short, Plain(arg[2:]))
	case nearest != "":
		return "; did you mean --" + nearest + "?"
	}
	return "."
}

// NoDomain says that the value of --cluster-domain is none, which is no [istio.IsObjectName].
func NoDomain(domain string) string {
	return fmt.Sprintf("--cluster-domain must be a DNS domain in lower case, such as cluster.local, got %q.", domain)
}

// A Flaw is what is wrong with a file that can be read, as it is said of one: "is no regular file".
type Flaw string

func (f Flaw) Error() string { return string(f) }

// NotRegular is the flaw of what a folder has that is no file: nothing ever comes from a pipe to which nobody writes.
const NotRegular Flaw = "is no regular file"

// Unreadable says why nothing comes of a file: it cannot be read, or has a Flaw. The error's own name for it, which
// may be another, is left out.
func Unreadable(name string, err error) string {
	if name == "" {
		name = `""`
	}
	if flaw, ok := errors.AsType[Flaw](err); ok {
		return Plain(name) + " " + string(flaw) + "."
	}
	return Plain(name) + " cannot be read: " + Plain(reason(err)) + "."
}

// reason returns why something cannot be read or written, without its name.
func reason(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err.Error()
	}
	return err.Error()
}
