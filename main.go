// Command terraform-provider-mesh serves the provider to Terraform and OpenTofu. With the name of a command as its
// first argument it does without them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/meshroute/terraform-provider-mesh/internal/ask"
	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/lint"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
	"github.com/meshroute/terraform-provider-mesh/internal/view"
	"github.com/meshroute/terraform-provider-mesh/internal/write"
)

// version is set by the release build.
var version = "dev"

// command is something that the binary does by itself.
type command struct {
	about string
	// run gets the arguments after the name, and returns the exit code.
	run func(args []string) int
}

var commands = map[string]command{
	"ask": {"tells where a request goes, of YAML files or of the live cluster", func(args []string) int {
		return ask.Run(args, provider.Connector(version), os.Stdin, os.Stdout, os.Stderr)
	}},
	"lint": {"looks for misspelt names in a configuration", func(args []string) int {
		return lint.Run(args, provider.LintSchema(), os.Stdout, os.Stderr)
	}},
	"version": {"prints the version", func([]string) int { return printed(version+"\n", os.Stdout, os.Stderr) }},
	"view": {"draws every route that a plan touches, before and after", func(args []string) int {
		return view.Run(args, os.Stdin, os.Stdout, os.Stderr, provider.Look(version), provider.OwnsKubeconfig)
	}},
	"write": {"prints the configuration, with import blocks, of what routes in a namespace", func(args []string) int {
		return write.Run(args, provider.OpenWrite(version), os.Stdout, os.Stderr)
	}},
}

// cookie is a variable that Terraform and OpenTofu set for what they start as a plugin.
const cookie = "TF_PLUGIN_MAGIC_COOKIE"

func main() {
	debug, code, serve := start(os.Args[1:], os.Getenv(cookie) != "", os.Stdout, os.Stderr)
	if !serve {
		os.Exit(code)
	}
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	} else {
		provider.QuietUnlessAsked()
		go provider.EndWithParent()
	}
	err := tf6server.Serve("registry.terraform.io/meshroute/mesh", provider.NewServer(version), options...)
	if err != nil {
		log.Fatal(err)
	}
}

// start does what the arguments ask for, and returns the exit code, unless they ask for the provider.
func start(args []string, isPlugin bool, stdout, stderr io.Writer) (debug bool, code int, serve bool) {
	flags := commandline.New("")
	flags.BoolVar(&debug, "debug", false, "")
	if len(args) == 0 {
		if !isPlugin {
			_, _ = io.WriteString(stderr, usage())
		}
		return debug, 1, isPlugin
	}
	name := args[0]
	switch asked(name) {
	case "help":
		if len(args) == 1 || strings.HasPrefix(args[1], "-") {
			return debug, printed(usage(), stdout, stderr), false
		}
		if name, args = args[1], args[1:2]; commands[name].run != nil {
			return debug, commands[name].run([]string{"--help"}), false
		}
	case "version":
		name = "version"
	}
	if c, ok := commands[name]; ok {
		return debug, c.run(helped(name, args[1:])), false
	}
	rest, err := commandline.Parse(flags, args, usage(), stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return debug, 0, false
	case err != nil:
		return debug, 2, false
	case len(rest) == 0:
		return debug, 0, true
	}
	problem := fmt.Sprintf("There is no command %q.", rest[0])
	if _, ok := commands[rest[0]]; ok {
		problem = fmt.Sprintf("The command stands first, and -debug is for the provider alone: %s %s.",
			commandline.Program, rest[0])
	} else if nearest := spelling.Nearest(rest[0], slices.Collect(maps.Keys(commands))); nearest != "" {
		problem = fmt.Sprintf("There is no command %q; did you mean %q?", rest[0], nearest)
	}
	_ = commandline.Refuse(flags, problem, stderr)
	return debug, 2, false
}

// helped are the arguments of a command, of which the word help asks for help where it can be nothing else.
func helped(name string, args []string) []string {
	if len(args) != 1 || args[0] != "help" || name == "write" { // which takes it for a namespace
		return args
	}
	if _, err := os.Stat("help"); err == nil {
		return args
	}
	return []string{"--help"}
}

// printed prints what was asked for, and returns the exit code.
func printed(text string, stdout, stderr io.Writer) int {
	if !commandline.Print(text, stdout, stderr) {
		return 2
	}
	return 0
}

// asked returns what is asked for by a first argument in whatever way people ask for it: help, version or nothing.
func asked(argument string) string {
	name := strings.TrimLeft(argument, "-")
	switch {
	case name == "help", argument == "-h", argument == "--h":
		return "help"
	case name == "version", argument == "-v":
		return "version"
	}
	return ""
}

func usage() string {
	var b strings.Builder
	b.WriteString("Terraform and OpenTofu start this provider themselves. Started by hand it has these commands; " +
		"NAME --help says more.\n\n")
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		fmt.Fprintf(&b, "  %-8s %s\n", name, commands[name].about)
	}
	b.WriteString("\nFlags:\n  -debug   run with support for debuggers like delve\n")
	return b.String()
}
